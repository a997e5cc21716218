from lxml import html

from odoo.tests import HttpCase

from .cn_common import SELLER, CnNuonuoCommon
from .hr_common import HrCisCommon
from .portal_common import PortalKit


class TestCustomerChina(PortalKit, CnNuonuoCommon, HttpCase):
    """What a customer in China gets besides the print: the files of his fapiao."""

    def test_files_of_the_fapiao(self):
        self.control.register(companies=[{"tax_number": SELLER, "xml": True}])
        move = self.valid()
        self.run_outbox(rounds=2)
        kept = {file.name: file.raw for file in move.ereceipt_document_id.file_ids}
        self.assertEqual(len(kept), 3)
        page = self.page(self.link(move))
        got = {
            " ".join(link.text_content().split()): self.url_open(
                link.get("href")
            ).content
            for link in page.xpath("//a[@name='ereceipt_file']")
        }
        self.assertEqual(got, kept, "each as it came, and no other")
        self.assertFalse(page.xpath("//a[@name='ereceipt_authority']"), "no address")

    def test_another_invoices_file_is_not_handed_out(self):
        self.control.register(companies=[{"tax_number": SELLER, "xml": True}])
        move, other = self.valid(), self.valid()
        self.run_outbox(rounds=2)
        file = other.ereceipt_document_id.file_ids[0]
        url = move.sudo()._ereceipt_file_url(str(file.id))
        self.assertEqual(self.url_open(url, allow_redirects=False).status_code, 303)


class TestCustomerCroatia(PortalKit, HrCisCommon, HttpCase):
    """What a customer in Croatia sees: both codes, and the authority's page."""

    def test_page_of_a_receipt(self):
        move = self.invoice()
        page = self.page(self.link(move))
        self.assertIn("on its way", self.said(page, "ereceipt_status"))
        self.assertFalse(page.xpath("//a[@name='ereceipt_authority']"))
        self.run_outbox()
        document = move.ereceipt_document_id.sudo()
        page = self.page(self.link(move))
        self.assertIn(move.ereceipt_uuid, self.said(page, "ereceipt"))
        self.assertIn(document.security_code, self.said(page, "ereceipt"))
        [link] = page.xpath("//a[@name='ereceipt_authority']/@href")
        self.assertEqual(link, document._qr_now())

    def test_message_to_the_authority_is_no_copy_for_customers(self):
        """It names the operator by his number; who wants customers to have it says so
        on the device."""
        move = self.valid()
        text = html.tostring(self.page(self.link(move))).decode()
        self.assertNotIn("ereceipt_file", text)
        self.device.sudo().mail_file = True
        self.assertIn("ereceipt_file", self.url_open(self.link(move)).text)
