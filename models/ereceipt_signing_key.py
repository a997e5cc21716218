import base64
import socket
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from ..fiscal.signing.certificate import is_warning, order_chain, read_certificates
from ..fiscal.signing.certificate_checks import check_certificate
from ..fiscal.signing.errors import KeyUnusable
from ..fiscal.signing.software import SoftwareKey
from .ereceipt_secret_mixin import sealed_column

_lt = LazyTranslate(__name__)

UPLOAD = ("key_file", "key_password")
"""What is typed or chosen once, used at saving and never stored."""

CERTIFICATE_FIELDS = (
    "subject",
    "issuer",
    "serial_number",
    "fingerprint",
    "valid_from",
    "valid_to",
    "certificate_end",
    "tax_number",
    "is_personal",
)


class EreceiptSigningKey(models.Model):
    """A key with which documents are signed in a company's name.

    Its life: an administrator makes it and says where the private key lies. A *file*
    is read once: its key is sealed, the file and its password are dropped. A *token*
    stays plugged into one server; somebody types its PIN, which is tried once and
    kept, sealed, until the end of the day. An *agent* is a program beside a token
    elsewhere, paired by a code, that asks for what there is to sign. Registrations
    sign with the key while it is at hand (``ready_at``); while it is not, documents
    wait to be signed and nothing else does. Before its certificate ends somebody is
    told, and it gets another one: what was signed stays signed.
    """

    _name = "ereceipt.signing.key"
    _description = "Signing key"
    _inherit = [
        "ereceipt.end.mixin",
        "ereceipt.secret.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "company_id, name, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    _ereceipt_kept = ("private_key",)
    _ereceipt_ends = ("certificate_end",)

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [
            ("file", "File, kept here"),
            ("token", "Token or HSM at this server"),
            ("agent", "Token elsewhere, through a signing agent"),
        ],
        string="Where it lies",
        required=True,
        default="file",
        tracking=True,
    )
    responsible_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        help="Is told when the key is away, and before its certificate ends.",
    )
    registration_ids = fields.One2many(
        "ereceipt.registration", "signing_key_id", string="Signs for", readonly=True
    )

    # --- certificate ---
    certificate_pem = fields.Text(
        string="Certificates",
        readonly=True,
        program_only=True,
        copy=False,
        help="As PEM text, the signer's own first.",
    )
    subject = fields.Char(compute="_compute_certificate", store=True)
    issuer = fields.Char(string="Issued by", compute="_compute_certificate", store=True)
    serial_number = fields.Char(
        string="Serial number of the certificate",
        compute="_compute_certificate",
        store=True,
    )
    fingerprint = fields.Char(
        string="SHA-256", compute="_compute_certificate", store=True
    )
    valid_from = fields.Datetime(
        string="Valid from", compute="_compute_certificate", store=True
    )
    valid_to = fields.Datetime(
        string="Valid until", compute="_compute_certificate", store=True
    )
    certificate_end = fields.Date(
        string="Certificate ends", compute="_compute_certificate", store=True
    )
    tax_number = fields.Char(
        string="Company in it",
        compute="_compute_certificate",
        store=True,
        help="The tax registration number that the certificate names.",
    )
    is_personal = fields.Boolean(
        string="A person's", compute="_compute_certificate", store=True
    )
    problems_shown = fields.Json(
        string="What is wrong", compute="_compute_problems_shown"
    )

    # --- file ---
    key_file = fields.Binary(
        string="Key file",
        compute="_compute_upload",
        inverse="_inverse_upload",
        copy=False,
        groups="account_ereceipt.group_ereceipt_admin",
        help="A PKCS#12 file (.p12, .pfx), or a PEM file with the key and its "
        "certificates. Only the key is kept, sealed; the file is not.",
    )
    key_password = fields.Char(
        string="Password of the file",
        compute="_compute_upload",
        inverse="_inverse_upload",
        copy=False,
        groups="account_ereceipt.group_ereceipt_admin",
    )
    private_key_sealed = sealed_column()

    # --- token ---
    host = fields.Char(
        string="Server",
        default=lambda self: here(),
        copy=False,
        help="The server that the token is plugged into: it signs, no other.",
    )

    # --- at hand ---
    ready_at = fields.Datetime(
        string="At hand from",
        readonly=True,
        program_only=True,
        copy=False,
        help="Empty: somebody has to do something first.",
    )
    last_used_at = fields.Datetime(
        string="Last signed", readonly=True, program_only=True, copy=False
    )
    last_error = fields.Char(
        string="Last error", readonly=True, program_only=True, copy=False
    )
    situation = fields.Char(compute="_compute_situation")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("certificate_pem")
    def _compute_certificate(self):
        for key in self:
            chain = key._chain()
            if not chain:
                key.update(dict.fromkeys(CERTIFICATE_FIELDS, False))
                continue
            own = chain[0]
            key.subject = own.subject
            key.issuer = own.issuer
            key.serial_number = f"{own.serial:x}"
            key.fingerprint = own.fingerprint
            key.valid_from = own.not_before.replace(tzinfo=None)
            key.valid_to = own.not_after.replace(tzinfo=None)
            key.certificate_end = own.not_after.date()
            key.tax_number = own.rin or False
            key.is_personal = own.rin is None

    @api.depends("certificate_pem", "company_id.vat")
    @api.depends_context("lang")
    def _compute_problems_shown(self):
        document = self.env["ereceipt.document"]
        for key in self:
            problems = key._certificate_problems()
            key.problems_shown = document._problems_actionable(
                document._problems_json(problems)
            )

    @api.depends("kind", "certificate_pem", "ready_at", "last_error")
    @api.depends_context("lang")
    def _compute_situation(self):
        for key in self:
            key.situation = getattr(key, f"_situation_{key.kind}")()

    def _compute_upload(self):
        """Show nothing: what was uploaded is used at saving and not kept."""
        for key in self:
            for name in UPLOAD:
                if name not in key._cache:
                    key[name] = False

    def _inverse_upload(self):
        for key in self:
            data, password = key.key_file, key.key_password
            if data:
                key._take_file(base64.b64decode(data), password or "")
        self.invalidate_recordset(UPLOAD)

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.registration_ids:
            raise UserError(
                self.env._(
                    "A key that a registration signs with cannot be deleted. Give the "
                    "registration another one first."
                )
            )

    # -------------------------------------------------------------------------
    # BUSINESS METHODS: CERTIFICATE
    # -------------------------------------------------------------------------

    def _chain(self):
        """Return what the certificates say, the signer's own first."""
        self.ensure_one()
        pem = self.certificate_pem
        return read_certificates(pem.encode()) if pem else []

    def _certificate_problems(self, chain=None):
        """Return what speaks against the key's certificate, warnings too."""
        self.ensure_one()
        chain = self._chain() if chain is None else chain
        if not chain:
            return []
        digits = "".join(c for c in (self.company_id.vat or "") if c.isdigit())
        ordered = order_chain(chain[0], chain)
        now = datetime.now(timezone.utc)
        return check_certificate(ordered[0], ordered, digits, now)

    def _take_certificates(self, chain):
        """Store a certificate and its issuers.

        :raise UserError: it cannot sign for this company, with every reason
        """
        problems = self._certificate_problems(chain)
        wrong = [problem for problem in problems if not is_warning(problem)]
        if wrong:
            texts = self.env["ereceipt.registration"]._problem_texts(wrong)
            raise UserError("\n".join(texts))
        self.sudo().certificate_pem = "".join(_pem(one.der) for one in chain)
        self._close_moved_ends()

    # -------------------------------------------------------------------------
    # BUSINESS METHODS: END OF THE CERTIFICATE
    # -------------------------------------------------------------------------

    def _end_counts(self, name):
        # EXTENDS: a key that nobody signs with worries nobody
        return super()._end_counts(name) and bool(
            self.active and self.registration_ids._sends_here()
        )

    def _end_responsible(self):
        # EXTENDS
        return self.responsible_id or self.env.ref("base.user_admin")

    def _end_cure(self, name):
        # EXTENDS
        return self.env._(
            "Nothing can be signed with it afterwards. Get another certificate from "
            "its provider and put it in the place of this one."
        )

    # -------------------------------------------------------------------------
    # BUSINESS METHODS: FILE
    # -------------------------------------------------------------------------

    def _take_file(self, data, password):
        """Keep the key of a file.

        :param bytes data: PKCS#12 or PEM
        :raise UserError: it cannot be opened, or its certificate cannot sign for this
            company
        """
        self.ensure_one()
        try:
            key = SoftwareKey.from_file(data, password)
        except KeyUnusable as error:
            texts = self.env["ereceipt.registration"]._problem_texts(error.problems)
            raise UserError("\n".join(texts)) from error
        self._take_certificates(key.chain)
        self._ereceipt_set_secret("private_key", key.private_pem().decode())
        self._at_hand()

    def _signer_file(self):
        return SoftwareKey.from_pem(
            self._ereceipt_secret("private_key").encode(),
            certificates=self.certificate_pem.encode(),
            # when it was uploaded, and its seal tells whether it is still the same
            proved=True,
        )

    def _situation_file(self):
        if not self.sudo().private_key_sealed:
            return self.env._("Choose the key's file.")
        return self.last_error or self.env._("Ready")

    # -------------------------------------------------------------------------
    # BUSINESS METHODS: SIGNING
    # -------------------------------------------------------------------------

    def _signer(self):
        """Return the contract's Signer, to be used in a thread.

        :raise UserError: the key cannot be used here
        """
        self.ensure_one()
        return getattr(self, f"_signer_{self.kind}")()

    def _at_hand(self):
        """Let documents be signed, at once."""
        self.sudo().write({"ready_at": fields.Datetime.now(), "last_error": False})
        self.env["ereceipt.alert"]._clear(self, "key")
        self.env["ereceipt.outbox"].sudo()._wake()

    def _is_away(self, reason, seconds=None):
        """Note that the key could not sign, and tell who is responsible.

        :param seconds: when it is tried again; None: not before a person did something
        """
        self.ensure_one()
        at = fields.Datetime.now() + timedelta(seconds=seconds) if seconds else False
        self.sudo().write({"ready_at": at, "last_error": reason})
        self.env["ereceipt.alert"]._raise(
            self, "key", _lt("Documents wait for their signature"), reason
        )


def here():
    """Return the name by which this server is told from others: a token is plugged
    into one of them."""
    return socket.gethostname()


def _pem(der):
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
