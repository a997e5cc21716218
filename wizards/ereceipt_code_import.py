import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal.by_file.reading import USUAL_ENCODINGS
from ..models.ereceipt_notification import CLOSE, notification
from .item_table import read_table

HEADINGS = {
    "code": ("code",),
    "name": ("name",),
    "short": ("short name",),
    "keywords": ("keywords",),
    "sum": ("summary",),
}
HEADING_WITHIN = 10
"""The headings stand in one of the first rows: some tables begin with a title."""

MOST_TOLD = 20
LONGEST = 500
SUMS = ("y", "yes", "是", "1", "true")


class EreceiptCodeImport(models.TransientModel):
    """Takes an authority's table of item codes from a file, in place of the one that
    was given before. It is taken whole or not at all."""

    _name = "ereceipt.code.import"
    _description = "Table of item codes from a file"

    authority = fields.Selection(
        selection="_selection_authority", default=lambda self: self._default_authority()
    )
    file = fields.Binary(string="CSV or XLSX file", attachment=False)
    file_name = fields.Char(string="Name of the file")

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_import(self):
        """Read the file, and make the table what it says.

        :raise UserError: everything that is wrong with it; nothing is written then
        """
        self.ensure_one()
        if not self.file or not self.authority:
            raise UserError(self.env._("Choose the authority and a file first."))
        mappings = self.env["ereceipt.code.mapping"]
        mappings.check_access("write")
        encodings = mappings._hook(self.authority, "file_encodings", USUAL_ENCODINGS)
        content = base64.b64decode(self.file)
        rows = self._rows(read_table(self.env, content, encodings, cut=True))
        added, changed, gone = self.env["ereceipt.code"]._give(self.authority, rows)
        message = self.env._(
            "%(added)s codes were added, %(changed)s changed, and %(gone)s taken out.",
            added=added,
            changed=changed,
            gone=gone,
        )
        return notification("success", message, CLOSE)

    # -------------------------------------------------------------------------
    # READING
    # -------------------------------------------------------------------------

    def _rows(self, table):
        """Return name and keywords of each code.

        :raise UserError: everything that is wrong
        """
        columns, table = self._columns(table)
        rows, wrong = {}, []
        for number, cells in table:
            row = {
                name: cells[place] if place < len(cells) else ""
                for name, place in columns.items()
            }
            if not row["code"] or row.get("sum", "").lower() in SUMS:
                continue  # a remark, or a heading of codes that nothing is sold as
            problem = self._problem(row, rows)
            if problem:
                wrong.append(
                    self.env._("Row %(row)s: %(problem)s", row=number, problem=problem)
                )
                continue
            words = filter(None, (row.get("short"), row.get("keywords")))
            rows[row["code"]] = {
                "name": row["name"],
                "keywords": "、".join(words)[:LONGEST] or False,
            }
        if wrong:
            left = len(wrong) - MOST_TOLD
            more = [self.env._("… and %s more.", left)] if left > 0 else []
            raise UserError("\n".join(wrong[:MOST_TOLD] + more))
        if not rows:
            raise UserError(self.env._("There is no code in the file."))
        return rows

    def _problem(self, row, rows):
        """Return what is wrong with a row as a sentence, False if nothing."""
        code = row["code"]
        mappings = self.env["ereceipt.code.mapping"]
        if not row["name"]:
            return self.env._("%s has no name.", code)
        if code in rows:
            return self.env._("%s stands there twice.", code)
        scheme = mappings._hook(self.authority, "item_scheme", "", code)
        return mappings._hook(self.authority, "item_code_problem", False, scheme, code)

    def _columns(self, table):
        """Return the place of each column, and the rows below the headings.

        :raise UserError: there are no headings
        """
        given = self.env["ereceipt.code.mapping"]._hook(
            self.authority, "given_columns", {}
        )
        for at, (_number, cells) in enumerate(table[:HEADING_WITHIN]):
            found = {}
            for name, usual in HEADINGS.items():
                for heading in (*given.get(name, ()), *usual):
                    places = [i for i, c in enumerate(cells) if c.lower() == heading]
                    if places:
                        found[name] = places[0]
                        break
            if "code" in found and "name" in found:
                return found, table[at + 1 :]
        raise UserError(
            self.env._(
                "One of the first rows has to name the columns: at least %(code)s and "
                "%(name)s.",
                code=given.get("code", HEADINGS["code"])[0],
                name=given.get("name", HEADINGS["name"])[0],
            )
        )

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _selection_authority(self):
        """Return the authorities whose tables are given so."""
        mappings = self.env["ereceipt.code.mapping"]
        return [
            (code, name)
            for code, name in mappings._selection_authority()
            if mappings._hook(code, "given_columns", False)
        ]

    @api.model
    def _default_authority(self):
        [*codes] = dict(self._selection_authority())
        return codes[0] if len(codes) == 1 else False
