from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .invoice_common import EgInvoiceCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSigningNow(EgInvoiceCommon):
    """A person signs a selection and is told what the rest waits for."""

    def setUp(self):
        super().setUp()
        self.moves = self.env["account.move"].union(
            *[self.sell_to_business() for _number in range(3)]
        )

    def sign(self, moves):
        """Sign the documents of invoices, and return the notification."""
        with self.enter_registry_test_mode():
            action = moves.action_ereceipt_sign_now()
        self.env.invalidate_all()
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["message"]

    def states(self):
        return self.moves.mapped("ereceipt_state")

    def test_only_the_selection_is_signed(self):
        self.assertIn("2 documents are signed", self.sign(self.moves[:2]))
        self.assertEqual(self.states(), ["queued", "queued", "to_sign"])
        self.run_outbox()
        self.assertEqual(self.states(), ["valid"] * 3)

    def test_what_was_signed_is_not_signed_again(self):
        self.sign(self.moves[:1])
        signature = self.moves[0].ereceipt_document_id.sudo().signature
        self.assertIn("2 documents are signed", self.sign(self.moves))
        self.assertEqual(self.moves[0].ereceipt_document_id.sudo().signature, signature)
        with self.assertRaisesRegex(UserError, "None of these waits"):
            self.sign(self.moves)

    def test_a_job_that_signs_just_now_is_not_disturbed(self):
        document = self.moves[0].ereceipt_document_id.sudo()
        work = self.env["ereceipt.work"].sudo()
        unit = work._claimed_unit(self.desk, document, "sign", "job")
        message = self.sign(self.moves[:2])
        self.assertIn("1 documents are signed", message)
        self.assertEqual(self.states()[:2], ["to_sign", "queued"])
        self.assertEqual(document.lease_token, unit.token)

    def test_the_reason_is_told_for_each_key(self):
        keys = self.env["ereceipt.signing.key"].with_user(self.administrator)
        self.invoicing.signing_key_id = keys.create({"name": "Desk", "kind": "agent"})
        message = self.sign(self.moves)
        self.assertIn("0 documents are signed", message)
        self.assertIn("3 wait", message)
        self.assertIn("No agent is paired", message)
        self.invoicing.signing_key_id = False
        self.assertIn("has no signing key", self.sign(self.moves))
        self.invoicing.sudo().database_uuid = "another"
        self.assertIn("database", self.sign(self.moves))

    def test_a_key_that_was_away_is_tried_because_somebody_asks(self):
        self.key._is_away("The key is away.", 3600)
        self.assertIn("3 documents are signed", self.sign(self.moves))
        self.assertFalse(self.key.last_error)

    def test_what_was_issued_yesterday_is_issued_anew_before(self):
        old = self.moves[0].ereceipt_document_id.sudo()
        self.key._is_away("The key is away.", 3600)
        self.pass_time(days=1)
        self.assertIn("1 documents are signed", self.sign(self.moves[0]))
        new = self.moves[0].ereceipt_document_id.sudo()
        self.assertEqual((old.state, new.state), ("withdrawn", "queued"))
        self.assertGreater(new.issued_at, old.issued_at + timedelta(hours=23))

    def test_auditors_do_not_sign(self):
        documents = self.moves.ereceipt_document_id.with_user(self.auditor)
        with self.assertRaises(AccessError):
            documents.action_bulk_sign()
        self.assertEqual(self.states(), ["to_sign"] * 3)
