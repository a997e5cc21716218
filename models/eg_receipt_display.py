from odoo import api, models
from odoo.tools import LazyTranslate

from ..fiscal.eg_eta.receipt_types import RECEIPT_TYPES

_lt = LazyTranslate(__name__)

IDS = {
    "submission": _lt("Submission"),
    "long_id": _lt("Long identifier"),
    "hash_key": _lt("Hash key"),
    "late_request": _lt("Request for late submission"),
    "reference": _lt("Identifier of the sale"),
    "document_type": _lt("Type of document"),
    "receiver_name": _lt("Buyer's name"),
    "issuer_id": _lt("Seller's number"),
    "issuer_name": _lt("Seller"),
}
"""What ETA's further identifiers are called, and what its list tells besides."""


class EreceiptRegistration(models.Model):
    """Which of ETA's tables a device offers to choose from, and what its identifiers
    are called."""

    _inherit = "ereceipt.registration"

    def _eg_receipt_at_hand(self):
        return ("branches",)

    def _eg_invoice_at_hand(self):
        return ("branches",)

    @api.model
    def _ereceipt_field_words(self):
        # EXTENDS: of both of ETA's systems
        return {**super()._ereceipt_field_words(), "eg_": "eg_receipt"}

    def _eg_receipt_id_words(self):
        return {key: self.env._(name) for key, name in IDS.items()}, {}

    def _eg_invoice_id_words(self):
        return self._eg_receipt_id_words()

    def _eg_receipt_device_tables(self):
        """Return a domain on the code tables by the device's column.

        Returns are not offered: their type follows from the sale's.
        """
        sales = [code for code, kind in RECEIPT_TYPES.items() if not kind.is_return]
        payment = [("kind", "=", "payment_method")]
        return {
            "document_type": [("kind", "=", "receipt_type"), ("code", "in", sales)],
            "activity_code": [("kind", "=", "activity")],
            "payment_method": payment,
            "mixed_payment_method": payment,
        }


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    @api.model
    def _ereceipt_menus(self):
        # EXTENDS: only ETA lists the codes of others
        menus = super()._ereceipt_menus()
        return {**menus, "ereceipt_menu_eg_code_search": "eg_receipt"}


class IrActionsActions(models.Model):
    _inherit = "ir.actions.actions"

    @api.model
    def _ereceipt_bound(self):
        # EXTENDS: only ETA registers the codes of items
        names = ("ereceipt_eg_code_request_action", "ereceipt_eg_code_search_action")
        return {**super()._ereceipt_bound(), **dict.fromkeys(names, "eg_receipt")}
