from base64 import b64decode

from lxml import html

from odoo.tests import HttpCase, tagged

from ..controllers import original
from ..controllers.limiter import Limiter
from .common import EreceiptCommon
from .portal_common import PortalKit
from .test_print import DATA_URI, read_codes

US_DAY = "[0-9]{2}/[0-9]{2}/[0-9]{4}"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCustomerPortal(PortalKit, EreceiptCommon, HttpCase):
    """What the customer sees of his invoice in the portal, by its link."""

    def invoice_page(self, move):
        return self.page(self.link(move))

    def codes(self, page):
        pictures = DATA_URI.findall("".join(page.xpath("//img/@src")))
        return [text for p in pictures for text in read_codes(b64decode(p))]

    # -------------------------------------------------------------------------
    # THE STATE
    # -------------------------------------------------------------------------

    def test_issued_then_valid(self):
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        page = self.invoice_page(move)
        self.assertIn("on its way", self.said(page, "ereceipt_status"))
        self.assertEqual(self.codes(page), [document.qr])
        self.assertFalse(self.said(page, "ereceipt_authority"), "it knows nothing yet")
        self.run_outbox()
        page = self.invoice_page(move)
        status = self.said(page, "ereceipt_status")
        self.assertIn("Registered with the tax authority on", status)
        self.assertIn(document.authority_uid, self.said(page, "ereceipt"))
        both = rf"on {US_DAY}.* Issued {US_DAY} [0-9]"
        self.assertRegex(self.said(page, "ereceipt"), both, "two forms of a day")
        [link] = page.xpath("//a[@name='ereceipt_authority']/@href")
        self.assertEqual(link, document.qr)

    def test_what_went_wrong_is_our_affair(self):
        """Neither the authority's errors nor our sentences are for the customer."""
        move = self.refused()
        text = html.tostring(self.invoice_page(move)).decode()
        self.assertIn("not accepted by the tax authority", text)
        for inner in ("SIM-X", move.ereceipt_what_now, self.device.serial):
            self.assertNotIn(inner, text)
        self.assertFalse(self.codes(self.invoice_page(move)))

    def test_old_link_leads_to_the_replacement(self):
        sale = self.invoice()
        self.run_outbox()
        old = self.link(sale)
        anew = self.invoice()
        anew.sudo().ereceipt_anew_of_id = sale
        page = self.page(old)
        [link] = page.xpath("//*[@name='ereceipt_replaced']//a/@href")
        self.assertEqual(link, self.link(anew))
        self.assertIn("on its way", self.said(self.page(link), "ereceipt_status"))

    def test_nothing_takes_a_place_before_it_is_issued(self):
        """The new invoice waits for its approval: the old one is what the customer
        has, on its page, in his list and by the code of an old mail."""
        sale = self.invoice()
        self.run_outbox()
        self.device.sudo().approve_above = 1
        second = self.make_user(
            "second", "base.group_user", "account.group_account_manager"
        )
        anew = self.invoice()
        anew.sudo().ereceipt_anew_of_id = sale
        self.assertEqual(anew.ereceipt_state, "waiting")
        self.assertFalse(self.said(self.invoice_page(sale), "ereceipt_replaced"))
        self.assertEqual(
            sale.sudo()._ereceipt_portal_states()[sale.id]["text"], "Valid"
        )
        qr = sale.ereceipt_document_id.sudo().qr
        self.assertEqual(self.picture(sale.ereceipt_document_id), [qr])
        page = self.invoice_page(anew)
        self.assertIn("not issued yet", self.said(page, "ereceipt_waiting"))
        self.assertNotIn("approv", self.said(page, "ereceipt_waiting"))
        anew.with_user(second).action_ereceipt_approve()
        page = self.invoice_page(sale)
        self.assertIn(anew.name, self.said(page, "ereceipt_replaced"))
        self.assertFalse(self.said(self.invoice_page(anew), "ereceipt_waiting"))

    # -------------------------------------------------------------------------
    # FILES
    # -------------------------------------------------------------------------

    def file_link(self, move):
        [link] = self.invoice_page(move).xpath("//a[@name='ereceipt_file']/@href")
        return link

    def test_original_is_what_was_frozen(self):
        move = self.invoice()
        self.run_outbox()
        document = move.ereceipt_document_id.sudo()
        response = self.url_open(self.file_link(move))
        self.assertEqual(response.content, document.content.encode())
        self.assertIn("attachment", response.headers["Content-Disposition"])
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(response.headers["Cache-Control"], "no-store")

    def test_refused_has_no_original(self):
        move = self.invoice()
        link = self.file_link(move)
        self.env.cr.execute(
            "UPDATE ereceipt_document SET state = 'invalid' WHERE id = %s",
            [move.ereceipt_document_id.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.url_open(link, allow_redirects=False).status_code, 303)

    def test_files_are_the_own_customers(self):
        """Neither another invoice's link nor another key of the same one opens it, nor
        is a document told that stands for somebody else's invoice as well."""
        move, other = self.invoice(), self.invoice()
        link = self.file_link(move)
        path, _mark, token = link.partition("?access_token=")
        attachment = self.env["ir.attachment"].create({"name": "x", "raw": b"secret"})
        foreign = other.sudo()._portal_ensure_token()
        for url in (
            path,
            f"{path}?access_token={foreign}",
            path.replace(f"/{move.id}/", f"/{other.id}/") + f"?access_token={token}",
            link.replace("/original?", f"/{attachment.id}?"),
            link.replace("/original?", "/print?"),
            link.replace("/original?", "/x?"),
        ):
            response = self.url_open(url, allow_redirects=False)
            self.assertEqual(response.status_code, 303, url)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        files = move.ereceipt_document_id.sudo()._portal_files(stranger)
        self.assertEqual(files, [])

    def test_downloads_are_limited(self):
        link = self.file_link(self.invoice())
        self.patch(original, "DOWNLOADS", Limiter(1, 60))
        self.assertEqual(self.url_open(link).status_code, 200)
        self.assertEqual(self.url_open(link).status_code, 429)

    # -------------------------------------------------------------------------
    # THE PICTURE OF A MAIL
    # -------------------------------------------------------------------------

    def picture(self, document):
        response = self.url_open(document.sudo()._qr_picture_url())
        if response.status_code != 200:
            return response.status_code
        self.assertEqual(response.headers["Content-Type"], "image/png")
        self.assertIn("max-age", response.headers["Cache-Control"])
        return read_codes(response.content)

    def test_picture_is_that_of_the_document_that_counts(self):
        """Whoever reads the old mail scans the new code."""
        move = self.refused()
        document = move.ereceipt_document_id
        self.assertEqual(self.picture(document), 404)
        move.with_user(self.accountant).action_ereceipt_correct()
        correction = move.ereceipt_document_id
        self.assertNotEqual(correction, document)
        self.assertEqual(self.picture(document), [correction.sudo().qr])

    def test_picture_of_another_customers_document_is_not_shown(self):
        sale = self.invoice()
        self.run_outbox()
        other = self.env["res.partner"].create({"name": "Somebody else"})
        anew = self.invoice(partner_id=other.id)
        anew.sudo().ereceipt_anew_of_id = sale
        self.assertEqual(self.picture(sale.ereceipt_document_id), 404)

    def test_picture_needs_its_address(self):
        document = self.invoice().ereceipt_document_id.sudo()
        other = self.invoice().ereceipt_document_id.sudo()
        url = document._qr_picture_url()
        for wrong in (
            url.replace(document._qr_signature(), other._qr_signature()),
            url.replace(document._qr_signature(), "x"),
            url.replace(f"/{document.id}/", f"/{document.id + 100_000}/"),
        ):
            self.assertEqual(self.url_open(wrong).status_code, 404)
        self.patch(original, "PICTURES", Limiter(0, 60))
        self.assertEqual(self.url_open(url).status_code, 429)

    # -------------------------------------------------------------------------
    # MY INVOICES
    # -------------------------------------------------------------------------

    def test_list_shows_states(self):
        buyer = self.make_user("buyer", "base.group_portal")
        buyer.partner_id.parent_id = self.customer
        buyer.password = buyer.login
        valid = self.invoice()
        self.run_outbox()
        replaced, moving = self.invoice(), self.invoice()
        self.invoice().sudo().ereceipt_anew_of_id = replaced
        self.journal_2.sudo().copy({"name": "No device", "code": "NODE"})
        (valid | replaced | moving).message_subscribe(buyer.partner_id.ids)
        self.authenticate(buyer.login, buyer.login)
        rows = {
            row.xpath("./td[1]")[0].text_content().strip(): " ".join(
                row.xpath("./td[@name='ereceipt']")[0].text_content().split()
            )
            for row in self.page("/my/invoices").xpath("//tbody/tr")
        }
        self.assertEqual(rows[valid.name], "Valid")
        self.assertEqual(rows[moving.name], "Issued, being sent")
        self.assertEqual(rows[replaced.name], "Replaced")

    def test_list_asks_as_often_for_many(self):
        moves = self.invoice()
        for _more in range(5):
            moves |= self.invoice()
        counts = []
        for some in (moves[:2], moves):
            some = self.env["account.move"].sudo().browse(some.ids)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(some._ereceipt_portal_states()), len(some))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLess(counts[0], 6)

    # -------------------------------------------------------------------------
    # LANGUAGE
    # -------------------------------------------------------------------------

    def test_from_right_to_left(self):
        """Figures and Latin letters stay in their order between Arabic words."""
        self.env["res.lang"]._activate_lang("ar_001")
        move = self.invoice()
        self.run_outbox()
        buyer = self.make_user("buyer", "base.group_portal")
        buyer.write({"lang": "ar_001", "password": buyer.login})
        buyer.partner_id.parent_id = self.customer
        move.message_subscribe(buyer.partner_id.ids)
        self.authenticate(buyer.login, buyer.login)
        page = self.invoice_page(move)
        self.assertIn("o_rtl", " ".join(page.xpath("//@class")).split())
        uid = move.ereceipt_uuid
        [shown] = page.xpath(f"//*[@name='ereceipt']/div[@dir='ltr'][text()='{uid}']")
        self.assertIsNotNone(shown)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCustomerMail(EreceiptCommon):
    """The block that mails with an invoice have below their text."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "mona@example.com"

    def mail(self, move, **settings):
        """Mail an invoice, and return the mail's body."""
        before = move.message_ids
        self.env["account.move.send"].with_user(
            self.accountant
        )._generate_and_send_invoices(move, sending_methods=["email"], **settings)
        bodies = [m.body for m in move.message_ids - before if m.partner_ids]
        self.assertEqual(len(bodies), 1)
        return html.fromstring(bodies[0])

    def block(self, body):
        return body.xpath("//table[contains(@class, 'o_ereceipt_mail')]")

    def test_block_has_state_code_and_links(self):
        move = self.invoice()
        [block] = self.block(self.mail(move))
        document = move.ereceipt_document_id.sudo()
        self.assertIn("on its way", block.text_content())
        self.assertEqual(block.xpath(".//img/@src"), [document._qr_picture_url()])
        links = block.xpath(".//a/@href")
        self.assertTrue(any(link.endswith(move.get_portal_url()) for link in links))
        self.run_outbox()
        [block] = self.block(self.mail(move))
        self.assertIn("Registered with the tax authority", block.text_content())
        self.assertIn(document.qr, block.xpath(".//a/@href"))

    def test_own_templates_stay_as_they_are(self):
        """A company's own text is there unchanged, and one that has the block where it
        wants it gets no second one."""
        template = self.env.ref("account.email_template_edi_invoice").copy()
        template.body_html = "<p>Dear all,</p><p>Our own words.</p>"
        body = self.mail(self.invoice(), mail_template=template)
        text = " ".join(body.text_content().split())
        self.assertTrue(text.startswith("Dear all,Our own words."), text)
        self.assertEqual(len(self.block(body)), 1)
        template.body_html = (
            '<p>First</p><t t-out="object._ereceipt_mail_block()"/><p>Last</p>'
        )
        body = self.mail(self.invoice(), mail_template=template)
        self.assertEqual(len(self.block(body)), 1)
        self.assertTrue(body.text_content().strip().endswith("Last"))

    def test_switched_off_and_not_issued(self):
        self.device.sudo().mail_block = False
        self.assertFalse(self.block(self.mail(self.invoice())))
        self.device.sudo().mail_block = True
        plain = self.journal_2.copy({"name": "No device", "code": "NODE"})
        move = self.invoice(journal_id=plain.id)
        self.assertFalse(move.ereceipt_document_id)
        self.assertFalse(self.block(self.mail(move)))

    def test_language_is_the_customers(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.customer.lang = "ar_001"
        move = self.invoice()
        [block] = self.block(self.mail(move))
        lang = self.env["res.lang"]._lang_get("ar_001")
        self.assertTrue(lang)
        words = move.with_context(lang="ar_001").ereceipt_document_id.sudo()
        self.assertIn(words._portal_sentence(), block.text_content())
