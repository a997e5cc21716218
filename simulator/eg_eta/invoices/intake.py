"""``POST /api/v1.0/documentsubmissions``: what is refused at once.

Whole call: no JSON, of another shape, too many or too large, another
taxpayer's documents, a token of a device, the same body again.

Single documents, in ``rejectedDocuments``: structural faults (setting
``document_structure_faults``), an internal id that stands twice in the call.

Everything else is the verdict's (:mod:`.validation`). Signatures are checked
from now on, in threads of their own.
"""

import base64
import hashlib
import time
from typing import Any

from ...clock import Clock
from .. import receiving
from ..errors import ApiError, error_body
from ..rawjson import Element, elements
from ..receiving import Bodies, Order, detail
from ..registry import Registry
from ..settings import Settings
from ..store import NEVER, make_id
from ..structure import Fault
from ..tokens import Caller
from . import openssl, schema
from .signatures import SignatureChecker, Trust
from .store import Document, DocumentStore, DocumentSubmission, make_long_id

_CHANNEL_ERP = 1  # number of the channel in ETA's answers


class DocumentIntake:
    """Takes submissions of documents."""

    def __init__(
        self, books: DocumentStore, registry: Registry, settings: Settings, clock: Clock
    ) -> None:
        self.books = books
        self.registry = registry
        self.settings = settings
        self.clock = clock
        self.bodies = Bodies(settings, clock)
        self.checker = SignatureChecker()

    def submit(self, body: bytes, caller: Caller, order: Order) -> dict[str, Any]:
        """Take ``body``; return what the 202 says.

        :raises ApiError: when the whole call is refused
        """
        most = self.settings.max_document_bytes
        text, value = receiving.parsed(body, "documents", most)
        faults = receiving.envelope_faults(value, "documents")
        if faults:
            raise receiving.bad_structure(faults)
        documents = value["documents"]
        receiving.check_count(documents, "documents", self.settings.max_documents)
        broken = self._structure(documents)
        parts = elements(text, "documents", without="signatures")
        pairs = list(zip(documents, parts, strict=True))
        with self.books.store.lock:
            return self._take(body, pairs, broken, caller, order)

    def _structure(self, documents: list[dict]) -> dict[int, list[Fault]]:
        faults: dict[int, list[Fault]] = {}
        for index, document in enumerate(documents):
            found: list[Fault] = []
            schema.schema_of(document).check(document, "", found)
            found = receiving.tolerated(found, self.settings, "invoiceLines")
            if found:
                faults[index] = found
        if faults and self.settings.document_structure_faults == "call":
            raise receiving.bad_elements(faults, "documents")
        return faults

    def _take(
        self,
        body: bytes,
        pairs: list[tuple[dict, Element]],
        broken: dict[int, list[Fault]],
        caller: Caller,
        order: Order,
    ) -> dict[str, Any]:
        documents = [document for document, _part in pairs]
        self._check_submitter(documents, broken, caller)
        self.bodies.check(caller.rin, body)
        accepted, rejected = self._sort(documents, broken, order)
        submission = None
        if accepted:
            taken = [pairs[index] for index in accepted]
            submission = self._store(taken, caller, order)
        self.bodies.remember(caller.rin, body)
        return self._answer(submission, rejected)

    def _check_submitter(
        self, documents: list[dict], broken: dict, caller: Caller
    ) -> None:
        if caller.serial is not None:
            message = "Documents need the token of an ERP system, not of a device."
            raise ApiError(403, "Forbidden", message)
        if "B2B" not in caller.tags:
            raise ApiError(403, "Forbidden", "The taxpayer has no B2B profile.")
        for index, document in enumerate(documents):
            if index not in broken and document["issuer"]["id"] != caller.rin:
                message = "issuer.id is not the taxpayer of the token."
                raise ApiError(403, "IncorrectSubmitter", message, target="issuer.id")

    def _sort(
        self, documents: list[dict], broken: dict[int, list[Fault]], order: Order
    ) -> tuple[list[int], list[dict[str, Any]]]:
        accepted, rejected = [], []
        numbers: set[str] = set()
        for index, document in enumerate(documents):
            number = document.get("internalID")
            name = number if type(number) is str else None
            error = receiving.structural_error(broken.get(index), name)
            if error is None and number in numbers:
                error = _twice(document["internalID"])
            if error is None:
                numbers.add(document["internalID"])
                forced = order.reject(document)
                error = error_body(*forced, name, [], "") if forced else None
            if error is None:
                accepted.append(index)
            else:
                rejected.append({"internalId": name, "error": error})
        return accepted, rejected

    def _store(
        self, pairs: list[tuple[dict, Element]], caller: Caller, order: Order
    ) -> DocumentSubmission:
        if any(document["documentTypeVersion"] == "1.0" for document, _ in pairs):
            openssl.command()  # or the caller hears what is missing
        delay = self.settings.validation_seconds
        if order.delay is not None:
            delay = order.delay
        submission = DocumentSubmission(
            id=make_id(),
            rin=caller.rin,
            channel=_CHANNEL_ERP,
            submitter=self.registry.taxpayers[caller.intermediary or caller.rin].name,
            received=self.clock.now(),
            due=NEVER if order.stuck else time.monotonic() + delay,
            error=order.error,
        )
        for document, part in pairs:
            taken = taken_document(document, part, submission)
            taken.forced = order.invalidate(document)
            if taken.version == "1.0":
                self._start_check(taken, document, part.canonical)
            submission.documents.append(taken)
        if not order.lost:
            self.books.add(submission)
        return submission

    def _start_check(self, taken: Document, document: dict, canonical: str) -> None:
        registry = self.registry
        trust = Trust(
            tuple(authority.pem for authority in registry.trusted_cas),
            {taken.rin: registry.signers_of(taken.rin)},
        )
        taken.signatures = self.checker.start(
            document["signatures"],
            canonical.encode(),
            taken.rin,
            trust,
            taken.received,
        )

    def _answer(
        self, submission: DocumentSubmission | None, rejected: list[dict[str, Any]]
    ) -> dict[str, Any]:
        now = self.clock.now().isoformat()
        for row in rejected:
            self.books.rejections.append({**row, "time": now})
        identity = submission.id if submission else None
        answer = receiving.spelled_id(identity, self.settings)
        answer["acceptedDocuments"] = [
            {
                "uuid": document.uuid,
                "longId": document.long_id,
                "internalId": document.internal_id,
                "hashKey": document.hash_key,
            }
            for document in (submission.documents if submission else ())
        ]
        answer["rejectedDocuments"] = rejected
        answer["header"] = {"statusCode": "Success"}
        return answer


def taken_document(
    document: dict[str, Any], part: Element, submission: DocumentSubmission
) -> Document:
    """A document of the right structure, as it goes into the books."""
    receiver = document["receiver"]
    digest = hashlib.sha256(part.canonical.encode()).digest()
    return Document(
        uuid=make_id(),
        long_id=make_long_id(),
        hash_key=base64.b64encode(digest).decode(),
        raw=part.raw.encode(),
        submission=submission,
        rin=document["issuer"]["id"],
        internal_id=document["internalID"],
        kind=schema.kind_of(document),
        version=document["documentTypeVersion"],
        issued=document["dateTimeIssued"],
        receiver_type=receiver["type"],
        receiver_id=receiver.get("id", ""),
        receiver_name=receiver.get("name", ""),
        total=document["totalAmount"],
        references=tuple(document.get("references", ())),
        received=submission.received,
    )


def _twice(number: str) -> dict[str, Any]:
    message = "This internal id stands twice in the submission."
    details = [detail("SIM-DUPLICATE-NUMBER", "internalID", message)]
    return error_body("DuplicateDocument", message, number, details, "internalID")
