from odoo import http
from odoo.http import request

from odoo.addons.account.controllers.portal import PortalAccount


class EreceiptPortal(PortalAccount):
    @http.route()
    def portal_my_invoice_detail(self, invoice_id, *args, **kwargs):
        # EXTENDS account: a customer who sees an invoice, or downloads it, has it
        response = super().portal_my_invoice_detail(invoice_id, *args, **kwargs)
        if response.status_code == 200 and not request.env.user._is_internal():
            request.env["account.move"].sudo().browse(
                invoice_id
            )._ereceipt_handed_over()
        return response
