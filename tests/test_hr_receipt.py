from datetime import timedelta, timezone

from lxml.html import fromstring

from odoo import fields
from odoo.exceptions import UserError, ValidationError

from ..fiscal.hr_cis.working_days import report_by
from .hr_common import BUYER_OIB, OIB, OPERATOR, HrCisCommon


class TestHrReceipt(HrCisCommon):
    """A till in Zagreb: from Confirm to the JIR, and what may go wrong on the way."""

    # -------------------------------------------------------------------------
    # ISSUE AND SEND
    # -------------------------------------------------------------------------

    def test_receipt_gets_its_jir(self):
        move = self.invoice()
        document = move.ereceipt_document_id
        self.assertEqual(document.state, "queued")
        self.assertEqual(document.authority_number, "1/POSL1/1")
        self.assertRegex(document.security_code, "^[0-9a-f]{32}$")
        self.assertIn(f"zki={document.security_code}", document._qr_now())
        self.run_outbox()
        self.assertEqual(document.state, "valid", document.last_error)
        row = self.registered_as(move)
        self.assertEqual(row["jir"], move.ereceipt_uuid)
        self.assertEqual(row["zki"], document.security_code)
        self.assertEqual(row["oib"], OIB)
        self.assertEqual((row["total"], row["payment"]), ("125.00", "G"))
        self.assertFalse(row["warnings"])
        self.assertIn(f"jir={row['jir']}", document._qr_now())
        self.assertFalse(self.control.refusals())

    def test_operator_and_print(self):
        move = self.valid()
        rows = dict(move._ereceipt_print_values()["rows"])
        self.assertEqual(rows["Issuer's OIB"], OIB)
        self.assertEqual(rows["Receipt number"], "1/POSL1/1")
        self.assertEqual(rows["Operator"], OPERATOR)
        self.assertEqual(rows["Payment"], "Cash")
        self.assertEqual(rows["JIR"], move.ereceipt_uuid)
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("account.account_invoices", move.ids)[0]
            .decode()
        )
        [block] = fromstring(html).xpath("//div[@name='ereceipt']")
        printed = " ".join(block.text_content().split())
        for name, text in rows.items():
            self.assertIn(f"{name}: {text}", printed)
        self.assertIn("Issued: 20", printed)

    def test_lost_answer_is_repeated_with_a_new_message(self):
        self.control.fault("racuni", "drop_after", times=1)
        move = self.invoice()
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "unknown")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        row = self.registered_as(move)
        self.assertEqual(len(row["deliveries"]), 2)
        self.assertEqual(len(self.control.registered()), 1)

    def test_late_is_what_was_handed_over_before(self):
        move = self.invoice()
        move._ereceipt_handed_over()
        self.run_outbox()
        [delivery] = self.registered_as(move)["deliveries"]
        content = self.sent(move)
        self.assertIn("NakDost>true<", content)
        told = move.ereceipt_document_id.authority_ids_text.splitlines()
        self.assertIn(f"JIR: {move.ereceipt_uuid}", told)
        self.assertIn("Late (NakDost): Yes", told)
        self.assertTrue(delivery)
        other = self.valid()
        self.assertIn("NakDost>false<", self.sent(other))

    def sent(self, move):
        exchange = move.ereceipt_document_id.sudo().exchange_ids.filtered(
            lambda e: e.purpose == "submit"
        )[-1:]
        return exchange.request_text

    def test_deadline_of_the_law(self):
        document = self.invoice().ereceipt_document_id
        self.assertTrue(document.report_by)
        self.assertLess(document.report_by, document.deadline_at)
        self.assertEqual(document.closes_at, document.report_by)

    # -------------------------------------------------------------------------
    # REFUSED BY RULE
    # -------------------------------------------------------------------------

    def test_nobody_at_the_till(self):
        self.accountant.partner_id.hr_operator_oib = False
        with self.assertRaisesRegex(UserError, "Nobody is named who issues"):
            self.invoice()

    def test_operator_oib_is_checked(self):
        with self.assertRaisesRegex(ValidationError, "is no OIB"):
            self.accountant.partner_id.hr_operator_oib = "12312312317"

    def test_line_without_a_kind_of_tax(self):
        line = {"product_id": self.item.id, "price_unit": 10.0, "tax_ids": False}
        with self.assertRaisesRegex(UserError, "no tax that tells what it is to VAT"):
            self.invoice(lines=[line])

    def test_too_much_cash(self):
        with self.assertRaisesRegex(UserError, "at most 10,?000.00"):
            self.invoice(price=9000.0)

    def test_refusal_of_the_authority_is_told(self):
        self.control.fault("racuni", "refuse", times=1, code="s001")
        move = self.invoice()
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "invalid")
        self.assertTrue(move.ereceipt_problems)

    def test_wrong_key_is_no_key(self):
        administration = self.env(user=self.administrator.id)
        with self.assertRaisesRegex(UserError, "belongs to the taxpayer 88890465617"):
            self.make_key(administration, BUYER_OIB)

    def test_without_a_key(self):
        self.registration.sudo().signing_key_id = False
        with self.assertRaisesRegex(UserError, "has no signing key"):
            self.invoice()
        self.device.action_retire()
        self.device.action_take_back()
        with self.assertRaisesRegex(UserError, "has no signing key"):
            self.device.action_activate()

    # -------------------------------------------------------------------------
    # BUYERS
    # -------------------------------------------------------------------------

    def test_company_that_pays_at_the_till(self):
        move = self.valid(partner_id=self.business.id)
        self.assertEqual(self.registered_as(move)["buyer"], BUYER_OIB)

    def test_company_that_pays_by_bank_gets_no_receipt(self):
        move = self.invoice(partner_id=self.business.id, hr_payment_means="T")
        self.assertFalse(move.ereceipt_device_id)
        self.assertFalse(move.ereceipt_document_id)

    # -------------------------------------------------------------------------
    # REVERSAL
    # -------------------------------------------------------------------------

    def test_reversal_is_a_negative_receipt(self):
        move = self.valid(hr_payment_means="K")
        back = self.reversal(move)
        self.assertEqual(back.ereceipt_document_id.authority_number, "2/POSL1/1")
        self.run_outbox()
        self.assertEqual(back.ereceipt_state, "valid", back.ereceipt_problems)
        row = self.registered_as(back)
        self.assertEqual((row["total"], row["payment"]), ("-125.00", "K"))

    def test_reversal_does_not_wait_for_its_sale(self):
        move = self.invoice()
        back = self.reversal(move)
        self.assertEqual(back.ereceipt_state, "queued")
        self.assertFalse(back.ereceipt_document_id.depends_on_id)

    # -------------------------------------------------------------------------
    # PAPER BOOK
    # -------------------------------------------------------------------------

    def test_paper_book(self):
        move = self.valid(hr_paper_number="17/A")
        content = self.sent(move)
        self.assertIn("ParagonBrRac>17/A<", content)
        self.assertIn("NakDost>true<", content)

    def test_paper_book_of_yesterday(self):
        yesterday = fields.Datetime.now() - timedelta(days=1)
        day = self.env["account.move"]._ereceipt_local_date(self.device, yesterday)
        move = self.valid(
            hr_paper_number="18/A", hr_paper_issued_at=yesterday, invoice_date=day
        )
        document = move.ereceipt_document_id
        self.assertEqual(document.issued_at, yesterday.replace(microsecond=0))
        line_down = report_by(document.issued_at.replace(tzinfo=timezone.utc), "line")
        self.assertGreater(document.report_by, line_down.replace(tzinfo=None))

    # -------------------------------------------------------------------------
    # WHILE SOMEBODY WAITS
    # -------------------------------------------------------------------------

    def test_sent_at_once(self):
        move = self.invoice()
        self.env.flush_all()
        with self.enter_registry_test_mode():
            move.ereceipt_send_now("0123456789abcdef")
        self.env.invalidate_all()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(self.registered_as(move)["jir"], move.ereceipt_uuid)
        self.assertIn("NakDost>false<", self.sent(move))

    def test_without_a_line_the_sale_goes_on(self):
        self.control.fault("racuni", "drop_before", times=9)
        move = self.invoice()
        self.run_outbox(rounds=1)
        self.assertNotEqual(move.ereceipt_state, "valid")
        values = move._ereceipt_print_values()
        self.assertTrue(values["qr"])
        self.assertNotIn("JIR", dict(values["rows"]))
        self.assertTrue(move._ereceipt_mail_waits())

    def test_system_error_is_tried_again(self):
        self.control.fault("racuni", "system_error", times=1)
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(move.ereceipt_document_id.attempts, 2)
