"""Finds the authority's code for products, units, taxes and payments.

The order is: a row of ``ereceipt.code.mapping`` for the thing itself, then for what it
belongs to; the country module's own field; a default. Where a code came from is kept
beside it, to be shown.
"""

from dataclasses import dataclass

from odoo.fields import Domain

from ..fiscal import codes_owner
from ..fiscal.gtin import is_gtin

UNECE_UNITS = {
    "uom.product_uom_unit": ("EA", "C62"),
    "uom.product_uom_dozen": ("DZN",),
    "uom.product_uom_minute": ("MIN",),
    "uom.product_uom_hour": ("HUR",),
    "uom.product_uom_day": ("DAY",),
    "uom.product_uom_millimeter": ("MMT",),
    "uom.product_uom_cm": ("CMT",),
    "uom.product_uom_meter": ("MTR", "M"),
    "uom.product_uom_km": ("KMT", "KTM"),
    "uom.product_uom_inch": ("INH",),
    "uom.product_uom_foot": ("FOT",),
    "uom.product_uom_yard": ("YRD",),
    "uom.product_uom_mile": ("SMI",),
    "uom.product_uom_square_meter": ("MTK",),
    "uom.product_uom_square_foot": ("FTK",),
    "uom.product_uom_milliliter": ("MLT",),
    "uom.product_uom_litre": ("LTR",),
    "uom.product_uom_cubic_meter": ("MTQ",),
    "uom.product_uom_cubic_inch": ("INQ",),
    "uom.product_uom_cubic_foot": ("FTQ",),
    "uom.product_uom_gal": ("GLL",),
    "uom.product_uom_gram": ("GRM",),
    "uom.product_uom_kgm": ("KGM",),
    "uom.product_uom_ton": ("TNE",),
    "uom.product_uom_oz": ("ONZ",),
    "uom.product_uom_lb": ("LBR", "LB"),
    "uom.product_uom_kwh": ("KWH",),
}
"""Odoo's own units and their codes of UN/ECE Recommendation 20; the first that an
authority's table has is taken."""

GS1 = "GS1"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A code and where it is from.

    :ivar scheme: the code system of an item code
    :ivar subcode: the subtype of a tax
    :ivar origin: ``mapping``, ``barcode``, ``field``, ``default``, or "" if there is
        no code
    :ivar mapping_id: the mapping row that it is from
    :ivar field: ``(model, field name)`` of the country module that it is from
    :ivar pending: there is a code, but the authority has not approved it yet
    """

    code: str = ""
    scheme: str = ""
    subcode: str = ""
    origin: str = ""
    mapping_id: int = 0
    field: tuple = ()
    pending: bool = False


NOTHING = Resolved()


class CodeResolver:
    """The codes of one authority for one company; systems of one tax administration
    that share their tables share the rows.

    Make one for all that is posted together, :meth:`load` what it will be asked, and
    ask: the number of queries does not depend on how many things there are.
    """

    def __init__(self, env, authority, company):
        self.env = env(su=True)
        self.authority = codes_owner(authority)
        self.company = company.sudo()
        self.mapping_model = self.env["ereceipt.code.mapping"]
        self._rows = {}
        self._default_units = {}
        self._payment_defaults = self._hook("payment_defaults", {})

    def load(self, **records):
        """Read the mapping rows of products, units, taxes, journals and payment
        method lines.

        :param records: recordsets by name: ``products``, ``uoms``, ``taxes``,
            ``journals``, ``payment_method_lines``; what is missing is not asked about
        """
        products = records.get("products", self.env["product.product"]).sudo()
        ids = {
            "product_id": products.ids,
            "product_tmpl_id": products.product_tmpl_id.ids,
            "categ_id": self._with_parents(products.categ_id),
        }
        for name, key in (
            ("uom_id", "uoms"),
            ("tax_id", "taxes"),
            ("journal_id", "journals"),
            ("payment_method_line_id", "payment_method_lines"),
        ):
            ids[name] = records[key].ids if key in records else []
        self._read_rows(ids)
        if records.get("uoms"):
            self._read_default_units(records["uoms"].sudo())
        return self

    # -------------------------------------------------------------------------
    # CODES
    # -------------------------------------------------------------------------

    def item(self, product):
        """Return the item code of a ``product.product``."""
        if not product:
            return NOTHING
        product = product.sudo()
        steps = [
            ("product_id", product.id),
            ("product_tmpl_id", product.product_tmpl_id.id),
        ]
        steps += [
            ("categ_id", categ_id)
            for categ_id in reversed(self._with_parents(product.categ_id))
        ]
        for row in self._steps(steps):
            if row.pending:
                return Resolved(pending=True, mapping_id=row.id)
            if row.use_barcode and is_gtin(product.barcode):
                return Resolved(product.barcode, GS1, "", "barcode", row.id)
            if row.code:
                return Resolved(row.code, row.scheme or "", "", "mapping", row.id)
        foreign = self._hook("foreign_item", None, product)
        if foreign:
            scheme, code, field = foreign
            return Resolved(code, scheme, origin="field", field=field)
        return NOTHING

    def unit(self, uom):
        """Return the code of a ``uom.uom``."""
        return (
            self._mapped([("uom_id", uom.id)])
            or self._foreign("foreign_unit", uom)
            or self._default_units.get(uom.id, NOTHING)
        )

    def tax(self, tax):
        """Return type and subtype of an ``account.tax``. Taxes have no default: which
        one a rate belongs to is not ours to guess."""
        return (
            self._mapped([("tax_id", tax.id)])
            or self._foreign("foreign_tax", tax)
            or NOTHING
        )

    def payment(self, journal, method_line=None):
        """Return the code of how something was paid."""
        steps = [("payment_method_line_id", method_line.id)] if method_line else []
        found = self._mapped([*steps, ("journal_id", journal.id)])
        if found:
            return found
        code = self._payment_defaults.get(journal.sudo().type)
        return Resolved(code, origin="default") if code else NOTHING

    # -------------------------------------------------------------------------
    # ORIGIN
    # -------------------------------------------------------------------------

    def describe(self, resolved):
        """Return a sentence part that says where a code is from, in the language of
        the environment."""
        _ = self.env._
        if resolved.mapping_id:
            row = self.mapping_model.browse(resolved.mapping_id)
            values = {
                "kind": row._fields[self._reference_name(row)]._description_string(
                    self.env
                ),
                "name": row.reference,
            }
            if resolved.pending:
                return _("%(kind)s %(name)s: not approved yet", **values)
            if resolved.origin == "barcode":
                return _("the barcode, by %(kind)s %(name)s", **values)
            return _("%(kind)s %(name)s", **values)
        if resolved.origin == "field":
            model_name, field_name = resolved.field
            field = self.env[model_name]._fields[field_name]
            return _("the field %s", field._description_string(self.env))
        return _("default") if resolved.origin else _("nothing found")

    @staticmethod
    def _reference_name(row):
        names = ("product_id", "product_tmpl_id", "categ_id", "uom_id", "tax_id")
        names += ("journal_id", "payment_method_line_id")
        return next(name for name in names if row[name])

    # -------------------------------------------------------------------------
    # READING
    # -------------------------------------------------------------------------

    def _read_rows(self, ids):
        parts = [Domain(name, "in", found) for name, found in ids.items() if found]
        if not parts:
            return
        companies = [False, *self.company.parent_ids.ids]
        rows = self.mapping_model.search(
            Domain("authority", "=", self.authority)
            & Domain("company_id", "in", companies)
            & Domain.OR(parts)
        )
        # a company's own row is read last and so stands, a branch's before its parent's
        nearness = {company_id: place for place, company_id in enumerate(companies)}
        for row in rows.sorted(lambda r: nearness[r.company_id.id or False]):
            for name, found in ids.items():
                if found and row[name]:
                    self._rows[name, row[name].id] = row

    def _read_default_units(self, uoms):
        unmapped = uoms.filtered(lambda uom: ("uom_id", uom.id) not in self._rows)
        names = unmapped._get_external_ids() if unmapped else {}
        candidates = {
            uom_id: codes
            for uom_id, xmlids in names.items()
            for xmlid in xmlids
            if (codes := UNECE_UNITS.get(xmlid))
        }
        if not candidates:
            return
        wanted = {code for codes in candidates.values() for code in codes}
        known = self.env["ereceipt.code"]._known(self.authority, "unit", wanted)
        for uom_id, codes in candidates.items():
            code = next((c for c in codes if known is None or c in known), None)
            if code:
                self._default_units[uom_id] = Resolved(code, origin="default")

    @staticmethod
    def _with_parents(categories):
        """Return the ids of categories and of all above them, the widest first."""
        ids = {}
        for path in categories.mapped("parent_path"):
            ids.update(dict.fromkeys(int(part) for part in path.split("/") if part))
        return list(ids)

    def _steps(self, steps):
        for step in steps:
            row = self._rows.get(step)
            if row:
                yield row

    def _mapped(self, steps):
        for row in self._steps(steps):
            if row.pending:
                return Resolved(pending=True, mapping_id=row.id)
            return Resolved(
                row.code, "", row.subcode or "", origin="mapping", mapping_id=row.id
            )
        return None

    def _foreign(self, name, record):
        found = self._hook(name, None, record.sudo())
        if not found:
            return None
        code, subcode, field = found
        origin = "field" if field else "default"
        return Resolved(code, subcode=subcode, origin=origin, field=field)

    def _hook(self, name, default, *args):
        return self.mapping_model._hook(self.authority, name, default, *args)
