"""Submitting documents, and what ETA answers at once (ETA SDK,
/ereceiptapi/02-submit-receipt/, /einvoicingapi/01-submit-documents/): received or
refused, the verdict comes later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..contract import Document, Outcome, Problem, Status
from ..transport import Answer
from .client import refuse
from .errors import parse_error, problems_of
from .jsontext import clean

PATH = "/api/v1/receiptsubmissions"
MEDIA_TYPE = "application/json"

RECEIPTS_ARRAY = (b'{"receipts":[', b"]}")
"""What stands before and after the documents of one call."""
SIGNED_RECEIPTS = (
    RECEIPTS_ARRAY[0],
    b'],"signatures":[{"signatureType":"I","value":""}]}',
)
DOCUMENTS = (b'{"documents":[', b"]}")

Wrapping = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Answering:
    """How a system names documents in its answer.

    :ivar number: the member that holds our number
    :ivar gives_uid: the authority makes the UUID, and tells it here
    :ivar ids: what else it tells, by our names for it
    """

    number: str
    gives_uid: bool
    ids: Mapping[str, str]


RECEIPTS = Answering("receiptNumber", False, {"long_id": "longId"})
INVOICES = Answering("internalId", True, {"long_id": "longId", "hash_key": "hashKey"})


def body_of(contents: Iterable[bytes], wrapping: Wrapping) -> bytes:
    """Return a submission's body with the documents' bytes unchanged in it."""
    before, after = wrapping
    return before + b",".join(contents) + after


def overhead(wrapping: Wrapping) -> int:
    """Return the bytes of a body without documents."""
    return sum(map(len, wrapping))


def read_answer(
    answer: Answer, documents: Sequence[Document], answering: Answering
) -> list[Outcome]:
    """Return one outcome per document.

    A document that the answer does not name may or may not have been received:
    ``UNKNOWN``, and so is one that it names both ways.

    :raise AuthenticationError, AuthorityError: the call was refused as a whole
    :raise ValueError, TypeError: the answer makes no sense
    """
    if answer.status == 422:
        error = parse_error(answer)
        if error.code.casefold() == "duplicatesubmission":
            return [
                Outcome(d.key, Status.DUPLICATE, d.uid, retry_after=answer.retry_after)
                for d in documents
            ]
    refuse(answer, splittable=True)
    body = answer.json()
    if not isinstance(body, Mapping):
        raise TypeError("The answer is not a JSON object")
    submission = body.get("submissionId") or body.get("submissionUUID") or ""
    accepted = _Named(body, "acceptedDocuments", documents, answering)
    rejected = _Named(body, "rejectedDocuments", documents, answering)
    if not accepted.rows and not rejected.rows:
        raise ValueError("The answer names no document")
    return [
        _outcome(document, str(submission), accepted, rejected, answering)
        for document in documents
    ]


def _outcome(
    document: Document,
    submission: str,
    accepted: _Named,
    rejected: _Named,
    answering: Answering,
) -> Outcome:
    yes, no = accepted.find(document), rejected.find(document)
    if (yes is None) is (no is None):
        return Outcome(document.key, Status.UNKNOWN, document.uid)
    if no is not None:
        errors = problems_of(no.get("error"))
        held = any(_says_held(problem) for problem in errors)
        status = Status.DUPLICATE if held else Status.INVALID
        return Outcome(document.key, status, document.uid, errors=errors)
    assert yes is not None
    found: dict[str, Any] = {"submission": submission}
    found.update({name: yes.get(member) for name, member in answering.ids.items()})
    ids = {name: text for name, text in found.items() if text and type(text) is str}
    uid = yes.get("uuid") if answering.gives_uid else document.uid
    if not isinstance(uid, str) or (answering.gives_uid and not uid):
        return Outcome(document.key, Status.UNKNOWN, document.uid, ids)
    return Outcome(document.key, Status.ACCEPTED, uid, ids)


def _says_held(problem: Problem) -> bool:
    """Tell whether a refusal only says that the UUID is known already: then the first
    one stands, whatever became of it, and is to be asked about."""
    words = f"{problem.code} {problem.message} {problem.path}".casefold()
    return "uuid" in words and ("duplicate" in words or "already" in words)


class _Named:
    """A list of the answer, found by UUID, or by number where the row has no UUID of
    ours and only one document has that number."""

    def __init__(
        self,
        body: Mapping[str, Any],
        name: str,
        documents: Sequence[Document],
        answering: Answering,
    ) -> None:
        rows = body.get(name)
        if rows is None:
            rows = []
        if not isinstance(rows, list) or not all(isinstance(r, Mapping) for r in rows):
            raise TypeError(f"{name} is no list of documents")
        self.rows = rows
        numbers = Counter(clean(document.number) for document in documents)
        self._unique = {number for number, count in numbers.items() if count == 1}
        uuids = (
            set()
            if answering.gives_uid
            else {document.uid.lower() for document in documents}
        )
        self._by_uuid: dict[str, Mapping[str, Any]] = {}
        self._by_number: dict[str, Mapping[str, Any]] = {}
        for row in rows:
            uuid, number = row.get("uuid"), row.get(answering.number)
            if isinstance(uuid, str) and uuid.lower() in uuids:
                self._by_uuid[uuid.lower()] = row
            elif isinstance(number, str):
                self._by_number[clean(number)] = row

    def find(self, document: Document) -> Mapping[str, Any] | None:
        """Return the row about a document, ``None`` if there is none."""
        row = self._by_uuid.get(document.uid.lower())
        number = clean(document.number)
        if row is None and number in self._unique:
            row = self._by_number.get(number)
        return row
