"""The authority ``eg_receipt``: Egypt's e-Receipt system for sales to consumers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from .. import register_authority
from ..contract import (
    Built,
    Capabilities,
    Connection,
    Document,
    Envelope,
    Limits,
    Listed,
    Outcome,
    Problem,
    Receipt,
    Signer,
)
from ..messages import _
from ..seller_receipts import SellerReceipts
from ..transport import Answer
from . import submission
from .authority import EtaAuthority
from .builder import build_receipt
from .checks import Examination, examine
from .checks.parties import device_problems
from .client import Login
from .code_tables import RECEIPT_KINDS
from .enquiry import Enquiry
from .jsontext import number
from .listing import Listing
from .probing import company_claim, device_claims, probe
from .qr import qr_text
from .reader import read_receipt
from .settings import Settings
from .wire import moment_text

_MANY_DISCOUNTS = 500


@register_authority
class EgReceipt(SellerReceipts, EtaAuthority):
    """Issues receipts at ETA for one device (POS).

    Connection:

    - ``endpoints``: see :class:`.authority.EtaAuthority`.
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
    name: ClassVar[str] = _("Egypt: ETA e-Receipt")
    codes_name: ClassVar[str] = _("Egypt: ETA")
    capabilities: ClassVar[Capabilities] = replace(
        EtaAuthority.capabilities,
        chained=True,
        uid_at="issue",
        printable_at="issue",
        given=True,
    )
    limits: ClassVar[Limits] = replace(
        EtaAuthority.limits,
        documents_per_call=500,
        lines_per_document=300,
        submission_window=timedelta(hours=24),
        correction_window=timedelta(hours=96),
    )
    not_cancellable: ClassVar[str] = _(
        "The authority offers no cancellation of receipts. Issue a return receipt."
    )
    usual_per_call: ClassVar[int] = 200
    tables: ClassVar[Sequence[str]] = RECEIPT_KINDS
    submission_path: ClassVar[str] = submission.PATH
    raw_path: ClassVar[str] = "/api/v1/receipts/{}/raw"
    raw_member: ClassVar[str] = "rawDocument"
    settings_class: ClassVar[type[Settings]] = Settings

    _settings: Settings

    def __init__(self, connection: Connection) -> None:
        """Take a connection.

        :raise ValueError: one of its settings makes no sense
        """
        super().__init__(connection)
        self._serial = connection.device.serial if connection.device else ""

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

    def build(self, receipt: Receipt, signer: Signer | None = None) -> Built:
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

    def _wrapping(self) -> submission.Wrapping:
        if self._settings.empty_signatures:
            return submission.SIGNED_RECEIPTS
        return submission.RECEIPTS_ARRAY

    def envelope(
        self, documents: Sequence[Document], signer: Signer | None = None
    ) -> Envelope:
        """Return the body of one submission, the receipts' bytes unchanged in it."""
        contents = [document.content for document in documents]
        body = submission.body_of(contents, self._wrapping())
        return Envelope(body, submission.MEDIA_TYPE, tuple(documents))

    # -- over the network -------------------------------------------------------------

    def _login(self) -> Login:
        settings = self._settings
        if settings.channel == "erp":
            return Login()
        headers = {
            "posserial": self._serial,
            "pososversion": settings.os_version,
            "posmodelframework": settings.model_framework,
            "presharedkey": self._connection.credentials.get("presharedkey", ""),
        }
        given = {name: value for name, value in headers.items() if value}
        return Login(given, subject=self._serial)

    def _read_submission(
        self, answer: Answer, documents: Sequence[Document]
    ) -> list[Outcome]:
        return submission.read_answer(answer, documents, submission.RECEIPTS)

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

    def link(self, document: Document) -> str:
        """Return "": a receipt's link is its QR code, made when it is issued."""
        return ""

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
        client, connection = self._client(), self._connection
        device = connection.device
        lacking = device_problems(device, self._settings, self._now()) if device else []
        return lacking + probe(
            client,
            device.record if device else None,
            lambda claims: [
                *company_claim(claims, connection),
                *device_claims(claims, device),
            ],
            Listing(client, self._serial, 0.0).last_uid,
        )


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
