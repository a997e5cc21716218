from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .alert_common import AlertKit
from .common import EreceiptCommon
from .invoice_common import EgInvoiceCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestProofNumbers(AlertKit, EreceiptCommon):
    """Each number without a document is in a list, with what became of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.numbers = cls.env["ereceipt.number"].with_user(cls.auditor)

    def found(self, **values):
        return self.numbers.search([(name, "=", v) for name, v in values.items()])

    def numbered(self, *numbers):
        """Post invoices with these numbers in their journal's series."""
        moves = self.env["account.move"]
        for number in numbers:
            move = self.invoice(post=False)
            if moves:
                name = f"{moves[-1].sequence_prefix}{number:05d}"
            else:
                name = f"INV/{self.today().year}/{number:05d}"
            move.name = name
            move.action_post()
            self.assertEqual(move.sequence_number, number)
            moves += move
        return moves

    def look(self):
        self.env["ereceipt.number"].sudo()._find_gaps()
        self.env.flush_all()

    # -------------------------------------------------------------------------
    # GAPS
    # -------------------------------------------------------------------------

    def test_without_gaps_there_is_nothing_to_explain(self):
        for _number in range(3):
            self.invoice()
        self.look()
        self.assertFalse(self.found())

    def test_gaps_between_numbers(self):
        moves = self.numbered(1, 2, 4, 8)
        for _run in range(2):
            self.look()
        rows = self.found(kind="missing").sorted("number_first")
        self.assertEqual(
            [(row.number_first, row.number_last, row.count) for row in rows],
            [(3, 3, 1), (5, 7, 3)],
        )
        self.assertEqual(rows.mapped("state"), ["open", "open"])
        self.assertEqual(rows.journal_id, self.journal)
        self.assertEqual(set(rows.mapped("date")), set(moves.mapped("date")))
        self.assertIn("00005", rows[1].name)
        self.assertIn("00007", rows[1].name)
        self.assertTrue(all(rows.mapped("sentence")))

    def test_other_journals_are_none_of_ours(self):
        plain = self.journal.copy({"name": "Plain", "code": "PLAIN"})
        for number in (1, 5):
            move = self.invoice(post=False, journal_id=plain.id)
            move.name = f"PLAIN/{number:05d}"
            move.action_post()
        self.look()
        self.assertFalse(self.found(journal_id=plain.id))

    def test_a_gap_that_is_filled_later(self):
        self.numbered(1, 4)
        self.look()
        [gap] = self.found(kind="missing")
        self.numbered_one(2)
        self.look()
        self.assertEqual(gap.state, "used")
        self.assertIn("has changed since", gap.sentence)
        self.assertTrue(gap.used_at)
        [rest] = self.found(kind="missing", state="open")
        self.assertEqual((rest.number_first, rest.number_last), (3, 3))

    def numbered_one(self, number):
        move = self.invoice(post=False)
        move.name = f"INV/{self.today().year}/{number:05d}"
        move.action_post()
        return move

    def test_the_job_looks_once_a_day(self):
        self.upkeep()
        self.numbered(1, 3)
        self.upkeep()
        self.assertFalse(self.found(kind="missing"))
        self.env["ir.config_parameter"].sudo().set_param(
            "account_ereceipt.gaps_looked_at",
            fields.Datetime.to_string(self.ago(days=1)),
        )
        self.upkeep()
        self.assertEqual(len(self.found(kind="missing")), 1)

    # -------------------------------------------------------------------------
    # DELETED AND TAKEN BACK
    # -------------------------------------------------------------------------

    def unreported(self):
        """Return a posted invoice that waits, so that it can be deleted."""
        self.device.with_user(self.administrator).issue_moment = "manual"
        move = self.invoice()
        self.assertEqual(move.ereceipt_state, "waiting")
        return move

    def test_a_deleted_invoice_is_noted_with_who_did_it(self):
        move, after = self.unreported(), self.unreported()
        name, number = move.name, move.sequence_number
        self.assertEqual(after.sequence_number, number + 1)
        move.button_draft()
        move.with_user(self.manager).with_context(force_delete=True).unlink()
        self.look()
        [row] = self.found(kind="deleted")
        self.assertEqual((row.name, row.number_first), (name, number))
        self.assertEqual(row.user_id, self.manager)
        self.assertTrue(row.happened_at)
        self.assertIn("manager", row.sentence)
        self.assertEqual(row.state, "known")
        self.assertFalse(self.found(kind="missing"), "it is no riddle")

    def test_a_deleted_number_that_the_next_invoice_takes(self):
        move = self.unreported()
        name = move.name
        move.button_draft()
        move.with_context(force_delete=True).unlink()
        again = self.invoice(post=False)
        again.name = name
        again.action_post()
        row = self.found(kind="deleted")
        self.assertEqual(row.state, "used", "at once: no job has looked")
        self.assertIn("Another invoice has the number", row.sentence)
        used_at = row.used_at
        self.look()
        self.assertEqual(row.used_at, used_at)

    def test_drafts_without_a_number_are_not_noted(self):
        self.invoice(post=False).unlink()
        self.assertFalse(self.found())

    # -------------------------------------------------------------------------
    # EXPLAINING
    # -------------------------------------------------------------------------

    def explain(self, rows, user, reason="Skipped by mistake"):
        wizard = self.env["ereceipt.number.explanation"].with_user(user)
        return wizard.create(
            {"number_ids": [Command.set(rows.ids)], "reason": reason}
        ).action_explain()

    def test_an_explanation_is_given_once(self):
        self.numbered(1, 3)
        self.look()
        [row] = self.found(kind="missing")
        action = row.with_user(self.accountant).action_explain()
        self.assertEqual(action["res_model"], "ereceipt.number.explanation")
        with self.assertRaisesRegex(UserError, "Say what"):
            self.explain(row, self.accountant, "  ")
        self.explain(row, self.accountant)
        self.assertEqual(row.state, "explained")
        self.assertEqual(row.explained_by_id, self.accountant)
        self.assertTrue(row.explained_at)
        for user in (self.accountant, self.manager, self.administrator):
            with self.assertRaisesRegex(UserError, "cannot be changed"):
                self.explain(row, user, "Another one")
        self.assertEqual(row.explanation, "Skipped by mistake")
        for values in (
            {"explanation": "Another one"},
            {"explanation": "X", "explained_by_id": 1, "explained_at": "2026-01-01"},
            {"name": "X"},
        ):
            with self.assertRaisesRegex(UserError, "cannot be changed"):
                row.sudo().write(values)
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            row.sudo().unlink()

    def test_auditors_see_everything_and_change_nothing(self):
        self.numbered(1, 3)
        self.look()
        [row] = self.found(kind="missing")
        self.assertTrue(row.read())
        with self.assertRaises(AccessError):
            row.action_explain()
        with self.assertRaises(AccessError):
            row._explain("X")
        with self.assertRaises(AccessError):
            self.explain(row, self.auditor)
        with self.assertRaises(AccessError):
            self.numbers.create({"name": "X", "kind": "missing"})
        for attempt in (lambda: row.write({"explanation": "X"}), row.unlink, row.copy):
            with self.assertRaises(UserError):
                attempt()
        self.assertFalse(row.explanation)

    def test_other_companies_see_nothing(self):
        self.numbered(1, 3)
        self.look()
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user(
            "stranger", "account_ereceipt.group_ereceipt_reader", companies=company
        )
        self.assertFalse(self.numbers.with_user(stranger).search([]))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestProofWithdrawn(EgInvoiceCommon):
    """A document that was issued and taken back before it was sent is accounted for,
    with who took it back."""

    def test_taken_back_and_issued_again(self):
        move = self.sell_to_business()
        document = move.ereceipt_document_id.sudo()
        self.assertTrue(document.content_sha256)
        move.with_user(self.manager).button_draft()
        self.assertEqual(document.state, "withdrawn")
        numbers = self.env["ereceipt.number"].with_user(self.auditor)
        [row] = numbers.search([("document_id", "=", document.id)])
        self.assertEqual(row.kind, "withdrawn")
        self.assertEqual(row.user_id, self.manager)
        self.assertEqual(row.name, document.name)
        self.assertEqual(row.journal_id, move.journal_id)
        self.assertIn("not issued again", row.sentence)
        move.action_post()
        row.invalidate_recordset()
        self.assertIn("issued anew", row.sentence)
        self.env["ereceipt.number"].sudo()._find_gaps()
        self.assertFalse(numbers.search([("kind", "=", "missing")]))
