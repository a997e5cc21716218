from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..fiscal import codes_owner, lifecycle
from ..fiscal.tying_out import COUNTED
from .ereceipt_mended import UNSEEN

AT_ONCE = 200
UPKEEP = "account_ereceipt.ir_cron_ereceipt_upkeep"

FIRST_LOOK = timedelta(days=1)
"""How far back payments without a journal entry are looked at the first time."""

_UNENTERED = """
    SELECT DISTINCT rel.invoice_id
      FROM account_payment p
      JOIN account_move__account_payment rel ON rel.payment_id = p.id
      JOIN account_move m ON m.id = rel.invoice_id
     WHERE p.write_date >= %(since)s
       AND p.move_id IS NULL
       AND p.state IN ('in_process', 'paid')
       AND m.ereceipt_document_id IS NOT NULL
"""


class EreceiptPaymentDifference(models.Model):
    """That an invoice was paid in another way than its authority was told.

    Its life: when an invoice with a document is paid, it is *to be looked at*. The
    upkeep job compares the payments with what the document says, as soon as that is
    valid: where they agree, the row goes. Where they *differ*, and the authority takes
    such a change now, it is told by itself, or by a person, as the registration says
    (*being told*; the row goes when the authority has taken it). Where it does not, the
    difference is shown on the invoice, and stays while the invoice is paid.
    """

    _name = "ereceipt.payment.difference"
    _description = "Paid otherwise than the authority was told"
    _order = "id desc"

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    document_id = fields.Many2one(
        "ereceipt.document", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    state = fields.Selection(
        [
            ("new", "To be looked at"),
            ("differs", "Differs"),
            ("asked", "Authority is being told"),
        ],
        required=True,
        default="new",
        readonly=True,
    )
    told = fields.Char(string="Code told", readonly=True)
    paid = fields.Char(string="Code paid", readonly=True)
    told_name = fields.Char(string="Told", compute="_compute_names")
    paid_name = fields.Char(string="Paid", compute="_compute_names")
    explanation = fields.Char(string="What it means", compute="_compute_explanation")
    can_tell = fields.Boolean(
        string="The authority takes the change", compute="_compute_explanation"
    )

    _move_unique = models.Constraint(
        "UNIQUE (move_id)", "The payments of this invoice are looked at already."
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("move_id")
    def _compute_display_name(self):
        # auditors see these, and not the books
        for row in self:
            row.display_name = row.sudo().move_id.name

    @api.depends("told", "paid", "document_id")
    @api.depends_context("lang")
    def _compute_names(self):
        codes = self.env["ereceipt.code"].sudo()
        for authority, rows in self.grouped(
            lambda row: row.sudo().document_id.authority
        ).items():
            found = authority and codes.search(
                [
                    ("authority", "=", codes_owner(authority)),
                    ("kind", "=", "payment_method"),
                    ("code", "in", rows.mapped("told") + rows.mapped("paid")),
                ]
            )
            names = {code.code: code.name for code in found or ()}
            for row in rows:
                row.told_name = names.get(row.told, row.told)
                row.paid_name = names.get(row.paid, row.paid)

    @api.depends("told", "paid", "state", "document_id.change")
    @api.depends_context("lang")
    def _compute_explanation(self):
        for row in self:
            row.can_tell = row.state == "differs" and row._takes_change()
            values = {"paid": row.paid_name or "", "told": row.told_name or ""}
            if row.state == "new":
                row.explanation = False
            elif row.state == "asked":
                row.explanation = self.env._(
                    "Paid by %(paid)s; the tax authority was told %(told)s, and is "
                    "being told of the change.",
                    **values,
                )
            elif row.can_tell:
                row.explanation = self.env._(
                    "Paid by %(paid)s; the tax authority was told %(told)s. It takes "
                    "the change today.",
                    **values,
                )
            else:
                row.explanation = self.env._(
                    "Paid by %(paid)s; the tax authority was told %(told)s. It does "
                    "not change that of a document any more.",
                    **values,
                )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_open_move(self):
        """Open the invoice."""
        self.ensure_one()
        self.check_access("read")
        return self.move_id._get_records_action()

    def action_tell(self):
        """Have the authority told how these were paid really.

        :raise UserError: the authority takes no change of one of them
        """
        self.check_access("read")
        self.move_id._ereceipt_require("user")
        self._tell()
        return self.move_id._ereceipt_notification(
            self.env._("The tax authority is told how it was paid."), "info"
        )

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _look_at(self, moves):
        """Have the payments of invoices that have a document compared, soon."""
        moves = moves.filtered("ereceipt_document_id")
        if not moves:
            return
        known = self.sudo().search([("move_id", "in", moves.ids)])
        known.filtered(lambda row: row.state == "differs").write({"state": "new"})
        self.sudo().create(
            [
                {"move_id": move.id, "company_id": move.company_id.id}
                for move in moves - known.move_id
            ]
        )

    def _tell(self):
        """Ask the authority for the change, for each."""
        for row in self.sudo():
            if not row._takes_change():
                raise UserError(
                    self.env._(
                        "The tax authority takes no other payment method of %s any "
                        "more.",
                        row.move_id.name,
                    )
                )
            row.document_id.registration_id._hook(
                "change_payment", None, row.document_id.with_env(self.env), row.paid
            )
            row.state = "asked"

    def _takes_change(self):
        """Whether the authority takes the change now.

        Hooks of the registration: ``takes_payment(document)`` tells that,
        ``change_payment(document, method)`` asks for it, ``told_payment(document)``
        returns what it holds now.
        """
        document = self.sudo().document_id
        return bool(
            document.state == lifecycle.VALID
            and not document.change
            and document.registration_id._hook("takes_payment", False, document)
        )

    # -------------------------------------------------------------------------
    # SCHEDULED JOB
    # -------------------------------------------------------------------------

    @api.model
    def _compare_payments(self):
        """A part of the upkeep job: look at what was paid, and have the authority told
        where that is wanted."""
        self._find_unentered()
        self.sudo().search(
            [
                ("state", "=", "differs"),
                ("move_id.payment_state", "not in", ("paid", "in_payment")),
            ]
        ).unlink()
        rows = self.sudo().search(
            [
                ("state", "in", ("new", "asked")),
                ("move_id.ereceipt_document_id.state", "not in", self._on_its_way()),
            ],
            order="id",
            limit=AT_ONCE,
        )
        rows._compare()

    @api.model
    def _on_its_way(self):
        """Return the states of documents about which nothing can be said yet."""
        return sorted(
            set(lifecycle.TRANSITIONS)
            - COUNTED
            - {lifecycle.SUPERSEDED, lifecycle.WITHDRAWN, lifecycle.CANCELLED}
        )

    @api.model
    def _find_unentered(self):
        """Notice payments that have no journal entry, with which Odoo reconciles
        nothing."""
        last = self.env.ref(UPKEEP).sudo().lastcall
        since = last or fields.Datetime.now() - FIRST_LOOK
        self.env["account.payment"].flush_model()
        self.env["account.move"].flush_model(["ereceipt_document_id"])
        found = self.env.execute_query(SQL(_UNENTERED, since=since - UNSEEN))
        self._look_at(self.env["account.move"].sudo().browse(row[0] for row in found))

    def _compare(self):
        """Compare what these were paid with and what their authority was told."""
        moves = self.move_id
        documents = moves.ereceipt_document_id.filtered(lambda d: d.state in COUNTED)
        told = documents._told_payments()
        paid = moves._ereceipt_paid_codes()
        gone = self.browse()
        for row in self:
            document = row.move_id.ereceipt_document_id
            codes = told.get(document.id), paid.get(row.move_id.id)
            if not all(codes) or codes[0] == codes[1]:
                gone |= row
                continue
            if row.state == "asked" and document.change:
                continue
            row.write(
                {
                    "state": "differs",
                    "document_id": document.id,
                    "told": codes[0],
                    "paid": codes[1],
                }
            )
        gone.unlink()
        (self - gone)._tell_by_itself()

    def _tell_by_itself(self):
        """Have the authority told of those where the registration wants that, once: a
        change that the authority has refused is a person's matter."""
        for row in self:
            document = row.document_id
            if (
                row.state == "differs"
                and document.registration_id.follow_payments
                and not document.last_error
                and row._takes_change()
            ):
                row._tell()


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _told_payments(self):
        """Return how the authority was told that documents were paid, as its codes by
        id; nothing for authorities that are not told."""
        told = {}
        contents = self._read_contents() if self else {}
        for document in self:
            payments = contents[document.id].payments
            code = payments[0].method if payments else ""
            told[document.id] = document.registration_id._hook(
                "told_payment", code, document
            )
        return told

    def _ask_for_change(self, change, data):
        # EXTENDS: whoever has it told, what was paid is compared when it is done
        result = super()._ask_for_change(change, data)
        rows = self.env["ereceipt.payment.difference"].sudo()
        rows.search([("document_id", "=", self.id)]).write({"state": "asked"})
        return result


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    follow_payments = fields.Boolean(
        string="Tell how it was paid",
        help="Where the authority takes another payment method of a valid document, it "
        "is told by itself when the invoice was paid in another way than it said. "
        "Switch it on when every way of paying has its code. Otherwise a person "
        "decides on the invoice.",
    )
    changes_payments = fields.Boolean(compute="_compute_changes_payments")

    @api.depends("authority")
    def _compute_changes_payments(self):
        for registration in self:
            name = f"_{registration.authority}_takes_payment"
            registration.changes_payments = hasattr(registration, name)


class EreceiptOutbox(models.AbstractModel):
    _inherit = "ereceipt.outbox"

    @api.model
    def _upkeep_steps(self):
        # EXTENDS
        compare = self.env["ereceipt.payment.difference"]._compare_payments
        return [*super()._upkeep_steps(), compare]
