"""What the authorities of ETA, for receipts and for invoices, have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from ..connected import Connected
from ..contract import (
    AuthorityError,
    Capabilities,
    Document,
    Envelope,
    Limits,
    Line,
    Outcome,
    Problem,
    Signer,
    Status,
    TaxTotal,
)
from ..lacking import NoFiles, NoWithdrawal
from ..messages import Sentence, _
from ..reconcilable import Reconcilable
from ..tables import ShippedCodes
from ..transport import Answer, clock_offset_of
from . import errors, submission
from .amounts import tax_rows
from .checks.form import INVOICE, RECEIPT
from .client import EtaClient, Login
from .code_tables import table
from .settings import EtaSettings
from .thresholds import Thresholds, parse_thresholds

_LINE = re.compile(
    rf"\b(?:{RECEIPT.lines}|{INVOICE.lines})\[([0-9]{{1,4}})\]", re.IGNORECASE
)
_NO_OFFSET = timedelta(seconds=3)
_BOGUS_OFFSET = timedelta(hours=1)


class EtaAuthority(Connected, ShippedCodes, NoFiles, NoWithdrawal, Reconcilable, ABC):
    """One of ETA's systems, seen from one connection.

    ``endpoints`` of the connection: ``identity``, ``api``, ``portal``; what is not
    given is taken from :attr:`default_endpoints` of the environment.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        order="free",
        recovery="ask",
        parallel_calls=4,
        interactive=True,
        listable=True,
        adoptable=True,
    )
    """What its systems share; each adds its own."""
    limits: ClassVar[Limits] = Limits(
        zone="Africa/Cairo",
        bytes_per_call=1_500_000,
        ingestion_time=timedelta(minutes=2),
        first_poll=timedelta(seconds=3),
        # law 206/2020: documents are kept for five years
        retention_years=5,
    )
    """What its systems share; each adds its own."""
    usual_per_call: ClassVar[int]
    table = staticmethod(table)
    setting_readers: ClassVar[Mapping[Any, Callable[[Any], Any]]] = {
        Thresholds: parse_thresholds
    }
    submission_path: ClassVar[str]
    raw_path: ClassVar[str]
    """Where a document is had as it was sent, with a place for its UUID."""
    raw_member: ClassVar[str]
    default_endpoints: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "test": {
            "identity": "https://id.preprod.eta.gov.eg",
            "api": "https://api.preprod.invoicing.eta.gov.eg",
            "portal": "https://preprod.invoicing.eta.gov.eg",
        },
        "production": {
            "identity": "https://id.eta.gov.eg",
            "api": "https://api.invoicing.eta.gov.eg",
            "portal": "https://invoicing.eta.gov.eg",
        },
    }

    _settings: EtaSettings

    def _client(self) -> EtaClient:
        return EtaClient(
            self._connection, self._settings, self._endpoints, self._login()
        )

    @abstractmethod
    def _login(self) -> Login:
        """Return how a token is asked for."""

    def cure(self, code: str, path: str = "") -> Problem | None:
        """Return what a code of ETA means and how to cure it; ``values["who"]`` is who
        can: ``accountant``, ``administrator`` or ``authority``. ETA publishes no list
        of its codes: those of some parts of a document have the cure of the part."""
        return errors.cure(code, path)

    def line_at(self, path: str) -> int | None:
        """Return which line an error is about, by its path, ``None`` if about none."""
        found = _LINE.search(path)
        return int(found[1]) if found else None

    def tax_rows(self, line: Line) -> Sequence[TaxTotal]:
        """Return under which taxes a line counts, as ETA has them."""
        return tax_rows(line)

    def fetch_content(self, uid: str) -> bytes:
        """Return a document as it was sent to ETA, whoever sent it (spec egypt 2.2.3
        and 3).

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        path = self.raw_path.format(quote(uid, safe=""))
        body = self._client().get("document", path) or {}
        content = body.get(self.raw_member)
        if not isinstance(content, str) or not content:
            raise AuthorityError(
                "no_content",
                Sentence(
                    _("The authority does not give the document %(uid)s back."), uid=uid
                ),
            )
        return content.encode()

    # -- what travels together --------------------------------------------------------

    @abstractmethod
    def _wrapping(self) -> submission.Wrapping:
        """Return what a submission has around its documents."""

    def _most_bytes(self) -> int:
        """Return how many bytes the documents of one call may have together."""
        most = self.limits.bytes_per_call
        assert most is not None
        return most - submission.overhead(self._wrapping())

    def _size(self, document: Document) -> int:
        return len(document.content)

    def fits(self, documents: Sequence[Document]) -> int:
        """Return how many of the documents, from the first on, fit into one call."""
        wanted = self._connection.documents_per_call or self.usual_per_call
        most = max(min(wanted, self.limits.documents_per_call, len(documents)), 1)
        room = self._most_bytes() + 1
        for count, document in enumerate(documents[:most]):
            room -= self._size(document) + 1
            if room < 0:
                return max(count, 1)
        return most

    @abstractmethod
    def envelope(
        self, documents: Sequence[Document], signer: Signer | None = None
    ) -> Envelope:
        """Return the body of one submission."""

    @abstractmethod
    def _read_submission(
        self, answer: Answer, documents: Sequence[Document]
    ) -> list[Outcome]:
        """Return what the answer to a submission says, one outcome per document."""

    def submit(self, envelope: Envelope) -> list[Outcome]:
        """Send documents, and return one outcome per document: received or refused.

        Documents whose time of issue the authority's clock has not reached are not
        sent but ``DEFERRED``: sent too early they would be refused for good.

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """
        client = self._client()
        client.token()  # its answer tells the time, if none did yet
        outcomes = self._held_back(envelope.documents)
        ready = [d for d in envelope.documents if d.key not in outcomes]
        if ready:
            whole = len(ready) == len(envelope.documents)
            answers = client.send(
                "submit",
                self.submission_path,
                envelope.content if whole else self.envelope(ready).content,
                lambda answer: self._read_submission(answer, ready),
                tuple(document.key for document in ready),
            )
            outcomes.update({outcome.key: outcome for outcome in answers})
        return [outcomes[document.key] for document in envelope.documents]

    def _held_back(self, documents: Sequence[Document]) -> dict[int, Outcome]:
        """Return the outcomes of documents that are not sent: those that are too new
        must wait."""
        safety = timedelta(seconds=float(self._settings.clock_safety_seconds))
        reached = self._now() - self._clock_behind() - safety
        return {
            document.key: Outcome(
                document.key,
                Status.DEFERRED,
                document.uid,
                retry_after=(document.issued_at - reached).total_seconds(),
            )
            for document in documents
            if document.issued_at > reached
        }

    def _clock_behind(self) -> timedelta:
        """Return how far ETA's clock is behind ours, as far as that can be believed.

        A ``Date`` has whole seconds and some time on its way, so a little is nothing;
        and a clock that is hours off is not the one that judges documents.
        """
        if self._connection.wall_clock is not None:
            return timedelta(0)
        told = [clock_offset_of(self._endpoints[name]) for name in ("api", "identity")]
        behind = -next((offset for offset in told if offset is not None), timedelta(0))
        return behind if _NO_OFFSET < behind < _BOGUS_OFFSET else timedelta(0)
