from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from .invoice_page import MOST_BYTES, InvoicePage


class EreceiptPaid(InvoicePage, CustomerPortal):
    """The page on which a customer tells that he has paid his invoice."""

    @http.route(
        "/my/invoices/<int:invoice_id>/ereceipt_paid",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
        sitemap=False,
        max_content_length=MOST_BYTES,
    )
    def ereceipt_paid(self, invoice_id, access_token=None, **typed):
        """Show the form, and take what was typed."""
        move = self._invoice(invoice_id, access_token)
        if not move or not move._ereceipt_paid_url():
            return request.redirect("/my")
        wrong = []
        if request.httprequest.method == "POST":
            wrong = self._too_often(move) or self._tell(move, typed)
            if not wrong:
                return request.redirect(f"{move._ereceipt_paid_url()}&kept=1")
        values = self._paid_values(move, typed, wrong)
        return self._page("account_ereceipt.portal_paid_page", values)

    def _tell(self, move, typed):
        user = request.env.user
        teller = user.browse() if user._is_public() else user
        return move.env["ereceipt.payment.notice"]._portal_submit(
            move, typed, teller.partner_id
        )

    def _paid_values(self, move, typed, wrong):
        notices = move.env["ereceipt.payment.notice"]
        inputs = notices._portal_inputs(move)
        level, sentence = notices._portal_sentence(move)
        return {
            "invoice": move,
            "inputs": inputs,
            "shown": {one["name"]: typed.get(one["name"], "") for one in inputs},
            "wrong": wrong,
            "level": level,
            "sentence": sentence,
            "closed": notices._portal_closed(move),
            "kept": bool(typed.get("kept")) and not wrong,
        }
