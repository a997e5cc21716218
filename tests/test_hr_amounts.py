from odoo import Command
from odoo.exceptions import UserError

from .hr_common import HrCisCommon


class TestHrAmounts(HrCisCommon):
    """Taxes by their kinds, as Odoo rounds them: what CIS' own rules of sums accept."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env["account.chart.template"]
        names = {
            "vat_13": "VAT_S_IN_ROC_13",
            "vat_5": "VAT_S_IN_ROC_5",
            "exempt": "VAT_S_other_exempt_O",
            "outside": "VAT_S_carried_other_state_O",
        }
        cls.taxes = {key: template.ref(name) for key, name in names.items()}
        cls.taxes["vat"] = cls.vat
        cls.taxes["consumption"] = cls.own_tax("PnP 3%", "Pnp", amount=3.0)
        cls.taxes["deposit"] = cls.own_tax(
            "Povratna naknada", "Naknade", amount=0.1, amount_type="fixed"
        )

    def line(self, price, *taxes, **values):
        ids = [self.taxes[name].id for name in taxes]
        return {
            "name": "X",
            "price_unit": price,
            "tax_ids": [Command.set(ids)],
            **values,
        }

    def accepted(self, *lines, **values):
        """Post, send, and return what CIS was sent."""
        move = self.valid(lines=lines, **values)
        row = self.registered_as(move)
        self.assertEqual(row["warnings"], [])
        self.assertEqual(row["total"], f"{abs(move.amount_total):.2f}")
        return move.ereceipt_document_id.sudo().content

    def rows(self, content, group):
        """Return what stands in a group of the message, without its marks."""
        inside = content.partition(f"<tns:{group}>")[2].partition(f"</tns:{group}>")[0]
        for mark in ("Porez", "Stopa", "Osnovica", "Iznos", "Naknada", "NazivN"):
            inside = inside.replace(f"<tns:{mark}>", " ").replace(f"</tns:{mark}>", "")
        return inside.replace("<tns:IznosN>", " ").replace("</tns:IznosN>", "").split()

    def test_every_kind(self):
        content = self.accepted(
            self.line(100.0, "vat"),
            self.line(10.0, "vat_13"),
            self.line(7.0, "vat_5"),
            self.line(30.0, "exempt"),
            self.line(20.0, "outside"),
        )
        self.assertEqual(
            self.rows(content, "Pdv"),
            ["25.00", "100.00", "25.00", "13.00", "10.00", "1.30"]
            + ["5.00", "7.00", "0.35"],
        )
        self.assertEqual(self.rows(content, "IznosOslobPdv"), ["30.00"])
        self.assertEqual(self.rows(content, "IznosNePodlOpor"), ["20.00"])

    def test_consumption_tax_and_deposit(self):
        content = self.accepted(
            self.line(40.0, "vat", "consumption"),
            self.line(2.0, "vat", "deposit", quantity=5),
        )
        self.assertEqual(self.rows(content, "Pnp"), ["3.00", "40.00", "1.20"])
        self.assertEqual(self.rows(content, "Pdv"), ["25.00", "50.00", "12.50"])
        self.assertEqual(self.rows(content, "Naknade"), ["Povratna", "naknada", "0.50"])

    def test_rounding_and_discounts(self):
        for method in ("round_globally", "round_per_line"):
            self.company.tax_calculation_rounding_method = method
            with self.subTest(method):
                self.accepted(
                    *(self.line(0.33 + n / 100, "vat", discount=7) for n in range(9)),
                    self.line(3.33, "vat_13", quantity=0.333),
                    self.line(-1.1, "vat"),
                )

    def test_included_prices(self):
        self.vat.price_include_override = "tax_included"
        content = self.accepted(self.line(1.99, "vat"), self.line(4.99, "vat"))
        self.assertEqual(self.rows(content, "Pdv"), ["25.00", "5.58", "1.40"])

    def test_currency(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        with self.assertRaisesRegex(UserError, "takes euros only"):
            self.invoice(currency_id=dollar.id)

    def test_outside_of_the_vat_system(self):
        self.registration.hr_in_vat = False
        with self.assertRaisesRegex(UserError, "not in the VAT system"):
            self.invoice()
        content = self.accepted(self.line(12.0))
        self.assertIn("USustPdv>false<", content)
        self.assertNotIn("Pdv>", content.replace("USustPdv>", ""))
