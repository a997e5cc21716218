from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCustomerLamps(EreceiptCommon):
    """The four lamps, and what they are filtered and grouped by."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "mona@example.com"

    def lamps(self, move):
        self.env.invalidate_all()
        shown = move.with_user(self.accountant).ereceipt_lamps
        return {lamp["name"]: lamp["level"] for lamp in shown}

    def words(self, move, name):
        shown = move.with_user(self.accountant).ereceipt_lamps
        return next(lamp["text"] for lamp in shown if lamp["name"] == name)

    def delivery(self, move):
        self.env.invalidate_all()
        return move.with_user(self.accountant).ereceipt_delivery

    def tell(self, move, state="told"):
        return (
            self.env["ereceipt.payment.notice"]
            .sudo()
            .create({"move_id": move.id, "reference": "TRF", "state": state})
        )

    def mail(self, move):
        self.env["account.move.send"].with_user(
            self.accountant
        )._generate_and_send_invoices(move, sending_methods=["email"])

    def fail_mail(self, move, partner=None):
        """Let the last mail of an invoice not arrive."""
        partner = partner or self.customer
        message = max(move.message_ids, key=lambda m: m.id)
        told = message.sudo().notification_ids.filtered(
            lambda n: n.res_partner_id == partner
        )
        if not told:
            told = told.create(
                {"mail_message_id": message.id, "res_partner_id": partner.id}
            )
        told.write({"notification_type": "email", "notification_status": "bounce"})

    # -------------------------------------------------------------------------
    # LAMPS
    # -------------------------------------------------------------------------

    def test_from_dark_to_light(self):
        move = self.invoice()
        self.assertEqual(
            self.lamps(move),
            {"valid": "half", "delivered": "off", "told": "off", "money": "off"},
        )
        self.run_outbox()
        move.sudo()._ereceipt_handed_over("opened_at")
        self.tell(move)
        self.assertEqual(
            self.lamps(move),
            {"valid": "on", "delivered": "on", "told": "half", "money": "off"},
        )
        self.assertEqual(self.words(move, "delivered"), "Opened by the customer")
        self.env["account.payment.register"].with_user(self.manager).with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
        self.assertIn(self.lamps(move)["money"], ("on", "half"))

    def test_nobody_pays_a_credit_note(self):
        sale = self.invoice()
        self.run_outbox()
        self.assertEqual(
            set(self.lamps(self.reversal(sale))), {"valid", "delivered", "money"}
        )

    def test_refused_is_wrong_and_others_have_none(self):
        self.assertEqual(self.lamps(self.refused())["valid"], "wrong")
        draft = self.invoice(post=False).with_user(self.accountant)
        self.assertFalse(draft.ereceipt_lamps)
        bill = self.env["account.move"].create({"move_type": "in_invoice"})
        self.assertFalse(bill.with_user(self.accountant).ereceipt_lamps)

    def test_delivery(self):
        move = self.invoice()
        self.assertEqual(self.delivery(move), "none")
        move.with_user(self.accountant)._ereceipt_handed_over()
        self.assertEqual(self.delivery(move), "handed")
        self.mail(move)
        self.assertEqual(self.delivery(move), "mailed")
        self.fail_mail(move, self.accountant.partner_id)
        self.assertEqual(
            self.delivery(move), "mailed", "a colleague's mail is no matter"
        )
        self.fail_mail(move)
        self.assertEqual(self.delivery(move), "failed")
        self.env["mail.notification"].search(
            [("mail_message_id.res_id", "=", move.id)]
        ).mail_message_id.date -= timedelta(minutes=1)
        self.assertEqual(self.delivery(move), "mailed", "it was mailed again since")
        move.sudo()._ereceipt_handed_over("opened_at")
        self.assertEqual(self.delivery(move), "opened")

    def test_replaced_document_begins_anew(self):
        """What counts is whether the customer has the document that counts now."""
        move = self.refused()
        move.with_user(self.accountant)._ereceipt_handed_over("opened_at")
        self.assertEqual(self.delivery(move), "opened")
        move.with_user(self.accountant).action_ereceipt_correct()
        self.assertEqual(self.delivery(move), "none")

    def test_mailing_without_an_address_is_no_mail(self):
        move = self.invoice()
        self.customer.email = False
        self.mail(move)
        self.assertNotEqual(self.delivery(move), "mailed")

    # -------------------------------------------------------------------------
    # FILTERS, GROUPS, COST
    # -------------------------------------------------------------------------

    def test_filters_and_groups(self):
        plain, handed, opened = (self.invoice() for _n in range(3))
        handed.with_user(self.accountant)._ereceipt_handed_over()
        opened.sudo()._ereceipt_handed_over("opened_at")
        self.tell(plain, "missing")
        self.tell(plain)
        self.tell(opened, "found")
        ours = (plain | handed | opened).ids
        moves = self.env["account.move"].with_user(self.accountant)
        for domain, found in (
            ([("ereceipt_delivery", "=", "none")], plain),
            ([("ereceipt_delivery", "in", ("handed", "opened"))], handed | opened),
            ([("ereceipt_delivery", "!=", "none")], handed | opened),
            ([("ereceipt_said_paid", "=", "told")], plain),
            ([("ereceipt_said_paid", "=", "missing")], moves),
            ([("ereceipt_said_paid", "=", False)], handed),
            ([("ereceipt_said_paid", "!=", False)], plain | opened),
        ):
            with self.subTest(domain):
                self.assertEqual(moves.search([("id", "in", ours), *domain]), found)
        for name, counts in (
            ("ereceipt_delivery", {"none": 1, "handed": 1, "opened": 1}),
            ("ereceipt_said_paid", {"told": 1, "found": 1, False: 1}),
        ):
            rows = moves._read_group([("id", "in", ours)], [name], ["__count"])
            self.assertEqual(dict(rows), counts)
            self.assertTrue(moves.fields_get([name])[name]["groupable"])
            shown = moves.web_read_group([("id", "in", ours)], [name], ["__count"])
            self.assertEqual(len(shown["groups"]), 3)

    def test_every_filter_of_the_view_works(self):
        view = self.env.ref("account_ereceipt.account_move_view_search_lamps")
        action = self.env.ref("account.action_move_out_invoice_type")
        self.assertTrue(view)
        arch = self.env["account.move"].with_user(self.accountant)
        arch = arch.with_context(default_move_type="out_invoice")
        text = arch.get_view(action.search_view_id.id, "search")["arch"]
        for name in (
            "ereceipt_not_delivered",
            "ereceipt_delivered",
            "ereceipt_opened",
            "ereceipt_said_paid",
            "ereceipt_not_reconciled",
            "group_ereceipt_delivery",
            "group_ereceipt_said_paid",
        ):
            self.assertIn(f'name="{name}"', text)

    def test_lamps_of_a_list_are_asked_for_at_once(self):
        moves = self.invoice()
        for _more in range(5):
            moves |= self.invoice()
        for move in moves:
            self.tell(move)
        counts = []
        for some in (moves[:2], moves):
            self.env.flush_all()
            self.env.invalidate_all()
            some = some.with_user(self.accountant)
            before = self.env.cr.sql_log_count
            self.assertTrue(all(lamps for lamps in some.mapped("ereceipt_lamps")))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_customers_and_clerks_read_none_of_it(self):
        move = self.invoice()
        portal = self.make_user("portal", "base.group_portal")
        for user in (portal, self.make_clerk()):
            with self.assertRaises(AccessError):
                move.with_user(user).read(["ereceipt_lamps"])
            with self.assertRaises(AccessError):
                self.env["account.move"].with_user(user).search(
                    [("ereceipt_said_paid", "=", "told")]
                )
