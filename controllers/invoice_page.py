from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from .limiter import Limiter

MOST_BYTES = 16 * 1024
"""A whole form; each input has a limit of its own."""

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

    def _page(self, template, values):
        """Render a page that is not found in the history by who sits at the same
        computer next."""
        response = request.render(
            template, {"page_name": "invoice", "no_breadcrumbs": True, **values}
        )
        response.headers["Cache-Control"] = "no-store"
        return response
