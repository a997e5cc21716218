from odoo import http
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.account_move_print import QR_BORDER
from ..models.ereceipt_qr import qr_png
from .invoice_page import InvoicePage
from .limiter import Limiter

DOWNLOADS = Limiter(most=60, seconds=60)
PICTURES = Limiter(most=120, seconds=60)
"""By address: more than a person looks at, and than a mail program fetches."""

PICTURE_SECONDS = 3600
"""How long a picture may be kept by who has fetched it: it may be another one when the
authority has answered, or a document took the other's place."""


class EreceiptOriginal(InvoicePage, CustomerPortal):
    """The files of an invoice's document for its customer, and the picture of its QR
    code for mails."""

    @http.route(
        "/my/invoices/<int:invoice_id>/ereceipt_file/<string(maxlength=20):key>",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
    )
    def ereceipt_file(self, invoice_id, key, access_token=None, **_more):
        """Hand one of the document's files to the customer."""
        if not self._lets(DOWNLOADS):
            return request.make_response("", status=429)
        move = self._invoice(invoice_id, access_token)
        document = move.ereceipt_document_id
        customer = move.commercial_partner_id
        file, content = None, b""
        if document:
            file, content = document._portal_file(key, customer)
        if file is None:
            return request.redirect("/my")
        if not request.env.user._is_internal():
            move._ereceipt_handed_over()
        return request.make_response(
            content,
            headers=[
                ("Content-Type", file.media_type or "application/octet-stream"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(file.name)),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )

    @http.route(
        "/ereceipt/qr/<int:document_id>/<string(maxlength=64):signature>.png",
        type="http",
        auth="public",
        methods=["GET"],
        sitemap=False,
        save_session=False,
    )
    def ereceipt_qr(self, document_id, signature):
        """Show the QR code that counts now, to who has its address from a mail."""
        if not self._lets(PICTURES):
            return request.make_response("", status=429)
        document = request.env["ereceipt.document"].sudo().browse(document_id)
        text = document._qr_text_for(signature)
        if not text:
            return request.make_response("", status=404)
        headers = [
            ("Content-Type", "image/png"),
            ("Cache-Control", f"public, max-age={PICTURE_SECONDS}"),
        ]
        return request.make_response(qr_png(text, QR_BORDER), headers=headers)

    def _lets(self, limiter):
        return limiter.lets((request.db, request.httprequest.remote_addr))
