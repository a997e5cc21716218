from odoo import fields, models
from odoo.tools import SQL


class EreceiptMissingCode(models.Model):
    """A product that lacks an authority's code, with how much it is sold on the
    journals of devices: the codes to be found first stand first."""

    _name = "ereceipt.missing.code"
    _inherit = ["ereceipt.suggestion.mixin"]
    _description = "Product without a code for a tax authority"
    _auto = False
    _order = "line_count desc, product_id"
    _rec_name = "product_id"

    product_id = fields.Many2one("product.product", readonly=True)
    categ_id = fields.Many2one(
        "product.category", string="Product category", readonly=True
    )
    default_code = fields.Char(string="Internal reference", readonly=True)
    barcode = fields.Char(readonly=True)
    line_count = fields.Integer(
        string="Lines sold",
        readonly=True,
        help="Invoice lines posted in the journals of devices.",
    )
    last_sold_on = fields.Date(string="Last sold on", readonly=True)

    @property
    def _table_query(self):
        """Products that may be sold and that the user may see, less those that have a
        code. Lines count in the companies that the user is working in."""
        missing = self.env["product.product"]._search(
            [("ereceipt_code_missing", "=", True), ("sale_ok", "=", True)], order="id"
        )
        journals = self._device_journals()
        return SQL(
            """
            SELECT product.id AS id,
                   product.id AS product_id,
                   template.categ_id AS categ_id,
                   product.default_code AS default_code,
                   product.barcode AS barcode,
                   COALESCE(sold.line_count, 0) AS line_count,
                   sold.last_sold_on AS last_sold_on
              FROM product_product product
              JOIN product_template template ON template.id = product.product_tmpl_id
              LEFT JOIN (
                    SELECT line.product_id,
                           COUNT(*) AS line_count,
                           MAX(line.invoice_date) AS last_sold_on
                      FROM account_move_line line
                     WHERE line.parent_state = 'posted'
                       AND line.display_type = 'product'
                       AND line.company_id = ANY(%(companies)s)
                       AND line.journal_id = ANY(%(journals)s)
                     GROUP BY line.product_id
                   ) sold ON sold.product_id = product.id
             WHERE product.id IN %(missing)s
            """,
            companies=self.env.companies.ids,
            journals=journals.ids,
            missing=missing.subselect(),
        )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_use_suggestion(self):
        """Enter the codes that are suggested for these rows."""
        return self._use_suggestions()

    def action_open_product(self):
        """Open the product, where its code is entered."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "product.product",
            "res_id": self.product_id.id,
            "view_mode": "form",
            "views": [
                (self.env["ereceipt.document"]._form_to_mend("product.product"), "form")
            ],
        }

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _suggest(self, suggester):
        # OVERRIDE
        found = suggester.items(self.product_id)
        return {
            row: found[row.product_id.id] for row in self if row.product_id.id in found
        }

    def _enter(self, authority, company, suggestions):
        # OVERRIDE
        codes = {
            row.product_id: {
                "scheme": suggestion.scheme,
                "code": suggestion.code,
                "pending": False,
            }
            for row, suggestion in suggestions.items()
        }
        self.env["ereceipt.code.mapping"]._give_item_codes(authority, company, codes)
