from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal.tying_out import Kind, Side


class EreceiptTieOutDifference(models.Model):
    """One document, invoice or journal entry that makes two figures of a tie-out
    differ, and why. Made by the program only."""

    _name = "ereceipt.tie.out.difference"
    _description = "Difference in a VAT tie-out"
    _order = "tie_out_id desc, kind, id"
    _rec_name = "number"

    tie_out_id = fields.Many2one(
        "ereceipt.tie.out",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    line_id = fields.Many2one(
        "ereceipt.tie.out.line",
        string="Tax",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    side = fields.Selection(
        selection="_selection_side",
        string="Invoices compared with",
        required=True,
        readonly=True,
    )
    kind = fields.Selection(
        selection="_selection_kind", string="Reason", required=True, readonly=True
    )
    explained = fields.Boolean(
        readonly=True, help="Nothing follows from it, or it passes by itself."
    )
    explanation = fields.Char(string="What it means", compute="_compute_explanation")
    number = fields.Char(readonly=True)
    document_id = fields.Many2one(
        "ereceipt.document", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    move_id = fields.Many2one(
        "account.move",
        string="Entry",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    day_there = fields.Date(string="Day at the authority", readonly=True)
    day_here = fields.Date(string="Day in the books", readonly=True)
    here_net = fields.Monetary(string="Invoices: net", readonly=True)
    here_tax = fields.Monetary(string="Invoices: tax", readonly=True)
    other_net = fields.Monetary(string="Other side: net", readonly=True)
    other_tax = fields.Monetary(string="Other side: tax", readonly=True)
    net_difference = fields.Monetary(string="Difference: net", readonly=True)
    tax_difference = fields.Monetary(string="Difference: tax", readonly=True)

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_explanation(self):
        sentences = self._explanations()
        for difference in self:
            difference.explanation = sentences[difference.kind]

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_open_document(self):
        """Open the authority's document."""
        self.ensure_one()
        self.check_access("read")
        if not self.document_id:
            raise UserError(self.env._("There is no document for %s.", self.number))
        return self.document_id._get_records_action()

    def action_open_move(self):
        """Open the invoice or journal entry."""
        self.ensure_one()
        self.check_access("read")
        if not self.move_id:
            raise UserError(self.env._("There is no entry for %s.", self.number))
        return self.move_id._get_records_action()

    # -------------------------------------------------------------------------
    # SENTENCES
    # -------------------------------------------------------------------------

    @api.model
    def _selection_side(self):
        return [
            (Side.AUTHORITY.value, self.env._("Authority")),
            (Side.GRIDS.value, self.env._("Tax grids")),
            (Side.ACCOUNTS.value, self.env._("Tax accounts")),
        ]

    @api.model
    def _selection_kind(self):
        _ = self.env._
        labels = {
            Kind.BOOKED_ELSEWHEN: _("Booked in another period"),
            Kind.COUNTED_ELSEWHEN: _("Counted in another period"),
            Kind.UNDECIDED: _("Not valid yet"),
            Kind.REFUSED: _("Refused, late or given up"),
            Kind.UNDONE: _("Cancelled, rejected or withdrawn"),
            Kind.NOT_BOOKED: _("Valid there, not booked"),
            Kind.ELSEWHERE: _("Reported in another way"),
            Kind.NOT_REPORTED: _("Not reported"),
            Kind.CODE: _("Under another tax"),
            Kind.ROUNDING: _("Rounding of another currency"),
            Kind.AMOUNT: _("Another amount"),
            Kind.ON_PAYMENT: _("Due with the payment"),
            Kind.GRID: _("Another figure in the tax grids"),
            Kind.ACCOUNT: _("On another account"),
            Kind.ENTRY: _("Journal entry with this tax"),
            Kind.MANUAL: _("Journal item without a tax"),
        }
        return [(kind.value, labels[kind]) for kind in Kind]

    @api.model
    def _explanations(self):
        """Return a sentence for each kind: what it means and what to do."""
        return {**self._explain_documents(), **self._explain_entries()}

    def _explain_documents(self):
        _ = self.env._
        return {
            Kind.BOOKED_ELSEWHEN.value: _(
                "The authority counts it in this period; its invoice is booked in "
                "another, where it is the other way round."
            ),
            Kind.COUNTED_ELSEWHEN.value: _(
                "It is booked in this period; the authority counts it in another, "
                "where it is the other way round."
            ),
            Kind.UNDECIDED.value: _(
                "Its document is on its way. Compare again when the authority has "
                "decided."
            ),
            Kind.REFUSED.value: _(
                "The authority does not hold its document as valid. Open it and do "
                "what it asks for."
            ),
            Kind.UNDONE.value: _(
                "Its document does not stand at the authority, and it is still in the "
                "books. Take it back there with a credit note, or issue it anew."
            ),
            Kind.NOT_BOOKED.value: _(
                "The authority holds the document as valid, and no posted invoice "
                "goes with it. Book it, or take it back at the authority."
            ),
            Kind.ELSEWHERE.value: _(
                "Its journal needs no e-receipts, or another authority has it: it is "
                "reported in another way."
            ),
            Kind.NOT_REPORTED.value: _(
                "No e-receipt was made of it. Issue it, or say on its journal that it "
                "needs none."
            ),
            Kind.CODE.value: _(
                "The amounts are the same; the tax has another code now than when the "
                "document was issued. What was issued stays as it is."
            ),
            Kind.ROUNDING.value: _(
                "It is in another currency. The authority converts each line, the "
                "books convert the whole: that is what is left."
            ),
            Kind.AMOUNT.value: _(
                "The frozen document says another amount than the invoice. Compare "
                "both, and correct by the authority's rules."
            ),
        }

    def _explain_entries(self):
        _ = self.env._
        return {
            Kind.ON_PAYMENT.value: _(
                "The tax falls due when the invoice is paid: grids and accounts have "
                "it then."
            ),
            Kind.GRID.value: _(
                "The invoice's journal items say something else in the tax grids than "
                "its taxes do. Look at their grids."
            ),
            Kind.ACCOUNT.value: _(
                "The invoice has its tax on another account than the tax is set up "
                "with."
            ),
            Kind.ENTRY.value: _(
                "A journal entry that is no invoice bears this tax: the authority "
                "knows nothing of it."
            ),
            Kind.MANUAL.value: _(
                "A journal item stands on the account or in the tax grid and belongs "
                "to no tax: booked by hand, or the payment of the tax itself."
            ),
        }
