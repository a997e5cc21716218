import re
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

from odoo.tests import tagged
from odoo.tools.babel import extract_python

from .. import fiscal as fiscal_package
from ..fiscal.contract import Problem
from ..fiscal.messages import Money, Sentence
from .snapshot_common import SnapshotCommon

D = Decimal
NBSP = "\N{NO-BREAK SPACE}"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSentences(SnapshotCommon):
    """Figures in problems are written as the reader's language writes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in ("de_DE", "ar_001"):
            cls.env["res.lang"]._activate_lang(code)
        cls.env.ref("base.EGP").active = True
        cls.egp = cls.env.ref("base.EGP")

    def shown(self, value, lang="en_US", tz="Africa/Cairo", **values):
        """Return a value as it stands in a problem that was kept and is read."""
        documents = self.env["ereceipt.document"]
        problem = Problem("x", "It is %(value)s.", values={"value": value, **values})
        kept = documents._problems_json([problem])
        reading = documents.with_context(lang=lang, tz=tz)
        text = reading._problem_text(kept[0])
        self.assertEqual(
            next(iter(reading._problems_actionable(kept).values()))["message"], text
        )
        return text.removeprefix("It is ").removesuffix(".")

    def test_quantities(self):
        for value, english, german in (
            (D("5.00000E+1"), "50", "50"),
            (D("1234.50000"), "1,234.5", "1.234,5"),
            (D("0.00500"), "0.005", "0,005"),
            (D(0), "0", "0"),
        ):
            self.assertEqual(self.shown(value), english)
            self.assertEqual(self.shown(value, "de_DE"), german)
        self.assertEqual(self.shown(D("NaN")), "NaN")

    def test_arabic_readers_get_their_separators(self):
        arabic = self.env["res.lang"]._lang_get("ar_001")
        self.env["res.lang"].browse(arabic.id).write(
            {"decimal_point": "٫", "thousands_sep": "٬"}
        )
        self.assertEqual(self.shown(D("1234.5"), "ar_001"), "1٬234٫5")
        self.assertEqual(self.shown(date(2026, 11, 3), "ar_001"), "03/11/2026")

    def test_amounts_have_their_currencys_digits(self):
        self.egp.write({"symbol": "LE", "position": "after"})
        yen = self.env["res.currency"].with_context(active_test=False)
        yen = yen.search([("name", "=", "JPY")])
        yen.write({"symbol": "¥", "position": "before", "rounding": 1.0})
        for money, text in (
            (Money(D("1234.50000"), "EGP"), f"1,234.50{NBSP}LE"),
            (Money(D("1234.50001"), "EGP"), f"1,234.50001{NBSP}LE"),
            (Money(D("1234.00000"), "JPY"), f"¥{NBSP}1,234"),
            (Money(D("1.5"), "???"), f"1.5{NBSP}???"),
        ):
            self.assertEqual(self.shown(money), text)
        german = self.shown(Money(D("1234.5"), "EGP"), "de_DE")
        self.assertEqual(german, f"1.234,50{NBSP}LE")

    def test_times_are_the_readers(self):
        moment = datetime(2026, 11, 2, 22, 5, tzinfo=timezone.utc)
        self.assertIn("12:05", self.shown(moment))
        self.assertIn("11/03/2026", self.shown(moment))
        self.assertIn("03.11.2026", self.shown(moment, "de_DE"))
        self.assertIn("02.11.2026", self.shown(moment, "de_DE", tz="UTC"))
        self.assertEqual(self.shown(moment.replace(tzinfo=None)), self.shown(moment))
        self.assertEqual(self.shown(date(2026, 11, 3), "de_DE"), "03.11.2026")

    def test_sentence_within_a_sentence(self):
        inner = Sentence("only %(left)s", left=D("2E+3"))
        self.assertEqual(self.shown(inner), "only 2,000")

    def test_names_of_the_other_direction_are_set_apart(self):
        """In what is shown, or figures would jump to the wrong side; not in what is
        kept."""
        documents = self.env["ereceipt.document"]
        self.assertEqual(self.shown("مسطرة 30"), "\u2068مسطرة 30\u2069")
        self.assertEqual(self.shown("Ruler 30"), "Ruler 30")
        message = (
            "“%(product)s” is not on the sale %(number)s. Remove the line, or choose "
            "the sale that it was on."
        )
        values = {"product": "مسطرة 30", "number": "INV/2026/0001"}
        kept = documents._problems_json([Problem("x", message, values=values)])
        self.assertEqual(kept[0]["values"], values)
        english = documents._problem_text(kept[0])
        self.assertIn("“\u2068مسطرة 30\u2069”", english)
        self.assertIn("the sale INV/2026/0001.", english)
        arabic = documents.with_context(lang="ar_001")._problem_text(kept[0])
        self.assertIn("«مسطرة 30»", arabic)
        self.assertIn("\u2068INV/2026/0001\u2069", arabic)

    def test_what_tells_drafts_apart_keeps_its_order(self):
        """Two names of one direction beside each other would become one."""
        self.egp.write({"symbol": "LE", "position": "after"})
        customer = self.env["res.partner"].create({"name": "منى السيد"})
        move = self.env["account.move"].new(
            {"move_type": "out_invoice", "partner_id": customer.id}
        )
        move.currency_id = self.egp
        label = self.env["ereceipt.problems"]._label
        self.assertIn(", \u2068منى السيد\u2069, 0.00", label(move))
        arabic = self.env["ereceipt.problems"].with_context(lang="ar_001")
        customer.name = "Nile Trading LLC"
        self.assertIn(", Nile Trading LLC, 0.00", label(move))
        self.assertIn(
            f"\u2068Nile Trading LLC\u2069، \u20680.00{NBSP}LE\u2069",
            arabic._label(move.with_context(lang="ar_001")),
        )

    def test_codes_of_problems_are_not_translated(self):
        """Odoo takes what follows a translated text in parentheses for one as well."""
        fiscal = Path(fiscal_package.__file__).parent
        for path in fiscal.rglob("*.py"):
            with path.open("rb") as source:
                terms = [row[2] for row in extract_python(source, {"_": None}, [], {})]
            codes = [term for term in terms if re.fullmatch(r"\w*_\w*|\d+", str(term))]
            self.assertEqual(codes, [], path.name)

    def test_what_was_kept_before_is_shown_as_it_was(self):
        kept = {"code": "x", "message": "It is %(value)s.", "values": {"value": "3"}}
        text = self.env["ereceipt.document"]._problem_text(kept)
        self.assertEqual(text, "It is 3.")

    def test_return_above_what_is_left_says_so_in_the_readers_figures(self):
        self.env["res.lang"]._activate_lang("de_DE")
        sale = self.make(self.sell(1250.5, 10))
        self.codes(sale)
        document = sale.ereceipt_document_id.sudo()
        document._go("sending")
        document._go("valid")
        back = self.make(
            self.sell(2000, 10),
            move_type="out_refund",
            ereceipt_original_uid=document.authority_uid,
        )
        self.assertIn("return_exceeds_quantity", self.codes(back))
        shown = back.with_context(lang="de_DE").ereceipt_problems
        said = [alert["message"] for alert in shown.values()]
        self.assertTrue(
            any("2.000" in text and "1.250,5" in text for text in said), said
        )
