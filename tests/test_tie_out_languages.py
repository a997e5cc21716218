from odoo.tests import tagged

from ..fiscal import codes_owner
from .common import EreceiptCommon
from .reconciliation_common import ReconciliationKit
from .tie_out_common import TieOutKit


def apart(text):
    """Return a text that keeps its order among words from right to left."""
    return f"\u2068{text}\u2069"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestTieOutLanguages(TieOutKit, ReconciliationKit, EreceiptCommon):
    """Taxes are called as their reader speaks, whoever has compared."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ar_001")
        cls.auditor.lang = "ar_001"
        cls.code = (
            cls.env["ereceipt.code"]
            .sudo()
            .search(
                [
                    ("authority", "=", codes_owner(cls.registration.authority)),
                    ("kind", "=", "tax_subtype"),
                    ("code", "=", "V009"),
                ]
            )
        )

    def read_as(self, line, user):
        """Read a line's names as the web client of a user does."""
        own = line.with_user(user).with_context(lang=user.lang)
        [values] = own.read(["name", "tax_names", "display_name"])
        return values

    def test_each_reads_his_own(self):
        self.vat.with_context(lang="ar_001").name = "ضريبة 14"
        self.code.with_context(lang="ar_001").name = goods = "سلع عامة"
        english, arabic = self.vat.name, "ضريبة 14"
        self.valid()
        line = self.line(self.compared(), "T1", "V009", "14")
        his = self.read_as(line, self.accountant)
        self.assertEqual(his["name"], f"T1 / V009 14 % ({self.code.name})")
        self.assertEqual(his["tax_names"], english)
        hers = self.read_as(line, self.auditor)
        self.assertEqual(hers["name"], f"{apart('T1 / V009 14 %')} ({apart(goods)})")
        self.assertEqual(hers["display_name"], hers["name"])
        self.assertEqual(hers["tax_names"], apart(arabic))
        # a name is that of the moment of comparing
        self.vat.with_context(lang="ar_001").name = "أخرى"
        self.assertEqual(self.read_as(line, self.auditor)["tax_names"], apart(arabic))

    def test_an_arabic_who_compares_and_an_english_who_reads(self):
        self.accountant.lang = "ar_001"
        untaxed = {"product_id": self.item.id, "price_unit": 10.0, "tax_ids": False}
        self.device.problem_policy = "wait"
        self.invoice(lines=[untaxed])
        tie_out = self.compared(user=self.accountant.with_context(lang="ar_001"))
        [line] = tie_out.line_ids
        self.assertEqual(self.read_as(line, self.manager)["name"], "No tax")
        self.assertNotEqual(self.read_as(line, self.auditor)["name"], "No tax")

    def test_what_belongs_to_no_tax(self):
        account = self.vat.invoice_repartition_line_ids.account_id
        account.with_context(lang="ar_001").name = "حساب الضريبة"
        other = self.company_data["default_account_expense"]
        entry = self.env["account.move"].with_user(self.manager)
        lines = [(account, -7.0), (other, 7.0)]
        entry.create(
            {
                "date": self.today(),
                "journal_id": self.company_data["default_journal_misc"].id,
                "line_ids": [
                    (0, 0, {"account_id": one.id, "balance": balance})
                    for one, balance in lines
                ],
            }
        ).action_post()
        self.valid()
        found = self.compared().line_ids.filtered("account_id")
        self.assertIn("Without a tax", self.read_as(found, self.accountant)["name"])
        hers = self.read_as(found, self.auditor)["name"]
        self.assertIn("حساب الضريبة", hers)
        self.assertNotIn("Without a tax", hers)
