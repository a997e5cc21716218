from odoo import http
from odoo.http import request

from odoo.addons.account.controllers.portal import PortalAccount

from ..models.account_move_delivery import OPENED


class EreceiptPortal(PortalAccount):
    @http.route()
    def portal_my_invoice_detail(self, invoice_id, *args, **kwargs):
        # EXTENDS account: a customer who sees an invoice, or downloads it, has it
        response = super().portal_my_invoice_detail(invoice_id, *args, **kwargs)
        if response.status_code == 200 and not request.env.user._is_internal():
            move = request.env["account.move"].sudo().browse(invoice_id)
            move._ereceipt_handed_over(OPENED)
        return response

    def _prepare_my_invoices_values(self, *args, **kwargs):
        # EXTENDS account: the states of all invoices of the page, asked for at once
        values = super()._prepare_my_invoices_values(*args, **kwargs)
        values["ereceipt_states"] = self._ereceipt_states
        return values

    def _ereceipt_states(self, rows):
        """Return the states of the invoices of a page of the list.

        :param rows: as the page has them: dicts with ``invoice``
        """
        ids = [row["invoice"].id for row in rows]
        moves = request.env["account.move"].sudo().browse(ids)
        return moves._ereceipt_portal_states()
