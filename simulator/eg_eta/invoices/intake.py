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
from typing import Any

from ... import openssl
from .. import receiving
from ..errors import ApiError, error_body
from ..rawjson import Element, elements
from ..receiving import Order, detail
from ..store import make_id
from ..structure import Spec
from ..tokens import Caller
from . import schema
from .signatures import SignatureChecker, Trust
from .store import Document, DocumentStore, DocumentSubmission, make_long_id

_CHANNEL_ERP = 1  # number of the channel in ETA's answers


class DocumentIntake(receiving.Intake[DocumentSubmission]):
    """Takes submissions of documents."""

    name = "documents"
    lines = "invoiceLines"

    def __init__(self, books: DocumentStore, *others: Any) -> None:
        """``others``: registry, settings and clock."""
        super().__init__(books.store, *others)
        self.books = books
        self.checker = SignatureChecker()

    @property
    def whole_calls(self) -> bool:
        """Setting ``document_structure_faults``."""
        return self.settings.document_structure_faults == "call"

    def read(self, body: bytes) -> list[tuple[dict, Element]]:
        """The documents of a body; signatures are not in their texts."""
        most = self.settings.max_document_bytes
        text, value = receiving.parsed(body, self.name, most)
        faults = receiving.envelope_faults(value, self.name)
        if faults:
            raise receiving.bad_structure(faults)
        documents = value[self.name]
        receiving.check_count(documents, self.name, self.settings.max_documents)
        parts = elements(text, self.name, without="signatures")
        return list(zip(documents, parts, strict=True))

    def schema(self, element: dict) -> Spec:
        """By type and version."""
        return schema.schema_of(element)

    def check_submitter(self, elements: list[dict], caller: Caller) -> None:
        """One taxpayer, the token's, with the token of a program."""
        if caller.serial is not None:
            message = "Documents need the token of an ERP system, not of a device."
            raise ApiError(403, "Forbidden", message)
        if "B2B" not in caller.tags:
            raise ApiError(403, "Forbidden", "The taxpayer has no B2B profile.")
        if any(element["issuer"]["id"] != caller.rin for element in elements):
            message = "issuer.id is not the taxpayer of the token."
            raise ApiError(403, "IncorrectSubmitter", message, target="issuer.id")

    def immediate(self, element: dict, seen: set) -> dict[str, Any] | None:
        """An internal id that answers could not be joined on."""
        number = element["internalID"]
        if number not in seen:
            seen.add(number)
            return None
        message = "This internal id stands twice in the submission."
        details = [detail("SIM-DUPLICATE-NUMBER", "internalID", message)]
        return error_body("DuplicateDocument", message, number, details, "internalID")

    def target(self, element: dict) -> str | None:
        """The internal id, where there is one."""
        number = element.get("internalID")
        return number if type(number) is str else None

    def rejection(self, element: dict, error: dict[str, Any]) -> dict[str, Any]:
        """By internal id."""
        return {"internalId": self.target(element), "error": error}

    def store(
        self, pairs: list[tuple[dict, Element]], caller: Caller, order: Order
    ) -> DocumentSubmission:
        """Put documents into the books and begin with their signatures."""
        if any(document["documentTypeVersion"] == "1.0" for document, _ in pairs):
            openssl.command()  # or the caller hears what is missing
        submission = DocumentSubmission(
            id=make_id(),
            rin=caller.rin,
            channel=_CHANNEL_ERP,
            submitter=self.registry.taxpayers[caller.intermediary or caller.rin].name,
            received=self.clock.now(),
            due=self.due(order),
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

    def check_again(self, taken: Document) -> None:
        """Begin with the signatures of a document that comes from a file."""
        if taken.version == "1.0":
            text = f'{{"documents":[{taken.raw.decode()}]}}'
            (part,) = elements(text, self.name, without="signatures")
            self._start_check(taken, taken.document, part.canonical)

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

    def answer(
        self, submission: DocumentSubmission | None, rejected: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Accepted documents by UUID and internal id."""
        now = self.clock.now().isoformat()
        self.books.rejections += [{**row, "time": now} for row in rejected]
        accepted = [
            {
                "uuid": document.uuid,
                "longId": document.long_id,
                "internalId": document.internal_id,
                "hashKey": document.hash_key,
            }
            for document in (submission.documents if submission else ())
        ]
        identity = submission.id if submission else None
        return self.answered(identity, accepted, rejected)


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
