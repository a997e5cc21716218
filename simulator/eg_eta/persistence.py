"""Receipts and submissions as rows of the data file (:mod:`simulator.keeper`).

Fault rules, the log of calls and tokens are not kept; the token key is, so tokens
stay good.
"""

import time
from datetime import datetime
from decimal import Decimal
from typing import Any

from . import findings
from .findings import Finding, Step
from .store import NEVER, VALID, Receipt, Store, Submission

_STEPS = {step.name: step for step in vars(findings).values() if isinstance(step, Step)}
_PLAIN = (
    "uuid",
    "hash",
    "serial",
    "number",
    "kind",
    "issued",
    "previous",
    "old",
    "reference",
    "buyer_type",
    "buyer_id",
    "buyer_name",
    "currency",
    "payment",
    "long_id",
    "status",
    "accepted",
    "reason",
    "head_before",
)


def dump(store: Store) -> dict[str, Any]:
    """Everything in the store, for JSON."""
    submissions = []
    for submission in store.submissions.values():
        rows = [_receipt(receipt) for receipt in submission.receipts]
        submissions.append(
            {
                "id": submission.id,
                "rin": submission.rin,
                "serial": submission.serial,
                "channel": submission.channel,
                "submitter": submission.submitter,
                "received": submission.received.isoformat(),
                "status": submission.status,
                "stuck": submission.due == NEVER,
                "error": submission.error.plain() if submission.error else None,
                "receipts": rows,
            }
        )
    return {"submissions": submissions, "rejections": store.rejections}


def load(store: Store, data: dict[str, Any]) -> None:
    """Fill an empty store with what :func:`dump` gave."""
    now = time.monotonic()
    for row in data["submissions"]:
        error = found_finding(row["error"]) if row["error"] else None
        submission = Submission(
            id=row["id"],
            rin=row["rin"],
            serial=row["serial"],
            channel=row["channel"],
            submitter=row["submitter"],
            received=datetime.fromisoformat(row["received"]),
            accepted_at=now,
            due=NEVER if row["stuck"] else now,
            status=row["status"],
            error=error,
        )
        submission.receipts = [
            _restored(values, submission) for values in row["receipts"]
        ]
        store.add(submission, restored=True)
    store.rejections = list(data["rejections"])


def _receipt(receipt: Receipt) -> dict[str, Any]:
    row = {name: getattr(receipt, name) for name in _PLAIN}
    row["raw"] = receipt.raw.decode()
    row["total"] = str(receipt.total)
    row["findings"] = [item.plain() for item in receipt.findings]
    row["warnings"] = [item.plain() for item in receipt.warnings]
    return row


def _restored(values: dict[str, Any], submission: Submission) -> Receipt:
    receipt = Receipt(
        **{name: values[name] for name in _PLAIN},
        raw=values["raw"].encode(),
        submission=submission,
        rin=submission.rin,
        total=Decimal(values["total"]),
        received=submission.received,
        findings=[found_finding(row) for row in values["findings"]],
        warnings=[found_finding(row) for row in values["warnings"]],
    )
    if receipt.status == VALID or receipt.findings:
        receipt.decided = submission.accepted_at
    return receipt


def found_finding(row: dict[str, str]) -> Finding:
    """What :meth:`.Finding.plain` gave."""
    return Finding(_STEPS[row["step"]], row["code"], row["path"], row["message"])
