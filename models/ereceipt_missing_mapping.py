from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .ereceipt_resolver import CodeResolver


class EreceiptMissingMapping(models.Model):
    """A unit or a tax that lacks an authority's code and is in use: on a product that
    may be sold, or on lines posted in the journals of devices."""

    _name = "ereceipt.missing.mapping"
    _inherit = ["ereceipt.suggestion.mixin"]
    _description = "Unit or tax without a code for a tax authority"
    _auto = False
    _order = "kind, id"
    _rec_name = "kind"

    kind = fields.Selection(
        [("unit", "Unit of measure"), ("tax", "Tax")], readonly=True
    )
    uom_id = fields.Many2one("uom.uom", string="Unit of measure", readonly=True)
    tax_id = fields.Many2one("account.tax", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    @property
    def _table_query(self):
        """Those in use, less those that have a code wherever the user works. A default
        or another module's field is a code too, so it is not for SQL to say which."""
        uoms, taxes = self._missing()
        return SQL(
            """
            SELECT uom.id * 2 AS id, 'unit' AS kind, uom.id AS uom_id,
                   NULL::integer AS tax_id, NULL::integer AS company_id
              FROM uom_uom uom WHERE uom.id = ANY(%(uoms)s)
             UNION ALL
            SELECT tax.id * 2 + 1, 'tax', NULL, tax.id, tax.company_id
              FROM account_tax tax WHERE tax.id = ANY(%(taxes)s)
            """,
            uoms=uoms.ids,
            taxes=taxes.ids,
        )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_use_suggestion(self):
        """Enter the codes that are suggested for these rows."""
        return self._use_suggestions()

    def action_open(self):
        """Open the unit or the tax, where its code is entered."""
        self.ensure_one()
        record = self.uom_id or self.tax_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
        }

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _suggest(self, suggester):
        # OVERRIDE
        units = suggester.units(self.uom_id) if self.uom_id else {}
        # a tax is nobody's but its company's, and its branches'
        companies = suggester.company.parent_ids
        taxes = self.tax_id.filtered(lambda tax: tax.company_id in companies)
        by_tax = suggester.taxes(taxes) if taxes else {}
        found = {}
        for row in self:
            record, known = (row.uom_id, units) if row.uom_id else (row.tax_id, by_tax)
            if record.id in known:
                found[row] = known[record.id]
        return found

    def _enter(self, authority, company, suggestions):
        # OVERRIDE
        self.env["ereceipt.code.mapping"].create(
            [
                {
                    "authority": authority,
                    "company_id": company.id,
                    "kind": row.kind,
                    "uom_id": row.uom_id.id,
                    "tax_id": row.tax_id.id,
                    "code": suggestion.code,
                    "subcode": suggestion.subcode,
                }
                for row, suggestion in suggestions.items()
            ]
        )

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _missing(self):
        """Return the units and the taxes that lack a code in one of the companies
        that the user is working in."""
        mappings = self.env["ereceipt.code.mapping"]
        uoms, taxes = self.env["uom.uom"].sudo(), self.env["account.tax"].sudo()
        for company in self.env.companies:
            authorities = mappings._authorities(company)
            if not authorities:
                continue
            used_uoms, used_taxes = self._in_use(company)
            for authority in authorities:
                resolver = CodeResolver(self.env, authority, company)
                resolver.load(uoms=used_uoms, taxes=used_taxes)
                uoms |= used_uoms.filtered(lambda u, r=resolver: not r.unit(u).code)
                taxes |= used_taxes.filtered(lambda t, r=resolver: not r.tax(t).code)
        return uoms, taxes

    @api.model
    def _in_use(self, company):
        """Return the units and the sales taxes that a company uses."""
        lines = Domain("company_id", "=", company.id)
        lines &= Domain("journal_id", "in", self._device_journals().ids)
        lines &= Domain("parent_state", "=", "posted")
        lines &= Domain("display_type", "=", "product")
        goods = Domain("sale_ok", "=", True)
        goods &= Domain("company_id", "in", [False, *company.parent_ids.ids])
        uoms = self._values("product.template", goods, "uom_id")
        uoms |= self._values("account.move.line", lines, "product_uom_id")
        taxes = self._values("product.template", goods, "taxes_id")
        taxes |= self._values("account.move.line", lines, "tax_ids")
        taxes |= taxes.children_tax_ids
        own = taxes.filtered(
            lambda tax: (
                tax.company_id in company.parent_ids
                and tax.amount_type != "group"
                and tax.active
            )
        )
        return uoms, own

    @api.model
    def _values(self, model, domain, name):
        """Return what stands in a relation of records that are found."""
        records = self.env[model].sudo()
        groups = records._read_group(domain, [name])
        empty = self.env[records._fields[name].comodel_name].sudo()
        return empty.union(*(value for (value,) in groups if value))
