from datetime import timedelta
from urllib.parse import urlsplit

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from ..controllers import invoice_page
from ..controllers.limiter import Limiter
from ..models.ereceipt_payment_notice_portal import MOST_NOTICES
from .common import EreceiptCommon
from .portal_common import PortalKit

FORM = "ereceipt_paid"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCustomerPaid(PortalKit, EreceiptCommon, HttpCase):
    """*I have paid*: what the customer says, who is told, and how it ends."""

    def setUp(self):
        super().setUp()
        self.move = self.invoice()

    @property
    def url(self):
        return self.move.sudo()._ereceipt_paid_url()

    def tell(self, **values):
        return self.send(self.url, FORM, **{"reference": "TRF 4711", **values})

    def notices(self, move=None):
        return (move or self.move).with_user(self.accountant).ereceipt_notice_ids

    def activities(self):
        return self.move.activity_ids.filtered(
            lambda a: "the customer says" in (a.summary or "")
        )

    def pay(self, move):
        self.env["account.payment.register"].with_user(self.manager).with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()

    # -------------------------------------------------------------------------
    # TELLING
    # -------------------------------------------------------------------------

    def test_the_invoice_leads_there(self):
        page = self.page(self.link(self.move))
        self.assertEqual(page.xpath("//div[@name='ereceipt_paid']/a/@href"), [self.url])
        self.device.sudo().paid_by_customer = False
        page = self.page(self.link(self.move))
        self.assertFalse(page.xpath("//div[@name='ereceipt_paid']"))

    def test_what_was_told_is_kept_and_somebody_finds_it(self):
        page = self.tell(
            paid_on=str(self.today()), amount="114.5", note="  from my  wife's account"
        )
        self.assertIn("We look for your payment", self.said(page, "kept"))
        self.assertFalse(page.xpath(f"//form[@name='{FORM}']"))
        self.assertFalse(page.xpath("//p[@name='ask']"), "he is not asked again")
        notice = self.notices()
        self.assertRecordValues(
            notice,
            [
                {
                    "reference": "TRF 4711",
                    "paid_on": self.today(),
                    "amount": 114.5,
                    "note": "from my wife's account",
                    "state": "told",
                    "customer_id": self.customer.id,
                    "teller_id": False,
                    "company_id": self.company.id,
                }
            ],
        )
        [activity] = self.activities()
        self.assertEqual(activity.user_id, self.accountant)
        self.assertIn("TRF 4711", activity.note)
        self.assertEqual(self.move.payment_state, "not_paid", "nothing is booked")

    def test_activity_outlasts_the_authoritys_verdict(self):
        self.tell()
        self.run_outbox()
        self.assertEqual(self.move.ereceipt_state, "valid")
        self.assertTrue(self.activities())

    def test_who_cannot_find_it_is_not_asked(self):
        seller = self.make_user("seller", "base.group_user")
        self.move.sudo().invoice_user_id = seller
        self.registration.sudo().responsible_id = self.manager
        self.tell()
        self.assertEqual(self.activities().user_id, self.manager)

    def test_who_is_signed_in_is_noted(self):
        buyer = self.make_user("buyer", "base.group_portal")
        buyer.partner_id.parent_id = self.customer
        buyer.password = buyer.login
        self.move.message_subscribe(buyer.partner_id.ids)
        self.authenticate(buyer.login, buyer.login)
        self.send(urlsplit(self.url).path, FORM, reference="TRF 1")
        self.assertEqual(self.notices().teller_id, buyer.partner_id)

    # -------------------------------------------------------------------------
    # WHAT IS WRONG, WHAT IS HOSTILE, WHAT IS TOO MUCH
    # -------------------------------------------------------------------------

    def test_what_is_wrong_is_told_and_nothing_is_kept(self):
        later = fields.Date.today() + timedelta(days=3)
        for values, sentence in (
            ({"reference": " "}, "Enter: Reference"),
            ({"reference": "x" * 81}, "at most 80 characters"),
            ({"note": "x" * 301}, "at most 300 characters"),
            ({"paid_on": "yesterday"}, "is no date"),
            ({"paid_on": str(later)}, "lies in the future"),
            ({"amount": "much"}, "is no amount of money"),
            ({"amount": "-1"}, "is no amount of money"),
            ({"amount": "NaN"}, "is no amount of money"),
            ({"amount": "1e400"}, "is no amount of money"),
        ):
            with self.subTest(sentence):
                page = self.tell(**values)
                self.assertIn(sentence, self.said(page, "wrong"))
                self.assertFalse(self.notices())

    def test_what_was_typed_is_text(self):
        hostile = '"><script>alert(1)</script>'
        self.tell(reference=hostile, state="found", decided_by_id="1", move_id="1")
        notice = self.notices()
        self.assertEqual((notice.reference, notice.state), (hostile, "told"))
        self.assertNotIn("<script>", self.activities().note)
        self.assertNotIn("<script>", notice.action_find()["help"])
        self.assertNotIn("<script>", " ".join(self.move.message_ids.mapped("body")))
        text = self.url_open(self.link(self.move)).text
        self.assertNotIn(
            "alert(1)", text, "who has the link does not read what was told"
        )

    def test_only_one_at_a_time(self):
        self.tell()
        wrong = self.env["ereceipt.payment.notice"]._portal_submit(
            self.move.sudo(), {"reference": "again"}, self.customer
        )
        self.assertIn("told us already", " ".join(wrong))
        self.assertEqual(len(self.notices()), 1)

    def test_pressed_twice_at_the_same_moment(self):
        """The second press does not see the first: the database does."""
        notices = self.env["ereceipt.payment.notice"]
        self.patch(type(notices), "_portal_closed", lambda self, move: False)
        for _press in range(2):
            wrong = notices._portal_submit(
                self.move.sudo(), {"reference": "TRF"}, self.customer
            )
            self.assertEqual(wrong, [])
        self.assertEqual(len(self.notices()), 1)
        self.assertEqual(len(self.activities()), 1)

    def test_too_often_and_too_much(self):
        self.patch(invoice_page, "TRIES", Limiter(1, 60))
        self.tell(reference="")
        self.assertIn("too often", self.said(self.tell(), "wrong"))
        response = self.url_open(self.url, data={"note": "x" * 20_000})
        self.assertEqual(response.status_code, 413)
        response = self.url_open(self.url, data={"reference": "no token of the form"})
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.notices())

    def test_after_many_times_he_has_to_call(self):
        rows = [
            {"move_id": self.move.id, "reference": "x", "state": "missing"}
            for _n in range(MOST_NOTICES)
        ]
        self.env["ereceipt.payment.notice"].sudo().create(rows)
        page = self.page(self.url)
        self.assertIn(
            "get in touch",
            self.env["ereceipt.payment.notice"]._portal_closed(self.move.sudo()),
        )
        self.assertFalse(page.xpath(f"//form[@name='{FORM}']"))

    def test_who_may(self):
        """Nobody without the link, and nothing of what cannot be paid."""
        path = urlsplit(self.url).path
        other = self.invoice()
        foreign = other.sudo()._portal_ensure_token()
        paid = self.invoice()
        link = paid.sudo()._ereceipt_paid_url()
        self.pay(paid)
        draft = self.invoice(post=False).sudo()
        note = self.reversal(other).sudo()
        for url in (
            path,
            f"{path}?access_token={foreign}",
            link,
            draft.get_portal_url(suffix="/ereceipt_paid"),
            note.get_portal_url(suffix="/ereceipt_paid"),
        ):
            response = self.url_open(url, allow_redirects=False)
            self.assertEqual(response.status_code, 303, url)

    # -------------------------------------------------------------------------
    # HOW IT ENDS
    # -------------------------------------------------------------------------

    def test_seen_then_paid(self):
        self.tell()
        move = self.move.with_user(self.accountant)
        move.action_ereceipt_paid_seen()
        self.assertEqual(self.notices().state, "seen")
        self.assertEqual(self.notices().decided_by_id, self.accountant)
        self.assertFalse(self.activities())
        self.assertIn(
            "We look for it", self.said(self.page(self.link(move)), "ereceipt_paid")
        )
        self.pay(move)
        self.assertEqual(self.notices().state, "seen", "booking costs nothing more")
        steps = self.env["ereceipt.outbox"].sudo()._upkeep_steps()
        [step] = [step for step in steps if step.__name__ == "_end_paid"]
        step()
        self.assertEqual(self.notices().state, "found")
        page = self.page(self.link(move))
        self.assertFalse(page.xpath("//div[@name='ereceipt_paid']"))

    def test_not_found_is_answered_and_he_tells_anew(self):
        self.tell()
        notice = self.notices()
        with self.assertRaisesRegex(UserError, "Write under “Answer to the customer”"):
            notice.action_missing()
        notice.answer = "No such transfer.\nWhich bank?"
        notice.action_missing()
        self.assertEqual(notice.state, "missing")
        [mail] = self.move.message_ids.filtered(
            lambda m: self.customer in m.partner_ids
        )
        self.assertRegex(mail.body, r"No such transfer\.<br/?>\s*Which bank\?")
        page = self.page(self.link(self.move))
        self.assertIn("Which bank?", self.said(page, "ereceipt_paid"))
        with self.assertRaisesRegex(UserError, "answered already"):
            notice.answer = "Something else"
        self.tell(reference="TRF 4712")
        self.assertEqual(self.notices().mapped("state"), ["told", "missing"])
        self.assertEqual(self.move.ereceipt_said_paid, "told")

    def test_where_no_mail_can_go_is_said_before(self):
        self.tell()
        notice = self.notices()
        self.assertTrue(notice.is_unreachable)
        self.customer.email = "mona@example.com"
        self.assertFalse(notice.is_unreachable)
        # he who told it gets the answer
        colleague = self.customer.create(
            {"name": "Colleague", "parent_id": self.customer.id, "email": False}
        )
        notice.sudo().teller_id = colleague
        self.assertTrue(notice.is_unreachable)

    def test_what_is_needed_is_marked(self):
        page = self.page(self.url)
        marked = page.xpath(f"//form[@name='{FORM}']//label[span]/@for")
        self.assertEqual(marked, ["ereceipt_reference"])

    def test_find_the_payment(self):
        """Money of the customer that is left, and lines of a statement with the
        reference or the amount; nobody else's."""
        self.tell(reference="TRF 4711", amount="50")
        bank = self.company_data["default_journal_bank"]
        statement = self.env["account.bank.statement.line"]

        def line(label, amount):
            return statement.create(
                {"journal_id": bank.id, "payment_ref": label, "amount": amount}
            )

        named, alike, other = (
            line("Transfer trf 4711/26", 20),
            line("Cash", 50),
            line("Cash", 51),
        )
        paid = self.env["account.payment"].create(
            {"partner_id": self.customer.id, "amount": 9, "payment_type": "inbound"}
        )
        paid.action_post()
        action = self.move.with_user(self.accountant).action_ereceipt_paid_find()
        found = self.env["account.move.line"].search(action["domain"])
        self.assertLessEqual((named | alike).line_ids & found, found)
        self.assertTrue(named.line_ids & found)
        self.assertTrue(alike.line_ids & found)
        self.assertFalse(other.line_ids & found)
        self.assertFalse(self.move.line_ids & found)
        self.assertIn("TRF 4711", action["help"])

    # -------------------------------------------------------------------------
    # RIGHTS
    # -------------------------------------------------------------------------

    def test_what_was_told_never_changes(self):
        self.tell()
        notice = self.notices()
        for values in ({"reference": "x"}, {"state": "found"}, {"amount": 1.0}):
            with self.assertRaises(AccessError):
                notice.write(values)
        with self.assertRaises(AccessError):
            notice.unlink()
        for user in (self.auditor, self.administrator):
            with self.assertRaises(AccessError):
                notice.with_user(user).action_seen()

    def test_other_companies_see_nothing(self):
        self.tell()
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user(
            "stranger",
            "base.group_user",
            "account.group_account_manager",
            companies=company,
        )
        notices = self.env["ereceipt.payment.notice"].with_user(stranger)
        self.assertFalse(notices.search([("move_id", "=", self.move.id)]))
        with self.assertRaises(AccessError):
            self.notices().with_user(stranger).read(["reference"])
