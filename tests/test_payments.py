from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import EreceiptCommon
from .hr_common import HrCisCommon
from .payment_common import PaymentKit


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPayments(PaymentKit, EreceiptCommon):
    """Where the authority changes nothing, what was paid otherwise is shown."""

    def valid(self, **values):
        move = self.invoice(**values)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        return move

    def test_paid_as_told(self):
        move = self.valid()
        self.pay(move, "cash")
        self.compare_payments()
        self.assertFalse(self.difference(move))
        self.assertFalse(self.env["ereceipt.payment.difference"].sudo().search([]))
        self.assertFalse(move.ereceipt_payment_differs)

    def test_paid_otherwise(self):
        move, other = self.valid(), self.valid()
        self.pay(move, "bank")
        self.pay(other, "cash")
        self.compare_payments()
        row = self.difference(move)
        self.assertEqual((row.state, row.told, row.paid), ("differs", "C", "O"))
        self.assertFalse(row.can_tell)
        self.assertIn("does not change", move.ereceipt_payment_differs)
        self.assertIn(row.told_name, move.ereceipt_payment_differs)
        with self.assertRaisesRegex(UserError, "takes no other payment method"):
            move.action_ereceipt_tell_payment()
        moves = self.env["account.move"].with_user(self.accountant)
        both = [("id", "in", (move | other).ids)]
        found = moves.search([*both, ("ereceipt_payment_differs", "!=", False)])
        self.assertEqual(found, move)
        found = moves.search([*both, ("ereceipt_payment_differs", "=", False)])
        self.assertEqual(found, other)

    def test_paid_before_the_authority_decided(self):
        """Nothing is said while the document is on its way."""
        move = self.invoice()
        self.pay(move, "bank")
        self.compare_payments()
        self.assertFalse(self.difference(move))
        self.run_outbox()
        self.compare_payments()
        self.assertEqual(self.difference(move).state, "differs")

    def test_payment_taken_back(self):
        move = self.valid()
        self.pay(move, "bank")
        self.compare_payments()
        self.assertTrue(self.difference(move))
        payments = move.sudo().matched_payment_ids | move.sudo().line_ids.mapped(
            "full_reconcile_id.reconciled_line_ids.payment_id"
        )
        payments.action_draft()
        payments.action_cancel()
        self.assertEqual(move.payment_state, "not_paid")
        self.compare_payments()
        self.assertFalse(self.difference(move))

    def test_who_has_it_told(self):
        move = self.valid()
        self.pay(move, "bank")
        self.compare_payments()
        self.assertTrue(self.difference(move).with_user(self.auditor).read())
        with self.assertRaises(AccessError):
            self.difference(move).with_user(self.auditor).action_tell()
        right = self.valid()
        with self.assertRaisesRegex(UserError, "rightly"):
            right.action_ereceipt_tell_payment()

    def test_looking_takes_few_queries(self):
        """However many were paid, they are compared together."""
        moves = self.env["account.move"].union(*(self.invoice() for _n in range(2)))
        self.run_outbox()
        rows = self.env["ereceipt.payment.difference"].sudo()
        for move in moves:
            self.pay(move, "bank")
        counts = []
        for batch in (moves[:1], moves):
            rows.search([]).unlink()
            rows._look_at(batch.sudo())
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows.search([])._compare()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    # -------------------------------------------------------------------------
    # VALID, NOT PAID
    # -------------------------------------------------------------------------

    def unpaid(self, user=None):
        rows = self.env["ereceipt.unpaid"].with_user(user or self.accountant)
        return rows.search([("company_id", "=", self.company.id)])

    def due(self, days, **values):
        """Return a valid invoice that is due so many days from today."""
        move = self.valid(**values)
        term = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        term.sudo().date_maturity = self.today() + timedelta(days=days)
        return move

    def test_ageing(self):
        ages = {
            3: "0",
            0: "0",
            -1: "1_30",
            -30: "1_30",
            -31: "31_60",
            -60: "31_60",
            -61: "61_90",
            -90: "61_90",
            -91: "91",
        }
        moves = {days: self.due(days) for days in ages}
        rows = {row.move_id: row for row in self.unpaid()}
        for days, age in ages.items():
            with self.subTest(days=days):
                row = rows[moves[days]]
                self.assertEqual((row.ageing, row.residual), (age, 114.0))
                self.assertEqual(row.days_overdue, max(-days, 0))
                self.assertEqual(
                    row.expected_on, self.today() + timedelta(days=max(days, 0))
                )

    def test_only_what_is_valid_and_not_paid(self):
        part, paid, sold = self.valid(), self.valid(), self.valid()
        self.pay(part, "cash", 14.0)
        self.pay(paid, "cash")
        credit = self.reversal(sold, quantity=0.5)
        self.run_outbox()
        self.assertEqual(credit.ereceipt_state, "valid")
        waiting = self.invoice()
        found = {row.move_id: row.residual for row in self.unpaid()}
        self.assertEqual(found[part], 100)
        self.assertNotIn(paid, found)
        self.assertNotIn(waiting, found, "not sent yet")
        self.assertEqual(sum(found.get(m, 0) for m in (sold, credit)), 57)

    def test_expected_by_week(self):
        near, far = self.due(0), self.due(21)
        overdue = self.due(-40)
        rows = self.env["ereceipt.unpaid"].with_user(self.accountant)
        groups = dict(
            rows._read_group(
                [("move_id", "in", (near | far | overdue).ids)],
                ["expected_on:week"],
                ["residual:sum"],
            )
        )
        self.assertEqual(sorted(groups.values()), [114, 228])

    def test_in_company_currency(self):
        usd = self.setup_other_currency("USD", rates=[("2020-01-01", 1 / 50.0)])
        move = self.valid(price=10.0, currency_id=usd.id)
        row = self.unpaid().filtered(lambda row: row.move_id == move)
        self.assertEqual(row.currency_id, self.company.currency_id)
        self.assertAlmostEqual(row.residual, 570.0, 2)

    def test_who_sees_what_is_not_paid(self):
        move = self.valid()
        self.assertIn(move.id, self.unpaid(self.auditor).mapped("move_id").ids)
        self.assertEqual(self.unpaid()[:1].action_open_move()["res_id"], move.id)
        company = self.setup_other_company(name="Other")["company"]
        stranger = self.make_user(
            "stranger",
            "base.group_user",
            "account.group_account_manager",
            companies=company,
        )
        self.assertFalse(self.unpaid(stranger))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPaymentsCroatia(PaymentKit, HrCisCommon):
    """On the day of issue CIS takes another payment means, and is told: by a person, or
    by itself."""

    def test_told_by_itself(self):
        self.registration.follow_payments = True
        move = self.valid()
        self.assertEqual(self.registered_as(move)["payment"], "G")
        self.pay(move, "bank")
        self.compare_payments()
        self.assertEqual(self.difference(move).state, "asked")
        self.assertIn("being told", move.ereceipt_payment_differs)
        self.run_outbox()
        self.assertEqual(self.registered_as(move)["payment"], "T")
        self.compare_payments()
        self.assertFalse(self.difference(move))
        self.assertFalse(move.ereceipt_payment_differs)

    def test_told_by_a_person(self):
        move = self.valid()
        self.pay(move, "bank")
        self.compare_payments()
        row = self.difference(move)
        self.assertEqual((row.state, row.can_tell), ("differs", True))
        self.assertIn("takes the change today", move.ereceipt_payment_differs)
        move.action_ereceipt_tell_payment()
        document = move.ereceipt_document_id
        self.assertEqual(document.change, "hr_payment")
        self.assertEqual(document.sudo().change_by_id, self.accountant)
        self.run_outbox()
        self.assertEqual(self.registered_as(move)["payment"], "T")
        self.compare_payments()
        self.assertFalse(self.difference(move))

    def test_the_day_after(self):
        self.registration.follow_payments = True
        move = self.valid()
        self.pass_time(days=1)
        self.pay(move, "bank")
        self.compare_payments()
        row = self.difference(move)
        self.assertEqual((row.state, row.can_tell), ("differs", False))
        self.assertIn("does not change", move.ereceipt_payment_differs)
        self.assertFalse(move.ereceipt_document_id.change)

    def test_refused_once_is_not_told_again_by_itself(self):
        self.registration.follow_payments = True
        move = self.valid()
        self.pay(move, "bank")
        self.control.fault("promijeniNacPlac", "refuse", times=1, code="s008")
        self.compare_payments()
        self.run_outbox()
        self.assertEqual(self.registered_as(move)["payment"], "G")
        self.compare_payments()
        self.assertEqual(self.difference(move).state, "differs")
        self.assertFalse(move.ereceipt_document_id.change)
        # a person may try again
        move.action_ereceipt_tell_payment()
        self.run_outbox()
        self.assertEqual(self.registered_as(move)["payment"], "T")

    def test_changed_by_the_dialog(self):
        move = self.valid()
        self.pay(move, "bank")
        self.compare_payments()
        wizard = self.env["ereceipt.hr.change"].with_user(self.accountant)
        wizard.create({"move_id": move.id, "means": "T"}).action_apply()
        self.run_outbox()
        self.compare_payments()
        self.assertFalse(self.difference(move))

    def test_what_was_chosen_by_hand_stands(self):
        self.registration.follow_payments = True
        move = self.valid(hr_payment_means="G")
        self.pay(move, "bank")
        self.compare_payments()
        self.assertFalse(self.difference(move))
