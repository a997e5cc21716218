import hashlib
import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from .common import EreceiptCommon

CHANGES = {
    "registration_id": "NULL",
    "device_id": "NULL",
    "company_id": "company_id + 1",
    "document_count": "document_count + 1",
    "purpose": "'query'",
    "method": "'PUT'",
    "url": "'https://example.com'",
    "started_at": "started_at + interval '1 second'",
    "duration": "duration + 0.001",
    "status": "500",
    "outcome": "'refused'",
    "error": "'x'",
    "request_headers": "'{}'",
    "response_headers": "'{}'",
    "request_gzip": "NULL",
    "response_gzip": "NULL",
    "request_sha256": "repeat('0', 64)",
    "response_sha256": "repeat('0', 64)",
    "sha256": "repeat('0', 64)",
    "seal_format": "1",
    "seal_id": "NULL",
    "purged_at": "now()",
}
"""Every column of an exchange, with another value for it."""

OWN = {"id", "create_uid", "create_date", "write_uid", "write_date"}


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAdminSeals(EreceiptCommon):
    """Nothing that a sealed row says can be changed in the database unnoticed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seals = cls.env["ereceipt.seal"].sudo()

    def sealed(self):
        """Return a call in which a document travelled, with one seal before and one
        after its own."""
        for _number in range(3):
            move = self.invoice()
            self.run_outbox()
            self.seals._seal()
        self.assertFalse(self.seals._verify())
        rows = self.env["ereceipt.exchange"].sudo()
        [row, *_others] = rows.search(
            [("purpose", "=", "submit"), ("seal_id.number", "=", 2)]
        )
        self.assertEqual(len(row.document_ids), 1)
        self.assertNotEqual(row.document_ids, move.ereceipt_document_id.sudo())
        return row

    def execute(self, statement, *values):
        self.env.flush_all()
        self.env.cr.execute(SQL(statement, *values))
        self.env.invalidate_all()

    def assert_found(self, statement, *values):
        savepoint = self.env.cr.savepoint()
        with self.subTest(statement):
            self.execute(statement, *values)
            self.assertTrue(self.seals._verify())
        savepoint.close(rollback=True)
        self.env.invalidate_all()

    # -------------------------------------------------------------------------
    # ROWS
    # -------------------------------------------------------------------------

    def test_every_column_is_covered(self):
        row = self.sealed()
        stored = {n for n, f in row._fields.items() if f.store and f.column_type}
        self.assertEqual(set(CHANGES), stored - OWN, "each column is tried")
        # the company has to exist
        other = self.env["res.company"].create({"name": "Other"})
        changes = {**CHANGES, "company_id": str(other.id)}
        for column, value in changes.items():
            self.assert_found(
                f"UPDATE ereceipt_exchange SET {column} = {value} WHERE id = %s", row.id
            )

    def test_a_body_that_cannot_be_unpacked_is_told_like_any_other(self):
        row = self.sealed()
        for spoilt in ("x", "H4sIAAAA", "===="):
            self.assert_found(
                "UPDATE ereceipt_exchange SET request_gzip = %s WHERE id = %s",
                spoilt.encode(),
                row.id,
            )

    def test_documents_of_a_call_are_covered(self):
        row = self.sealed()
        other = self.invoice().ereceipt_document_id.sudo()
        relation = "ereceipt_exchange_document_rel"
        document_id = row.document_ids.id
        for statement in (
            f"DELETE FROM {relation} WHERE exchange_id = {row.id}",
            f"INSERT INTO {relation} (exchange_id, document_id) "
            f"VALUES ({row.id}, {other.id})",
            f"UPDATE {relation} SET document_id = {other.id} "
            f"WHERE exchange_id = {row.id}",
            f"UPDATE {relation} SET document_id = {other.id} "
            f"WHERE document_id = {document_id}",
        ):
            self.assert_found(statement)

    def test_a_purge_hides_nothing(self):
        """Bodies go after the retention; what is left of the row goes on being
        verified, and nobody purges before."""
        row = self.sealed()
        empty = "request_gzip = NULL, response_gzip = NULL, purged_at = now()"
        statement = f"UPDATE ereceipt_exchange SET {empty} WHERE id = %s"
        self.assert_found(statement, row.id)
        with freeze_time(fields.Datetime.now() + timedelta(days=7 * 366)):
            self.env["ereceipt.exchange"]._purge()
        self.assertTrue(row.purged_at)
        self.assertFalse(row.request_gzip)
        self.assertFalse(self.seals._verify())
        for change in ("status = 500", "request_sha256 = repeat('0', 64)"):
            self.assert_found(
                f"UPDATE ereceipt_exchange SET {change} WHERE id = %s", row.id
            )

    # -------------------------------------------------------------------------
    # SEALS
    # -------------------------------------------------------------------------

    def test_every_column_of_a_seal_is_covered(self):
        seal = self.sealed().seal_id
        changes = {
            "number": "9",
            "previous_hash": "repeat('0', 64)",
            "hash": "repeat('0', 64)",
            "exchange_count": "exchange_count + 1",
        }
        stored = {n for n, f in seal._fields.items() if f.store and f.column_type}
        self.assertEqual(set(changes), stored - OWN, "each column is tried")
        for column, value in changes.items():
            self.assert_found(
                f"UPDATE ereceipt_seal SET {column} = {value} WHERE id = %s", seal.id
            )

    def test_a_seal_that_is_taken_away_is_found(self):
        self.sealed()
        for number in (1, 2):
            which = self.seals.search([("number", "=", number)])
            savepoint = self.env.cr.savepoint()
            with self.subTest(number):
                self.execute(
                    "UPDATE ereceipt_exchange SET seal_id = NULL WHERE seal_id = %s",
                    which.id,
                )
                self.execute("DELETE FROM ereceipt_seal WHERE id = %s", which.id)
                self.assertTrue(self.seals._verify())
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    # -------------------------------------------------------------------------
    # OLDER ROWS
    # -------------------------------------------------------------------------

    def old_fingerprint(self, row):
        """Return the SHA-256 of the first format, from its description."""
        told = [
            row.registration_id.id,
            row.purpose,
            row.method,
            row.url,
            fields.Datetime.to_string(row.started_at),
            row.status,
            row.outcome,
            row.error or "",
            sorted((row.request_headers or {}).items()),
            sorted((row.response_headers or {}).items()),
            hashlib.sha256(row._body("request_gzip")).hexdigest(),
            hashlib.sha256(row._body("response_gzip")).hexdigest(),
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def test_rows_of_the_first_format_verify(self):
        """They were sealed before documents, device and duration were covered."""
        self.invoice()
        self.run_outbox()
        rows = self.env["ereceipt.exchange"].sudo().search([("seal_id", "=", False)])
        self.assertTrue(rows)
        for row in rows:
            self.execute(
                "UPDATE ereceipt_exchange SET seal_format = NULL, sha256 = %s, "
                "request_sha256 = NULL, response_sha256 = NULL WHERE id = %s",
                self.old_fingerprint(row),
                row.id,
            )
        self.seals._seal()
        self.invoice()
        self.run_outbox()
        self.seals._seal()
        self.assertFalse(self.seals._verify())
        for change in ("status = 500", "seal_format = 2", "response_gzip = NULL"):
            self.assert_found(
                f"UPDATE ereceipt_exchange SET {change} WHERE id = %s", rows[0].id
            )
