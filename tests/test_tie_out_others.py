from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from .cn_common import CnNuonuoCommon
from .common import EreceiptCommon
from .hr_common import HrCisCommon
from .tie_out_common import TieOutKit
from .toy_authority import toy, toy_till


@tagged("post_install", "-at_install", "post_install_l10n")
class TestTieOutCroatia(TieOutKit, HrCisCommon):
    """By the members of the message: VAT, consumption tax, exempt, outside, fees."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env["account.chart.template"]
        cls.exempt = template.ref("VAT_S_other_exempt_O")
        cls.outside = template.ref("VAT_S_carried_other_state_O")
        cls.consumption = cls.own_tax("PnP 3%", "Pnp", amount=3.0)
        cls.deposit = cls.own_tax(
            "Povratna naknada", "Naknade", amount=0.1, amount_type="fixed"
        )
        cls.deposit_line = cls.own_tax("Povratna naknada 0%", "Naknade", amount=0.0)

    def sold(self, price, *taxes, **values):
        ids = [tax.id for tax in taxes]
        return {
            "name": "X",
            "price_unit": price,
            "tax_ids": [Command.set(ids)],
            **values,
        }

    def test_every_member_of_the_message(self):
        self.valid(
            lines=[
                self.sold(40.0, self.vat, self.consumption),
                self.sold(10.0, self.vat, self.deposit, quantity=3),
                self.sold(7.5, self.exempt),
                self.sold(2.5, self.outside),
                self.sold(1.4, self.deposit_line),
            ]
        )
        tie_out = self.compared()
        self.assertEqual(tie_out.result, "equal", self.kinds(tie_out))
        expected = {
            ("Pdv", "25"): (70, 17.5),
            ("Pnp", "3"): (40, 1.2),
            ("IznosOslobPdv", ""): (7.5, 0),
            ("IznosNePodlOpor", ""): (2.5, 0),
            ("Naknade", ""): (0, 1.7),
        }
        found = {
            (line.tax_type, line.rate or ""): self.figures(line)
            for line in tie_out.line_ids
        }
        self.assertEqual({k: v[0] for k, v in found.items()}, expected)
        self.assertEqual({k: v[1] for k, v in found.items()}, expected)
        self.assertEqual(found["Pdv", "25"][2:], ((70, 17.5), 17.5), "grids, account")
        self.assertEqual(found["IznosOslobPdv", ""][2], (7.5, 0))

    def test_a_return_and_what_has_no_document(self):
        sold = self.valid()
        self.reversal(sold, quantity=0.25)
        self.run_outbox()
        journal = self.journal.copy({"name": "eRačun", "code": "ERAC"})
        journal.ereceipt_needs_none = True
        other = self.invoice(journal_id=journal.id)
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {other.name: {"elsewhere"}})
        line = self.line(tie_out, "Pdv", "", "25")
        self.assertEqual(self.figures(line)[:2], ((75, 18.75), (175, 43.75)))
        self.assertEqual(tie_out.result, "explained")


@tagged("post_install", "-at_install", "post_install_l10n")
class TestTieOutChina(TieOutKit, CnNuonuoCommon):
    """By rate and policy; the bureau's own date decides; one fapiao of several
    invoices; an account that purchases share."""

    def valid(self, **values):
        move = self.invoice(**values)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        return move

    def test_rates(self):
        self.valid()
        lines = [
            {
                "product_id": self.item.id,
                "price_unit": price,
                "tax_ids": [Command.set(tax.ids)],
            }
            for price, tax in ((33.33, self.vat), (66.67, self.vat_6))
        ]
        self.valid(lines=lines)
        tie_out = self.compared()
        self.assertEqual(tie_out.result, "equal", self.kinds(tie_out))
        self.assertEqual(
            self.figures(self.line(tie_out, "VAT", "", "13")),
            ((133.33, 17.33), (133.33, 17.33), None, 17.33),
        )
        self.assertEqual(
            self.figures(self.line(tie_out, "VAT", "", "6"))[0], (66.67, 4.0)
        )

    def test_a_policy_of_zero(self):
        free = self.env["account.tax"].create(
            {"name": "免税", "amount": 0.0, "type_tax_use": "sale"}
        )
        mapping = self.env["ereceipt.code.mapping"].with_user(self.manager)
        mapping.create(
            {
                "authority": "cn_nuonuo",
                "kind": "tax",
                "tax_id": free.id,
                "code": "VAT",
                "subcode": "01",
            }
        )
        line = {"product_id": self.item.id, "price_unit": 80.0, "quantity": 1}
        self.valid(lines=[{**line, "tax_ids": [Command.set(free.ids)]}])
        tie_out = self.compared()
        self.assertEqual(tie_out.result, "equal", self.kinds(tie_out))
        self.assertEqual(self.figures(self.line(tie_out, "VAT", "01", "0"))[0], (80, 0))

    def test_the_bureau_dates_it(self):
        move = self.valid()
        document = move.ereceipt_document_id.sudo()
        self.assertTrue(document.authority_ids["issued_at"])
        later = self.today() + timedelta(days=5)
        document.authority_ids = {
            **document.authority_ids,
            "issued_at": f"{later:%Y-%m-%d}T03:00:00+00:00",
        }
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"counted_elsewhen"}})
        self.assertEqual(tie_out.difference_ids.day_there, later)

    def test_several_invoices_on_one_fapiao(self):
        self.device.issue_moment = "manual"
        moves = self.invoice(price=30.0) | self.invoice(price=40.0)
        moves.action_ereceipt_issue_together()
        self.run_outbox()
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"valid"})
        tie_out = self.compared()
        self.assertEqual(tie_out.result, "equal", self.kinds(tie_out))
        self.assertEqual((tie_out.document_count, tie_out.move_count), (1, 2))
        line = self.line(tie_out, "VAT", "", "13")
        self.assertEqual(self.figures(line)[0], (70, 9.1))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestTieOutToy(TieOutKit, EreceiptCommon):
    """Nothing in the engine knows an authority by its name."""

    def test_any_authority(self):
        till = toy_till(self, toy(self, code="toy"))
        move = self.invoice(journal_id=till.journal_ids.id)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        tie_out = self.compared(registration=till.registration_id)
        self.assertEqual(tie_out.result, "equal", self.kinds(tie_out))
        self.assertEqual(
            self.figures(tie_out.line_ids), ((100, 14), (100, 14), (100, 14), 14)
        )

    def test_another_administration_is_elsewhere(self):
        till = toy_till(self, toy(self, code="toy"))
        self.invoice(journal_id=till.journal_ids.id)
        other = self.invoice()
        self.run_outbox()
        tie_out = self.compared(registration=till.registration_id)
        self.assertEqual(self.kinds(tie_out), {other.name: {"elsewhere"}})
