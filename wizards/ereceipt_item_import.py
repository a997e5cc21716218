import base64
import re

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..fiscal.by_file.reading import USUAL_ENCODINGS
from ..models.ereceipt_notification import CLOSE, notification
from .item_table import read_table

ALIASES = {
    "default_code": ("default_code", "internal reference", "reference", "sku"),
    "barcode": ("barcode", "ean", "gtin"),
    "name": ("name", "product", "product name"),
    "category": ("category", "product category", "categ_id"),
    "scheme": ("scheme", "code system", "item type", "itemtype"),
    "code": ("code", "item code", "item_code", "itemcode"),
}
"""Headings by which a column is known, in small letters."""

WHAT = ("file", "authority", "company_id", "target")
"""What was looked at: a change of it makes the rows void."""

KEYS = {"product": ("default_code", "barcode", "name"), "category": ("category",)}

_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")


class EreceiptItemImport(models.TransientModel):
    """Takes item codes for products or categories from a file.

    The file is read and every row is looked at; what would happen is shown; nothing
    is written before a person has seen that.
    """

    _name = "ereceipt.item.import"
    _description = "Import of item codes"

    authority = fields.Selection(
        selection="_selection_authority",
        required=True,
        default=lambda self: self.env["ereceipt.code.mapping"]._default_authority(),
    )
    company_id = fields.Many2one(
        "res.company",
        help="Empty: the codes are for every company, and that of a product which "
        "belongs to one company is for that one.",
    )
    target = fields.Selection(
        [("product", "Products"), ("category", "Product categories")],
        string="Codes are for",
        required=True,
        default="product",
    )
    file = fields.Binary(string="CSV or XLSX file", attachment=False)
    file_name = fields.Char(string="Name of the file")
    line_ids = fields.One2many("ereceipt.item.import.line", "import_id", string="Rows")
    good_count = fields.Integer(string="Rows to import", compute="_compute_counts")
    same_count = fields.Integer(
        string="Rows that change nothing", compute="_compute_counts"
    )
    error_count = fields.Integer(string="Rows with errors", compute="_compute_counts")

    @api.depends("line_ids.result")
    def _compute_counts(self):
        for wizard in self:
            results = wizard.line_ids.mapped("result")
            wizard.error_count = results.count("error")
            wizard.same_count = results.count("same")
            wizard.good_count = results.count("new") + results.count("change")

    @api.onchange(*WHAT)
    def _onchange_file(self):
        self.line_ids = [Command.clear()]

    def write(self, vals):
        """Forget what was looked at when it is not what would be imported any more."""
        if any(name in vals for name in WHAT):
            self.line_ids.unlink()
        return super().write(vals)

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_check(self):
        """Read the file and show what would happen, row by row."""
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        encodings = self.env["ereceipt.code.mapping"]._hook(
            self.authority, "file_encodings", USUAL_ENCODINGS
        )
        table = read_table(self.env, base64.b64decode(self.file), encodings)
        self.line_ids = [Command.clear(), *map(Command.create, self._looked_at(table))]
        return self._reopened()

    def action_import(self):
        """Write the rows that are in order; the others are left out."""
        self.ensure_one()
        mappings = self.env["ereceipt.code.mapping"]
        lines = self.line_ids
        if not self.good_count:
            raise UserError(self.env._("There is no row to import."))
        mappings.create(
            [line._mapping_values() for line in lines if line.result == "new"]
        )
        for line in lines.filtered(lambda line: line.result == "change"):
            line.mapping_id.write(
                {"scheme": line.scheme, "code": line.code, "pending": False}
            )
        return notification("success", self._imported_text(), CLOSE)

    def _imported_text(self):
        if self.good_count == 1:
            return self.env._("One code was imported.")
        return self.env._("%s codes were imported.", self.good_count)

    def _reopened(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import item codes"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # -------------------------------------------------------------------------
    # READING
    # -------------------------------------------------------------------------

    def _looked_at(self, table):
        """Return the values of a line for each row of the file.

        :raise UserError: the columns that are needed are not there
        """
        if not table:
            raise UserError(self.env._("The file is empty."))
        columns = self._columns(table[0][1])
        rows = [self._row(number, cells, columns) for number, cells in table[1:]]
        found = self._find_targets(rows)
        existing = self._existing(found)
        schemes = self.env["ereceipt.code"]._known(
            self.authority, "item_type", {row["scheme"] for row in rows}
        )
        taken = {}
        for row in rows:
            self._look_at(row, found, existing, schemes, taken)
        return rows

    def _columns(self, heading):
        """Return the place of each known column.

        :raise UserError: there is no column for the code, or none to find what it is
            for
        """
        labels = {
            "default_code": self.env._("Internal reference"),
            "barcode": self.env._("Barcode"),
            "name": self.env._("Product"),
            "category": self.env._("Product category"),
            "scheme": self.env._("Code system"),
            "code": self.env._("Item code"),
        }
        columns = {}
        for place, text in enumerate(heading):
            for name, aliases in ALIASES.items():
                if text.lower() in (*aliases, labels[name].lower()):
                    columns.setdefault(name, place)
        keys = KEYS[self.target]
        if "code" not in columns or not any(key in columns for key in keys):
            raise UserError(
                self.env._(
                    "The first row has to name the columns: code, and at least one of "
                    "%(keys)s. A column scheme says which system a code is from.",
                    keys=", ".join(keys),
                )
            )
        return columns

    def _row(self, number, cells, columns):
        def cell(name):
            place = columns.get(name)
            return cells[place] if place is not None and place < len(cells) else ""

        key_name, key = next(
            ((name, cell(name)) for name in KEYS[self.target] if cell(name)), ("", "")
        )
        code = cell("code")
        scheme = cell("scheme").upper() or self.env["ereceipt.code.mapping"]._hook(
            self.authority, "item_scheme", "", code
        )
        return {
            "row": number,
            "key_name": key_name,
            "key": key,
            "scheme": scheme,
            "code": code,
        }

    def _find_targets(self, rows):
        """Return what each key means: records by ``(key name, key)``."""
        found = {}
        wanted = {}
        for row in rows:
            if row["key"]:
                wanted.setdefault(row["key_name"], set()).add(row["key"])
        for name, keys in wanted.items():
            if name == "category":
                records = self.env["product.category"].search(
                    ["|", ("complete_name", "in", keys), ("name", "in", keys)]
                )
                labels = ("complete_name", "name")
            else:
                products = self.env["product.product"]
                usable = Domain(products._check_company_domain(self._companies()))
                records = products.search(usable & Domain(name, "in", list(keys)))
                labels = (name,)
            for record in records:
                for label in labels:
                    key = (name, record[label])
                    found[key] = found.get(key, record.browse()) | record
        return found

    def _existing(self, found):
        """Return the rows that there are for what was found, by product or category
        and company."""
        records = [record for group in found.values() for record in group]
        companies = {self._company_of(record).id for record in records}
        if self.target == "category":
            names = {"categ_id": [record.id for record in records]}
        else:
            products = self.env["product.product"].union(*records)
            names = {
                "product_id": products.ids,
                "product_tmpl_id": products.product_tmpl_id.ids,
            }
        existing = {}
        for name, ids in names.items():
            for mapping in self.env["ereceipt.code.mapping"].search(
                [
                    ("authority", "=", self.authority),
                    ("company_id", "in", list(companies)),
                    (name, "in", ids),
                ]
            ):
                existing[name, mapping[name].id, mapping.company_id.id] = mapping
        return existing

    def _companies(self):
        """Return the companies whose products are looked for, besides those that
        belong to none."""
        return self.company_id or self.env.companies

    def _company_of(self, record):
        """Return the company in which a product or category gets its code; none: in
        every one."""
        own = "company_id" in record and record.company_id
        return self.company_id or own or self.company_id

    # -------------------------------------------------------------------------
    # LOOKING AT ROWS
    # -------------------------------------------------------------------------

    def _look_at(self, row, found, existing, schemes, taken):
        """Fill in what a row is for and what would happen to it."""
        records = found.get((row["key_name"], row["key"]))
        problem = self._row_problem(row, records, schemes)
        if not problem:
            name, res_id = self._reference(records)
            row[name] = res_id
            row["company_id"] = self._company_of(records).id
            before = taken.setdefault((name, res_id), row)
            if before is not row and self._codes(before) != self._codes(row):
                problem = self.env._(
                    "Row %(row)s has another code for the same.", row=before["row"]
                )
        if problem:
            row.update(result="error", message=problem)
            return
        mapping = existing.get((name, res_id, row["company_id"]))
        row["mapping_id"] = mapping.id if mapping else False
        if before is not row or (
            mapping
            and (mapping.scheme, mapping.code) == self._codes(row)
            and not mapping.pending
        ):
            row["result"] = "same"
        elif mapping:
            row["result"] = "change"
            row["message"] = self._until_now(mapping)
        else:
            row["result"] = "new"

    def _until_now(self, mapping):
        codes = " ".join(filter(None, (mapping.scheme, mapping.code)))
        if mapping.pending:
            return self.env._("Until now: %s, not approved yet", codes)
        return self.env._("Until now: %s", codes)

    @staticmethod
    def _codes(row):
        return row["scheme"], row["code"]

    def _row_problem(self, row, records, schemes):
        """Return what is wrong with a row as a sentence, False if nothing."""
        if not row["key"]:
            return self.env._("Nothing says what the code is for.")
        if not records:
            return self._not_found(row["key"])
        if len(records) > 1:
            return self.env._(
                "%(key)s stands for %(count)s records.",
                key=row["key"],
                count=len(records),
            )
        if _SHORTENED.search(row["code"]) or _SHORTENED.fullmatch(row["key"]):
            return self.env._(
                "A spreadsheet has shortened a number. Format the column as text."
            )
        return self.env["ereceipt.code.mapping"]._item_problem(
            self.authority, row["scheme"], row["code"], known=schemes
        )

    def _not_found(self, key):
        """Say that nothing was found, and where it was looked for if that matters."""
        elsewhere = self.env.user.company_ids - self._companies()
        if self.target == "category" or not elsewhere:
            return self.env._("%s was not found.", key)
        return self.env._(
            "%(key)s was not found among the products of %(companies)s and those that "
            "belong to no company.",
            key=key,
            companies=", ".join(self._companies().mapped("name")),
        )

    def _reference(self, record):
        """Return the field and id that a mapping row for it has: the product, or the
        variant where the product has several."""
        if self.target == "category":
            return "categ_id", record.id
        template = record.product_tmpl_id
        if len(template.product_variant_ids) > 1:
            return "product_id", record.id
        return "product_tmpl_id", template.id

    @api.model
    def _selection_authority(self):
        return self.env["ereceipt.code.mapping"]._selection_authority()


class EreceiptItemImportLine(models.TransientModel):
    _name = "ereceipt.item.import.line"
    _description = "Row of an import of item codes"
    _order = "sequence, row, id"

    import_id = fields.Many2one(
        "ereceipt.item.import", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(compute="_compute_sequence", store=True)
    row = fields.Integer()
    key_name = fields.Char(string="Name in the file")
    key = fields.Char(string="For")
    product_id = fields.Many2one("product.product", string="Product variant")
    product_tmpl_id = fields.Many2one("product.template", string="Product")
    categ_id = fields.Many2one("product.category", string="Product category")
    company_id = fields.Many2one("res.company")
    scheme = fields.Char(string="Code system")
    code = fields.Char()
    mapping_id = fields.Many2one(
        "ereceipt.code.mapping", string="Present code", ondelete="set null"
    )
    result = fields.Selection(
        [
            ("error", "Left out"),
            ("new", "New"),
            ("change", "Changed"),
            ("same", "As it is"),
        ]
    )
    message = fields.Char()

    @api.depends("result")
    def _compute_sequence(self):
        """What is wrong stands first."""
        order = [value for value, _label in self._fields["result"].selection]
        for line in self:
            line.sequence = order.index(line.result) if line.result else len(order)

    def _mapping_values(self):
        return {
            "authority": self.import_id.authority,
            "kind": "item",
            "company_id": self.company_id.id,
            "product_id": self.product_id.id,
            "product_tmpl_id": self.product_tmpl_id.id,
            "categ_id": self.categ_id.id,
            "scheme": self.scheme,
            "code": self.code,
        }
