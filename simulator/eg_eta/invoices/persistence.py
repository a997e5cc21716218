"""Keeping documents in the data file, beside the receipts."""

import time
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..persistence import found_finding
from ..store import NEVER
from .intake import DocumentIntake
from .store import SUBMITTED, Document, DocumentStore, DocumentSubmission, Request

_PLAIN = (
    "uuid",
    "long_id",
    "hash_key",
    "rin",
    "internal_id",
    "kind",
    "version",
    "issued",
    "receiver_type",
    "receiver_id",
    "receiver_name",
    "status",
    "signed_by",
    "late_request",
    "reason",
)


def dump(books: DocumentStore) -> dict[str, Any]:
    """Everything in the books, for JSON."""
    submissions = [
        {
            "id": submission.id,
            "rin": submission.rin,
            "channel": submission.channel,
            "submitter": submission.submitter,
            "received": submission.received.isoformat(),
            "stuck": submission.due == NEVER,
            "error": submission.error.plain() if submission.error else None,
            "documents": [_document(taken) for taken in submission.documents],
        }
        for submission in books.submissions.values()
    ]
    return {"submissions": submissions, "rejections": books.rejections}


def load(intake: DocumentIntake, data: dict[str, Any]) -> None:
    """Fill empty books with what :func:`dump` gave; what was being validated
    is validated anew.
    """
    for row in data["submissions"]:
        submission = DocumentSubmission(
            id=row["id"],
            rin=row["rin"],
            channel=row["channel"],
            submitter=row["submitter"],
            received=datetime.fromisoformat(row["received"]),
            due=NEVER if row["stuck"] else time.monotonic(),
            error=found_finding(row["error"]) if row["error"] else None,
        )
        for values in row["documents"]:
            taken = _restored(values, submission)
            submission.documents.append(taken)
            if taken.status == SUBMITTED:
                intake.check_again(taken)
        intake.books.add(submission)
    intake.books.rejections = list(data["rejections"])


def _document(taken: Document) -> dict[str, Any]:
    row = {name: getattr(taken, name) for name in _PLAIN}
    row["raw"] = taken.raw.decode()
    row["total"] = str(taken.total)
    row["references"] = list(taken.references)
    row["findings"] = [item.plain() for item in taken.findings]
    row["decided"] = taken.decided.isoformat() if taken.decided else None
    row["cancellation"] = _request(taken.cancellation)
    row["rejection"] = _request(taken.rejection)
    return row


def _restored(values: dict[str, Any], submission: DocumentSubmission) -> Document:
    decided = values["decided"]
    return Document(
        **{name: values[name] for name in _PLAIN},
        raw=values["raw"].encode(),
        submission=submission,
        total=Decimal(values["total"]),
        references=tuple(values["references"]),
        received=submission.received,
        findings=[found_finding(row) for row in values["findings"]],
        decided=datetime.fromisoformat(decided) if decided else None,
        cancellation=_asked(values["cancellation"]),
        rejection=_asked(values["rejection"]),
    )


def _request(request: Request | None) -> dict[str, str | None] | None:
    if request is None:
        return None
    return {
        "made": request.made.isoformat(),
        "final": request.final.isoformat(),
        "reason": request.reason,
        "declined": request.declined.isoformat() if request.declined else None,
    }


def _asked(row: dict[str, str] | None) -> Request | None:
    if row is None:
        return None
    declined = row["declined"]
    return Request(
        made=datetime.fromisoformat(row["made"]),
        final=datetime.fromisoformat(row["final"]),
        reason=row["reason"],
        declined=datetime.fromisoformat(declined) if declined else None,
    )
