from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from .invoice_page import MOST_BYTES, InvoicePage


class EreceiptTitle(InvoicePage, CustomerPortal):
    """The page on which a customer fills in the title of his invoice."""

    @http.route(
        "/my/invoices/<int:invoice_id>/ereceipt_title",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
        sitemap=False,
        max_content_length=MOST_BYTES,
    )
    def ereceipt_title(self, invoice_id, access_token=None, **typed):
        """Show the form, and take what was typed."""
        move = self._invoice(invoice_id, access_token)
        if not move or not move._ereceipt_title_url():
            return request.redirect("/my")
        wrong = []
        if request.httprequest.method == "POST":
            requests = move.env["ereceipt.request"]
            wrong = self._too_often(move) or requests._portal_submit(move, typed)
            if not wrong:
                return request.redirect(f"{move._ereceipt_title_url()}&kept=1")
        values = self._title_values(move, typed, wrong)
        return self._page("account_ereceipt.portal_title_page", values)

    def _title_values(self, move, typed, wrong):
        requests = move.env["ereceipt.request"]
        level, sentence = requests._portal_sentence(move)
        shown = requests._portal_shown(move)
        if wrong:
            shown = {name: typed.get(name, "") for name in shown}
        return {
            "invoice": move,
            "inputs": requests._portal_inputs(move),
            "shown": shown,
            "wrong": wrong,
            "level": level,
            "sentence": sentence,
            "closed": bool(requests._portal_closed(move)),
            "kept": bool(typed.get("kept")) and not wrong,
        }
