from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .invoice_common import EgInvoiceCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEgFormer(EgInvoiceCommon):
    """ETA gives an invoice a UUID and then does not know it: sent again, it has
    another one, and that one counts."""

    def setUp(self):
        super().setUp()
        # the same body may be sent again at once
        self.control.settings(duplicate_seconds=0)

    def lost(self):
        """Return an invoice that ETA took and lost, and the UUID that it gave."""
        self.control.fault("document_submit", "lost", times=1)
        move = self.sell_to_business()
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "submitted")
        self.assertFalse(self.control.documents())
        return move, move.ereceipt_uuid

    def test_the_second_uuid_counts(self):
        move, first = self.lost()
        self.assertIn(first, move.ereceipt_document_id.sudo().qr)
        self.run_outbox(rounds=5)
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(document.state, "valid", document.problems)
        (taken,) = self.control.documents()
        self.assertEqual(move.ereceipt_uuid, taken["uuid"])
        self.assertNotEqual(move.ereceipt_uuid, first)
        self.assertIn(f"/{taken['uuid']}/share/{taken['longId']}", document.qr)
        self.assertEqual(document.authority_ids["long_id"], taken["longId"])
        told = document.authority_ids_text.splitlines()
        self.assertIn(f"Long identifier: {taken['longId']}", told)
        self.assertEqual(document.former_uids_text, first)
        self.assertTrue(document.former_ids[0]["ids"]["long_id"])
        self.assertIn(first, "".join(move.message_ids.mapped("body")))

    def test_it_is_followed_and_cancelled_under_the_second(self):
        self.control.settings(finality="immediate")
        move, _first = self.lost()
        self.run_outbox(rounds=5)
        move.ereceipt_document_id.sudo()._ask_to_cancel("Wrong buyer details")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "cancelled")
        (taken,) = self.control.documents()
        self.assertEqual(
            (taken["uuid"], taken["status"]), (move.ereceipt_uuid, "Cancelled")
        )

    def test_a_second_answer_that_is_lost_as_well_is_found_by_the_number(self):
        move, first = self.lost()
        self.control.fault("document_submit", "drop_after", times=1)
        self.run_outbox(rounds=6)
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(document.state, "valid", document.last_error)
        (taken,) = self.control.documents()
        self.assertEqual(move.ereceipt_uuid, taken["uuid"])
        self.assertNotEqual(move.ereceipt_uuid, first)

    # -------------------------------------------------------------------------
    # THE GUARD
    # -------------------------------------------------------------------------

    def renaming(self, document, uid, **values):
        row = {"uid": document.authority_uid, "ids": {}, "until": False}
        return {"authority_uid": uid, "qr": False, "former_ids": [row], **values}

    def test_a_uuid_goes_only_when_eta_does_not_know_it_and_never_without_a_trace(self):
        move, first = self.lost()
        document = move.ereceipt_document_id.sudo()
        for asked, values in (
            (1, {"authority_uid": "ANOTHER"}),
            (1, {"authority_uid": False, "qr": False}),
            (1, self.renaming(document, "ANOTHER")),
            (1, self.renaming(document, False, former_ids=[])),
            (1, self.renaming(document, False, content="{}")),
            (0, self.renaming(document, False)),
        ):
            document.asked = asked
            with self.subTest(values), self.assertRaisesRegex(UserError, "was issued"):
                document.write(values)
            self.assertEqual(document.authority_uid, first)
        document.asked = 1
        document.write(self.renaming(document, False))
        self.assertFalse(document.authority_uid)

    def test_a_uuid_that_is_decided_on_stays(self):
        document = self.valid().ereceipt_document_id.sudo()
        document.asked = 1
        with self.assertRaisesRegex(UserError, "was issued"):
            document.write(self.renaming(document, False))

    def test_the_uuid_of_a_receipt_is_ours_and_stays(self):
        self.control.fault("submit", "lost", times=1)
        move = self.invoice()
        first = move.ereceipt_uuid
        self.run_outbox(rounds=1)
        document = move.ereceipt_document_id.sudo()
        document.asked = 1
        with self.assertRaisesRegex(UserError, "was issued"):
            document.write(self.renaming(document, False))
        document.write({"asked": 0, "next_attempt_at": fields.Datetime.now()})
        self.run_outbox(rounds=5)
        self.assertEqual((document.state, move.ereceipt_uuid), ("valid", first))
        self.assertFalse(document.former_ids)
