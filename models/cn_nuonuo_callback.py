from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from .cn_nuonuo import AUTHORITY


class EreceiptRegistration(models.Model):
    """Where Nuonuo may tell what became of an order: it gets the address with each
    order, and shows nothing by which it could be known."""

    _inherit = "ereceipt.registration"

    def _cn_nuonuo_callback_base(self):
        return "/ereceipt/cn"

    def _cn_nuonuo_tells_callback_url(self):
        return True

    def _cn_nuonuo_settings(self, device):
        # EXTENDS: every program that calls for it tells the address, whoever runs it
        settings = super()._cn_nuonuo_settings(device)
        return {**settings, "callback_url": self.sudo().callback_url or ""}

    def _cn_nuonuo_ordered(self, order_no):
        """Return which documents have an order number, as a domain.

        One whose acceptance was not seen is not found by it: it is asked about within
        seconds anyway.
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM ereceipt_document WHERE authority = %s "
                "AND authority_ids ->> 'order' = %s AND registration_id = %s",
                AUTHORITY,
                order_no,
                self.id,
            )
        )
        return Domain("id", "in", [document_id for (document_id,) in rows])


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    _cn_order_index = models.Index(
        f"((authority_ids ->> 'order')) WHERE authority = '{AUTHORITY}'"
    )
