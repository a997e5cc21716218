import base64
import re
import shutil
import subprocess
import tempfile
from io import BytesIO
from pathlib import Path

import zxingcpp
from lxml import html
from PIL import Image

from odoo.tests import BaseCase, tagged

from ..models.ereceipt_qr import qr_png
from .common import EreceiptCommon

REPORT = "account.account_invoices"
DATA_URI = re.compile(r"data:image/png;base64,([0-9A-Za-z+/=]+)")


def read_codes(picture):
    """Return the texts of the QR codes in a picture (bytes of a PNG)."""
    return [code.text for code in zxingcpp.read_barcodes(Image.open(BytesIO(picture)))]


@tagged("post_install", "-at_install")
class TestQr(BaseCase):
    """The picture of a QR code."""

    def test_every_size_is_read(self):
        for text in ("1", "https://127.0.0.1/" + "a" * 200 + "#Total:1,IssuerRIN:2"):
            for border in (2, 4):
                self.assertEqual(read_codes(qr_png(text, border)), [text])


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPrint(EreceiptCommon):
    """What the customer holds in his hands, and sees in the portal."""

    def page(self, move, lang="en_US", **data):
        """Return the printed page as the printing program gets it."""
        move.sudo().partner_id.lang = lang
        content, _kind = self.env["ir.actions.report"]._render_qweb_html(
            REPORT, move.ids, data=data
        )
        return html.fromstring(content)

    def block(self, move):
        found = self.page(move).xpath("//div[@name='ereceipt']")
        return found[0] if found else None

    def codes(self, block):
        pictures = DATA_URI.findall("".join(block.xpath(".//img/@src")))
        return [text for p in pictures for text in read_codes(base64.b64decode(p))]

    # -------------------------------------------------------------------------
    # WHAT IS PRINTED
    # -------------------------------------------------------------------------

    def test_qr_before_the_answer_and_after(self):
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        for state in ("queued", "valid"):
            self.assertEqual(move.ereceipt_state, state)
            block = self.block(move)
            self.assertEqual(self.codes(block), [document.qr])
            self.assertIn(document.authority_uid, block.text_content())
            self.run_outbox()

    def test_the_page_fetches_nothing(self):
        block = self.block(self.invoice())
        self.assertTrue(block.xpath(".//img"))
        for source in block.xpath(".//img/@src"):
            self.assertTrue(source.startswith("data:"), source[:40])

    def test_time_is_the_authoritys(self):
        move = self.invoice()
        self.env.cr.execute(
            "UPDATE ereceipt_document SET issued_at = '2026-07-01 22:30:00' "
            "WHERE id = %s",
            [move.ereceipt_document_id.id],
        )
        self.env.invalidate_all()
        self.assertIn("2026-07-02 01:30:00", self.block(move).text_content())

    def test_credit_note_says_return(self):
        sale = self.invoice()
        self.run_outbox()
        credit_note = self.reversal(sale)
        self.assertIn(
            "Electronic return receipt", self.block(credit_note).text_content()
        )

    def test_refused_has_no_code(self):
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice()
        self.run_outbox()
        block = self.block(move)
        self.assertEqual(self.codes(block), [])
        self.assertIn("not accepted", block.text_content())

    def test_correction_says_what_it_replaces(self):
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice()
        self.run_outbox()
        refused = move.ereceipt_document_id
        move.with_user(self.accountant).action_ereceipt_correct()
        self.assertNotEqual(move.ereceipt_document_id, refused)
        block = self.block(move)
        self.assertIn(refused.authority_uid, block.text_content())
        self.assertEqual(self.codes(block), [move.ereceipt_document_id.sudo().qr])

    def test_nothing_for_others(self):
        """Neither drafts, nor what waits, nor journals without a device."""
        draft = self.invoice(post=False)
        self.device.problem_policy = "wait"
        self.item_mapping.with_user(self.manager).unlink()
        waiting = self.invoice()
        self.assertEqual(waiting.ereceipt_state, "waiting")
        for move in (draft, waiting):
            self.assertIsNone(self.block(move))

    def test_what_was_issued_is_no_proforma(self):
        """Odoo calls an invoice so in the portal until it was mailed or printed."""
        issued = self.invoice()
        self.assertEqual(self.title(issued), f"Invoice {issued.name}")
        self.assertNotIn("proforma", self.file_name(issued))
        self.run_outbox()
        self.assertEqual(self.file_name(issued), issued.name.replace("/", "_") + ".pdf")
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        refused = self.invoice()
        self.run_outbox()
        self.assertEqual(self.title(refused), f"Proforma Invoice {refused.name}")
        self.assertIn("proforma", self.file_name(refused))

    def file_name(self, move):
        return move._get_invoice_proforma_pdf_report_filename()

    def title(self, move):
        [title] = self.page(move, proforma=True).xpath("//h2")
        return " ".join(title.text_content().split())

    # -------------------------------------------------------------------------
    # TEST
    # -------------------------------------------------------------------------

    def test_test_is_written_across(self):
        page = self.page(self.invoice())
        [cover] = page.xpath("//div[@name='ereceipt_test']")
        pictures = cover.xpath(".//img/@src")
        self.assertTrue(all(DATA_URI.fullmatch(picture) for picture in pictures))
        self.assertEqual(len(pictures) % 3, 0)
        self.assertIn("TEST", page.xpath("//div[@name='ereceipt']")[0].text_content())

    def test_test_reaches_the_end_of_a_long_print(self):
        move = self.invoice(post=False)
        few = move._ereceipt_watermark_rows()
        move.invoice_line_ids.name = "\n".join(["Note"] * 200)
        self.assertGreater(move._ereceipt_watermark_rows(), few + 30)

    def test_production_is_clean(self):
        move = self.invoice()
        self.env.cr.execute(
            "UPDATE ereceipt_document SET environment = 'production' WHERE id = %s",
            [move.ereceipt_document_id.id],
        )
        self.env.invalidate_all()
        page = self.page(move)
        self.assertFalse(page.xpath("//div[@name='ereceipt_test']"))
        self.assertNotIn(
            "TEST", page.xpath("//div[@name='ereceipt']")[0].text_content()
        )

    # -------------------------------------------------------------------------
    # PAPER
    # -------------------------------------------------------------------------

    def test_code_on_paper_is_read(self):
        """The page as it leaves the printer, at the resolution of a poor one, with
        TEST printed over it, in both directions of writing."""
        for program in ("wkhtmltopdf", "pdftoppm"):
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")
        self.env["res.lang"]._activate_lang("ar_001")
        for lang in ("en_US", "ar_001"):
            move = self.invoice()
            move.sudo().partner_id.lang = lang
            pictures = self.print_on_paper(move)
            codes = [code for picture in pictures for code in read_codes(picture)]
            self.assertEqual(codes, [move.ereceipt_document_id.sudo().qr], lang)
            reds = [self.red_thirds(picture) for picture in pictures]
            self.assertEqual(reds, [[True] * 3] * len(pictures), "TEST is missing")

    def print_on_paper(self, move):
        """Return each page as the bytes of a PNG."""
        reports = self.env["ir.actions.report"].with_context(
            force_report_rendering=True
        )
        content, kind = reports._render_qweb_pdf(REPORT, move.ids)
        self.assertEqual(kind, "pdf")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "page.pdf"
            path.write_bytes(content)
            subprocess.run(
                ["pdftoppm", "-r", "100", "-png", path, path.with_suffix("")],
                check=True,
                timeout=60,
            )
            return [page.read_bytes() for page in sorted(Path(folder).glob("*.png"))]

    def red_thirds(self, picture):
        """Return for each third of a page, side by side, whether there is red."""
        page = Image.open(BytesIO(picture)).convert("RGB")
        width = page.width // 3
        thirds = [
            page.crop((n * width, 0, (n + 1) * width, page.height)) for n in range(3)
        ]
        return [self.has_red(third) for third in thirds]

    def has_red(self, pixels):
        colours = pixels.getcolors(pixels.width * pixels.height)
        return any(red > green + 30 for _count, (red, green, _blue) in colours)

    # -------------------------------------------------------------------------
    # PORTAL
    # -------------------------------------------------------------------------

    def test_portal_tells_the_state(self):
        move = self.invoice()
        self.assertIn("on its way", move._ereceipt_portal_values()["status"])
        self.run_outbox()
        values = move._ereceipt_portal_values()
        self.assertTrue(values["valid"])
        self.assertFalse(values["replaced"])
        self.assertEqual(
            read_codes(self.picture(values)), [move.ereceipt_document_id.qr]
        )

    def picture(self, values):
        return base64.b64decode(DATA_URI.fullmatch(values["qr"])[1])

    def test_portal_leads_to_what_replaces_it_for_the_same_customer_only(self):
        sale = self.invoice()
        self.run_outbox()
        anew = self.invoice()
        anew.sudo().ereceipt_anew_of_id = sale
        values = sale._ereceipt_portal_values()
        self.assertTrue(values["replaced"])
        self.assertEqual(values["replacement"], anew)
        other = self.env["res.partner"].create({"name": "Somebody else"})
        self.env.cr.execute(
            "UPDATE account_move SET commercial_partner_id = %s, partner_id = %s "
            "WHERE id = %s",
            [other.id, other.id, anew.id],
        )
        self.env.invalidate_all()
        values = sale._ereceipt_portal_values()
        self.assertTrue(values["replaced"])
        self.assertFalse(values["replacement"])
