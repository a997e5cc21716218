from odoo.tests import tagged

from .reconciliation_common import ReconciliationKit
from .webhook_common import WebhookCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAdoptedTold(ReconciliationKit, WebhookCommon):
    """Other systems are told of a document that is adopted from the authority's books:
    it is valid from the start, and changes no state."""

    def adopted(self):
        """Adopt the one document that was lost here; return it."""
        line = self.lines(self.reconciled(), "missing_here")
        line.action_adopt()
        self.run_job()
        self.assertEqual(line.state, "done", line.note)
        return line.document_id.sudo()

    def test_it_is_told_as_valid_once(self):
        [move] = self.valid()
        uid = self.lose(move)
        self.run_hooks()
        self.receiver.taken.clear()
        document = self.adopted()
        self.run_hooks()
        [message] = self.receiver.taken
        event = message["event"]
        self.assertEqual(event["event"], "document.valid")
        told = event["document"]
        self.assertEqual((told["id"], told["uid"]), (document.id, uid))
        self.assertEqual((told["state"], told["settled"]), ("valid", True))
        entries = [invoice["id"] for invoice in told["invoices"]]
        self.assertEqual(entries, document.link_ids.move_id.ids)
        document.link_ids.move_id.with_user(self.accountant).action_post()
        self.run_outbox()
        self.run_hooks()
        self.assertEqual(len(self.receiver.taken), 1, "confirming it decides nothing")

    def test_who_does_not_want_valid_ones_is_not_told(self):
        self.hook.tells_valid = False
        [move] = self.valid()
        self.lose(move)
        self.adopted()
        self.assertFalse(self.deliveries())
