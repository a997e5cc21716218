import base64
import io
import zipfile

from lxml import html

from odoo.tests import Form, tagged

from .common import EreceiptCommon
from .reconciliation_common import ReconciliationKit
from .tie_out_common import TieOutKit

ARABIC = "ar_001"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReportDirections(TieOutKit, ReconciliationKit, EreceiptCommon):
    """Reports and their names for who reads from right to left."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang(ARABIC)

    def sheets(self, record):
        """Return the XML of the sheets of a report."""
        content = base64.b64decode(record.report_xlsx)
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            names = [name for name in book.namelist() if "/sheet" in name]
            return [book.read(name).decode() for name in names if "_rels" not in name]

    def test_sheets_begin_where_the_reader_does(self):
        self.valid()
        for record in (self.compared(), self.reconciled()):
            for lang, expected in (("en_US", False), (ARABIC, True)):
                for sheet in self.sheets(record.with_context(lang=lang)):
                    self.assertEqual('rightToLeft="1"' in sheet, expected)

    def test_names_hold_together(self):
        self.valid()
        for record in (self.compared(), self.reconciled()):
            arabic = record.with_context(lang=ARABIC)
            start = arabic._day_text(record.date_from)
            self.assertEqual((start[0], start[-1]), ("\u2068", "\u2069"))
            self.assertIn(start, arabic.display_name)
            self.assertNotIn("-", arabic.display_name, "a line may break there")
            self.assertNotIn("\u2068", record.with_context(lang="en_US").display_name)

    def test_what_is_printed_from_left_to_right_has_its_own_element(self):
        arabic = self.env["ereceipt.report.mixin"].with_context(lang=ARABIC)
        cases = {
            "V009 14 % (General)": '<span dir="ltr">V009 14 % (General)</span>',
            "29/11/2026 01:36 م": '<span dir="ltr">29/11/2026 01:36</span> م',
            "(ETA) لشركة": "<span>(</span>"
            '<span dir="ltr">ETA</span><span>)</span> لشركة',
            "مصر: 14 %": 'مصر<span>:</span> <span dir="ltr">14 %</span>',
            "-189.00": '<span dir="ltr">-189.00</span>',
            "<b>": '<span dir="ltr">&lt;b&gt;</span>',
            "\u2068مكتبة\u2069": "مكتبة",
        }
        for text, printed in cases.items():
            self.assertEqual(str(arabic._printed_text(text)), printed)
        self.assertEqual(str(arabic._printed_text(0)), '<span dir="ltr">0</span>')
        self.assertFalse(arabic._printed_text(False))
        english = arabic.with_context(lang="en_US")
        self.assertEqual(str(english._printed_text("a <b>")), "a &lt;b&gt;")

    def test_amounts_in_print_keep_their_sign_in_front(self):
        sold = self.valid()
        sold.sudo().ereceipt_document_id._go("cancelled")
        tie_out = self.compared()
        self.assertEqual(tie_out.result, "open")
        self.accountant.lang = ARABIC
        reports = self.env["ir.actions.report"].with_user(self.accountant)
        content, _kind = reports.with_context(lang=ARABIC)._render_qweb_html(
            "account_ereceipt.report_tie_out", tie_out.ids
        )
        page = html.fromstring(content)
        amounts = page.xpath("//tbody//*[contains(@class, 'oe_currency_value')]")
        self.assertTrue(amounts)
        for amount in amounts:
            self.assertTrue(amount.xpath("ancestor-or-self::*[@dir='ltr']"))

    def test_a_tie_out_is_named_by_its_company(self):
        """It sums up all the company's registrations, says so at once, and asks for
        none."""
        second = self.env["ereceipt.registration"].with_user(self.administrator)
        second = second.create(
            {
                "company_id": self.company.id,
                "authority": "eg_invoice",
                "environment": "test",
            }
        )
        form = Form(self.env["ereceipt.tie"].with_user(self.accountant))
        self.assertEqual(form.registration_id.company_id, self.company)
        for registration in self.registration | second:
            self.assertIn(registration.display_name, form.scope_text)
        self.valid()
        tie_out = self.compared(registration=second)
        self.assertIn(self.company.name, tie_out.display_name)
        self.assertNotIn("e-Invoice", tie_out.display_name)
        self.assertEqual(tie_out.scope_text, form.scope_text)
