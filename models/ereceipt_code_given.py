import re

from odoo import api, fields, models

ITEMS = "item"
"""The table of item codes that a person gives."""

_BETWEEN = re.compile(r"[、，,;；/\s]+")


class EreceiptCode(models.Model):
    """Tables that a person gives as a file."""

    _inherit = "ereceipt.code"

    @api.model
    def _give(self, authority, rows):
        """Make the table of items of an authority what a file says. Codes that are not
        in it are archived.

        :param dict rows: ``name`` and ``keywords`` of each code
        :return: how many rows were added, changed, and taken out
        :rtype: tuple[int, int, int]
        """
        # named in the language that every other one falls back to
        table = self.sudo().with_context(active_test=False, lang="en_US")
        common = {"authority": authority, "kind": ITEMS, "given": True}
        domain = [(name, "=", value) for name, value in common.items()]
        known = {row.code: row for row in table.search(domain)}
        changed = 0
        for code, row in known.items():
            values = {**rows.get(code, {}), "active": code in rows}
            values = {k: v for k, v in values.items() if (row[k] or False) != v}
            if values:
                row.write(values)
                changed += code in rows
        gone = [code for code in known if code not in rows]
        new = [code for code in rows if code not in known]
        table.create([{**common, "code": code, **rows[code]} for code in new])
        return len(new), changed, len(gone)

    def _called(self):
        """Yield what it is called, each with its code: the name and the words that it
        is found by besides."""
        self.ensure_one()
        for name in (self.name, *_BETWEEN.split(self.keywords or "")):
            if name:
                yield name, self.code


class EreceiptCodeMapping(models.Model):
    """Looking an item's code up in a table that was given."""

    _inherit = "ereceipt.code.mapping"

    item_code_id = fields.Many2one(
        "ereceipt.code",
        string="Look the code up",
        compute="_compute_item_code_id",
        readonly=False,
        domain="[('authority', '=', authority), ('kind', '=', 'item')]",
        help="By code, name, or another word that stands in the table.",
    )
    has_item_table = fields.Boolean(compute="_compute_item_code_id")

    @api.depends("authority", "kind", "code")
    def _compute_item_code_id(self):
        tables = self.env["ereceipt.code"].sudo()
        items = [("kind", "=", ITEMS)]
        for authority, rows in self.grouped("authority").items():
            domain = [*items, ("authority", "=", authority)]
            known = tables.search([*domain, ("code", "in", rows.mapped("code"))])
            by_code = {row.code: row for row in known}
            rows.has_item_table = bool(known or tables.search_count(domain, limit=1))
            for row in rows:
                found = row.kind == ITEMS and by_code.get(row.code)
                row.item_code_id = found and found.id

    @api.onchange("item_code_id")
    def _onchange_item_code_id(self):
        if self.item_code_id:
            self.code = self.item_code_id.code
