"""The authority ``cn_nuonuo``: China's 数电发票 through the Nuonuo open platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from .. import register_authority
from ..by_file.results import Result
from ..connected import Connected
from ..contract import (
    NOTHING,
    AuthorityError,
    Built,
    Capabilities,
    Document,
    Envelope,
    File,
    FiscalError,
    Limits,
    Outcome,
    Problem,
    Receipt,
    Signer,
    Status,
)
from ..examined import Examined
from ..lacking import NoList, OneByOne
from ..messages import Sentence, _
from ..reconcilable import Reconcilable
from ..seller_receipts import SellerReceipts
from ..tables import ShippedCodes
from . import errors
from .answers import Row
from .by_file import outcome_by_file, rows_of
from .checks import examine
from .checks.document import MOST_LINES
from .client import NuonuoClient, Reply
from .code_tables import KINDS, table
from .divided import divide
from .enquiry import MOST_ORDERS, find_rows
from .error_catalogue import HELD
from .fapiao import Fapiao, Routing, freeze, thaw
from .files import Fetcher
from .moments import ZONE_NAME, local_day
from .probing import probe
from .qr import read_qr
from .reader import read_receipt
from .red import RedLetters
from .red_parts import RedParts, ask_all
from .references import refer
from .session import Session
from .settings import Settings
from .text import clean, told
from .wording import dumps, order_of, red_request_of

_MEDIA_TYPE = "application/json"
_ISSUE, _RED, _RETRY = "requestBillingNew", "saveInvoiceRedConfirm", "reInvoice"
DUPLICATE = "E9106"


@register_authority
class CnNuonuo(
    SellerReceipts, NoList, OneByOne, ShippedCodes, Connected, Examined, Reconcilable
):
    """Issues 数电发票 for one taxpayer, and red letters on them.

    Connection:

    - ``endpoints``: ``api`` (calls) and ``token``, whole addresses.
    - ``credentials``: ``app_key``, ``app_secret``; for an application that others
      authorize (setting ``application`` is ``isv``) optionally ``user_id`` and
      ``refresh_token`` of an authorization made elsewhere, see :meth:`authorize`.
    - ``settings``: see :class:`.settings.Settings`.
    - ``seller_id``: the company's tax number.
    - ``tokens``: where tokens are kept for all processes: there are 50 in 30 days.

    Receipt:

    - ``document_type``: ``81`` special, ``82`` or "" ordinary.
    - ``kind``: ``sale`` and ``debit`` are blue; ``return`` and ``credit`` are red
      letters, which need ``original.uid`` (20 digits) and ``reason`` (table
      ``return_reason``; a ``return`` has 02 by itself).
    - ``device.data``: ``clerk`` (who is logged in at the bureau), ``checker``,
      ``payee``, ``seller_address``, ``seller_phone``, ``seller_account`` (texts; else
      those of ``seller``), ``extension``, ``department``, ``clerk_id``.
    - ``data``, all optional: ``tax_included`` (prices are; a line's ``data`` may say
      otherwise), ``natural_person``, ``buyer_account``, ``remark``, ``clerk``,
      ``checker``, ``payee``, ``email``, ``phone``, ``survey``; ``agent``
      (``name``, ``card_type``, ``card_number``); ``additional`` (``name``,
      ``elements``); ``special`` (table ``special``) with ``special_data``: of
      construction ``place``, ``address``, ``project_name``, ``land_vat_number``,
      ``cross_city``; of a lease ``place``, ``address``, ``start``, ``end``,
      ``certificate``, ``unit`` (table ``area_unit``), ``cross_city``; of freight,
      sale of real estate, passengers and farm products purchased the provider's own
      node, and ``differential`` its vouchers (both may be typed: :func:`.nodes.node_of`
      reads them). A red letter's ``scope``: ``full`` or ``partial``.
    - A line's ``taxes``: one, of type ``VAT``, its ``subtype`` the policy (table
      ``tax_subtype``). ``item_code``: 19 digits. ``data``: ``spec``; ``amount_only``
      (quantity and price are not told); on a partial red letter ``blue_line``, the
      line of the fapiao from 1, discounts counted; ``invoice``, the number of the
      invoice that the line is of where several stand on one fapiao: a red letter whose
      ``original.number`` is one of them takes back lines of that one alone.

    ``uid`` is the number of the fapiao, of several the first. ``authority_ids``:
    ``order``, ``serial``, ``status`` (Nuonuo's), ``number``, ``qr``, ``issued_at``; of
    a split ``serials``, ``numbers``, ``totals`` (commas between) and of what they
    consist (:mod:`.split`); of a red letter ``bill_id``, ``bill_no``, ``bill_uuid``,
    ``red_state`` (table ``red_state``), ``red_request``, and of one with parts what
    became of each (:mod:`.red_parts`).

    A refusal whose first code is in :attr:`held_codes` is none of the document itself:
    once a person has done what it says, :meth:`re_invoice` goes on with it.
    """

    code: ClassVar[str] = "cn_nuonuo"
    name: ClassVar[str] = _("China: digital fapiao (Nuonuo)")
    capabilities: ClassVar[Capabilities] = Capabilities(
        serials=False,
        chained=False,
        order="free",
        uid_at="answer",
        printable_at="answer",
        recovery="ask",
        parallel_calls=4,
        interactive=True,
        withdrawable=True,
        printer=True,
        files=True,
        signs="nothing",
        refers=True,
        merges=True,
    )
    limits: ClassVar[Limits] = Limits(
        zone=ZONE_NAME,
        # an order is one document (see fits), a question is about up to fifty
        documents_per_call=MOST_ORDERS,
        lines_per_document=MOST_LINES,
        ingestion_time=timedelta(minutes=2),
        first_poll=timedelta(seconds=5),
        # 会计档案管理办法 (order 79) as commonly told; its text was not read
        retention_years=30,
    )
    held_codes: ClassVar[frozenset[str]] = HELD
    tables: ClassVar[Sequence[str]] = KINDS
    table = staticmethod(table)
    examine = staticmethod(examine)
    settings_class: ClassVar[type[Settings]] = Settings
    not_cancellable: ClassVar[str] = _(
        "An electronic fapiao cannot be voided. Issue a red letter: a credit note on"
        " the invoice."
    )
    default_endpoints: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "test": {
            "api": "https://sandbox.nuonuocs.cn/open/v1/services",
            "token": "https://open.nuonuo.com/accessToken",
        },
        "production": {
            "api": "https://sdk.nuonuo.com/open/v1/services",
            "token": "https://open.nuonuo.com/accessToken",
        },
    }

    _settings: Settings

    # -- without the network ----------------------------------------------------------

    def build(self, receipt: Receipt, signer: Signer | None = None) -> Built:
        """Return the fapiao in the bureau's form; number and QR code come with the
        answer.

        :raise ValueError: the receipt would not pass :meth:`check`
        """
        found = self._passed(receipt)
        assert found.fapiao is not None
        return Built(freeze(found.fapiao), _MEDIA_TYPE)

    def refer(
        self,
        receipt: Receipt,
        blue: bytes,
        taken: Iterable[bytes] = (),
        *,
        ids: Mapping[str, str] = NOTHING,
        former: bytes = b"",
        begun: Mapping[str, str] = NOTHING,
    ) -> Receipt:
        """Return a red letter's receipt with what it takes back of a kept fapiao, see
        :func:`.references.refer`, and of one that was split, or whose request is there
        already, :func:`.divided.divide`.

        :param ids: the fapiao's ``authority_ids``
        :param former: what stands at the bureau of the red letter in whose place this
            one stands (:func:`.red_parts.standing`)
        :param begun: the buyer's request that it books: ``blue_number``,
            ``bill_uuid``, ``order_no``
        :raise ValueError: what is kept is no fapiao
        """
        split = "," in ids.get("numbers", "")
        if split or former or begun:
            return divide(receipt, blue, taken, ids=ids, former=former, begun=begun)
        return refer(receipt, blue, taken)

    def parse(self, content: bytes) -> Receipt:
        """Return what a kept fapiao says.

        :raise ValueError: it is no such document
        """
        return read_receipt(content)

    def _day_of(self, document: Document, receipt: Receipt) -> date:
        # the bureau dates a fapiao when it issues it, which may be days after us
        told = document.authority_ids.get("issued_at")
        moment = datetime.fromisoformat(told) if told else receipt.issued_at
        return local_day(moment)

    def file_rows(self, content: bytes) -> list[dict[str, Any]]:
        """Return a kept fapiao as rows of a file, see :mod:`.by_file`.

        :raise ValueError: it is no such document
        """
        return rows_of(content)

    def file_outcome(self, document: Document, results: Sequence[Result]) -> Outcome:
        """Return what rows of a file say of a fapiao, see :mod:`.by_file`.

        :raise AuthorityError: they say nothing that a fapiao can be
        """
        return outcome_by_file(document, results)

    def envelope(
        self, documents: Sequence[Document], signer: Signer | None = None
    ) -> Envelope:
        """Return the call that asks to issue one document, in Nuonuo's words."""
        (document,) = documents
        fapiao = thaw(document.content)
        make = red_request_of if fapiao.red else order_of
        # of a red letter with parts the first: each goes by itself, see submit
        return Envelope(
            dumps(make(fapiao, self._settings)),
            _MEDIA_TYPE,
            (document,),
            fapiao.order_no,
        )

    def link(self, document: Document) -> str:
        """Return the text of the QR code on the fapiao's face, as the bureau made it;
        "" while it is not known."""
        text = document.authority_ids.get("qr", "")
        try:
            read_qr(text)
        except ValueError:
            return ""
        return text

    # -- over the network -------------------------------------------------------------

    def _client(self) -> NuonuoClient:
        return NuonuoClient(self._connection, self._settings, self._endpoints)

    def submit(self, envelope: Envelope) -> list[Outcome]:
        """Ask to issue a document, or for a red letter: ``ACCEPTED``, ``DUPLICATE``
        (its order number is taken, by itself in all likelihood: ask), or ``INVALID``.

        :raise TransientError, AuthenticationError, AmbiguousError:
        """
        (document,) = envelope.documents
        fapiao = thaw(document.content)
        if fapiao.red and fapiao.red.parts:
            parts = RedParts(self._client(), document, fapiao)
            return [parts.submit(self._settings)]
        failed = errors.when_failed(self._settings)

        def read(reply: Reply) -> list[Outcome]:
            return [_submitted(document, fapiao, reply, failed)]

        return self._client().call(
            _RED if fapiao.red else _ISSUE,
            envelope.content,
            read,
            purpose="submit",
            changes=True,
            keys=(document.key,),
        )

    def query(self, documents: Sequence[Document]) -> list[Outcome]:
        """Ask what became of documents, see :mod:`.enquiry`.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        return ask_all(self._client(), documents, self._settings.red_refresh)

    def withdraw(self, document: Document) -> Outcome:
        """Take back a red letter that waits for its buyer, of several parts those that
        do; ``PENDING`` until the bureau has it withdrawn.

        :raise TransientError, AuthenticationError, AmbiguousError:
        :raise AuthorityError: it waits for nobody (any more)
        """
        return self.red_letters().withdraw(document)

    def re_invoice(self, document: Document) -> Outcome:
        """Have the issue of a fapiao that failed tried again under its order number: at
        most twenty times.

        :raise TransientError, AuthenticationError, AmbiguousError:
        :raise AuthorityError: it is issued or being issued already, or may not be tried
            again (``E9613``)
        """
        fapiao = thaw(document.content)
        failed = errors.when_failed(self._settings)

        def read(reply: Reply) -> Outcome:
            if not reply.success:
                errors.refuse(reply.code, reply.words, failed)
            ids = {"order": fapiao.order_no}
            return Outcome(document.key, Status.ACCEPTED, document.uid, ids)

        client = self._client()
        orders = [fapiao.order_no]
        if fapiao.red and fapiao.red.parts:
            orders = RedParts(client, document, fapiao).failed_orders() or orders
        outcomes = [
            client.call(
                _RETRY,
                {"orderno": order},
                read,
                purpose="retry",
                changes=True,
                keys=(document.key,),
            )
            for order in orders
        ]
        return outcomes[0]

    def deliver(self, document: Document, *, phone: str = "", email: str = "") -> None:
        """Have the provider send a fapiao to the buyer again, by text message, mail or
        both.

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """
        if not (clean(phone) or clean(email)):
            raise AuthorityError(
                "no_recipient",
                Sentence(_("Nobody is named to send the fapiao to. Enter one.")),
            )
        body = {
            "taxnum": self._connection.seller_id,
            "invoiceNum": _number(document),
            "phone": clean(phone),
            "mail": clean(email),
        }
        self._client().call(
            "deliveryInvoice",
            {name: value for name, value in body.items() if value},
            _done,
            purpose="deliver",
            changes=True,
            keys=(document.key,),
        )

    def red_letters(self) -> RedLetters:
        """Return what is done about red letters beside asking for one."""
        return RedLetters(self._client(), self._connection.seller_id, self._settings)

    def session(self) -> Session:
        """Return the account at the bureau that the connection's device issues with."""
        own = self._connection.device.data if self._connection.device else {}
        return Session(
            self._client(),
            Routing(
                clean(own.get("extension")),
                clean(own.get("department")),
                clean(own.get("clerk_id")),
            ),
        )

    def authorize(self, code: str, redirect_uri: str) -> None:
        """Take up a company's authorization (setting ``application`` is ``isv``).

        :param code: what the provider's page came back with
        :raise TransientError, AuthenticationError:
        """
        self._client().tokens.authorized(code, redirect_uri)

    def probe(self) -> list[Problem]:
        """Try reach, TLS, credentials, the login at the bureau, the credit line and the
        clock. A token that is there is used: there are few."""
        client = self._client()
        device = self._connection.device
        return probe(client, self.session(), device.record if device else None)

    # -- files ------------------------------------------------------------------------

    def fetch_files(self, document: Document) -> Sequence[File]:
        """Return OFD, XML and PDF of a document's fapiao, of all of them if it was
        split, each compared with the document.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        fapiao = thaw(document.content)
        fetcher = self._fetcher()
        return [
            file
            for row in self._issued(document, fapiao)
            for file in fetcher.files(row, fapiao, document.key)
        ]

    def fetch_pdf(self, document: Document) -> bytes:
        """Return the PDF of a document's fapiao, of the first if it was split.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        rows = self._issued(document, thaw(document.content))
        row = next((one for one in rows if one.pdf_url), None)
        if row is None:
            raise AuthorityError(
                "no_print", Sentence(_("The provider has no PDF of this fapiao yet."))
            )
        return self._fetcher().pdf(row, document.key)

    def _fetcher(self) -> Fetcher:
        return Fetcher(self._connection, self._settings, self._endpoints["api"])

    def _issued(self, document: Document, fapiao: Fapiao) -> list[Row]:
        client = self._client()
        known = document.authority_ids.get("orders", "")
        orders = known.split(",") if known else [fapiao.order_no]
        rows = find_rows(client, orders, (document.key,))
        issued = [r for order in orders for r in rows.get(order, []) if r.issued]
        return sorted(issued, key=lambda row: row.number)

    # -- errors -----------------------------------------------------------------------

    def cure(self, code: str, path: str = "") -> Problem | None:
        """Return what a code means and how to cure it; ``values["who"]`` is who can:
        ``accountant``, ``administrator`` or ``authority``."""
        return errors.cure(code)


def _submitted(
    document: Document, fapiao: Fapiao, reply: Reply, failed: type[FiscalError]
) -> Outcome:
    ids = {"order": fapiao.order_no}
    if fapiao.red:
        ids["bill_id"] = fapiao.red.request
    if reply.success:
        if isinstance(reply.result, Mapping):
            ids["serial"] = told(reply.result.get("invoiceSerialNum"))
        ids = {name: text for name, text in ids.items() if text}
        return Outcome(document.key, Status.ACCEPTED, document.uid, ids)
    if reply.code == DUPLICATE:
        return Outcome(document.key, Status.DUPLICATE, document.uid, ids)
    errors.raise_for(reply.code, reply.words, failed)
    problem = errors.problem(reply.code, reply.words)
    return Outcome(document.key, Status.INVALID, document.uid, errors=(problem,))


def _number(document: Document) -> str:
    if not document.uid:
        raise AuthorityError(
            "not_issued",
            Sentence(_("The document has no number of a fapiao yet. Wait for it.")),
        )
    return document.uid


def _done(reply: Reply) -> None:
    if not reply.success:
        errors.refuse(reply.code, reply.words)
