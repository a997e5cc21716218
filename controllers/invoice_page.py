from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from .limiter import Limiter

TRIES = Limiter(most=20, seconds=60)
"""By address and invoice: nobody types faster."""


class InvoicePage:
    """What the pages that belong to an invoice in the portal have in common: who may
    see the invoice may see them, by its link, or because he is signed in."""

    def _invoice(self, invoice_id, access_token):
        """Return the invoice, in sudo and in the reader's language; nothing where
        there is none or it is not his, so that both are answered alike."""
        try:
            move = self._document_check_access("account.move", invoice_id, access_token)
        except (AccessError, MissingError):
            return request.env["account.move"]
        return move.with_context(lang=request.env.lang)

    def _too_often(self, move):
        """Return what is said to who sends too much, nothing to anybody else."""
        client = (request.db, request.httprequest.remote_addr, move.id)
        if TRIES.lets(client):
            return []
        return [request.env._("That was too often. Wait a minute, then try again.")]

    def _form_page(self, form, move, typed, keep):
        """Show a form about an invoice, and take what was typed.

        :param form: the model that has it (``ereceipt.portal.form``)
        :param move: the invoice as :meth:`_invoice` returns it
        :param dict typed: what came with the request
        :param keep: called for what was sent; returns what is wrong with it
        """
        if not move or not form._portal_url(move):
            return request.redirect("/my")
        wrong = []
        if request.httprequest.method == "POST":
            wrong = self._too_often(move) or keep()
            if not wrong:
                return request.redirect(f"{form._portal_url(move)}&kept=1")
        return self._page(
            form._portal_template, form._portal_page_values(move, typed, wrong)
        )

    def _page(self, template, values):
        """Render a page that is not found in the history by who sits at the same
        computer next."""
        response = request.render(
            template, {"page_name": "invoice", "no_breadcrumbs": True, **values}
        )
        response.headers["Cache-Control"] = "no-store"
        return response
