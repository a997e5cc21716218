import base64
import time
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models import ereceipt_authority_print
from .invoice_common import EgInvoiceCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEgAuthorityPrint(EgInvoiceCommon):
    """ETA's own PDF of an invoice, when a person asks for it."""

    def open(self, record, method="action_ereceipt_authority_pdf"):
        """Ask for the print, and return the attachment that is opened."""
        with self.enter_registry_test_mode():
            action = getattr(record, method)()
        self.env.invalidate_all()
        self.assertEqual(action["type"], "ir.actions.act_url")
        number = int(action["url"].rpartition("/")[2])
        return self.env["ir.attachment"].browse(number)

    def refused(self, error, text, record, method="action_ereceipt_authority_pdf"):
        with self.enter_registry_test_mode(), self.assertRaisesRegex(error, text):
            getattr(record, method)()
        self.env.invalidate_all()

    def calls(self):
        return self.control.requests()["counts"].get("document_pdf", 0)

    def exchanges(self, move):
        document = move.ereceipt_document_id.sudo()
        return document.exchange_ids.filtered(lambda e: e.purpose == "print")

    def test_it_is_fetched_once_and_kept(self):
        move = self.valid()
        self.assertTrue(move.ereceipt_has_authority_pdf)
        attachment = self.open(move)
        content = base64.b64decode(attachment.sudo().datas)
        self.assertTrue(content.startswith(b"%PDF-"))
        self.assertEqual(attachment.sudo().mimetype, "application/pdf")
        (exchange,) = self.exchanges(move)
        self.assertEqual((exchange.outcome, exchange.status), ("ok", 200))
        document = move.ereceipt_document_id
        self.assertEqual(self.open(document, "action_authority_pdf"), attachment)
        self.assertEqual(self.calls(), 1)

    def test_another_state_has_another_print(self):
        self.control.settings(finality="immediate")
        move = self.valid()
        first = self.open(move)
        move.ereceipt_document_id.sudo()._ask_to_cancel("Wrong buyer details")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "cancelled")
        self.assertNotEqual(self.open(move), first)
        self.assertTrue(first.sudo().exists(), "what was shown is kept")

    def test_auditors_see_what_was_fetched(self):
        move = self.valid()
        document = move.ereceipt_document_id.with_user(self.auditor)
        self.refused(AccessError, "role User", document, "action_authority_pdf")
        self.assertFalse(self.calls())
        attachment = self.open(move)
        self.assertEqual(self.open(document, "action_authority_pdf"), attachment)
        self.assertTrue(attachment.with_user(self.auditor).datas)

    def test_nobody_takes_it_away(self):
        attachment = self.open(self.valid())
        for user in (self.accountant, self.manager, self.administrator):
            with self.subTest(user.login), self.assertRaises(AccessError):
                attachment.with_user(user).unlink()
            with self.subTest(user.login), self.assertRaises(AccessError):
                attachment.with_user(user).write({"datas": False})

    def test_who_does_not_see_the_document_does_not_see_its_print(self):
        move = self.valid()
        attachment = self.open(move)
        employee = self.make_user("employee", "base.group_user")
        with self.assertRaises(AccessError):
            move.with_user(employee).action_ereceipt_authority_pdf()
        with self.assertRaises(AccessError):
            move.ereceipt_document_id.with_user(employee).action_authority_pdf()
        with self.assertRaises(AccessError):
            attachment.with_user(employee).read(["datas"])

    def test_it_is_said_that_there_is_none_yet(self):
        self.control.settings(validation_seconds=60)
        move = self.sell_to_business()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "submitted")
        self.assertFalse(move.ereceipt_has_authority_pdf)
        self.refused(UserError, "when a document is valid.*Being validated", move)
        self.assertFalse(self.calls())

    def test_what_eta_says_when_it_has_not_made_it(self):
        move = self.valid()
        self.control.fault("document_pdf", "status", status=404, times=1)
        self.refused(UserError, "has no print of this document", move)
        (exchange,) = self.exchanges(move)
        self.assertEqual(exchange.status, 404)
        self.assertFalse(self.invoicing.breaker_failures, "no failure of the line")
        self.assertTrue(self.open(move), "later it has")

    def test_a_breaker_that_is_open_is_respected(self):
        move = self.valid()
        self.invoicing.sudo().write(
            {
                "breaker_open_until": fields.Datetime.now() + timedelta(minutes=10),
                "breaker_reason": "ETA asked for a pause.",
            }
        )
        self.refused(UserError, "ETA asked for a pause", move)
        self.assertFalse(self.calls())

    def test_nobody_waits_for_long_and_failures_count(self):
        move = self.valid()
        self.patch(ereceipt_authority_print, "SECONDS", 1.0)
        self.control.fault("document_pdf", "deaf", seconds=5, times=1)
        begun = time.monotonic()
        self.refused(UserError, "could not be fetched", move)
        self.assertLess(time.monotonic() - begun, 4)
        self.assertEqual(self.invoicing.breaker_failures, 1)
        self.assertTrue(self.exchanges(move))

    def test_receipts_have_none(self):
        move = self.invoice()
        self.run_outbox()
        self.assertFalse(move.ereceipt_has_authority_pdf)
        self.refused(UserError, "makes no PDF", move)
