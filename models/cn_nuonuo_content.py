from odoo import models
from odoo.tools import LazyTranslate

from ..fiscal.cn_nuonuo.fapiao import DISCOUNT, DISCOUNTED, FULL, NORMAL, PARTIAL

_lt = LazyTranslate(__name__)

NAMES = {
    "format": _lt("Format"),
    "kind": _lt("Kind of fapiao"),
    "order_no": _lt("Order number at the provider"),
    "number": _lt("Number"),
    "issued_at": _lt("Issued (UTC)"),
    "seller": _lt("Seller"),
    "buyer": _lt("Buyer"),
    "tax_number": _lt("Tax number"),
    "name": _lt("Name"),
    "address": _lt("Address"),
    "phone": _lt("Phone"),
    "email": _lt("Email"),
    "account": _lt("Bank and account"),
    "natural_person": _lt("The buyer is a person"),
    "lines": _lt("Lines"),
    "nature": _lt("Nature of the line"),
    "rate": _lt("Tax rate"),
    "net": _lt("Net"),
    "tax": _lt("Tax"),
    "code": _lt("Tax classification code"),
    "own_code": _lt("Own code"),
    "spec": _lt("Specification"),
    "unit": _lt("Unit"),
    "quantity": _lt("Quantity"),
    "price": _lt("Unit price"),
    "tax_included": _lt("Price with tax"),
    "policy": _lt("Tax policy"),
    "blue_line": _lt("Line of the original"),
    "invoice": _lt("Invoice"),
    "part": _lt("Part"),
    "clerk": _lt("Clerk"),
    "checker": _lt("Checker"),
    "payee": _lt("Payee"),
    "remark": _lt("Remark"),
    "special": _lt("Special business"),
    "special_data": _lt("About the special business"),
    "place": _lt("Place"),
    "project_name": _lt("Construction project"),
    "land_vat_number": _lt("Land VAT project number"),
    "certificate": _lt("Certificate of title"),
    "cross_city": _lt("In another city"),
    "differential": _lt("Vouchers of the margin"),
    "survey": _lt("Why the reduced rate"),
    "agent": _lt("Who acts for the buyer"),
    "card_type": _lt("Kind of identity document"),
    "card_number": _lt("Number of the identity document"),
    "additional": _lt("Additional elements"),
    "elements": _lt("Elements"),
    "routing": _lt("Issued through"),
    "extension": _lt("Extension"),
    "department": _lt("Department"),
    "delivery": _lt("Delivered to"),
    "red": _lt("Red letter"),
    "blue_number": _lt("Number of the original"),
    "reason": _lt("Reason"),
    "scope": _lt("What is taken back"),
    "request": _lt("Request for the red letter"),
    "bill_uuid": _lt("The bureau's number of the request"),
    "asked": _lt("Asked for already"),
    "parts": _lt("Parts"),
}
"""What the members of a kept fapiao are called; others are shown as they are kept."""

NATURES = {
    NORMAL: _lt("Normal line"),
    DISCOUNT: _lt("Discount"),
    DISCOUNTED: _lt("Line with a discount"),
}
SCOPES = {FULL: _lt("All of it"), PARTIAL: _lt("A part")}
TABLES = {"special": "special", "reason": "return_reason", "policy": "tax_subtype"}
"""Members whose values stand in a code table, by its name."""


class EreceiptRegistration(models.Model):
    """The words in which a kept fapiao is shown to a person."""

    _inherit = "ereceipt.registration"

    def _cn_nuonuo_content_words(self):
        """Return what members are called, and what their values mean, by member."""
        names = {key: self.env._(name) for key, name in NAMES.items()}
        values = {
            "kind": dict(
                self.env["account.move"]
                ._fields["cn_fapiao_kind"]
                ._description_selection(self.env)
            ),
            "nature": {code: self.env._(name) for code, name in NATURES.items()},
            "scope": {code: self.env._(name) for code, name in SCOPES.items()},
        }
        codes = self.env["ereceipt.code"].sudo().with_context(active_test=False)
        found = codes.search(
            [("authority", "=", self.authority), ("kind", "in", [*TABLES.values()])]
        )
        for member, table in TABLES.items():
            rows = found.filtered(lambda row, kind=table: row.kind == kind)
            values[member] = {row.code: row.name for row in rows}
        return names, values
