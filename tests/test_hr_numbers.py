from datetime import datetime

from odoo import Command
from odoo.exceptions import AccessError, UserError

from ..models.ereceipt_numbers import Numbers
from .hr_common import BUYER_OIB, OIB, HrCisCommon


class TestHrNumbers(HrCisCommon):
    """The number that CIS and the customer see: without gaps, in the order of issuing,
    per premises or per device, per year and taxpayer."""

    def number(self, move):
        return move.ereceipt_document_id.authority_number

    def test_per_premises(self):
        moves = [
            self.invoice(journal_id=journal.id)
            for journal in (self.journal, self.journal_2, self.journal)
        ]
        self.assertEqual(
            [self.number(move) for move in moves],
            ["1/POSL1/1", "2/POSL1/2", "3/POSL1/1"],
        )
        self.run_outbox()
        for move in moves:
            self.assertEqual(move.ereceipt_state, "valid")
            self.assertIn("OznSlijed>P<", move.ereceipt_document_id.sudo().content)

    def test_per_device(self):
        # one is enough: premises have one way of counting
        self.device.with_user(self.administrator).hr_numbering = "N"
        self.assertEqual(self.device_2.hr_numbering, "N")
        moves = [
            self.invoice(journal_id=journal.id)
            for journal in (self.journal, self.journal_2, self.journal)
        ]
        self.assertEqual(
            [self.number(move) for move in moves],
            ["1/POSL1/1", "1/POSL1/2", "2/POSL1/1"],
        )
        self.run_outbox()
        self.assertEqual({move.ereceipt_state for move in moves}, {"valid"})

    def test_posted_together(self):
        moves = self.env["account.move"].concat(
            *(self.invoice(post=False) for _each in range(3))
        )
        moves.action_post()
        ordered = moves.sorted("sequence_number")
        self.assertEqual(
            ordered.ereceipt_document_id.mapped("series_number"), [1, 2, 3]
        )
        times = ordered.ereceipt_document_id.mapped("issued_at")
        self.assertEqual(times, sorted(times))

    def test_what_is_rolled_back_leaves_no_gap(self):
        self.invoice()
        savepoint = self.env.cr.savepoint()
        self.assertEqual(self.number(self.invoice()), "2/POSL1/1")
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            self.invoice(price=20000.0)
        self.assertEqual(self.number(self.invoice()), "2/POSL1/1")

    def test_what_corrects_a_receipt_has_its_number(self):
        self.control.fault("racuni", "refuse", times=1, code="s001")
        move = self.invoice()
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "invalid")
        self.assertTrue(move.ereceipt_problems)
        refused = move.ereceipt_document_id
        other = self.invoice()
        move.action_ereceipt_correct()
        self.assertEqual(refused.state, "superseded")
        self.assertNotEqual(move.ereceipt_document_id, refused)
        self.assertEqual(self.number(move), "1/POSL1/1")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(self.number(other), "2/POSL1/1")
        self.assertEqual(self.number(self.invoice()), "3/POSL1/1")

    def test_a_year_begins_in_croatia(self):
        numbers = Numbers(self.device)
        none = self.env["ereceipt.document"]
        last = numbers.take(datetime(2026, 12, 31, 22, 59, 59), none)
        first = numbers.take(datetime(2026, 12, 31, 23, 0, 0), none)
        self.assertEqual(last.series, f"{OIB} P POSL1 2026")
        self.assertEqual(first.series, f"{OIB} P POSL1 2027")
        self.assertEqual(first.number, 1)

    def test_marks_are_cleaned_and_checked(self):
        self.assertEqual(self.device.serial, "POSL1/1")
        devices = self.env["ereceipt.device"].with_user(self.administrator)
        values = {"name": "X", "registration_id": self.registration.id}
        for premises, number in (("POSL-1", "1"), ("POSL1", "A"), ("POSL1", "000")):
            with (
                self.subTest(premises, number=number),
                self.assertRaises(UserError),
                self.env.cr.savepoint(),
            ):
                devices.create(
                    {
                        **values,
                        "serial": "X",
                        "hr_premises": premises,
                        "hr_device_number": number,
                    }
                )

    def test_issued_devices_keep_their_way_of_counting(self):
        self.invoice()
        for device in (self.device, self.device_2):
            with self.assertRaisesRegex(UserError, "way of counting"):
                device.hr_numbering = "N"

    def test_another_taxpayer_counts_for_itself(self):
        self.invoice()
        other = self.setup_other_company()["company"]
        other.vat = f"HR{BUYER_OIB}"
        journal = self.env["account.journal"].search(
            [("company_id", "=", other.id), ("type", "=", "sale")], limit=1
        )
        clerk = self.make_user(
            "clerk", "base.group_user", "account.group_account_invoice", companies=other
        )
        clerk.partner_id.hr_operator_oib = OIB
        boss = self.make_user(
            "boss",
            "base.group_user",
            "account_ereceipt.group_ereceipt_admin",
            companies=other,
        )
        env = self.env(user=boss.id)
        key = self.make_key(env, BUYER_OIB)
        registration = env["ereceipt.registration"].create(self.registered(other, key))
        device = env["ereceipt.device"].create(
            {
                "name": "Till",
                "registration_id": registration.id,
                "hr_premises": "POSL1",
                "hr_device_number": "1",
                "journal_ids": [Command.set(journal.ids)],
            }
        )
        device.action_activate()
        line = {"name": "Čaj", "price_unit": 10.0}
        template = self.env["account.chart.template"].with_company(other)
        vat = template.ref("VAT_S_IN_ROC_25")
        line["tax_ids"] = [Command.set(vat.ids)]
        move = self.invoice(
            user=clerk,
            company_id=other.id,
            journal_id=journal.id,
            lines=[line],
        )
        self.assertEqual(self.number(move.sudo()), "1/POSL1/1")
        self.run_outbox()
        self.assertEqual(move.sudo().ereceipt_state, "valid")
        both = self.control.registered(number="1/POSL1/1")
        self.assertEqual({row["oib"] for row in both}, {OIB, BUYER_OIB})
        with self.assertRaises(AccessError):
            move.sudo().ereceipt_document_id.with_user(self.accountant).read(["state"])
