from odoo import api, models

from ..fiscal.eg_eta.receipt_types import RECEIPT_TYPES


class EreceiptRegistration(models.Model):
    """Which of ETA's tables a device offers to choose from."""

    _inherit = "ereceipt.registration"

    def _eg_receipt_at_hand(self):
        return ("branches",)

    def _eg_invoice_at_hand(self):
        return ("branches",)

    @api.model
    def _ereceipt_field_words(self):
        # EXTENDS: of both of ETA's systems
        return {**super()._ereceipt_field_words(), "eg_": "eg_receipt"}

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
