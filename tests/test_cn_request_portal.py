from urllib.parse import urlsplit

from lxml import html

from odoo.tests import BaseCase, HttpCase, tagged

from ..controllers import invoice_page
from ..controllers.limiter import Limiter
from .cn_common import BUYER, CnNuonuoCommon
from .request_common import OTHER_NUMBER, RequestKit

NAME = "客户自填有限公司"


@tagged("post_install", "-at_install")
class TestLimiter(BaseCase):
    """So many calls in so many seconds, by key, and no more keys than that."""

    def test_it_lets_so_many_through(self):
        now = [0.0]
        limiter = Limiter(2, 60, clock=lambda: now[0])
        self.assertEqual([limiter.lets("a") for _n in range(3)], [True, True, False])
        self.assertTrue(limiter.lets("b"))
        now[0] = 60.0
        self.assertTrue(limiter.lets("a"))

    def test_old_keys_are_forgotten(self):
        limiter = Limiter(1, 60, keys=2, clock=lambda: 0.0)
        for key in ("a", "b", "c"):
            self.assertTrue(limiter.lets(key))
        self.assertFalse(limiter.lets("c"))
        self.assertTrue(limiter.lets("a"), "forgotten")


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCnRequestPortal(RequestKit, CnNuonuoCommon, HttpCase):
    """The customer fills in his invoice title by the link of his invoice."""

    def setUp(self):
        super().setUp()
        self.device.sudo().write(
            {"issue_moment": "request", "request_by_customer": True}
        )
        self.move = self.invoice()
        self.patch(invoice_page, "TRIES", Limiter(20, 60))

    @property
    def url(self):
        return self.move.sudo()._ereceipt_title_url()

    def page(self, url=None):
        response = self.url_open(url or self.url)
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def typed(self, **values):
        return {
            "buyer_kind": "company",
            "buyer_name": NAME,
            "buyer_number": OTHER_NUMBER,
            "cn_fapiao_kind": "81",
            **values,
        }

    def send(self, url=None, **values):
        """Send the form, and return the page that comes of it."""
        [token] = self.page().xpath(
            "//form[@name='ereceipt_title']//input[@name='csrf_token']/@value"
        )
        data = {"csrf_token": token, **self.typed(**values)}
        response = self.url_open(url or self.url, data=data)
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        return html.fromstring(response.text)

    def said(self, page, name):
        return " ".join(
            part.text_content() for part in page.xpath(f"//div[@name='{name}']")
        )

    def request(self):
        return self.move.sudo().ereceipt_request_ids

    # -------------------------------------------------------------------------
    # FILLING IN
    # -------------------------------------------------------------------------

    def test_the_title_goes_onto_the_fapiao(self):
        self.registration.sudo().cn_push_mode = "0"
        page = self.send(email="buyer@example.com")
        self.assertIn("we have your invoice title", self.said(page, "kept"))
        request = self.request()
        self.assertEqual((request.source, request.state), ("customer", "asked"))
        self.assertFalse(request.requester_id)
        self.assertEqual(
            (request.buyer_name, request.buyer_number), (NAME, OTHER_NUMBER)
        )
        self.assertEqual((self.customer.vat, self.customer.email), (BUYER, False))
        self.assertIn(NAME, request.with_user(self.accountant).difference)
        request.with_user(self.accountant).action_grant()
        self.run_outbox()
        sent = self.sent(self.move)
        self.assertEqual((sent["buyerName"], sent["invoiceLine"]), (NAME, "bs"))
        self.assertEqual(sent["email"], "buyer@example.com")

    def test_the_form_shows_what_the_invoice_shows(self):
        self.customer.write({"email": "secret@example.com", "phone": "13900000000"})
        self.env["res.partner.bank"].create(
            {"partner_id": self.customer.id, "acc_number": "622200001111"}
        )
        text = html.tostring(self.page()).decode()
        for shown in (
            self.customer.name.encode("ascii", "xmlcharrefreplace").decode(),
            BUYER,
        ):
            self.assertIn(shown, text)
        for hidden in ("secret@example.com", "13900000000", "622200001111"):
            self.assertNotIn(hidden, text)

    def test_the_invoice_leads_there(self):
        page = self.page(self.move.get_portal_url())
        [link] = page.xpath("//a[@name='ereceipt_title']/@href")
        self.assertEqual(link, self.url)
        self.device.sudo().request_by_customer = False
        self.assertFalse(
            self.page(self.move.get_portal_url()).xpath("//a[@name='ereceipt_title']")
        )

    def test_he_corrects_it_until_it_is_granted(self):
        self.send()
        self.send(buyer_name="另一个名称")
        request = self.request()
        self.assertEqual(len(request), 1)
        self.assertEqual(
            (request.buyer_name, request.customer_changes), ("另一个名称", 2)
        )
        [activity] = request.activity_ids
        self.assertEqual(activity.user_id, self.accountant)
        request.with_user(self.accountant)._send_back("税号请核对")
        self.assertIn("税号请核对", self.said(self.page(), "sentence"))
        mails = self.move.sudo().message_ids.filtered(
            lambda m: self.customer in m.partner_ids
        )
        self.assertIn("税号请核对", " ".join(mails.mapped("body")))
        self.send()
        self.assertEqual((request.state, request.reason), ("asked", False))

    def test_he_corrects_what_a_colleague_has_asked_for(self):
        sales = self.make_salesperson("sales")
        request = self.ask(self.move, sales)
        self.send()
        self.assertEqual(self.request(), request)
        self.assertEqual((request.buyer_name, request.requester_id), (NAME, sales))

    def test_self_service(self):
        """Granted by itself: nobody has to look."""
        self.device.sudo().request_grant = "checked"
        self.send()
        self.assertEqual(self.request().state, "granted")
        self.assertEqual(self.move.ereceipt_state, "queued")
        self.run_outbox()
        self.assertEqual(self.sent(self.move)["buyerName"], NAME)

    def test_once_issued_it_stands(self):
        self.send()
        self.request().with_user(self.accountant).action_grant()
        self.run_outbox()
        page = self.page()
        sentence = self.said(page, "sentence")
        self.assertIn(self.move.ereceipt_uuid, sentence)
        self.assertIn("Valid", sentence)
        self.assertFalse(page.xpath("//form[@name='ereceipt_title']"))
        wrong = (
            self.env["ereceipt.request"]
            .sudo()
            ._portal_submit(self.move.sudo(), self.typed(buyer_name="太晚"))
        )
        self.assertIn("cannot be changed any more", " ".join(wrong))
        self.assertEqual(self.request().buyer_name, NAME)

    # -------------------------------------------------------------------------
    # WHAT IS WRONG
    # -------------------------------------------------------------------------

    def test_what_is_wrong_is_told_at_once_and_nothing_is_kept(self):
        for values, sentence in (
            ({"buyer_number": OTHER_NUMBER[:-1] + "X"}, "cannot be right"),
            ({"buyer_kind": "person", "cn_fapiao_kind": ""}, "take “"),
            ({"buyer_kind": "person", "buyer_number": ""}, "Only a company"),
            ({"buyer_number": ""}, "needs its tax number"),
            ({"buyer_name": " "}, "Enter: Name"),
            ({"buyer_name": "名" * 101}, "at most 100 characters"),
            ({"email": "nobody"}, "is no e-mail address"),
            ({"buyer_kind": "admin"}, "Choose one of: Buyer"),
            ({"cn_fapiao_kind": "90"}, "Choose one of: Kind"),
        ):
            with self.subTest(sentence):
                page = self.send(**values)
                self.assertIn(sentence, self.said(page, "wrong"))
                self.assertFalse(self.request())
                self.assertFalse(self.said(page, "kept"))

    def test_what_was_typed_is_text(self):
        hostile = '"><script>alert(1)</script>'
        page = self.send(buyer_name=hostile, buyer_number="")
        self.assertFalse(page.xpath("//script[contains(text(), 'alert(1)')]"))
        [value] = page.xpath("//input[@name='buyer_name']/@value")
        self.assertEqual(value, hostile)
        self.send(buyer_name=hostile)
        self.assertEqual(self.request().buyer_name, hostile)
        page = self.page()
        self.assertFalse(page.xpath("//script[contains(text(), 'alert(1)')]"))

    def test_other_fields_are_not_written(self):
        self.send(state="granted", note="x", requester_id="2", move_id="1")
        request = self.request()
        self.assertEqual((request.state, request.note), ("asked", False))
        self.assertFalse(request.requester_id)

    def test_too_much_is_refused(self):
        response = self.url_open(self.url, data={"buyer_name": "x" * 20_000})
        self.assertEqual(response.status_code, 413)
        self.assertFalse(self.request())

    def test_too_often_is_refused(self):
        self.patch(invoice_page, "TRIES", Limiter(1, 60))
        self.send(buyer_number="")
        page = self.send()
        self.assertIn("too often", self.said(page, "wrong"))
        self.assertFalse(self.request())

    def test_too_many_changes_are_refused(self):
        self.send()
        self.request().customer_changes = 30
        self.assertIn("changed too often", self.said(self.send(), "wrong"))

    # -------------------------------------------------------------------------
    # WHO MAY
    # -------------------------------------------------------------------------

    def test_without_the_link_nothing_is_told(self):
        """Neither whether there is such an invoice."""
        self.assertIn("access_token=", self.url)
        path = urlsplit(self.url).path
        missing = path.replace(str(self.move.id), str(self.move.id + 100_000))
        other = self.invoice()
        token = self.move.access_token
        wrong = token[:-1] + ("1" if token.endswith("0") else "0")
        ends = set()
        for url in (
            path,
            f"{path}?access_token=",
            f"{path}?access_token={wrong}",
            f"{path}?access_token={other.sudo()._portal_ensure_token()}",
            missing,
            f"{missing}?access_token={token}",
        ):
            response = self.url_open(url, allow_redirects=False)
            ends.add(
                (response.status_code, urlsplit(response.headers["Location"]).path)
            )
        self.assertEqual(ends, {(303, "/my")})

    def test_without_the_forms_token_nothing_is_kept(self):
        response = self.url_open(self.url, data=self.typed())
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.request())

    def test_switched_off(self):
        url = self.url
        self.device.sudo().request_by_customer = False
        response = self.url_open(url, allow_redirects=False)
        self.assertEqual(response.status_code, 303)

    def test_the_customer_who_is_signed_in_needs_no_link(self):
        path = urlsplit(self.url).path
        stranger = self.make_user("stranger", "base.group_portal")
        buyer = self.make_user("buyer", "base.group_portal")
        buyer.partner_id.parent_id = self.customer
        for user in (stranger, buyer):
            user.password = user.login
        self.authenticate(stranger.login, stranger.login)
        response = self.url_open(path, allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.authenticate(buyer.login, buyer.login)
        self.assertTrue(self.page(path).xpath("//form[@name='ereceipt_title']"))
        self.send()
        self.assertEqual(self.request().source, "customer")
