"""The authority ``hr_cis``: Croatia's CIS Fiskalizacija for receipts to consumers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from .. import register_authority
from ..connected import Connected
from ..contract import (
    AuthenticationError,
    AuthorityError,
    Built,
    Capabilities,
    Document,
    Envelope,
    FiscalError,
    Limits,
    Line,
    Outcome,
    Problem,
    Receipt,
    Signer,
    Status,
    TaxTotal,
)
from ..examined import Examined
from ..lacking import NoList, OneByOne
from ..messages import Sentence, _
from ..probing import clock_problems, failure
from ..reconcilable import Reconcilable
from ..seller_receipts import SellerReceipts
from ..signing.certificate import read_certificates
from ..signing.xmldsig import sign_enveloped
from ..tables import ShippedCodes
from ..xmltext import text_of
from . import certificate, errors
from .amounts import amount_text, tax_rows
from .answers import Reply, read_echo, read_reply
from .builder import (
    OPERATIONS,
    PREFIXES,
    Operation,
    frozen,
    member,
    receipt_element,
    request_of,
    set_late,
    thaw,
)
from .changes import Change, refuse_hopeless
from .checks import examine
from .client import CisClient
from .code_tables import KINDS, table
from .error_catalogue import CHECK_PASSED
from .facts import Facts
from .moments import ZONE_NAME, message_text
from .qr import qr_text
from .reader import read_receipt
from .schema import schema_problems
from .settings import Settings
from .soap import unwrap, wrap
from .trust import fina_pem, trust_of
from .working_days import Cause, report_by
from .zki import zki, zki_payload

_MEDIA_TYPE = "application/xml"
_RACUNI, _PROVJERA, _ECHO = (OPERATIONS[n] for n in ("racuni", "provjera", "echo"))


@register_authority
class HrCis(
    SellerReceipts, NoList, OneByOne, ShippedCodes, Connected, Examined, Reconcilable
):
    """Registers receipts at CIS for one charging device.

    Connection:

    - ``endpoints``: ``cis``, the whole address of the service.
    - ``credentials``: none; the key is handed in where it is needed.
    - ``settings``: see :class:`.settings.Settings`.
    - ``seller_id``: the company's OIB, with or without ``HR``.

    Receipt:

    - ``device.data``: ``premises``, ``device_number`` (texts), ``numbering`` (``P`` per
      premises, ``N`` per device), ``operator_oib`` where one person has the device,
      ``vending`` (the device is a vending machine).
    - ``data``: ``sequence_number`` (see :func:`.numbering.number_of`),
      ``operator_oib``, and ``paper_number`` for a receipt that was issued from the
      paper book.
    - A line's taxes have types of the table ``tax_type`` (see :mod:`.amounts`); its
      ``data`` may have ``tax_base``.
    - A buyer who is a ``business`` has his OIB on the receipt.

    ``Built.code`` is the security code (ZKI), ``Built.qr`` the code with it, for prints
    before there is a JIR; :meth:`link` is the one with the JIR. ``uid`` is the JIR.

    ``authority_ids`` of an outcome: ``jir``, ``message`` (IdPoruke of the request that
    brought it) and ``late`` (NakDost as it was registered: ``true`` or ``false``, which
    changes repeat); ``jir_again`` if a repeat brought another one; ``payment``,
    ``recipient``, ``tip`` and ``tip_payment`` after changes.
    """

    code: ClassVar[str] = "hr_cis"
    name: ClassVar[str] = _("Croatia: CIS Fiskalizacija")
    capabilities: ClassVar[Capabilities] = Capabilities(
        chained=False,
        order="free",
        uid_at="answer",
        printable_at="answer",
        recovery="resend",
        # a call has one receipt and takes CIS up to two seconds (spec croatia 3): as
        # many as a run of the outbox lets one registration make
        parallel_calls=16,
        interactive=True,
        signs="message",
        coded=True,
        refers=False,
    )
    limits: ClassVar[Limits] = Limits(
        zone=ZONE_NAME,
        documents_per_call=1,
        # refused when older (176); the law's own windows: report_by
        submission_window=timedelta(days=30),
        # Zakon o računovodstvu (NN 85/2024): documents that the books are kept from
        retention_years=11,
    )
    tables: ClassVar[Sequence[str]] = KINDS
    table = staticmethod(table)
    examine = staticmethod(examine)
    settings_class: ClassVar[type[Settings]] = Settings
    not_cancellable: ClassVar[str] = _(
        "A registered receipt cannot be cancelled. Issue a credit note, which is a"
        " receipt with negative amounts."
    )
    default_endpoints: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "test": {"cis": "https://cistest.apis-it.hr:8449/FiskalizacijaServiceTest"},
        "production": {
            "cis": "https://cis.porezna-uprava.hr:8449/FiskalizacijaService"
        },
    }

    _settings: Settings

    # -- without the network ----------------------------------------------------------

    def key_problems(self, signer: Signer) -> list[Problem]:
        """Return what speaks against a key for this connection; some of it are
        warnings (:func:`..signing.certificate.is_warning`)."""
        environment = self._connection.environment
        return certificate.key_problems(
            signer,
            self._connection.seller_id,
            self._now(),
            read_certificates(fina_pem(environment).encode()),
        )

    def build(self, receipt: Receipt, signer: Signer | None = None) -> Built:
        """Return the receipt's element as it is kept, its security code and its QR
        text. An expired certificate is no hindrance: the sale goes on, and the receipt
        is sent when there is a new one.

        :raise ValueError: the receipt would not pass :meth:`check`
        :raise AuthenticationError: there is no key, or it is another company's
        :raise TransientError: the key is away
        """
        facts = self._passed(receipt).facts
        key = _needed(signer)
        certificate.refuse_other_company(key, facts.issuer)
        code = zki(key, _zki_payload(facts), self._settings.zki_hash)
        element = receipt_element(facts, code)
        return Built(
            frozen(element, self._settings.zki_hash),
            _MEDIA_TYPE,
            code=code,
            qr=self._qr("zki", code, element),
        )

    def _qr(self, kind: str, code: str, receipt: Any) -> str:
        return qr_text(
            kind,
            code,
            text_of(receipt, "tns:DatVrijeme", PREFIXES),
            text_of(receipt, "tns:IznosUkupno", PREFIXES),
            self._settings.portal,
        )

    def parse(self, content: bytes) -> Receipt:
        """Return what a receipt in CIS' form says.

        :raise ValueError: it is not a receipt
        """
        return read_receipt(content)

    def tax_rows(self, line: Line) -> Sequence[TaxTotal]:
        """Return under which members of the message a line counts."""
        return tax_rows(line)

    def envelope(
        self, documents: Sequence[Document], signer: Signer | None = None
    ) -> Envelope:
        """Return the signed message with one receipt, with a new id, and late if the
        customer has the receipt already.

        :raise AuthenticationError: there is no key, or CIS would not accept it
        :raise TransientError: the key is away
        :raise AuthorityError: the message does not fit CIS' schema
        """
        return self._signed(_RACUNI, documents, signer)

    def _signed(
        self,
        operation: Operation,
        documents: Sequence[Document],
        signer: Signer | None,
        change: Change | None = None,
    ) -> Envelope:
        (document,) = documents
        receipt, _hash = thaw(document.content)
        now = self._now()
        key = _needed(signer)
        certificate.refuse_unusable(key, text_of(receipt, "tns:Oib", PREFIXES), now)
        set_late(receipt, _is_late(document))
        message_id = str(uuid.uuid4())
        more = change.members() if change else ()
        root = request_of(operation, receipt, message_id, now, more)
        problems = schema_problems(root)
        if problems:
            first = problems[0]
            raise AuthorityError(
                first.code,
                Sentence(first.message, **first.values),
                splittable=True,
                errors=problems,
            )
        sign_enveloped(root, key)
        return Envelope(wrap(root), _MEDIA_TYPE, (document,), message_id)

    def link(self, document: Document) -> str:
        """Return the text of the QR code with the JIR; "" while there is none."""
        if not document.uid:
            return ""
        return self._qr("jir", document.uid, thaw(document.content)[0])

    def report_by(self, since: datetime, cause: Cause = "line") -> datetime:
        """Return until when the law wants a receipt without JIR reported, see
        :func:`.working_days.report_by`."""
        return report_by(since, cause)

    # -- over the network -------------------------------------------------------------

    def _client(self) -> CisClient:
        extra = self._settings.extra_ca
        return CisClient(
            self._connection,
            self._endpoints["cis"],
            "\n".join(filter(None, (fina_pem(self._connection.environment), extra))),
        )

    def _ask(self, operation: Operation, envelope: Envelope, purpose: str) -> Reply:
        trust = trust_of(self._connection.environment, self._settings)
        return self._client().send(
            operation,
            envelope.content,
            lambda body: read_reply(
                body, operation, envelope.message_id, trust, self._now()
            ),
            purpose=purpose,
            keys=tuple(document.key for document in envelope.documents),
        )

    def submit(self, envelope: Envelope) -> list[Outcome]:
        """Send a receipt: registered (``VALID``, the JIR is its uid) or refused
        (``INVALID``). A JIR is kept whatever is wrong with the answer that brings it;
        what is, is a warning.

        :raise TransientError, AuthenticationError, AmbiguousError:
        """
        (document,) = envelope.documents
        reply = self._ask(_RACUNI, envelope, "submit")
        if reply.jir:
            ids = _registered(document, envelope, reply.jir)
            return [
                Outcome(
                    document.key,
                    Status.VALID,
                    reply.jir,
                    ids,
                    warnings=reply.warnings,
                )
            ]
        errors.raise_for(reply.refusals)
        return [
            Outcome(
                document.key,
                Status.INVALID,
                errors=errors.problems_of(reply.refusals),
                warnings=reply.warnings,
            )
        ]

    def change(self, document: Document, change: Change, signer: Signer) -> Outcome:
        """Change a registered receipt's payment means or recipient, or report a tip
        (:mod:`.changes`).

        :raise TransientError, AuthenticationError, AmbiguousError:
        :raise AuthorityError: it is refused; the receipt stands as it was
        """
        refuse_hopeless(change, document, self._now())
        operation = OPERATIONS[change.action]
        envelope = self._signed(operation, [document], signer, change)
        reply = self._ask(operation, envelope, "change")
        if not reply.success:
            errors.refuse_change(reply.refusals)
        return Outcome(
            document.key,
            Status.VALID,
            document.uid,
            change.ids(),
            warnings=reply.warnings,
        )

    def test_check(self, document: Document, signer: Signer) -> list[Problem]:
        """Have CIS' test system check a receipt (``provjera``) without registering it,
        and return what it finds.

        :raise AuthorityError: the connection is not to a test system
        :raise TransientError, AuthenticationError, AmbiguousError:
        """
        if self._connection.environment != "test":
            raise AuthorityError(
                "test_only",
                Sentence(_("Only the authority's test system checks receipts.")),
            )
        envelope = self._signed(_PROVJERA, [document], signer)
        reply = self._ask(_PROVJERA, envelope, "check")
        found = [one for one in reply.refusals if one[0] != CHECK_PASSED]
        errors.raise_for(found)
        return list(errors.problems_of(found))

    def probe(self) -> list[Problem]:
        """Try reach, TLS and the clock (``echo``). CIS tells of key and certificate
        only when a receipt is sent; see :meth:`key_problems`."""
        client = self._client()
        text = f"account_ereceipt {message_text(self._now())}"
        problems = []
        try:
            answer = client.send(
                _ECHO,
                wrap(member(_ECHO.request, text)),
                lambda body: read_echo(body, _ECHO),
                purpose="probe",
                changes=False,
            )
        except FiscalError as exc:
            problems.append(failure("probe_api", exc, None))
        else:
            # some builds put words around it
            if text not in answer:
                problems.append(_other_echo())
        return problems + clock_problems(client.http)

    def query(self, documents: Sequence[Document]) -> list[Outcome]:
        """Return that nothing is known: CIS cannot be asked. A receipt whose answer
        was lost is sent again (capability ``recovery`` is ``resend``)."""
        return [Outcome(one.key, Status.UNKNOWN, one.uid) for one in documents]

    # -- errors -----------------------------------------------------------------------

    def cure(self, code: str, path: str = "") -> Problem | None:
        """Return what a code of CIS means and how to cure it; ``values["who"]`` is who
        can: ``accountant``, ``administrator`` or ``authority``."""
        return errors.cure(code)


def _other_echo() -> Problem:
    return Problem(
        "probe_echo",
        _(
            "The address answers, but not as the authority does. Check the address in"
            " the registration."
        ),
    )


def _needed(signer: Signer | None) -> Signer:
    if signer is None:
        raise AuthenticationError(
            Sentence(
                _(
                    "No key is chosen that signs the company's receipts. Choose one on"
                    " the registration."
                )
            ),
            "key_missing",
        )
    return signer


def _zki_payload(facts: Facts) -> bytes:
    assert facts.issued_at is not None and facts.figures is not None
    return zki_payload(
        facts.issuer,
        message_text(facts.issued_at),
        facts.number,
        amount_text(facts.figures.total),
    )


def _is_late(document: Document) -> bool:
    """Tell whether the customer got the receipt before it was registered: as it was
    told when it was registered, or, before, whether he has it now."""
    told = document.authority_ids.get("late")
    return told == "true" if told else document.handed_over_at is not None


def _registered(document: Document, envelope: Envelope, jir: str) -> dict[str, str]:
    message = unwrap(envelope.content)
    first = document.authority_ids.get("jir") or document.uid or jir
    ids = {
        "jir": first,
        "message": envelope.message_id,
        "late": text_of(message, "tns:Racun/tns:NakDost", PREFIXES),
    }
    if jir.lower() != first.lower():
        # which of them counts is not known (spec croatia 9): none is thrown away
        ids["jir_again"] = jir
    return ids
