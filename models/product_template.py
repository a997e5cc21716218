from odoo import api, models
from odoo.fields import Domain

from .ereceipt_code_fields import (
    code_missing,
    code_rows,
    codes_in_use,
    show_missing,
)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    ereceipt_mapping_ids = code_rows("product_tmpl_id")
    ereceipt_code_info = codes_in_use()
    ereceipt_code_missing = code_missing()

    @api.depends(
        "categ_id",
        "barcode",
        "ereceipt_mapping_ids",
        "ereceipt_mapping_ids.code",
        "ereceipt_mapping_ids.scheme",
        "ereceipt_mapping_ids.use_barcode",
        "ereceipt_mapping_ids.pending",
        "product_variant_ids.ereceipt_variant_mapping_ids.code",
    )
    @api.depends_context("company", "lang")
    def _compute_ereceipt_code_info(self):
        """Say which codes are in use and where they are from. Variants that differ
        are named."""
        variants = self._origin.product_variant_ids
        texts = self.env["ereceipt.code.mapping"]._describe("item", variants)
        for template in self:
            own = template._origin.product_variant_ids
            different = {texts[variant.id] for variant in own}
            if len(different) > 1:
                lines = [f"{v.display_name}\n{texts[v.id]}" for v in own]
                template.ereceipt_code_info = "\n".join(lines)
            else:
                template.ereceipt_code_info = "".join(different)

    def _compute_ereceipt_code_missing(self):
        show_missing(self)

    def _search_ereceipt_code_missing(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        lacking = self.env["product.product"]._ereceipt_code_missing_domain()
        return Domain("product_variant_ids", "any", lacking)


class ProductProduct(models.Model):
    _inherit = "product.product"

    ereceipt_variant_mapping_ids = code_rows(
        "product_id", "Codes of this variant for tax authorities"
    )
    ereceipt_code_missing = code_missing()

    def _compute_ereceipt_code_missing(self):
        show_missing(self)

    def _search_ereceipt_code_missing(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        return self._ereceipt_code_missing_domain()

    @api.model
    def _ereceipt_code_missing_domain(self):
        """Return the domain of variants that lack the code of an authority which one
        of the user's companies is registered with."""
        companies = self.env.companies
        mappings = self.env["ereceipt.code.mapping"]
        missing = [
            ~self._ereceipt_has_code_domain(authority, company)
            for company in companies
            for authority in mappings._authorities(company)
        ]
        return Domain.OR(missing) if missing else Domain.FALSE

    @api.model
    def _ereceipt_has_code_domain(self, authority, company):
        """Return the domain of variants that have a code, however they come by it, in
        the sense of :class:`.ereceipt_resolver.CodeResolver`. Whether a barcode is a
        valid GTIN is not looked at."""
        mappings = self.env["ereceipt.code.mapping"].sudo()
        rows = mappings._rows_in_use(authority, company)
        coded = rows & Domain("code", "!=", False)
        by_barcode = rows & Domain("use_barcode", "=", True)
        has_barcode = Domain("barcode", "!=", False)
        found = []
        for some, also in ((coded, Domain.TRUE), (by_barcode, has_barcode)):
            items = mappings.search(some & Domain("kind", "=", "item"))
            found += [
                Domain("id", "in", items.product_id.ids) & also,
                Domain("product_tmpl_id", "in", items.product_tmpl_id.ids) & also,
                Domain("categ_id", "child_of", items.categ_id.ids) & also,
            ]
        name = mappings._hook(authority, "foreign_item_field", None)
        if name and name in self._fields:
            found.append(Domain(name, "not in", (False, "")))
        return Domain.OR(found)

    def _ereceipt_code_owner(self):
        """Return what a code of this variant is entered on: the product, or the
        variant itself where there are several.

        Note: self.ensure_one()
        """
        self.ensure_one()
        template = self.product_tmpl_id
        return template if len(template.product_variant_ids) == 1 else self

    def _ereceipt_internal_code(self):
        """Return the code by which documents name the variant beside its item code: its
        reference, or, where it has none, its database id, which never changes.

        Note: self.ensure_one()
        """
        self.ensure_one()
        return (self.default_code or "").strip() or f"ID{self.id}"
