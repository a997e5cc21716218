import hashlib
from datetime import timezone

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal import authority_class, lifecycle
from ..fiscal.contract import Document
from .ereceipt_said import Said

TAKES_BACK = ("return", "credit")
"""Kinds of documents that take a sale back, wholly or in part."""

FROZEN = frozenset(
    {
        "content",
        "content_sha256",
        "media_type",
        "authority_uid",
        "security_code",
        "qr",
        "qr_answered",
        "series",
        "series_number",
        "authority_number",
        "issued_at",
        "chain_index",
        "previous_uid",
        "environment",
        "device_id",
        "registration_id",
        "company_id",
        "exchange_ids",
        "signature",
        "signed_at",
        "signing_key_id",
    }
)
"""What never changes once a document has its content."""

AFTERWARDS = frozenset(
    {
        "authority_uid",
        "qr",
        "qr_answered",
        "signature",
        "signed_at",
        "signing_key_id",
    }
)
"""What may come after the content, once: from the signer, or with the authority's
answer."""


HELD_FOR_ORIGINAL = frozenset({lifecycle.QUEUED, lifecycle.TO_SIGN, lifecycle.LATE})
"""States of a return that has not left because its sale is not valid."""

SQL_UNDONE = ", ".join(f"'{state}'" for state in sorted(lifecycle.UNDONE))


class EreceiptDocument(models.Model):
    """One document for the tax authority, made of one or more invoices.

    Its life: it is made when an invoice is posted. Either it *waits* (for data, for
    payment, for its original, for a person) and is empty, or it is *issued*: its
    content, number, time and identifier are frozen, and with a chained authority it
    takes its place in the device's chain. The jobs then send exactly those bytes,
    ask when an answer was lost, and follow it until the authority has decided. A
    refused document keeps its place; what corrects it is another document that
    *replaces* it.

    Every legal change of state stands in ``fiscal/lifecycle.py``; any other raises.
    No user may write or delete a row, and what is frozen does not change even for the
    superuser. An authority whose identifier comes with its answer gets it written
    once into ``authority_uid`` (see ``ereceipt_former.py`` for the one exception).
    """

    _name = "ereceipt.document"
    _description = "Document for a tax authority"
    _order = "id desc"

    name = fields.Char(string="Number", required=True, index="trigram")
    registration_id = fields.Many2one(
        "ereceipt.registration", required=True, ondelete="restrict", index=True
    )
    device_id = fields.Many2one("ereceipt.device", required=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True)
    authority = fields.Selection(selection="_selection_authority", required=True)
    environment = fields.Selection(
        [("test", "Test"), ("production", "Production")], required=True
    )
    kind = fields.Selection(
        [
            ("sale", "Sale"),
            ("return", "Return"),
            ("credit", "Credit note"),
            ("debit", "Debit note"),
        ],
        required=True,
    )
    document_type = fields.Char(string="Type of document")

    # --- what it stands for ---
    link_ids = fields.One2many(
        "ereceipt.document.move", "document_id", string="Invoices"
    )
    move_id = fields.Many2one(
        "account.move", string="Invoice", compute="_compute_move_id"
    )
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_total = fields.Monetary(
        string="Total",
        readonly=True,
        help="What the document says, which is what the authority holds.",
        # a sale and what takes it back do not add up: ``amount_signed`` does
        aggregator=None,
    )

    # --- frozen ---
    content = fields.Text(prefetch=False)
    content_sha256 = fields.Char(string="SHA-256")
    media_type = fields.Char(string="Form of the content")
    authority_uid = fields.Char(string="Authority's identifier", index=True)
    security_code = fields.Char(
        string="Security code",
        help="Computed when it is issued, printed where the authority wants it.",
    )
    qr = fields.Char(string="QR text")
    qr_answered = fields.Char(
        string="QR text with the answer",
        help="What the QR code says from the authority's answer on, where it said "
        "something else before.",
    )
    issued_at = fields.Datetime(string="Issued", help="Moment of freezing, in UTC.")
    chain_index = fields.Integer(
        string="Place in the chain",
        help="0 where there is no chain, and for what takes another document's place.",
    )
    previous_uid = fields.Char(string="Predecessor")
    original_uid = fields.Char(string="Original's identifier", index="btree_not_null")

    # --- relations among documents ---
    depends_on_id = fields.Many2one(
        "ereceipt.document",
        string="Refers to",
        ondelete="restrict",
        index="btree_not_null",
        help="The document that has to be valid before this one may leave.",
    )
    replaces_id = fields.Many2one(
        "ereceipt.document",
        string="Takes the place of",
        ondelete="restrict",
        index="btree_not_null",
    )
    replaced_by_ids = fields.One2many(
        "ereceipt.document", "replaces_id", string="Replaced by"
    )

    # --- progress ---
    state = fields.Selection(
        selection="_selection_state", required=True, default=lifecycle.WAITING
    )
    waiting_reason = fields.Selection(
        [
            ("data", "Something is missing"),
            ("payment", "Waits for payment"),
            ("original", "Waits for its original"),
            ("approval", "Waits for approval"),
            ("person", "Waits for a person"),
        ],
        string="Waits for",
        index="btree_not_null",
        help="Of a refused document: what its correction, posted already, waits for.",
    )
    checked_at = fields.Datetime(string="Last looked at")
    problems = fields.Json(help="What is wrong, as sentences with what to open.")
    attempts = fields.Integer(default=0)
    asked = fields.Integer(
        string="Times asked about",
        default=0,
        help="How often the authority did not know it when asked.",
    )
    doubt = fields.Selection(
        [
            ("arrived", "An earlier attempt may have arrived"),
            ("refused", "It may have, and a repeat was refused"),
        ],
        string="In doubt because",
        help="Set when an answer was lost, empty again when the authority confirmed "
        "the document or decided. A refusal of what is in doubt counts only after the "
        "authority was asked.",
    )
    next_attempt_at = fields.Datetime(string="Next attempt")
    lease_token = fields.Char(
        string="Claimed by",
        groups=fields.NO_ACCESS,
        help="The run that works on it now.",
    )
    lease_until = fields.Datetime(string="Claimed until", groups=fields.NO_ACCESS)
    sent_at = fields.Datetime(string="First sent")
    submitted_at = fields.Datetime(string="Received by the authority")
    decided_at = fields.Datetime(string="Decided")
    verdict = fields.Selection(
        selection="_selection_state",
        help="What was decided then. It stays when the document is replaced.",
    )
    gone_at = fields.Datetime(string="Replaced or withdrawn")
    seconds = fields.Float(
        string="Seconds to the decision",
        compute="_compute_seconds",
        help="From issue to the authority's decision.",
    )
    deadline_at = fields.Datetime(
        string="Deadline", help="When the authority's window for it closes."
    )
    report_by = fields.Datetime(
        string="To be registered by",
        help="Until when the law wants it at the authority, which may take it longer.",
    )
    handed_over_at = fields.Datetime(
        string="Handed over", help="When the customer first got it."
    )
    submission_ref = fields.Char(string="Submission", index="btree_not_null")
    authority_ids = fields.Json(string="Authority's own identifiers")
    late_reference = fields.Char(string="Late submission request")
    last_error = fields.Char(string="Last error")
    last_error_said = fields.Json(
        string="What the last error was made of",
        copy=False,
        help="So that each reader is told it in his own language.",
    )
    exchange_ids = fields.Many2many(
        "ereceipt.exchange",
        "ereceipt_exchange_document_rel",
        "document_id",
        "exchange_id",
        string="Calls to the authority",
    )

    _content_hash = models.Constraint(
        "CHECK (content IS NULL OR content_sha256 = "
        "encode(sha256(convert_to(content, 'UTF8')), 'hex'))",
        "The content of a document does not fit its hash.",
    )
    _issued_complete = models.Constraint(
        "CHECK (state IN ('waiting', 'withdrawn') OR "
        "(content IS NOT NULL AND issued_at IS NOT NULL))",
        "Only a waiting or withdrawn document may be without content.",
    )
    _chain_place_unique = models.UniqueIndex(
        "(device_id, environment, chain_index) WHERE chain_index > 0",
        "Two documents claim the same place in a chain.",
    )
    _due_index = models.Index("(next_attempt_at) WHERE next_attempt_at IS NOT NULL")
    _waiting_index = models.Index("(write_date) WHERE state = 'waiting'")
    # what people work through is a small part of all documents, however many there are
    _undone_index = models.Index(f"(state, device_id) WHERE state IN ({SQL_UNDONE})")
    _issued_index = models.Index("(issued_at)")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("link_ids.move_id")
    def _compute_move_id(self):
        for document in self:
            document.move_id = document.link_ids[:1].move_id

    @api.depends("issued_at", "decided_at")
    def _compute_seconds(self):
        for document in self:
            if document.issued_at and document.decided_at:
                taken = document.decided_at - document.issued_at
                document.seconds = taken.total_seconds()
            else:
                document.seconds = 0.0

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def write(self, vals):
        """Refuse what may never happen, whoever asks."""
        if "state" in vals:
            listed = bool(self.env.context.get("ereceipt_listed"))
            for document in self:
                if document.state != vals["state"]:
                    lifecycle.check_transition(
                        document.state, vals["state"], listed=listed
                    )
        touched = FROZEN & vals.keys()
        if touched:
            for document in self:
                document._check_frozen(touched, vals)
        if "last_error" in vals:
            vals = {**vals, "last_error_said": Said.source(vals["last_error"])}
        return super().write(vals)

    def _check_frozen(self, touched, vals):
        """Raise if the document has its content already, and what is written is not
        something that comes later and was not there yet."""
        if not self.content_sha256 or touched <= self._comes_later(vals):
            return
        raise UserError(
            self.env._(
                "%(document)s was issued; %(fields)s cannot change any more.",
                document=self.name,
                fields=", ".join(sorted(touched)),
            )
        )

    def _comes_later(self, vals):
        """Hook: return which frozen columns may be written to the issued document.

        :param dict vals: everything that is being written
        """
        return {name for name in AFTERWARDS & vals.keys() if not self[name]}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never_issued(self):
        if any(document.content_sha256 for document in self):
            raise UserError(
                self.env._("What was issued to a tax authority cannot be deleted.")
            )

    # -------------------------------------------------------------------------
    # BUSINESS METHODS: STATE
    # -------------------------------------------------------------------------

    def _go(self, state, **values):
        """Change the state of documents and what goes with it.

        :raise IllegalTransition: the table has no such way
        """
        values["state"] = state
        if state in lifecycle.VERDICTS:
            values.setdefault("decided_at", fields.Datetime.now())
            values["verdict"] = state
        elif state in lifecycle.SETTLED:
            values.setdefault("gone_at", fields.Datetime.now())
        if state in lifecycle.SETTLED:
            values.setdefault("next_attempt_at", False)
        if state in lifecycle.SETTLED | {lifecycle.SUBMITTED}:
            values.setdefault("doubt", False)
        elif state == lifecycle.UNKNOWN:
            values.setdefault("doubt", "arrived")
        if state not in (lifecycle.SENDING, lifecycle.CANCELLING):
            values.setdefault("lease_token", False)
            values.setdefault("lease_until", False)
        self.sudo().write(values)

    def _is_late(self, now=None):
        """Whether the authority's window closed and nothing opens it again."""
        self.ensure_one()
        now = now or fields.Datetime.now()
        return bool(
            self.deadline_at and self.deadline_at <= now and not self.late_reference
        )

    def _withdraw(self):
        """Take back documents that nobody outside saw.

        The rows are *written*, so that a worker who claims one of them at this moment
        and this transaction cannot both succeed.
        """
        self._go(lifecycle.WITHDRAWN, next_attempt_at=False)

    def _locks_move(self):
        """Whether the invoice may not change any more because of this document."""
        self.ensure_one()
        if self.state in lifecycle.LOCKING or self.doubt:
            return True
        capabilities = self._authority_class().capabilities
        offline = capabilities.chained or bool(self.security_code)
        return offline and self.state in (lifecycle.QUEUED, lifecycle.TO_SIGN)

    def _supersede_replaced(self):
        """Settle the documents that these correct, and correct in turn what refers to
        those: a return of a sale that got another identifier."""
        for document in self.filtered("replaces_id"):
            old = document.replaces_id
            dependants = self.sudo().search(
                [
                    ("depends_on_id", "=", old.id),
                    ("state", "in", list(HELD_FOR_ORIGINAL)),
                ]
            )
            old._go(lifecycle.SUPERSEDED, waiting_reason=False)
            dependants._follow_replacement()

    def _correction_waits(self, reason):
        """Note that a correction was posted and why it is not issued yet. The refused
        document stays what it is until then."""
        self.waiting_reason = reason
        self.env["ereceipt.alert"]._clear_for_documents(self)

    def _follow_replacement(self):
        """Issue anew, with the new reference, what was held for a replaced document."""
        for document in self:
            if document.state != lifecycle.LATE:
                document._go(lifecycle.FAILED, last_error=False)
            document.link_ids.move_id._ereceipt_issue(by_person=True, raising=False)

    # -------------------------------------------------------------------------
    # BUSINESS METHODS: FREEZING
    # -------------------------------------------------------------------------

    @api.model
    def _frozen_values(self, receipt, built, deadline):
        """Return the columns that an issued document gets once and for all."""
        content = built.content
        return {
            "content": content.decode(),
            "content_sha256": hashlib.sha256(content).hexdigest(),
            "media_type": built.media_type,
            "authority_uid": built.uid or False,
            "security_code": built.code or False,
            "qr": built.qr or False,
            "issued_at": receipt.issued_at.replace(tzinfo=None),
            "previous_uid": receipt.previous_uid or False,
            "original_uid": receipt.original.uid if receipt.original else False,
            "deadline_at": deadline,
            "document_type": receipt.document_type,
        }

    def _load_links(self):
        """Read at once what each change of a document's state looks up: its invoices,
        and their other documents."""
        self.link_ids.move_id.mapped("ereceipt_link_ids.document_id")

    def _load_content(self):
        """Read at once what travels of documents, which nothing else reads."""
        self.fetch(["content", "signature"])

    def _contract_document(self):
        """Return the contract's Document."""
        self.ensure_one()
        return Document(
            key=self.id,
            uid=self.authority_uid or "",
            number=self.name,
            content=self.content.encode(),
            issued_at=self.issued_at.replace(tzinfo=timezone.utc),
            authority_ids=self.authority_ids or {},
            sent_at=self.sent_at.replace(tzinfo=timezone.utc) if self.sent_at else None,
            attempt=self.attempts,
            late_reference=self.late_reference or "",
            handed_over_at=self.handed_over_at
            and self.handed_over_at.replace(tzinfo=timezone.utc)
            or None,
        )

    def _qr_now(self):
        """Return the text of the QR code as it is printed now, "" for none."""
        return self.qr_answered or self.qr or ""

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    def _authority_class(self):
        """Return the class behind the code of its authority, which its registration
        cannot change any more."""
        self.ensure_one()
        return authority_class(self.authority)

    def _is_repeatable(self):
        """Whether its authority takes a repeat for the same document, so that a lost
        answer is resolved by sending it again and not by asking."""
        return self._authority_class().capabilities.recovery != "ask"

    @api.model
    def _selection_authority(self):
        return self.env["ereceipt.registration"]._selection_authority()

    @api.model
    def _selection_state(self):
        labels = {
            lifecycle.WAITING: self.env._("Waiting"),
            lifecycle.TO_SIGN: self.env._("To sign"),
            lifecycle.QUEUED: self.env._("Queued"),
            lifecycle.SENDING: self.env._("Sending"),
            lifecycle.UNKNOWN: self.env._("Answer lost"),
            lifecycle.SUBMITTED: self.env._("Being validated"),
            lifecycle.VALID: self.env._("Valid"),
            lifecycle.INVALID: self.env._("Refused"),
            lifecycle.REJECTED: self.env._("Rejected by the buyer"),
            lifecycle.CANCELLING: self.env._("Being cancelled"),
            lifecycle.CANCELLED: self.env._("Cancelled"),
            lifecycle.LATE: self.env._("Late"),
            lifecycle.FAILED: self.env._("Given up"),
            lifecycle.SUPERSEDED: self.env._("Replaced"),
            lifecycle.WITHDRAWN: self.env._("Withdrawn"),
        }
        return [(state, labels[state]) for state in lifecycle.STATES]
