import re

from odoo import fields, models

from ..fiscal.contract import Address

NO_VAT = "/"
_BUILDING = re.compile(r"^\s*(\d+\w?)\b|\b(\d+\w?)\s*$")
_SEPARATORS = re.compile(r"[\s./-]+")


class ResPartner(models.Model):
    _inherit = "res.partner"

    ereceipt_identity = fields.Char(
        string="Identity number",
        copy=False,
        help="The number of a person's identity card or passport. Tax authorities "
        "want it on large sales to people without a tax number.",
    )

    ereceipt_building = fields.Char(
        string="Building number",
        copy=False,
        help="Some tax authorities want it apart from the street. Empty: the number in "
        "the street.",
    )

    def _commercial_fields(self):
        return super()._commercial_fields() + ["ereceipt_identity"]

    def _ereceipt_tax_number(self):
        """Return the tax number without separators and country prefix."""
        self.ensure_one()
        vat = (self.vat or "").strip()
        if vat == NO_VAT:
            return ""
        number = _SEPARATORS.sub("", vat)
        code = self.country_code or ""
        rest = number[len(code) :]
        if code and number.upper().startswith(code) and rest.isdigit():
            return rest
        return number

    def _ereceipt_building_number(self):
        """Return the number of the building: typed, from a module that keeps it apart,
        or the number at the street's beginning or end.

        Hook: country modules have fields of their own.
        """
        self.ensure_one()
        known = self.ereceipt_building or (
            "street_number" in self._fields and self.street_number
        )
        if known:
            return known.strip()
        found = _BUILDING.search(self.street or "")
        return (found[1] or found[2]) if found else ""

    def _ereceipt_governorate(self):
        """Return the state or governorate; of a country that has none here, the city:
        authorities want something."""
        self.ensure_one()
        if self.state_id or self.country_id.state_ids:
            return self.state_id.name or ""
        return self.city or ""

    def _ereceipt_address(self):
        """Return the address in the parts of the contract."""
        self.ensure_one()
        return Address(
            country=self.country_code or "",
            governorate=self._ereceipt_governorate(),
            city=self.city or "",
            street=self.street or "",
            building=self._ereceipt_building_number(),
            postal_code=self.zip or "",
            additional=self.street2 or "",
        )
