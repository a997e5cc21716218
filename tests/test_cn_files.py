import hashlib

from odoo.exceptions import UserError

from .cn_common import SELLER, CnNuonuoCommon


class TestCnFiles(CnNuonuoCommon):
    """The files of a fapiao are fetched by themselves and kept as they came."""

    def setUp(self):
        super().setUp()
        self.control.register(companies=[{"tax_number": SELLER, "xml": True}])

    def fetched(self, **values):
        move = self.valid(**values)
        self.run_outbox(rounds=2)
        return move

    def test_files_are_kept(self):
        move = self.fetched()
        files = move.ereceipt_document_id.file_ids
        number = move.ereceipt_uuid
        self.assertEqual(
            sorted(files.mapped("name")),
            [f"{number}.{ending}" for ending in ("ofd", "pdf", "xml")],
        )
        for file in files:
            self.assertEqual(file.ereceipt_sha256, hashlib.sha256(file.raw).hexdigest())
        self.assertFalse(move.ereceipt_document_id.files_wanted)
        self.assertFalse(move.activity_ids)
        self.assertEqual(move.ereceipt_file_ids, files)

    def test_not_fetched_twice(self):
        move = self.fetched()
        document = move.ereceipt_document_id
        before = document.file_ids
        document.with_user(self.accountant).action_fetch_files()
        self.run_outbox(rounds=2)
        self.assertEqual(document.file_ids, before)

    def test_tried_again(self):
        self.control.fault("files", "drop_before", times=1)
        move = self.valid()
        self.run_outbox(rounds=1)
        self.run_outbox(rounds=4)
        self.assertEqual(len(move.ereceipt_document_id.file_ids), 3)

    def test_a_file_that_differs_is_told(self):
        move = self.fetched()
        self.assertFalse(move.activity_ids)
        self.control.fault("queryInvoiceResult", "wrong_total")
        document = move.ereceipt_document_id
        document.with_user(self.accountant).action_fetch_files()
        self.assertTrue(document.files_wanted)
        self.run_outbox(rounds=2)
        self.assertFalse(document.files_wanted)
        notes = " ".join(move.sudo().activity_ids.mapped(lambda a: a.note or ""))
        self.assertIn("in the fapiao's file is", notes.replace("&#39;", "'"))

    def test_given_up_and_told(self):
        self.control.fault("files", "drop_before")
        move = self.valid()
        document = move.ereceipt_document_id
        document.sudo().files_tried = 19
        self.run_outbox(rounds=2)
        self.assertFalse(document.files_wanted)
        self.assertTrue(document.last_error)
        [activity] = move.sudo().activity_ids
        self.assertIn("could not be fetched", activity.summary)
        self.assertEqual(move.ereceipt_state, "valid")

    def test_only_of_what_is_valid(self):
        move = self.invoice()
        document = move.ereceipt_document_id.with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "makes files of what is valid"):
            document.action_fetch_files()

    def test_nobody_changes_or_deletes_them(self):
        file = self.fetched().ereceipt_document_id.file_ids[:1].sudo()
        for attempt in (
            lambda: file.unlink(),
            lambda: file.write({"raw": b"x"}),
            lambda: file.write({"ereceipt_sha256": False}),
            lambda: file.write({"res_id": 0}),
        ):
            with self.assertRaisesRegex(UserError, "tax authority made"):
                attempt()
        file.write({"name": "x.pdf"})

    def test_all_files_of_a_split(self):
        company = {"tax_number": SELLER, "single_limit": "100.00"}
        self.control.register(companies=[company])
        move = self.fetched(price=150.0)
        count = len(self.issued(move))
        self.assertEqual(len(move.ereceipt_document_id.file_ids), 3 * count)
