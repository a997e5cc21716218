import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import pypdf
import zxingcpp
from PIL import Image

from odoo import Command
from odoo.tests import HttpCase, tagged

from .common import EreceiptCommon

LOGIN = "ereceipt_tour"
DOTS_PER_INCH = 150


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserTour(EreceiptCommon, HttpCase):
    """An accountant's invoice in a real browser, from a mistake to the printed page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = (
            "base.group_user",
            "base.group_partner_manager",
            "product.group_product_manager",
            "account.group_account_manager",
        )
        cls.browser_user(LOGIN, *groups)
        cls.clock = cls.env["product.product"].create(
            {"name": "Wall clock", "taxes_id": [Command.set(cls.vat.ids)]}
        )
        cls.buyer = cls.env["res.partner"].create(
            {"name": "Ahmed Ali", "country_id": cls.env.ref("base.eg").id}
        )

    def test_from_mistakes_to_printed_qr_code(self):
        """Two mistakes, both shown and mended by their links; then posted, sent by
        the job, valid, and printed with a QR code that leads to the authority."""
        self.start_tour(
            "/web/login", "account_ereceipt_post_with_mistakes", timeout=180
        )
        move = self.env["account.move"].search([("partner_id", "=", self.buyer.id)])
        self.assertEqual(len(move), 1)
        self.assertEqual((move.state, move.ereceipt_state), ("posted", "queued"))

        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual([row["status"] for row in self.taken(move)], ["Valid"])
        self.start_tour("/odoo", "account_ereceipt_see_valid", login=LOGIN, timeout=120)

        for program in ("wkhtmltopdf", "pdftoppm"):
            if not shutil.which(program):
                self.skipTest(f"All but the print was tested: no {program} here")
        pdf = self.print_pdf(move)
        link = self.qr_code(pdf)
        self.assertIn(move.ereceipt_uuid, link)
        self.assertTrue(link.startswith(self.simulator_url), link)
        text = "".join(page.extract_text() for page in pypdf.PdfReader(pdf).pages)
        self.assertIn(move.ereceipt_uuid, "".join(text.split()))

    def print_pdf(self, move):
        """Print an invoice as its user would, by the real program."""
        reports = self.env(user=self.manager)["ir.actions.report"]
        content, kind = reports.with_context(
            force_report_rendering=True
        )._render_qweb_pdf("account.account_invoices", move.ids)
        self.assertEqual(kind, "pdf")
        return io.BytesIO(content)

    def qr_code(self, pdf):
        """Read the one QR code of the printed pages with a reader that shares nothing
        with what drew it."""
        with tempfile.TemporaryDirectory() as folder:
            printed = Path(folder, "invoice.pdf")
            printed.write_bytes(pdf.getvalue())
            subprocess.run(
                [
                    "pdftoppm",
                    "-png",
                    "-r",
                    str(DOTS_PER_INCH),
                    str(printed),
                    str(Path(folder, "page")),
                ],
                check=True,
                timeout=60,
            )
            found = []
            for page in sorted(Path(folder).glob("page*.png")):
                with Image.open(page) as image:
                    found += zxingcpp.read_barcodes(image.convert("L"))
        self.assertEqual([code.format.name for code in found], ["QRCode"])
        return found[0].text
