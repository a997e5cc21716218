"""The asynchronous verdict on one document: every step, every fault."""

import decimal
from datetime import datetime

from ...clock import Clock, to_text
from .. import findings
from ..findings import Finding, Step
from ..profile import utc
from ..registry import LateRequest, Registry
from ..settings import Settings
from . import calculations, code_fields, parties, references
from .store import Document, DocumentStore


class DocumentValidator:
    """Judges documents against the registry and what the books hold."""

    def __init__(
        self, books: DocumentStore, registry: Registry, settings: Settings, clock: Clock
    ) -> None:
        self.books = books
        self.registry = registry
        self.settings = settings
        self.clock = clock

    def judge(self, taken: Document) -> None:
        """Fill in the document's findings, who signed it, and when it was decided."""
        # Quantity times price may have more digits than the usual 28.
        with decimal.localcontext() as context:
            context.prec = 60
            taken.findings = self._judge(taken, taken.document)
        taken.decided = self.clock.now()

    def _judge(self, taken: Document, document: dict) -> list[Finding]:
        settings, registry = self.settings, self.registry
        late = self._late_request(taken.rin, taken.issued, taken.received)
        taken.late_request = late.number if late else ""
        days = late.days if late else 0
        found = _signatures(taken)
        found += parties.check_dates(document, taken.received, settings, days)
        found += parties.check_issuer(document, registry)
        found += parties.check_receiver(document, registry, settings)
        moment = to_text(taken.received)
        found += code_fields.check(document, registry, settings, moment)
        found += calculations.check(document, settings)
        found += references.check(taken, self.books, settings)
        return found + self._duplicate(taken)

    def _late_request(
        self, rin: str, issued: str, received: datetime
    ) -> LateRequest | None:
        """The request that a late document comes under."""
        moment = utc(issued)
        late = parties.days_late(moment, received) if moment else 0
        if late <= max(self.settings.document_days, 0):
            return None
        requests = [
            request
            for request in self.registry.late_requests
            if request.rin == rin and request.days >= late
        ]
        return requests[0] if requests else None

    def _duplicate(self, taken: Document) -> list[Finding]:
        earlier = self.books.standing(taken)
        if earlier is None:
            return []
        message = (
            f"The document {taken.internal_id} was submitted before, "
            f"UUID: {earlier.uuid}"
        )
        step = steps_of(taken)[-1]
        return [Finding(step, "DS301", "internalID", message)]


def steps_of(taken: Document) -> list[Step]:
    """The steps that a document goes through, in their order."""
    steps = [
        findings.SIGNATURE,
        findings.NATIONAL_ID,
        findings.TAXPAYER,
        findings.SIMPLE,
        findings.CODES,
    ]
    if taken.references:
        return [*steps, findings.REFERENCE, findings.DUPLICATE_LATER]
    return [*steps, findings.DUPLICATE]


def _signatures(taken: Document) -> list[Finding]:
    """Wait for the check of the signatures; version 0.9 has none."""
    if taken.signatures is None:
        return []
    verdicts = taken.signatures.result()
    taken.signed_by = [verdict.signed_by for verdict in verdicts]
    return [
        Finding(findings.SIGNATURE, verdict.code, verdict.path, verdict.message)
        for verdict in verdicts
        if verdict.code
    ]
