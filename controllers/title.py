from functools import partial

from odoo import http

from odoo.addons.portal.controllers.portal import CustomerPortal

from .invoice_page import InvoicePage
from .routes import FORM


class EreceiptTitle(InvoicePage, CustomerPortal):
    """The page on which a customer fills in the title of his invoice."""

    @http.route("/my/invoices/<int:invoice_id>/ereceipt_title", **FORM)
    def ereceipt_title(self, invoice_id, access_token=None, **typed):
        """Show the form, and take what was typed."""
        move = self._invoice(invoice_id, access_token)
        form = move.env["ereceipt.request"]
        keep = partial(form._portal_submit, move, typed)
        return self._form_page(form, move, typed, keep)
