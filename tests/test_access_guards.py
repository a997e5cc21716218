from psycopg2 import IntegrityError, errors

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..fiscal.lifecycle import IllegalTransition
from ..models.ereceipt_document import FROZEN
from .common import EreceiptCommon

ISSUED = "issued to the tax authority"
RESTRICTED = (errors.RestrictViolation, errors.ForeignKeyViolation)
"""What PostgreSQL calls it: 18 has a name of its own for it."""


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAccessGuards(EreceiptCommon):
    """What was issued stays as it is: for every role, for the superuser, whatever the
    context says, and in the database itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls.invoice()
        cls.document = cls.move.ereceipt_document_id.sudo()
        cls.sold = cls.move.invoice_line_ids
        cls.stranger = cls.env["res.partner"].create({"name": "سامي"})

    def who(self):
        """Yield the invoice in the hands of everybody who might write it."""
        for user in (self.accountant, self.manager, self.administrator, self.auditor):
            yield user.login, self.move.with_user(user)
        yield "superuser", self.move.sudo()
        yield (
            "superuser, forced",
            self.move.sudo().with_context(
                force_delete=True,
                skip_readonly_check=True,
                check_move_validity=False,
                dynamic_unlink=True,
                tracking_disable=True,
                install_mode=True,
            ),
        )

    def assert_untouched(self):
        self.env.invalidate_all()
        self.assertEqual(self.move.state, "posted")
        self.assertEqual(self.move.ereceipt_document_id, self.document)
        self.assertEqual(self.move.ereceipt_uuid, self.document.authority_uid)
        self.assertEqual(self.move.amount_total, 114.0)
        self.assertEqual(self.move.partner_id, self.customer)
        self.assertEqual(self.document.state, "queued")

    def assert_refused(self, text, attempt):
        """The attempt raises, for the reason ``text`` or for want of rights."""
        with self.assertRaises(UserError) as raised:
            attempt()
        if not isinstance(raised.exception, AccessError):
            self.assertRegex(str(raised.exception), text)
        self.assert_untouched()

    # -------------------------------------------------------------------------
    # THE INVOICE
    # -------------------------------------------------------------------------

    def test_columns_of_the_invoice(self):
        for values in (
            {"state": "draft"},
            {"state": "cancel"},
            {"name": "X/1"},
            {"name": False},
            {"journal_id": self.journal_2.id},
            {"journal_id": self.journal_2.id, "name": False},
            {"move_type": "out_refund"},
            {"ereceipt_device_id": self.device_2.id},
        ):
            for name, move in self.who():
                with self.subTest(name, values=values):
                    self.assert_refused(ISSUED, lambda m=move, v=values: m.write(v))

    def test_content_of_the_invoice(self):
        """Odoo's own check of posted entries can be switched off by a context, which
        any caller from outside may send."""
        change = Command.update(self.sold.id, {"price_unit": 7})
        for values in (
            {"partner_id": self.stranger.id},
            {"invoice_date": "2026-01-01"},
            {"currency_id": self.env.ref("base.USD").id},
            {"invoice_line_ids": [change]},
            {"line_ids": [Command.unlink(self.sold.id)]},
        ):
            for name, move in self.who():
                with self.subTest(name, values=values):
                    self.assert_refused(
                        "posted|issued", lambda m=move, v=values: m.write(v)
                    )

    def test_lines_of_the_invoice(self):
        added = {"product_id": self.item.id, "price_unit": 9, "quantity": 1}
        for name, move in self.who():
            lines = self.sold.with_env(move.env)
            rows = self.env["account.move.line"].with_env(move.env)
            for attempt in (
                lambda lines=lines: lines.write({"price_unit": 5}),
                lambda lines=lines: lines.write({"quantity": 5}),
                lambda lines=lines: lines.write({"discount": 5}),
                lambda lines=lines: lines.write({"product_id": False}),
                lambda lines=lines: lines.write({"tax_ids": [Command.clear()]}),
                lambda lines=lines: lines.unlink(),
                lambda rows=rows: rows.create({"move_id": self.move.id, **added}),
            ):
                with self.subTest(name):
                    self.assert_refused("posted|issued", attempt)

    def test_what_a_document_does_not_tell_may_change(self):
        self.sold.with_user(self.accountant).name = "قلم"
        self.move.ref = "PO 7"
        term = self.move.line_ids.filtered(lambda x: x.display_type == "payment_term")
        term.date_maturity = "2030-01-01"
        self.sold.with_user(self.accountant).write({"price_unit": 100.0})
        self.assert_untouched()

    def test_buttons(self):
        for name, move in self.who():
            for button in ("button_draft", "button_cancel", "button_request_cancel"):
                with self.subTest(name, button=button):
                    self.assert_refused(".", getattr(move, button))
        self.assertFalse(self.move.show_reset_to_draft_button)
        self.assertTrue(self.move.ereceipt_locked)

    def test_deletion(self):
        for name, move in self.who():
            for forced in (False, True):
                with self.subTest(name, forced=forced):
                    record = move.with_context(force_delete=forced)
                    self.assert_refused("posted|issued", record.unlink)
        self.assertTrue(self.move.exists())

    def test_what_follows_from_documents_is_nobodys_to_write(self):
        """An invoice without its document would be issued a second time; one with
        another's would carry a QR code that is not its own."""
        other = self.invoice(post=False)
        for values in (
            {"ereceipt_document_id": self.document.id},
            {"ereceipt_document_id": False},
            {"ereceipt_state": "valid"},
            {"ereceipt_uuid": "a" * 64},
        ):
            for user in (
                self.accountant,
                self.administrator,
                self.env.ref("base.user_root"),
            ):
                for move in (self.move, other):
                    with self.subTest(user.login, values=values):
                        self.assert_refused(
                            "follow from",
                            lambda m=move, u=user, v=values: m.with_user(u).write(v),
                        )
            with self.subTest("create", values=values):
                self.assert_refused(
                    "follow from", lambda v=values: self.invoice(post=False, **v)
                )
        self.assertFalse(other.ereceipt_document_id)

    def test_links_are_nobodys_to_write(self):
        link = Command.create({"document_id": self.document.id})
        for command in (
            link,
            Command.clear(),
            Command.delete(self.document.link_ids.id),
        ):
            with self.subTest(command=command), self.assertRaises(UserError):
                self.move.write({"ereceipt_link_ids": [command]})
        self.assert_untouched()

    def test_refused_and_waiting_ones_may_change(self):
        """The guards hold what stands at the authority and nothing else."""
        refused = self.invoice()
        number = {"receiptNumber": refused.name}
        self.control.fault("submit", "invalid", match=number, code="X", message="No.")
        self.run_outbox()
        self.assertEqual(refused.ereceipt_state, "invalid")
        refused.write({"state": "draft"})
        with self.assertRaisesRegex(UserError, ISSUED):
            refused.with_context(force_delete=True).unlink()

        self.device.issue_moment = "manual"
        waiting = self.invoice()
        document = waiting.ereceipt_document_id
        waiting.button_draft()
        self.assertEqual(document.state, "withdrawn")
        waiting.with_context(force_delete=True).unlink()
        self.assertFalse(document.exists())

    # -------------------------------------------------------------------------
    # THE DOCUMENT
    # -------------------------------------------------------------------------

    def test_frozen_columns_do_not_change_for_the_superuser_either(self):
        values = {
            "content": "{}",
            "content_sha256": "0" * 64,
            "media_type": "text/xml",
            "authority_uid": "b" * 64,
            "security_code": "x",
            "qr": "https://example.com",
            "series": "x",
            "series_number": 7,
            "authority_number": "7/X/1",
            "issued_at": "2026-01-01 00:00:00",
            "chain_index": 7,
            "previous_uid": "c" * 64,
            "environment": "production",
            "device_id": self.device_2.id,
            "registration_id": self.registration.id,
            "company_id": self.company.id,
            "exchange_ids": [Command.clear()],
        }
        # what comes after the content, once, has tests of its own
        added = {"signature", "signed_at", "signing_key_id", "qr_answered"}
        self.assertEqual(set(values), FROZEN - added, "each frozen column is tried")
        for column, value in values.items():
            with self.subTest(column):
                self.assert_refused(
                    "cannot change any more",
                    lambda c=column, v=value: self.document.write({c: v}),
                )
        self.assert_refused(
            "cannot change any more",
            lambda: self.document.write({"last_error": "x", "qr": "y"}),
        )

    def test_an_identifier_that_comes_with_the_answer_is_written_once(self):
        self.env.execute_query(
            SQL(
                "UPDATE ereceipt_document SET authority_uid = NULL WHERE id = %s "
                "RETURNING id",
                self.document.id,
            )
        )
        self.env.invalidate_all()
        self.document.authority_uid = "d" * 64
        with self.assertRaisesRegex(UserError, "cannot change any more"):
            self.document.authority_uid = "e" * 64

    def test_only_ways_of_the_table(self):
        for state in ("valid", "invalid", "submitted", "waiting", "cancelled", "?"):
            with self.subTest(state), self.assertRaises(IllegalTransition):
                self.document.write({"state": state})
            with self.subTest(state), self.assertRaises(IllegalTransition):
                self.document._go(state)
        self.assert_untouched()

    def test_documents_and_links_are_not_deleted(self):
        other = self.invoice()
        link = self.document.link_ids
        for attempt in (
            self.document.unlink,
            self.document.with_context(force_delete=True).unlink,
            link.unlink,
            lambda: link.write({"move_id": other.id}),
            lambda: link.write({"document_id": other.ereceipt_document_id.id}),
            lambda: self.document.write({"link_ids": [Command.clear()]}),
        ):
            with self.assertRaises(UserError):
                attempt()
            self.assert_untouched()

    # -------------------------------------------------------------------------
    # THE DATABASE
    # -------------------------------------------------------------------------

    def assert_sql_refuses(self, error, statement, *values):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError) as raised,
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(SQL(statement, *values))
        self.assertIsInstance(raised.exception, error)
        self.assert_untouched()

    def test_the_database_itself_refuses(self):
        document, move = self.document, self.move
        second = self.invoice().ereceipt_document_id
        self.env.flush_all()
        changes = (
            (errors.CheckViolation, "content = content || ' '"),
            (errors.CheckViolation, "content_sha256 = repeat('0', 64)"),
            (errors.CheckViolation, "content = NULL, content_sha256 = NULL"),
            (errors.CheckViolation, "issued_at = NULL"),
            (errors.NotNullViolation, "state = NULL"),
        )
        for error, change in changes:
            with self.subTest(change):
                self.assert_sql_refuses(
                    error,
                    f"UPDATE ereceipt_document SET {change} WHERE id = %s",
                    document.id,
                )
        with self.subTest("one place in the chain"):
            self.assert_sql_refuses(
                errors.UniqueViolation,
                "UPDATE ereceipt_document SET chain_index = %s WHERE id = %s",
                document.chain_index,
                second.id,
            )
        with self.subTest("the invoice"):
            self.assert_sql_refuses(
                RESTRICTED,
                "DELETE FROM account_move WHERE id = %s",
                move.id,
            )
        for table, record in (
            ("ereceipt_device", self.device),
            ("ereceipt_registration", self.registration),
        ):
            with self.subTest(table):
                self.assert_sql_refuses(
                    RESTRICTED,
                    f"DELETE FROM {table} WHERE id = %s",
                    record.id,
                )
        with self.subTest("one link"):
            self.assert_sql_refuses(
                errors.UniqueViolation,
                "INSERT INTO ereceipt_document_move (document_id, move_id, company_id) "
                "VALUES (%s, %s, %s)",
                document.id,
                move.id,
                self.company.id,
            )

    # -------------------------------------------------------------------------
    # EXCHANGES AND SEALS
    # -------------------------------------------------------------------------

    def test_exchanges_and_seals_are_only_ever_added(self):
        self.run_outbox()
        rows = self.document.exchange_ids
        self.assertTrue(rows)
        seal = self.env["ereceipt.seal"]._seal()
        empty = {"request_gzip": False, "response_gzip": False}
        for row in (rows[0], rows[0].with_user(self.administrator)):
            for values in (
                {"status": 200},
                {"response_gzip": False},
                {"request_headers": {}},
                {"sha256": "0" * 64},
                {"seal_id": False},
                {"seal_id": seal.id, "status": 200},
                {**empty, "purged_at": "2026-01-01 00:00:00", "error": "x"},
                {"document_ids": [Command.clear()]},
            ):
                with self.subTest(values=values), self.assertRaises(UserError):
                    row.write(values)
            with self.assertRaises(UserError):
                row.unlink()
        for row in (seal, seal.with_user(self.administrator)):
            with self.assertRaises(UserError):
                row.write({"hash": "x"})
            with self.assertRaises(UserError):
                row.unlink()
        with self.assertRaises(UserError):
            self.document.write({"exchange_ids": [Command.clear()]})
        self.assertFalse(self.env["ereceipt.seal"]._verify())
