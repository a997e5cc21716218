import base64
from functools import cache

from odoo import models
from odoo.tools import file_open

from ..fiscal import lifecycle
from .ereceipt_qr import qr_png

PRINTED = lifecycle.STANDING - {lifecycle.FAILED}
"""States in which the QR code is printed: also before the authority has answered."""

REFUSED = frozenset({lifecycle.INVALID, lifecycle.REJECTED})
QR_BORDER = 2
"""White modules printed around the QR code; the page around it is white as well."""

WATERMARK = "account_ereceipt/static/src/img/test_watermark.png"


@cache
def _watermark():
    """Return the word TEST as a transparent picture, as a data URI."""
    with file_open(WATERMARK, "rb") as picture:
        return _data_uri(picture.read())


def _data_uri(png):
    return "data:image/png;base64," + base64.b64encode(png).decode()


class AccountMove(models.Model):
    """What is printed of the document on what the customer gets."""

    _inherit = "account.move"

    def _ereceipt_print_values(self):
        """Return what the printed invoice says of its electronic receipt.

        The image is part of the page (a data URI): the printing program fetches
        nothing.

        :return: None where nothing is to be said, else a dict with ``qr`` ("" or a
            data URI), ``uid``, ``issued_at`` (UTC), ``zone`` (the
            authority's), ``replaces``, ``sentence``, ``test``, ``watermark``
        """
        self.ensure_one()
        document = self.ereceipt_document_id.sudo()
        if not document.content_sha256:
            return None
        printed = document.state in PRINTED
        return {
            "qr": document._qr_data_uri() if printed else "",
            "uid": document.authority_uid if printed else "",
            "issued_at": document.issued_at,
            "zone": document._authority_class().limits.zone,
            "replaces": self._ereceipt_replaces_text() if printed else "",
            "sentence": document._print_sentence(),
            "test": document.environment == "test",
            "watermark": _watermark(),
        }


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _qr_data_uri(self):
        """Return the QR code as a data URI, "" if the document has none."""
        return _data_uri(qr_png(self.qr, QR_BORDER)) if self.qr else ""

    def _print_sentence(self):
        """Return what a customer has to be told when no QR code is printed."""
        self.ensure_one()
        if self.state in REFUSED:
            return self.env._(
                "This receipt was not accepted by the tax authority. You will get "
                "another one in its place."
            )
        if self.state == lifecycle.CANCELLED:
            return self.env._("This receipt was cancelled at the tax authority.")
        return ""
