from odoo import fields, models
from odoo.tools import SQL

AGEING = (("1_30", 30), ("31_60", 60), ("61_90", 90))
"""Until how many days after it was due an amount has which age; 0 before, 91 after.
Ages are named so that they stand in their order."""

_ROWS = """
    SELECT aml.id AS id,
           aml.move_id AS move_id,
           m.name AS number,
           m.ereceipt_document_id AS document_id,
           m.ereceipt_device_id AS device_id,
           aml.company_id AS company_id,
           c.currency_id AS currency_id,
           m.commercial_partner_id AS partner_id,
           m.invoice_user_id AS user_id,
           m.move_type AS move_type,
           m.payment_state AS payment_state,
           COALESCE(m.invoice_date, m.date) AS invoice_date,
           COALESCE(aml.date_maturity, m.date) AS due_on,
           GREATEST(COALESCE(aml.date_maturity, m.date), %(today)s) AS expected_on,
           GREATEST(%(today)s - COALESCE(aml.date_maturity, m.date), 0) AS days_overdue,
           CASE %(ages)s ELSE '91' END AS ageing,
           aml.balance AS amount,
           aml.amount_residual AS residual
      FROM account_move_line aml
      JOIN account_move m ON m.id = aml.move_id
      JOIN res_company c ON c.id = aml.company_id
     WHERE m.ereceipt_state = 'valid'
       AND m.state = 'posted'
       AND m.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
       AND aml.display_type = 'payment_term'
       AND NOT COALESCE(aml.reconciled, FALSE)
       AND aml.amount_residual != 0
"""


class EreceiptUnpaid(models.Model):
    """What customers still owe of documents that the authority holds as valid: the VAT
    is due, the money is not there.

    One row for each instalment, in the company's currency, with what is left of it. It
    is no table: it says what the books say when somebody looks, by the day of who
    looks. What is due already is expected at once; credit notes that are open count
    against it.
    """

    _name = "ereceipt.unpaid"
    _description = "Valid e-receipt that is not paid"
    _auto = False
    _order = "due_on, id"
    _rec_name = "number"
    _depends = {
        "account.move": [
            "ereceipt_state",
            "ereceipt_document_id",
            "ereceipt_device_id",
            "commercial_partner_id",
            "invoice_date",
            "invoice_user_id",
            "move_type",
            "name",
            "payment_state",
            "state",
        ],
        "account.move.line": [
            "amount_residual",
            "balance",
            "date_maturity",
            "display_type",
            "reconciled",
        ],
    }

    move_id = fields.Many2one("account.move", string="Invoice", readonly=True)
    number = fields.Char(readonly=True)
    document_id = fields.Many2one("ereceipt.document", readonly=True)
    device_id = fields.Many2one("ereceipt.device", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    move_type = fields.Selection(
        selection=lambda self: (
            self.env["account.move"]
            ._fields["move_type"]
            ._description_selection(self.env)
        ),
        string="Type",
        readonly=True,
    )
    payment_state = fields.Selection(
        selection=lambda self: (
            self.env["account.move"]
            ._fields["payment_state"]
            ._description_selection(self.env)
        ),
        string="Payment",
        readonly=True,
    )
    invoice_date = fields.Date(string="Invoice date", readonly=True)
    due_on = fields.Date(string="Due", readonly=True)
    expected_on = fields.Date(
        string="Expected",
        readonly=True,
        help="When it is due; today for what is due already.",
    )
    days_overdue = fields.Integer(
        string="Days overdue", readonly=True, aggregator="max"
    )
    ageing = fields.Selection(
        [
            ("0", "Not due"),
            ("1_30", "1–30 days"),
            ("31_60", "31–60 days"),
            ("61_90", "61–90 days"),
            ("91", "Older"),
        ],
        string="Overdue",
        readonly=True,
    )
    amount = fields.Monetary(readonly=True)
    residual = fields.Monetary(string="Not paid", readonly=True)

    @property
    def _table_query(self):
        today = fields.Date.context_today(self)
        due = SQL("COALESCE(aml.date_maturity, m.date)")
        ages = [SQL("WHEN %s >= %s THEN '0'", due, today)]
        ages += [
            SQL("WHEN %s - %s <= %s THEN %s", today, due, days, age)
            for age, days in AGEING
        ]
        return SQL(_ROWS, today=today, ages=SQL(" ").join(ages))

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_open_move(self):
        """Open the invoice."""
        self.ensure_one()
        self.check_access("read")
        return self.move_id._get_records_action()
