from odoo import models

from ..fiscal.eg_eta.receipt_types import RECEIPT_TYPES


class EreceiptRegistration(models.Model):
    """Which of ETA's tables a device offers to choose from."""

    _inherit = "ereceipt.registration"

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
