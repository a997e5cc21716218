"""The authority ``eg_invoice``: Egypt's e-Invoice system for sales to businesses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from ... import register_authority
from ...contract import (
    AuthorityError,
    Built,
    Capabilities,
    Document,
    Envelope,
    FiscalError,
    Limits,
    Listed,
    Outcome,
    Problem,
    Receipt,
    Signer,
    Status,
)
from ...examined import refuse
from ...messages import Sentence, _
from ...transport import Answer
from .. import submission
from ..authority import EtaAuthority
from ..client import EtaClient, Login
from ..code_tables import INVOICE_KINDS
from ..item_codes import ItemCodes
from ..jsontext import clean
from ..probing import company_claim, probe
from . import signature
from .builder import build_invoice
from .checks import examine
from .enquiry import InvoiceEnquiry
from .listing import InvoiceListing
from .pdf import read_pdf
from .reader import read_invoice
from .settings import InvoiceSettings
from .states import States
from .workflow import TypeRules, document_types

_USUAL_SIGNATURE = 8_000
"""Bytes that a signature may have at most, as one with two certificates."""


@register_authority
class EgInvoice(EtaAuthority):
    """Issues invoices at ETA for one taxpayer.

    Connection:

    - ``endpoints``: see :class:`..authority.EtaAuthority`.
    - ``credentials``: ``client_id``, ``client_secret``; optional ``client_secret_2``,
      tried when the first is refused.
    - ``settings``: see :class:`.settings.InvoiceSettings`.
    - ``seller_id``: the taxpayer's RIN. The device is the branch that issues; its
      serial number has no place in an invoice.

    Receipt:

    - ``kind``: ``sale`` is an invoice (I), ``credit`` or ``return`` a credit note (C),
      ``debit`` a debit note (D). ``document_type`` is "" or ``I`` for a domestic
      document and ``EI`` for an export; a note gets the note of that family.
    - ``seller.name`` is the issuer's name, ``device`` gives branch, activity and
      address. ``buyer.address`` is wanted of businesses and foreigners, and of persons
      from the threshold on.
    - ``original`` is the invoice that a note refers to; its ``uid`` is what ETA gave
      it. ``check`` finds ``reference_missing`` in a note on an export as long as that
      is not known. ``original.returnable`` holds amounts before taxes in the
      document's currency.
    - ``data``, all optional: ``purchase_order_reference``,
      ``purchase_order_description``, ``sales_order_reference``,
      ``sales_order_description``, ``proforma_number`` (texts);
      ``service_delivery_date`` (a date; exports need it); ``references`` (UUIDs of
      further invoices that a note refers to); ``payment`` (``bank_name``,
      ``bank_address``, ``bank_account``, ``iban``, ``swift_code``, ``terms``);
      ``delivery`` (``approach``, ``packaging``, ``date_validity`` (an aware time),
      ``export_port``, ``country_of_origin``, ``gross_weight``, ``net_weight`` (kg),
      ``terms``).
    - A line's ``data``: ``item_discounts`` (after taxes, a tuple of ``Discount``),
      ``value_difference``; on exports ``weight_unit`` and ``weight_quantity``.
    - Payments and the descriptions of discounts have no place in an invoice.

    ``authority_ids`` of an outcome: ``submission``, ``long_id``, ``hash_key``,
    ``late_request``. Statuses and windows: see :mod:`.verdicts`. Totals in ETA's lists
    are in EGP; ``parse`` gives ``data["total_egp"]`` to compare with.

    ETA publishes no lengths of texts for invoices, nor how large a submission may be;
    those of receipts are kept.
    """

    code: ClassVar[str] = "eg_invoice"
    name: ClassVar[str] = _("Egypt: ETA e-Invoice")
    codes_from: ClassVar[str] = "eg_receipt"
    capabilities: ClassVar[Capabilities] = replace(
        EtaAuthority.capabilities,
        serials=False,
        uid_at="answer",
        printable_at="answer",
        cancellable=True,
        declinable=True,
        printer=True,
        signs="document",
    )
    limits: ClassVar[Limits] = replace(
        EtaAuthority.limits,
        documents_per_call=100,
        # the window closes with the day of issue: at four in the afternoon
        warn_before=timedelta(hours=8),
    )
    usual_per_call: ClassVar[int] = 50
    tables: ClassVar[Sequence[str]] = INVOICE_KINDS
    submission_path: ClassVar[str] = "/api/v1.0/documentsubmissions"
    raw_path: ClassVar[str] = "/api/v1.0/documents/{}/raw"
    raw_member: ClassVar[str] = "document"
    settings_class: ClassVar[type[InvoiceSettings]] = InvoiceSettings

    _settings: InvoiceSettings

    # -- without the network ----------------------------------------------------------

    def check(self, receipt: Receipt) -> list[Problem]:
        """Return everything that ETA would refuse, all at once."""
        content, problems = self._content(receipt)
        return problems or self._size_problems(receipt, content)

    def build(self, receipt: Receipt, signer: Signer | None = None) -> Built:
        """Return the document's JSON; its UUID and QR code come with ETA's answer.

        :raise ValueError: the receipt would not pass :meth:`check`
        """
        content, problems = self._content(receipt)
        problems = problems or self._size_problems(receipt, content)
        refuse(problems)
        return Built(content, submission.MEDIA_TYPE)

    def _content(self, receipt: Receipt) -> tuple[bytes, list[Problem]]:
        """Return the document's bytes, or what is wrong with it."""
        found = examine(
            receipt, self._settings, self._now(), self._connection.seller_id
        )
        if found.problems:
            return b"", found.problems
        assert found.figures is not None and found.type is not None
        content = build_invoice(receipt, found.figures, found.type, self._settings)
        return content, []

    def _size_problems(self, receipt: Receipt, content: bytes) -> list[Problem]:
        most = self._most_bytes() - signature.OVERHEAD - _USUAL_SIGNATURE
        if len(content) <= most:
            return []
        message = _(
            "The invoice has %(size)s bytes, more than the authority takes at once."
            " Split the document."
        )
        values = {"size": len(content)}
        return [Problem("invoice_too_large", message, "", receipt.record, values)]

    def parse(self, content: bytes) -> Receipt:
        """Return what a document in ETA's form says.

        :raise ValueError: it is not such a document
        """
        return read_invoice(content)

    def sign(self, built: Built, signer: Signer) -> Built:
        """Return the document with its CAdES signature in base64; one of the version
        that is not signed as it is.

        :raise FiscalError: the key cannot sign now, or is another taxpayer's
        """
        if signature.is_unsigned(built.content):
            return built
        return signature.sign(built, signer, self._now(), self._connection.seller_id)

    def _wrapping(self) -> submission.Wrapping:
        return submission.DOCUMENTS

    def _size(self, document: Document) -> int:
        more = signature.OVERHEAD + len(document.signature)
        return len(document.content) + (more if document.signature else 0)

    def fits(self, documents: Sequence[Document]) -> int:
        """Return how many of the documents, from the first on, fit into one call: two
        with the same number do not, since ETA answers by number."""
        most = super().fits(documents)
        numbers: set[str] = set()
        for count, document in enumerate(documents[:most]):
            number = clean(document.number)
            if number in numbers:
                return count
            numbers.add(number)
        return most

    def envelope(
        self, documents: Sequence[Document], signer: Signer | None = None
    ) -> Envelope:
        """Return the body of one submission: each document's bytes unchanged, its
        signature as their last member. Documents whose signature is not theirs are not
        in it; :meth:`submit` refuses them."""
        fit = [document for document in documents if not _unfit(document)]
        body = submission.body_of(
            [signature.with_signature(document) for document in fit],
            self._wrapping(),
        )
        return Envelope(body, submission.MEDIA_TYPE, tuple(documents))

    def link(self, document: Document) -> str:
        """Return the public address of a document, which is the text of its QR code;
        "" before ETA has told its long id."""
        long_id = document.authority_ids.get("long_id", "")
        if not document.uid or not long_id:
            return ""
        portal = self._endpoints["portal"].rstrip("/")
        return f"{portal}/documents/{document.uid}/share/{long_id}"

    # -- over the network -------------------------------------------------------------

    def _login(self) -> Login:
        settings = self._settings
        on_behalf_of = settings.on_behalf_of
        return Login(
            {"onbehalfof": on_behalf_of} if on_behalf_of else {},
            basic=settings.token_auth == "basic",
            scope=settings.scope,
            subject=on_behalf_of,
        )

    def _read_submission(
        self, answer: Answer, documents: Sequence[Document]
    ) -> list[Outcome]:
        return submission.read_answer(answer, documents, submission.INVOICES)

    def _held_back(self, documents: Sequence[Document]) -> dict[int, Outcome]:
        """Return the outcomes of documents that are not sent: too new ones and those
        that have another's number wait, those whose signature is not theirs are
        refused."""
        outcomes = super()._held_back(documents)
        numbers: set[str] = set()
        for document in documents:
            problems = _unfit(document)
            if problems:
                outcomes[document.key] = Outcome(
                    document.key, Status.INVALID, document.uid, errors=tuple(problems)
                )
            elif clean(document.number) in numbers:
                outcomes[document.key] = Outcome(
                    document.key, Status.DEFERRED, document.uid
                )
            numbers.add(clean(document.number))
        return outcomes

    def query(self, documents: Sequence[Document]) -> list[Outcome]:
        """Ask what became of invoices and return one outcome per invoice.

        What could not be asked within ``call_timeout`` is ``DEFERRED``.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        return self._enquiry(self._client()).ask(documents)

    def _enquiry(self, client: EtaClient) -> InvoiceEnquiry:
        settings = self._settings
        return InvoiceEnquiry(
            client,
            self._connection.seller_id,
            self._connection.call_timeout,
            float(settings.read_pause),
            float(settings.search_pause),
            settings.ask_windows,
        )

    def cancel(self, document: Document, reason: str) -> Outcome:
        """Ask ETA to cancel a valid document, and return what it is then: usually
        ``CANCELLING`` until the buyer can no longer decline.

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """
        client = self._client()
        States(client).cancel(document.uid, reason, (document.key,))
        return self._afterwards(client, document)

    def decline(self, document: Document) -> Outcome:
        """Decline that the buyer rejected a document, and return what it is then.

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """
        client = self._client()
        States(client).decline_rejection(document.uid, (document.key,))
        return self._afterwards(client, document)

    def states(self) -> States:
        """Return what changes documents that others issued to the taxpayer: to reject
        them, or decline that they are cancelled."""
        return States(self._client())

    def _afterwards(self, client: EtaClient, document: Document) -> Outcome:
        """Return what a document is after ETA agreed to change it. The change is made;
        where ETA cannot be asked now, it is asked later."""
        try:
            (outcome,) = self._enquiry(client).ask([document])
        except FiscalError:
            return Outcome(document.key, Status.PENDING, document.uid)
        if outcome.status in (Status.ABSENT, Status.UNKNOWN, Status.DEFERRED):
            return Outcome(document.key, Status.PENDING, document.uid)
        return outcome

    def fetch_pdf(self, document: Document) -> bytes:
        """Return ETA's own print of a document that was valid.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        return read_pdf(self._client(), document)

    def list_documents(self, start: datetime, end: datetime) -> Iterator[Listed]:
        """Yield what ETA holds of the taxpayer, issued from ``start`` until before
        ``end``; totals in EGP.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        return self._listing().issued_between(start, end)

    def as_listed(self, document: Document) -> Listed:
        """Return what ETA's list should say of a document: its total in EGP, and no
        device.

        :raise ValueError: the content is no such document
        """
        receipt = self.parse(document.content)
        listed = super().as_listed(document)
        return replace(listed, total=receipt.data["total_egp"], device_serial="")

    def _as_booked(self, document: Document) -> Receipt:
        return read_invoice(document.content, in_pounds=True)

    def list_received(self, start: datetime, end: datetime) -> Iterator[Listed]:
        """Yield the documents that others issued to the taxpayer in a period;
        ``authority_ids`` names their issuers.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        return self._listing().issued_between(start, end, "Received")

    def _listing(self) -> InvoiceListing:
        return InvoiceListing(self._client(), float(self._settings.search_pause))

    def last_uid(self) -> str:
        """Refuse: invoices have no chain.

        :raise AuthorityError: always (capability ``chained`` is false)
        """
        raise AuthorityError(
            "not_chained", Sentence(_("The authority's invoices have no chain."))
        )

    def document_types(self) -> list[TypeRules]:
        """Return the types of documents with their windows, as ETA sets them now.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        return document_types(self._client(), self._now())

    def item_codes(self) -> ItemCodes:
        """Return what registers item codes, follows the requests and looks codes up."""
        return ItemCodes(self._client(), float(self._settings.read_pause))

    def probe(self) -> list[Problem]:
        """Try reach, TLS, credentials and their claims, and the clock."""
        client, connection = self._client(), self._connection
        # an intermediary's token is its own, whomever it acts for
        own = not self._settings.on_behalf_of
        return probe(
            client,
            None,
            lambda claims: company_claim(claims, connection) if own else [],
            lambda: document_types(client, self._now()),
        )


def _unfit(document: Document) -> list[Problem]:
    return signature.problems_of_signature(document.content, document.signature)
