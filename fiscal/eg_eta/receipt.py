"""The authority ``eg_receipt``: Egypt's e-Receipt system for sales to consumers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import ClassVar

from .. import register_authority
from ..contract import (
    AuthorityError,
    Built,
    Capabilities,
    Code,
    Connection,
    Document,
    Envelope,
    Limits,
    Listed,
    Outcome,
    Problem,
    Receipt,
    Signer,
    Status,
)
from ..messages import Sentence, _
from ..transport import clock_offset_of
from . import errors, submission
from .builder import build_receipt
from .checks import Examination, examine
from .checks.parties import device_problems
from .client import EtaClient
from .code_tables import KINDS, table
from .enquiry import Enquiry
from .jsontext import number
from .listing import Listing
from .probing import probe
from .qr import qr_text
from .reader import read_receipt
from .settings import Settings, parse_settings
from .wire import moment_text

_USUAL_PER_CALL = 200
_MANY_DISCOUNTS = 500
_NO_OFFSET = timedelta(seconds=3)
_BOGUS_OFFSET = timedelta(hours=1)


@register_authority
class EgReceipt:
    """Issues receipts at ETA for one device (POS).

    Connection:

    - ``endpoints``: ``identity``, ``api``, ``portal``; what is not given is taken from
      :attr:`default_endpoints` of the environment.
    - ``credentials``: ``client_id``, ``client_secret``; optional ``client_secret_2``,
      tried when the first is refused, and ``presharedkey``.
    - ``settings``: see :class:`.settings.Settings`.
    - ``device.data``: ``trade_name`` and ``syndicate_license``.

    Receipt:

    - ``document_type`` is ETA's type (``S``, ``SR``, ...); a return may name its sale's
      type, and is an ``RWR`` when ``original.uid`` is empty.
    - ``data``: ``order_name_code``, ``order_delivery_mode`` (text), ``gross_weight``,
      ``net_weight`` (kg), ``contractor`` (``name``, ``amount``, ``rate``) and
      ``beneficiary`` (``amount``, ``rate``).
    - A line's ``data``: ``item_discounts`` (after taxes, a tuple of ``Discount``) and
      ``value_difference``.
    - ``original.returnable`` holds amounts before taxes.

    ``authority_ids`` of an outcome: ``submission`` and ``long_id``.
    """

    code: ClassVar[str] = "eg_receipt"
    name: ClassVar[str] = "Egypt: ETA e-Receipt"
    capabilities: ClassVar[Capabilities] = Capabilities(
        chained=True,
        order="free",
        uid_at="issue",
        printable_at="issue",
        recovery="ask",
        parallel_calls=4,
        interactive=True,
        cancellable=False,
        listable=True,
        signs="nothing",
    )
    limits: ClassVar[Limits] = Limits(
        zone="Africa/Cairo",
        documents_per_call=500,
        bytes_per_call=1_500_000,
        lines_per_document=300,
        submission_window=timedelta(hours=24),
        correction_window=timedelta(hours=96),
        ingestion_time=timedelta(minutes=2),
        first_poll=timedelta(seconds=3),
    )
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

    def __init__(self, connection: Connection) -> None:
        """Take a connection.

        :raise ValueError: one of its settings makes no sense
        """
        self._connection = connection
        self._settings: Settings = parse_settings(connection.settings)
        self._serial = connection.device.serial if connection.device else ""
        self._endpoints = {
            **self.default_endpoints[connection.environment],
            **{name: url for name, url in connection.endpoints.items() if url},
        }

    # -- without the network ----------------------------------------------------------

    def check(self, receipt: Receipt) -> list[Problem]:
        """Return everything that ETA would refuse, all at once."""
        found = self._examine(receipt)
        if not found.problems and _may_be_large(receipt):
            size = len(self._content(receipt, found)[0])
            if size > self._most_bytes():
                return [_too_large(receipt, size)]
        return found.problems

    def _examine(self, receipt: Receipt) -> Examination:
        return examine(
            receipt,
            self._settings,
            self._now(),
            self._serial,
            self._connection.seller_id,
        )

    def _now(self) -> datetime:
        clock = self._connection.wall_clock
        return clock() if clock is not None else datetime.now(timezone.utc)

    def build(self, receipt: Receipt) -> Built:
        """Return the receipt's JSON, its UUID and its QR text.

        :raise ValueError: the receipt would not pass :meth:`check`
        """
        found = self._examine(receipt)
        content, uuid = self._content(receipt, found)
        if len(content) > self._most_bytes():
            raise ValueError(_too_large(receipt, len(content)).text)
        assert found.figures is not None
        return Built(
            content,
            submission.MEDIA_TYPE,
            uuid,
            qr=qr_text(
                self._endpoints["portal"],
                uuid,
                moment_text(receipt.issued_at),
                number(found.figures.total_amount),
                receipt.seller.id,
                self._settings.qr_precision,
            ),
        )

    def _content(self, receipt: Receipt, found: Examination) -> tuple[bytes, str]:
        if found.problems or found.figures is None or found.type is None:
            raise ValueError(" ".join(problem.text for problem in found.problems))
        return build_receipt(receipt, found.figures, found.type, self._settings)

    def parse(self, content: bytes) -> Receipt:
        """Return what a receipt in ETA's form says.

        :raise ValueError: it is not a receipt
        """
        return read_receipt(content)

    def sign(self, built: Built, signer: Signer) -> Built:
        """Refuse: ETA's receipts are not signed.

        :raise NotImplementedError: always (capability ``signs`` is ``nothing``)
        """
        raise NotImplementedError("Receipts of ETA are not signed.")

    def _most_bytes(self) -> int:
        most = self.limits.bytes_per_call
        assert most is not None
        return most - submission.overhead(self._settings.empty_signatures)

    def fits(self, documents: Sequence[Document]) -> int:
        """Return how many of the documents, from the first on, fit into one call."""
        wanted = self._connection.documents_per_call or _USUAL_PER_CALL
        most = max(min(wanted, self.limits.documents_per_call, len(documents)), 1)
        room = self._most_bytes() + 1
        for count, document in enumerate(documents[:most]):
            room -= len(document.content) + 1
            if room < 0:
                return max(count, 1)
        return most

    def envelope(
        self, documents: Sequence[Document], signer: Signer | None = None
    ) -> Envelope:
        """Return the body of one submission, the receipts' bytes unchanged in it."""
        body = submission.body_of(
            [document.content for document in documents],
            self._settings.empty_signatures,
        )
        return Envelope(body, submission.MEDIA_TYPE, tuple(documents))

    def codes(self, kind: str) -> Iterable[Code]:
        """Return a code table.

        :raise KeyError: there is no such kind
        """
        return table(kind).values()

    def code_kinds(self) -> Sequence[str]:
        """Return the kinds of code tables."""
        return KINDS

    def cure(self, code: str) -> Problem | None:
        """Return what a code of ETA means and how to cure it; ``values["who"]`` is who
        can: ``accountant``, ``administrator`` or ``authority``."""
        return errors.cure(code)

    # -- over the network -------------------------------------------------------------

    def _client(self) -> EtaClient:
        return EtaClient(
            self._connection, self._settings, self._endpoints, self._device_headers()
        )

    def _device_headers(self) -> Mapping[str, str]:
        settings = self._settings
        if settings.channel == "erp":
            return {}
        headers = {
            "posserial": self._serial,
            "pososversion": settings.os_version,
            "posmodelframework": settings.model_framework,
            "presharedkey": self._connection.credentials.get("presharedkey", ""),
        }
        return {name: value for name, value in headers.items() if value}

    def submit(self, envelope: Envelope) -> list[Outcome]:
        """Send receipts, and return one outcome per receipt: received or refused.

        Receipts whose time of issue the authority's clock has not reached are not sent
        but ``DEFERRED``: sent too early they would be refused for good.

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """
        client = self._client()
        client.token()  # its answer tells the time, if none did yet
        early = self._seconds_early(envelope.documents)
        ready = [d for d in envelope.documents if d.key not in early]
        outcomes = {
            document.key: Outcome(
                document.key,
                Status.DEFERRED,
                document.uid,
                retry_after=early[document.key],
            )
            for document in envelope.documents
            if document.key in early
        }
        if ready:
            body = self.envelope(ready).content if early else envelope.content
            answers = client.post(
                "submit",
                submission.PATH,
                body,
                lambda answer: submission.read_answer(answer, ready),
                tuple(document.key for document in ready),
            )
            outcomes.update({outcome.key: outcome for outcome in answers})
        return [outcomes[document.key] for document in envelope.documents]

    def _seconds_early(self, documents: Sequence[Document]) -> dict[int, float]:
        """Return for how many seconds each document that is too new must wait."""
        safety = timedelta(seconds=float(self._settings.clock_safety_seconds))
        reached = self._now() - self._clock_behind() - safety
        return {
            document.key: (document.issued_at - reached).total_seconds()
            for document in documents
            if document.issued_at > reached
        }

    def _clock_behind(self) -> timedelta:
        """Return how far ETA's clock is behind ours, as far as that can be believed.

        A ``Date`` has whole seconds and some time on its way, so a little is nothing;
        and a clock that is hours off is not the one that judges receipts.
        """
        if self._connection.wall_clock is not None:
            return timedelta(0)
        told = [clock_offset_of(self._endpoints[name]) for name in ("api", "identity")]
        behind = -next((offset for offset in told if offset is not None), timedelta(0))
        return behind if _NO_OFFSET < behind < _BOGUS_OFFSET else timedelta(0)

    def query(self, documents: Sequence[Document]) -> list[Outcome]:
        """Ask what became of receipts and return one outcome per receipt.

        What could not be asked within ``call_timeout`` is ``DEFERRED``.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        enquiry = Enquiry(
            self._client(),
            self._serial,
            self._connection.call_timeout,
            float(self._settings.read_pause),
        )
        return enquiry.ask(documents)

    def cancel(self, document: Document, reason: str) -> Outcome:
        """Refuse: a receipt is taken back by a return receipt.

        :raise AuthorityError: always (capability ``cancellable`` is false)
        """
        raise AuthorityError(
            "not_cancellable",
            Sentence(
                _(
                    "The authority offers no cancellation of receipts. Issue a return"
                    " receipt."
                )
            ),
        )

    def list_documents(self, start: datetime, end: datetime) -> Iterator[Listed]:
        """Yield what ETA holds of this device, issued from ``start`` until before
        ``end``: valid and cancelled receipts.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        return self._listing().issued_between(start, end)

    def last_uid(self) -> str:
        """Return the UUID of the receipt that ETA received last from this device.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        return self._listing().last_uid()

    def _listing(self) -> Listing:
        return Listing(self._client(), self._serial, float(self._settings.read_pause))

    def probe(self) -> list[Problem]:
        """Try reach, TLS, credentials and their claims, and the clock; and look at what
        every receipt of the device says."""
        device = self._connection.device
        lacking = device_problems(device, self._settings, self._now()) if device else []
        return lacking + probe(self._client(), self._connection)


def _may_be_large(receipt: Receipt) -> bool:
    """Tell whether a receipt could be larger than a submission may be: only one with
    very many discounts can, since its other members and lines are bounded."""
    discounts = len(receipt.discounts) + sum(
        len(line.discounts) + len(line.data.get("item_discounts", ()))
        for line in receipt.lines
    )
    return discounts > _MANY_DISCOUNTS


def _too_large(receipt: Receipt, size: int) -> Problem:
    return Problem(
        "receipt_too_large",
        _(
            "The receipt has %(size)s bytes, more than the authority takes at once."
            " Split the document."
        ),
        "",
        receipt.record,
        {"size": size},
    )
