from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from .limiter import Limiter

MOST_BYTES = 16 * 1024
"""The whole form; each input has a limit of its own."""

TRIES = Limiter(most=20, seconds=60)
"""By address and invoice: nobody types faster."""


class EreceiptTitle(CustomerPortal):
    """The page on which a customer fills in the title of his invoice. Who may see the
    invoice may do so: by its link, or because he is signed in."""

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
        try:
            move = self._document_check_access("account.move", invoice_id, access_token)
        except (AccessError, MissingError):
            # one answer, whether there is such an invoice or not
            return request.redirect("/my")
        move = move.with_context(lang=request.env.lang)
        if not move._ereceipt_title_url():
            return request.redirect("/my")
        wrong = []
        if request.httprequest.method == "POST":
            wrong = self._take(move, typed)
            if not wrong:
                return request.redirect(f"{move._ereceipt_title_url()}&kept=1")
        response = request.render(
            "account_ereceipt.portal_title_page", self._page(move, typed, wrong)
        )
        # whoever sits at the same computer next does not find it in the history
        response.headers["Cache-Control"] = "no-store"
        return response

    def _take(self, move, typed):
        """Keep what was typed, and return what is wrong with it."""
        client = (request.db, request.httprequest.remote_addr, move.id)
        if not TRIES.lets(client):
            return [request.env._("That was too often. Wait a minute, then try again.")]
        return move.env["ereceipt.request"]._portal_submit(move, typed)

    def _page(self, move, typed, wrong):
        requests = move.env["ereceipt.request"]
        level, sentence = requests._portal_sentence(move)
        shown = requests._portal_shown(move)
        if wrong:
            shown = {name: typed.get(name, "") for name in shown}
        return {
            "page_name": "invoice",
            "invoice": move,
            "inputs": requests._portal_inputs(move),
            "shown": shown,
            "wrong": wrong,
            "level": level,
            "sentence": sentence,
            "closed": bool(requests._portal_closed(move)),
            "kept": bool(typed.get("kept")) and not wrong,
            "no_breadcrumbs": True,
        }
