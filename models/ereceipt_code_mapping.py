from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..fiscal import codes_owner
from .ereceipt_resolver import CodeResolver

REFERENCES = {
    "item": ("product_id", "product_tmpl_id", "categ_id"),
    "unit": ("uom_id",),
    "tax": ("tax_id",),
    "payment": ("payment_method_line_id", "journal_id"),
}
"""What a row of each kind may stand for, the narrowest first."""

TABLES = {"unit": "unit", "tax": "tax_type", "payment": "payment_method"}
"""The code table that ``code`` is from, by kind; item codes are the taxpayer's."""

SUBTYPES = "tax_subtype"
SCHEMES = "item_type"

_ITEM_FIELDS = {"product.product": "product_id", "product.template": "product_tmpl_id"}

_ALL = [name for names in REFERENCES.values() for name in names]


class EreceiptCodeMapping(models.Model):
    """The code by which a tax authority knows a product, unit, tax or payment method.

    A row names one thing and its code for one authority, in one company or, without
    one, in all. Rows of a product category count for everything below it that has no
    row of its own. Where there is no row, the country module's own field is asked and
    then a default (:class:`.ereceipt_resolver.CodeResolver`); what was found so is
    never copied into rows.
    """

    _name = "ereceipt.code.mapping"
    _description = "Code for a tax authority"
    _inherit = ["ereceipt.guard.mixin"]
    _order = "authority, kind, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    authority = fields.Selection(
        selection="_selection_authority",
        required=True,
        default=lambda self: self._default_authority(),
    )
    kind = fields.Selection(
        [
            ("item", "Product"),
            ("unit", "Unit of measure"),
            ("tax", "Tax"),
            ("payment", "Payment method"),
        ],
        string="For what",
        required=True,
        default="item",
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        help="Empty: for every company that has no row of its own.",
    )

    # --- what the code is for ---
    product_id = fields.Many2one(
        "product.product",
        string="Product variant",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
    )
    product_tmpl_id = fields.Many2one(
        "product.template",
        string="Product",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
    )
    categ_id = fields.Many2one(
        "product.category",
        string="Product category",
        ondelete="cascade",
        index="btree_not_null",
    )
    uom_id = fields.Many2one(
        "uom.uom",
        string="Unit of measure",
        ondelete="cascade",
        index="btree_not_null",
    )
    tax_id = fields.Many2one(
        "account.tax",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Payment journal",
        ondelete="cascade",
        index="btree_not_null",
        domain="[('type', 'in', ('bank', 'cash', 'credit'))]",
        check_company=True,
    )
    payment_method_line_id = fields.Many2one(
        "account.payment.method.line",
        string="Payment method",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
    )
    reference = fields.Char(string="For", compute="_compute_reference")

    # --- pickers from the code tables; what they choose is kept as text below ---
    code_table = fields.Char(string="Table of the code", compute="_compute_code_table")
    has_schemes = fields.Boolean(
        string="Has code systems",
        compute="_compute_has_schemes",
        help="Item codes of the authority are of several systems.",
    )
    code_id = fields.Many2one(
        "ereceipt.code",
        string="Code of the table",
        compute="_compute_code_ids",
        readonly=False,
        domain="[('authority', '=', authority), ('kind', '=', code_table)]",
    )
    subcode_id = fields.Many2one(
        "ereceipt.code",
        string="Subtype of the table",
        compute="_compute_code_ids",
        readonly=False,
        domain="[('authority', '=', authority), ('kind', '=', 'tax_subtype'), "
        "('parent_code', '=', code)]",
    )
    scheme_id = fields.Many2one(
        "ereceipt.code",
        string="Code system of the table",
        compute="_compute_code_ids",
        readonly=False,
        domain="[('authority', '=', authority), ('kind', '=', 'item_type')]",
    )

    # --- the code ---
    scheme = fields.Char(
        string="Code system", help="Which system an item code is from: GS1, EGS, ..."
    )
    code = fields.Char(help="Item code, unit, tax type or payment method.")
    subcode = fields.Char(string="Subtype", help="The authority's subtype of a tax.")
    use_barcode = fields.Boolean(
        string="Use barcode",
        help="Take a product's barcode as its GS1 code where it is a valid GTIN; else "
        "the code of this row, if it has one.",
    )
    pending = fields.Boolean(
        string="Not approved yet",
        help="The authority has not approved the code yet: until it has, documents "
        "with it wait.",
    )

    _reference_one = models.Constraint(
        "CHECK (num_nonnulls(" + ", ".join(_ALL) + ") = 1)",
        "A code is for exactly one product, category, unit, tax or payment method.",
    )
    _reference_of_kind = models.Constraint(
        "CHECK ("
        + " OR ".join(
            f"(kind = '{kind}' AND num_nonnulls({', '.join(names)}) = 1)"
            for kind, names in REFERENCES.items()
        )
        + ")",
        "What the code is for does not fit the kind of code.",
    )
    _reference_unique = models.UniqueIndex(
        "(authority, COALESCE(company_id, 0), "
        + ", ".join(f"COALESCE({name}, 0)" for name in _ALL)
        + ")",
        "There is a code for that already, for this authority and company.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends(*_ALL)
    def _compute_company_id(self):
        """What belongs to one company has its code there."""
        for row in self:
            record = row._reference_record()
            bound = record and "company_id" in record and record.company_id
            row.company_id = bound or row.company_id

    @api.depends(*_ALL)
    def _compute_reference(self):
        for row in self:
            record = row._reference_record()
            row.reference = record.display_name if record else False

    @api.depends("reference", "code")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for row in self:
            parts = (row.reference, row.code)
            row.display_name = " – ".join(filter(None, parts)) or self.env._("Code")

    @api.depends("kind")
    def _compute_code_table(self):
        for row in self:
            row.code_table = TABLES.get(row.kind)

    @api.depends("authority")
    def _compute_has_schemes(self):
        tables = self.env["ereceipt.code"]
        for authority, rows in self.grouped("authority").items():
            rows.has_schemes = (
                authority and tables._known(authority, SCHEMES, []) is not None
            )

    @api.depends("authority", "kind", "scheme", "code", "subcode")
    def _compute_code_ids(self):
        tables = self.env["ereceipt.code"].with_context(active_test=False)
        found = tables.search(
            [
                ("authority", "in", self.mapped("authority")),
                ("kind", "in", [*TABLES.values(), SUBTYPES, SCHEMES]),
                (
                    "code",
                    "in",
                    [code for row in self for code in row._codes().values()],
                ),
            ]
        )
        known = {(row.authority, row.kind, row.code): row for row in found}
        for row in self:
            for name, (table, code) in row._picked().items():
                row[name] = known.get((row.authority, table, code), tables)

    def _codes(self):
        return {name: code for name, (_table, code) in self._picked().items()}

    def _picked(self):
        """Return the table and the code that each picker shows."""
        self.ensure_one()
        return {
            "code_id": (TABLES.get(self.kind), self.code),
            "subcode_id": (SUBTYPES, self.subcode),
            "scheme_id": (SCHEMES, self.scheme),
        }

    # -------------------------------------------------------------------------
    # ONCHANGE METHODS
    # -------------------------------------------------------------------------

    @api.onchange("kind")
    def _onchange_kind(self):
        """Forget what a row of another kind was for."""
        for name in _ALL:
            if name not in REFERENCES.get(self.kind, ()):
                self[name] = False

    @api.onchange("code_id")
    def _onchange_code_id(self):
        if self.code_id:
            self.code = self.code_id.code
            self.subcode = False

    @api.onchange("subcode_id")
    def _onchange_subcode_id(self):
        if self.subcode_id:
            self.subcode = self.subcode_id.code

    @api.onchange("scheme_id")
    def _onchange_scheme_id(self):
        if self.scheme_id:
            self.scheme = self.scheme_id.code

    @api.onchange("code")
    def _onchange_code(self):
        """Tell the code system by what the code looks like, where the authority's codes
        do and nobody has chosen one."""
        if self.kind == "item" and self.code and not self.scheme and not self.scheme_id:
            scheme = self._hook(self.authority, "item_scheme", False, self.code.strip())
            if scheme:
                self.scheme = scheme

    # -------------------------------------------------------------------------
    # CONSTRAINT METHODS
    # -------------------------------------------------------------------------

    @api.constrains("authority", "kind", "scheme", "code", "subcode", "use_barcode")
    def _check_codes(self):
        for row in self:
            problem = row._code_problem()
            if problem:
                raise ValidationError(problem)

    def _code_problem(self):
        """Return what is wrong with a row's codes as a sentence, False if nothing."""
        self.ensure_one()
        if self.kind == "item":
            return self._item_problem(
                self.authority, self.scheme, self.code, self.use_barcode
            )
        if not self.code:
            return self.env._("Enter the code for %s.", self.reference)
        if not self._is_known(TABLES[self.kind], self.code):
            return self._unknown_code(self.code)
        if self.kind != "tax" or not self.subcode:
            return False
        if not self._is_known(SUBTYPES, self.subcode, self.code):
            return self.env._(
                "%(subtype)s is no subtype of %(type)s in the code tables of "
                "%(authority)s.",
                subtype=self.subcode,
                type=self.code,
                authority=self._authority_name(self.authority),
            )
        return False

    @api.model
    def _item_problem(self, authority, scheme, code, use_barcode=False, known=False):
        """Return what is wrong with an item code as a sentence, False if nothing.

        :param known: the authority's code systems if they were read already
        """
        if not code and not use_barcode:
            return self.env._("Enter an item code.")
        if code and not scheme:
            return self.env._("Say which code system the item code %s is from.", code)
        if code and (len(code) > 100 or any(c.isspace() for c in code)):
            return self.env._(
                "The item code “%s” has blanks in it or more than 100 characters.",
                code[:120],
            )
        if known is False:
            known = self.env["ereceipt.code"]._known(authority, SCHEMES, [scheme])
        if scheme and known is not None and scheme not in known:
            return self.env._(
                "%(scheme)s is no code system of %(authority)s.",
                scheme=scheme,
                authority=self._authority_name(authority),
            )
        return self._hook(authority, "item_code_problem", False, scheme, code)

    def _is_known(self, kind, code, parent=""):
        known = self.env["ereceipt.code"]._known(self.authority, kind, [code])
        if known is None:
            return True
        return code in known and (not parent or parent in known[code])

    def _unknown_code(self, code):
        return self.env._(
            "%(code)s is not in the code tables of %(authority)s.",
            code=code,
            authority=self._authority_name(self.authority),
        )

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _give_item_codes(self, authority, company, codes):
        """Give products codes of their own in a company, in place of those that they
        have there: to the product, or to the variant where there are several.

        :param dict codes: values of the row (``scheme``, ``code``, ``pending``), by
            ``product.product``
        :return: the row of each product
        :rtype: dict
        """
        owners = {product: product._ereceipt_code_owner() for product in codes}
        rows = self.search(
            [
                ("authority", "=", authority),
                ("company_id", "=", company.id),
                "|",
                ("product_id", "in", [product.id for product in codes]),
                ("product_tmpl_id", "in", [p.product_tmpl_id.id for p in codes]),
            ]
        )
        known = {row._reference_record(): row for row in rows}
        common = {"authority": authority, "company_id": company.id, "kind": "item"}
        new = [product for product, owner in owners.items() if owner not in known]
        created = self.create(
            [
                {**common, _ITEM_FIELDS[owners[p]._name]: owners[p].id, **codes[p]}
                for p in new
            ]
        )
        given = dict(zip(new, created, strict=True))
        for product, owner in owners.items():
            if owner in known:
                given[product] = known[owner]
                known[owner].write(codes[product])
        return given

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    def _reference_record(self):
        """Return what the row is for, an empty recordset of nothing in particular
        where it is for nothing yet."""
        self.ensure_one()
        for name in REFERENCES.get(self.kind, ()):
            if self[name]:
                return self[name]
        return self.env["product.product"]

    @api.model
    def _hook(self, authority, name, default, *args):
        """Call ``_<authority>_<name>(*args)`` where the glue of an authority has it.

        Hooks: ``item_code_problem(scheme, code)``, ``item_scheme(code)``,
        ``foreign_item(product)``, ``foreign_item_field()``, ``foreign_unit(uom)``,
        ``foreign_tax(tax)``, ``payment_defaults()``, ``file_encodings()``,
        ``given_columns()``.
        """
        method = getattr(self, f"_{authority}_{name}", None)
        return method(*args) if method else default

    @api.model
    def _describe(self, kind, records):
        """Return for each record which codes it has with the authorities of the
        company and where they are from, as a text of one line per authority.

        :param str kind: ``item`` for ``product.product``, ``unit``, ``tax``
        :rtype: dict[int, str]
        """
        arguments = {"item": "products", "unit": "uoms", "tax": "taxes"}
        lines = {record.id: [] for record in records}
        for authority in self._authorities(self.env.company):
            resolver = CodeResolver(self.env, authority, self.env.company)
            resolver.load(**{arguments[kind]: records})
            for record in records:
                found = getattr(resolver, kind)(record)
                codes = (found.scheme, found.code, found.subcode)
                lines[record.id].append(
                    self.env._(
                        "%(authority)s: %(code)s – comes from: %(origin)s",
                        authority=self._authority_name(authority),
                        code=" ".join(filter(None, codes)) or self.env._("no code"),
                        origin=resolver.describe(found),
                    )
                )
        return {record_id: "\n".join(texts) for record_id, texts in lines.items()}

    @api.model
    def _rows_in_use(self, authority, companies):
        """Return the domain of the rows that give a code to companies."""
        return (
            Domain("authority", "=", authority)
            & Domain("company_id", "in", [False, *companies.parent_ids.ids])
            & Domain("pending", "=", False)
        )

    @api.model
    def _default_authority(self):
        """Return the authority of the company's registrations, if it has only one."""
        codes = self._authorities(self.env.company)
        return codes[0] if len(codes) == 1 else False

    @api.model
    def _authorities(self, companies):
        """Return the codes of the authorities that companies are registered with, or
        of those whose tables these share."""
        registrations = self.env["ereceipt.registration"].sudo()
        found = registrations.search([("company_id", "parent_of", companies.ids)])
        return sorted({codes_owner(code) for code in found.mapped("authority")})

    @api.model
    def _authority_name(self, authority):
        return dict(self._selection_authority()).get(authority, authority)

    @api.model
    def _selection_authority(self):
        return self.env["ereceipt.code"]._selection_authority()
