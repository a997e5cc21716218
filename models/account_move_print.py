import base64
from functools import cache

from odoo import models
from odoo.tools import file_open, format_datetime
from odoo.tools.misc import get_lang

from ..fiscal import lifecycle
from .ereceipt_qr import qr_png

PRINTED = lifecycle.STANDING
"""States in which the QR code is printed: also before the authority has answered."""

QR_BORDER = 2
"""White modules printed around the QR code; the page around it is white as well."""

LEAST_ROWS, LINES_OF_ROW, LINE = 6, 5, 40
"""Rows of the watermark on a print without lines; lines, in a small font and narrowly
set, beside one row; and the letters of such a line."""

WATERMARK = "account_ereceipt/static/src/img/test_watermark.png"


@cache
def _watermark():
    """Return the word TEST as a transparent picture, as a data URI."""
    with file_open(WATERMARK, "rb") as picture:
        return _data_uri(picture.read())


def _data_uri(png):
    return "data:image/png;base64," + base64.b64encode(png).decode()


class AccountMove(models.Model):
    """What the customer is shown of the document on paper."""

    _inherit = "account.move"

    def _ereceipt_print_values(self):
        """Return what the printed invoice says of its electronic receipt.

        The image is part of the page (a data URI): the printing program fetches
        nothing. The time is the authority's, in figures, since the printing program
        lays Arabic words over Latin ones in one line.

        :return: None where nothing is to be said, else a dict of texts: ``title``,
            ``qr`` ("" or a data URI), ``uid``, ``issued_at``, ``replaces``,
            ``sentence``, and ``watermark`` ("" outside a test environment); and
            ``rows``, names and texts that the authority wants on a print;
            ``watermark_rows``, a number; ``start``, the side where a line begins
        """
        self.ensure_one()
        document = self.ereceipt_document_id.sudo()
        if not document.content_sha256:
            return None
        printed = document.state in PRINTED
        rows = []
        if printed:
            hook = self._ereceipt_hook
            rows = hook(document.registration_id, "print_rows", [], document)
        return {
            "title": document._print_title() if printed else "",
            "qr": document._qr_data_uri() if printed else "",
            "uid": document.authority_uid if printed and not rows else "",
            "rows": rows,
            "issued_at": document._print_issued_at() if printed else "",
            "replaces": self._ereceipt_replaces_text() if printed else "",
            "sentence": document._print_sentence(),
            "watermark": _watermark() if document.environment == "test" else "",
            "watermark_rows": self._ereceipt_watermark_rows(),
            "start": "right" if get_lang(self.env).direction == "rtl" else "left",
        }

    def _ereceipt_watermark_rows(self):
        """Return how often TEST is to stand below another, so that it reaches the end
        of the longest print; more than is needed does no harm."""
        texts = [line.name or "" for line in self.invoice_line_ids]
        texts += [str(self.narration or "")]
        printed = sum(1 + text.count("\n") + len(text) // LINE for text in texts)
        return LEAST_ROWS + printed // LINES_OF_ROW

    def _get_invoice_proforma_pdf_report_filename(self):
        # EXTENDS account: what was issued is no proforma, mailed or not, and says so
        # on the page
        if self.ereceipt_document_id.sudo().state in PRINTED:
            return self._get_invoice_report_filename()
        return super()._get_invoice_proforma_pdf_report_filename()


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _qr_data_uri(self):
        """Return the QR code as a data URI, "" if the document has none."""
        text = self._qr_now()
        return _data_uri(qr_png(text, QR_BORDER)) if text else ""

    def _print_title(self):
        """Return what the document is called. Hook: the glue of an authority that has
        no receipts names its own, by the kind."""
        self.ensure_one()
        titles = {
            "sale": self.env._("Electronic receipt"),
            "return": self.env._("Electronic return receipt"),
            "credit": self.env._("Electronic credit note"),
            "debit": self.env._("Electronic debit note"),
        }
        titles.update(self.registration_id._hook("print_titles", {}))
        return titles[self.kind]

    def _print_issued_at(self):
        """Return the moment of issue in the authority's time zone, in figures."""
        self.ensure_one()
        return format_datetime(
            self.env,
            self.issued_at,
            tz=self._authority_class().limits.zone,
            dt_format="yyyy-MM-dd HH:mm:ss",
            lang_code="en_US",
        )

    def _print_sentence(self):
        """Return what a customer has to be told when no QR code is printed."""
        self.ensure_one()
        if self.state in lifecycle.REFUSED:
            return self.env._(
                "This document was not accepted by the tax authority. You will get "
                "another one in its place."
            )
        if self.state == lifecycle.CANCELLED:
            return self.env._("This document was cancelled at the tax authority.")
        if self.state == lifecycle.SUPERSEDED:
            return self.env._("This document was replaced and must not be used.")
        return ""
