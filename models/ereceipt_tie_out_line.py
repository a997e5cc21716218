from odoo import fields, models

from ..fiscal.tying_out import COUNTED, TaxKey


class EreceiptTieOutLine(models.Model):
    """One tax in a tie-out: what it comes to at the authority, on the invoices, in the
    tax grids and on the accounts. Or what an account or a grid has that belongs to no
    tax. Made by the program only."""

    _name = "ereceipt.tie.out.line"
    _description = "Tax in a VAT tie-out"
    _order = "tie_out_id desc, sequence, tax_type, tax_subtype, rate, id"

    tie_out_id = fields.Many2one(
        "ereceipt.tie.out",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    # as it was called when it was compared, in each language
    name = fields.Char(string="Tax", required=True, readonly=True, translate=True)
    tax_type = fields.Char(string="Type", readonly=True)
    tax_subtype = fields.Char(string="Subtype", readonly=True)
    rate = fields.Char(readonly=True, help="In percent.")
    tax_names = fields.Char(string="Taxes in Odoo", readonly=True, translate=True)
    account_id = fields.Many2one("account.account", readonly=True)
    tag_id = fields.Many2one("account.account.tag", string="Tax grid", readonly=True)

    there_net = fields.Monetary(string="Authority: net", readonly=True)
    there_tax = fields.Monetary(string="Authority: tax", readonly=True)
    here_net = fields.Monetary(string="Invoices: net", readonly=True)
    here_tax = fields.Monetary(string="Invoices: tax", readonly=True)
    has_grids = fields.Boolean(readonly=True, help="Its taxes have tax grids.")
    grid_net = fields.Monetary(string="Tax grids: net", readonly=True)
    grid_tax = fields.Monetary(string="Tax grids: tax", readonly=True)
    has_accounts = fields.Boolean(readonly=True, help="Its taxes have an account.")
    account_tax = fields.Monetary(string="Tax accounts", readonly=True)

    net_difference = fields.Monetary(
        string="Difference: net", readonly=True, help="Authority less invoices."
    )
    tax_difference = fields.Monetary(
        string="Difference: tax", readonly=True, help="Authority less invoices."
    )
    grid_difference = fields.Monetary(
        string="Tax grids less invoices",
        readonly=True,
        help="Of the tax; where that is the same, of the net.",
    )
    account_difference = fields.Monetary(
        string="Tax accounts less invoices", readonly=True
    )
    difference_ids = fields.One2many(
        "ereceipt.tie.out.difference", "line_id", string="Differences"
    )
    result = fields.Selection(
        [
            ("equal", "Equal"),
            ("explained", "Explained"),
            ("open", "To look into"),
        ],
        required=True,
        default="equal",
        readonly=True,
    )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_open_differences(self):
        """Open what makes the difference of this tax."""
        self.ensure_one()
        self.check_access("read")
        action = self.tie_out_id.action_open_differences()
        action["domain"] = [("line_id", "=", self.id)]
        return action

    def action_open_documents(self):
        """Open the authority's documents that count under this tax."""
        self.ensure_one()
        self.check_access("read")
        tie_out = self.tie_out_id
        key = str(TaxKey(self.tax_type or "", self.tax_subtype or "", self.rate or ""))
        counted = [
            ("tax_key", "=", key),
            ("day", ">=", fields.Date.to_string(tie_out.date_from)),
            ("day", "<=", fields.Date.to_string(tie_out.date_to)),
        ]
        return self.env["ereceipt.document"]._listed(
            self.env._(
                "%(tax)s, %(period)s", tax=self.name, period=tie_out._period_text()
            ),
            [
                ("registration_id", "in", tie_out._registrations().ids),
                ("environment", "=", tie_out.environment),
                ("state", "in", list(COUNTED)),
                ("tax_total_ids", "any", counted),
            ],
        )
