import base64
from datetime import timedelta
from unittest.mock import patch

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..dev.certificates import PASSWORD, rsa_key, seal
from ..fiscal.eg_eta import EgReceipt
from ..fiscal.signing.errors import KeyAway
from .signing_common import SigningCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSigningKeyFile(SigningCommon):
    """A key that comes as a file."""

    def test_the_file_is_read_once_and_nothing_of_it_can_be_read_back(self):
        self.upload()
        key = self.key
        self.assertIn("CN=seal", key.subject)
        self.assertEqual(key.tax_number, self.company.vat)
        self.assertFalse(key.is_personal)
        self.assertTrue(key.ready_at)
        sealed = key.sudo().private_key_sealed
        self.assertTrue(sealed.startswith("v1:"))
        self.assertNotIn("PRIVATE KEY", sealed)
        values = key.read(["key_file", "key_password"])[0]
        self.assertFalse(values["key_file"] or values["key_password"])
        with self.assertRaises(AccessError):
            key.read(["private_key_sealed"])
        self.assertFalse(key.copy().certificate_pem)

    def test_web_save_does_not_answer_with_what_was_typed(self):
        answer = self.key.web_save(
            {"key_file": seal().key_file(), "key_password": PASSWORD},
            {"key_file": {}, "key_password": {}, "subject": {}},
        )
        self.assertIn("CN=seal", answer[0]["subject"])
        self.assertFalse(answer[0]["key_file"] or answer[0]["key_password"])

    def test_a_wrong_password_is_told_and_changes_nothing(self):
        self.upload()
        before = self.key.sudo().private_key_sealed
        with self.assertRaisesRegex(UserError, "password does not open"):
            self.upload(password="wrong")
        self.assertEqual(self.key.sudo().private_key_sealed, before)

    def test_another_companys_seal_is_refused(self):
        with self.assertRaisesRegex(UserError, "123456789"):
            self.upload(name="other", taxpayer="123456789")
        self.assertFalse(self.key.certificate_pem)

    def test_a_persons_certificate_is_warned_about(self):
        self.upload(name="person", taxpayer=None)
        self.assertTrue(self.key.is_personal)
        shown = str(self.key.problems_shown)
        self.assertIn("authorised signer", shown)

    def test_only_administrators_set_keys(self):
        for user in (self.accountant, self.manager, self.auditor):
            with self.assertRaises(AccessError):
                self.upload(self.key.with_user(user))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSigningEngine(SigningCommon):
    """Documents that are signed before they are sent."""

    def test_a_document_is_signed_and_sent_by_itself(self):
        self.upload()
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(document.state, "to_sign")
        self.assertIn("It is sent by itself", move.ereceipt_what_now)
        self.assertFalse(document.needs_person, "nobody has to do anything")
        self.assertTrue(document.on_the_way)
        content = document.content
        self.run_outbox()
        self.assertEqual(document.state, "valid")
        self.assertEqual(document.content, content, "the bytes that were signed")
        self.assertTrue(document.signed_at)
        self.assertEqual(document.signing_key_id, self.key)
        rsa_key("seal").public_key().verify(
            base64.b64decode(document.signature),
            content.encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
        self.assertTrue(self.key.last_used_at)

    def test_without_a_key_documents_wait_and_posting_goes_on(self):
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "to_sign")
        self.assertTrue(move.ereceipt_document_id.needs_person)
        self.assertFalse(move.ereceipt_document_id.on_the_way)
        self.assertIn("no signing key", move.ereceipt_what_now)
        self.upload()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def away(self, error):
        """Let the key fail while the block lasts."""

        def sign(authority, built, signer):
            raise error

        return patch.object(EgReceipt, "sign", sign)

    def test_a_key_that_is_away_for_a_moment_is_tried_again(self):
        self.upload()
        with self.away(KeyAway("The token is not plugged in.")):
            move = self.invoice()
            self.run_outbox(seconds=0.2, rounds=1)
        self.assertEqual(move.ereceipt_state, "to_sign")
        self.assertIn("not plugged in", self.key.last_error)
        self.assertGreater(self.key.ready_at, fields.Datetime.now())
        self.run_outbox(seconds=0.2, rounds=1)
        self.assertEqual(move.ereceipt_state, "to_sign", "not before its time")
        self.key.sudo().ready_at = fields.Datetime.now()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertFalse(self.key.last_error)

    def test_a_key_that_cannot_be_opened_holds_only_signing_back(self):
        self.upload()
        sent = self.invoice()
        self.run_outbox(rounds=1, seconds=0.2)
        self.key.sudo().private_key_sealed = self.key.sudo().private_key_sealed[:-8]
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(sent.ereceipt_state, "valid", "following goes on")
        self.assertEqual(move.ereceipt_state, "to_sign")
        self.assertFalse(self.key.ready_at)
        self.assertIn("Type it again", self.key.last_error)

    def test_what_is_signed_on_a_later_day_is_dated_anew(self):
        move = self.invoice()
        first = move.ereceipt_document_id.sudo()
        self.pass_time(days=2)
        self.upload()
        self.run_outbox()
        second = move.ereceipt_document_id.sudo()
        self.assertEqual(first.state, "withdrawn")
        self.assertEqual(second.state, "valid")
        self.assertNotEqual(first, second)
        self.assertLess(fields.Datetime.now() - second.issued_at, timedelta(minutes=1))

    def test_what_the_customer_holds_is_late_and_not_dated_anew(self):
        move = self.invoice()
        move._ereceipt_handed_over()
        self.pass_time(days=2)
        self.upload()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "late")

    def test_what_was_not_signed_can_be_reset(self):
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        move.button_draft()
        self.assertEqual(document.state, "withdrawn")

    def test_a_signature_is_kept_once(self):
        self.upload()
        move = self.invoice()
        self.run_outbox()
        document = move.ereceipt_document_id.sudo()
        for name in ("signature", "signed_at", "signing_key_id"):
            with self.subTest(name), self.assertRaises(UserError):
                document.write({name: False})

    def test_signing_takes_no_statement_per_document(self):
        self.upload()

        def statements(count):
            moves = self.env["account.move"].union(
                *(self.invoice() for _number in range(count))
            )
            documents = moves.ereceipt_document_id.sudo()
            self.env.flush_all()
            signatures = {document.id: "c2lnbmVk" for document in documents}
            before = self.env.cr.sql_log_count
            documents._store_signatures(signatures, self.key)
            self.env.flush_all()
            self.assertEqual(set(documents.mapped("state")), {"queued"})
            return self.env.cr.sql_log_count - before

        statements(1)
        more = statements(6) - statements(2)
        self.assertLess(more, 4, "not one more for each of four more documents")
