from functools import partial

from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from .invoice_page import InvoicePage
from .routes import FORM


class EreceiptPaid(InvoicePage, CustomerPortal):
    """The page on which a customer tells that he has paid his invoice."""

    @http.route("/my/invoices/<int:invoice_id>/ereceipt_paid", **FORM)
    def ereceipt_paid(self, invoice_id, access_token=None, **typed):
        """Show the form, and take what was typed."""
        move = self._invoice(invoice_id, access_token)
        form = move.env["ereceipt.payment.notice"]
        user = request.env.user
        teller = user.browse() if user._is_public() else user
        keep = partial(form._portal_submit, move, typed, teller.partner_id)
        return self._form_page(form, move, typed, keep)
