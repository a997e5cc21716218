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
    """An accountant in a real browser: an invoice from a mistake to the printed page,
    and the ways out of what can go wrong with its receipt."""

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

    def tour(self, move, name):
        """Have the accountant go through a tour that begins at an invoice."""
        address = f"/odoo/customer-invoices/{move.id}"
        self.start_tour(address, f"account_ereceipt_{name}", login=LOGIN, timeout=120)

    def test_open_form_shows_what_happens_meanwhile(self):
        move = self.invoice()
        self.tour(move, "watch_state")
        self.assertEqual(move.ereceipt_state, "valid")

    # -------------------------------------------------------------------------
    # WAITING
    # -------------------------------------------------------------------------

    def test_waiting_goes_on_by_itself_when_the_cause_is_mended(self):
        self.device.problem_policy = "wait"
        self.start_tour(
            "/odoo", "account_ereceipt_wait_for_code", login=LOGIN, timeout=120
        )
        move = self.env["account.move"].search([("partner_id", "=", self.buyer.id)])
        self.assertEqual((move.state, move.ereceipt_state), ("posted", "waiting"))
        self.env.ref("account_ereceipt.ir_cron_ereceipt_upkeep").method_direct_trigger()
        self.run_outbox()
        self.assertEqual([row["status"] for row in self.taken(move)], ["Valid"])
        self.tour(move, "went_on")

    # -------------------------------------------------------------------------
    # WRONG CUSTOMER
    # -------------------------------------------------------------------------

    def test_wrong_customer_on_a_valid_receipt(self):
        right = self.buyer.copy({"name": "Fatma Hassan"})
        wrong = self.invoice(partner_id=self.buyer.id)
        self.run_outbox()
        self.tour(wrong, "wrong_customer")
        anew = wrong.ereceipt_anew_ids
        self.assertEqual(anew.partner_id, right)
        moves = wrong | wrong.reversal_move_ids | anew
        self.assertEqual(moves.mapped("state"), ["posted"] * 3)
        self.run_outbox(rounds=5)
        self.assertEqual(moves.mapped("ereceipt_state"), ["valid"] * 3)
        self.assertEqual(
            [[row["status"] for row in self.taken(move)] for move in moves],
            [["Valid"]] * 3,
        )
        self.tour(wrong, "issued_anew")

    # -------------------------------------------------------------------------
    # LATE
    # -------------------------------------------------------------------------

    def late(self):
        """Return an invoice whose document is past the authority's window, while that
        for corrections is open."""
        move = self.invoice()
        self.pass_time(hours=25)
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "late")
        return move

    def test_late_sent_with_a_granted_request(self):
        move = self.late()
        document = move.ereceipt_document_id
        self.control.grant_late("SIM-POS-0001", days=5)
        self.tour(move, "late_reference")
        self.assertEqual(move.ereceipt_document_id, document, "the same document")
        self.assertEqual(document.late_reference, "674859545-26-1")
        # the simulator's clock has to be past the window as the documents' times are
        self.control.settings(clock_offset=25 * 3600)
        self.run_outbox()
        self.assertEqual([row["status"] for row in self.taken(move)], ["Valid"])
        self.tour(move, "went_on")

    def test_late_corrected(self):
        move = self.late()
        late = move.ereceipt_document_id
        self.tour(move, "late_correction")
        self.assertEqual(move.ereceipt_document_id.replaces_id, late)
        self.run_outbox()
        [row] = self.taken(move)
        self.assertEqual(row["status"], "Valid")
        self.assertEqual(row["referenceOldUUID"], late.authority_uid)
        self.tour(move, "went_on")

    def test_late_returned_and_issued_anew(self):
        move = self.late()
        self.tour(move, "late_anew")
        anew = move.ereceipt_anew_ids
        self.assertFalse(move.reversal_move_ids.ereceipt_document_id)
        self.run_outbox()
        self.assertEqual([row["status"] for row in self.taken(anew)], ["Valid"])
        self.assertFalse(self.taken(move))
        self.tour(anew, "went_on")

    # -------------------------------------------------------------------------
    # PRINT
    # -------------------------------------------------------------------------

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
