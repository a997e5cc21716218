import json
from datetime import datetime, time, timedelta

import pytz
from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import SQL

from .common import EreceiptCommon, today_in


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEngineIssue(EreceiptCommon):
    """When documents are issued, where chains start, who may send, and the upkeep."""

    def upkeep(self):
        """Run the upkeep job as its scheduler would."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            self.env(cr=cr, su=True)["ereceipt.outbox"]._cron_upkeep()
        self.env.invalidate_all()

    def wait_for_data(self):
        """Return an invoice whose document waits for the code of its product."""
        self.device.problem_policy = "wait"
        self.item_mapping.unlink()
        move = self.invoice()
        self.assertEqual(move.ereceipt_state, "waiting")
        return move

    def mend(self):
        """Give the product its code again."""
        self.env["ereceipt.code.mapping"].with_user(self.manager).create(
            {
                "authority": "eg_receipt",
                "kind": "item",
                "product_tmpl_id": self.item.product_tmpl_id.id,
                "scheme": "EGS",
                "code": "EG-674859545-0001",
            }
        )

    # -------------------------------------------------------------------------
    # WHEN
    # -------------------------------------------------------------------------

    def test_problem_blocks_or_waits_as_the_device_says(self):
        self.item_mapping.unlink()
        blocked = self.invoice(post=False)
        with self.assertRaises(UserError) as raised:
            blocked.action_post()
        self.assertIn("cannot be issued", str(raised.exception))
        self.assertEqual(blocked.state, "draft")
        self.device.problem_policy = "wait"
        blocked.action_post()
        document = blocked.ereceipt_document_id.sudo()
        self.assertEqual(blocked.state, "posted")
        self.assertEqual((document.state, document.waiting_reason), ("waiting", "data"))
        self.assertFalse(document.content)
        self.assertFalse(document.chain_index, "it takes no place before it is issued")
        self.run_outbox()
        self.assertEqual(self.control.receipts(), [])

    def test_the_total_is_what_the_authority_gets(self):
        """Cash rounding upwards is no part of the document."""
        move = self.invoice(price=8.5, invoice_cash_rounding_id=self.cash_rounding_a.id)
        document = move.ereceipt_document_id
        self.assertEqual(json.loads(document.content)["totalAmount"], 9.69)
        self.assertEqual((move.amount_total, document.amount_total), (9.7, 9.69))
        [told] = document._told_outside()
        self.assertEqual(told["total"], "9.69")
        back = self.reversal(move).ereceipt_document_id
        self.assertEqual((back.amount_total, back.amount_signed), (9.69, -9.69))

    def test_what_waited_is_issued_when_it_is_mended(self):
        move = self.wait_for_data()
        self.upkeep()
        self.assertEqual(move.ereceipt_state, "waiting", "nothing was mended")
        self.mend()
        self.upkeep()
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertFalse(move.ereceipt_document_id.problems)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_what_waited_is_issued_on_the_device_that_it_has_by_then(self):
        move = self.wait_for_data()
        document = move.ereceipt_document_id.sudo()
        move.ereceipt_device_id = self.device_2
        self.mend()
        self.upkeep()
        self.assertEqual(document.state, "queued")
        self.assertEqual(document.device_id, self.device_2)
        self.assertEqual(document.chain_index, 1)
        self.run_outbox()
        [row] = self.taken(move)
        self.assertEqual(row["posSerial"], self.device_2.serial)

    def test_issued_on_payment(self):
        """Dated by the payment and not by the posting."""
        self.device.issue_moment = "payment"
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(document.waiting_reason, "payment")
        self.assertFalse(document.issued_at)
        self.run_outbox()
        self.assertEqual(self.control.receipts(), [])
        before = fields.Datetime.now()
        payment = self.env["account.payment.register"].with_user(self.accountant)
        payment.with_context(active_model="account.move", active_ids=move.ids).create(
            {}
        )._create_payments()
        self.assertIn(move.payment_state, ("paid", "in_payment"))
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertGreaterEqual(document.issued_at, before.replace(microsecond=0))
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_issued_by_hand(self):
        self.device.issue_moment = "manual"
        move = self.invoice()
        self.assertEqual(move.ereceipt_document_id.waiting_reason, "person")
        self.upkeep()
        self.assertEqual(move.ereceipt_state, "waiting")
        with self.assertRaises(AccessError):
            move.with_user(self.auditor).action_ereceipt_issue()
        move.action_ereceipt_issue()
        self.assertEqual(move.ereceipt_state, "queued")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_dates(self):
        """Another day than the authority's: refused, changed or kept."""
        device = self.device
        today = self.env["account.move"]._ereceipt_local_date(device)
        yesterday = today - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "another period"):
            self.invoice(invoice_date=yesterday)
        device.date_policy = "adapt"
        self.assertEqual(self.invoice(invoice_date=yesterday).invoice_date, today)
        device.date_policy = "keep"
        kept = self.invoice(invoice_date=yesterday)
        self.assertEqual(kept.invoice_date, yesterday)
        issued_at = kept.ereceipt_document_id.issued_at
        self.assertEqual(kept._ereceipt_local_date(device, issued_at), today)
        self.run_outbox()
        self.assertEqual(kept.ereceipt_state, "valid")

    def test_credit_note_from_another_zone(self):
        """Who sits where it is another day makes a credit note of the authority's."""
        # at any hour it is another day than in Cairo in one of them
        zones = ("Pacific/Kiritimati", "Etc/GMT+12")
        today = self.today()
        self.assertTrue([z for z in zones if today_in(self.env, z) != today])
        for zone in zones:
            with self.subTest(zone=zone):
                sold = self.invoice()
                form = Form(
                    self.env["account.move.reversal"]
                    .with_user(self.accountant)
                    .with_context(
                        active_model="account.move", active_ids=sold.ids, tz=zone
                    )
                )
                self.assertEqual(form.date, today)
                action = form.save().refund_moves()
                note = sold.browse(action["res_id"]).with_context(tz=zone)
                self.assertEqual(note.auto_post, "no")
                note.action_post()
                self.assertEqual(
                    (note.invoice_date, note.date, note.ereceipt_state),
                    (today, today, "queued"),
                )

    def test_confirmed_from_a_zone_that_is_behind(self):
        """What is dated today by the authority is posted, not left for tomorrow."""
        midnight = datetime.combine(self.today(), time(0, 30))
        zone = pytz.timezone(self.zone)
        moment = zone.localize(midnight).astimezone(pytz.utc).replace(tzinfo=None)
        dated, undated = (
            self.invoice(post=False, invoice_date=date)
            for date in (self.today(), False)
        )
        with freeze_time(moment):
            # it is yesterday there for two hours more
            drafts = (dated | undated).with_context(tz="UTC")
            self.assertEqual(self.today(), midnight.date())
            self.assertLess(fields.Date.context_today(drafts), midnight.date())
            wizard = self.env["validate.account.move"].with_user(self.accountant)
            wizard = wizard.with_context(**drafts.env.context).create(
                {"move_ids": [Command.set(drafts.ids)]}
            )
            self.assertEqual(wizard._ereceipt_right_away(drafts), drafts)
            wizard.validate_move()
        for move in drafts:
            self.assertEqual((move.state, move.ereceipt_state), ("posted", "queued"))
            self.assertEqual(move.invoice_date, midnight.date())

    def test_nothing_before_the_obligation(self):
        self.registration.obliged_from = self.today() + timedelta(days=5)
        move = self.invoice()
        self.assertFalse(move.ereceipt_document_ids)

    # -------------------------------------------------------------------------
    # WHERE A CHAIN STARTS
    # -------------------------------------------------------------------------

    def change_environment(self):
        """Go from test to production, with credentials typed anew."""
        administrator = self.registration.with_user(self.administrator)
        administrator.environment = "production"
        devices = (self.device | self.device_2).with_user(self.administrator)
        for number, device in enumerate(devices, 1):
            device.client_id = f"sim-pos-000{number}"
            device.client_secret = f"sim-secret-000{number}-a"
        return devices

    def test_production_starts_anew_and_forgets_credentials(self):
        tried = self.invoice()
        self.run_outbox()
        archived = self.device_2
        archived.active = False
        self.registration.with_user(self.administrator).environment = "production"
        for device in self.device | archived:
            self.assertEqual(device.lifecycle, "draft")
            self.assertFalse(device.client_secret_set)
        self.assertFalse(self.invoice().ereceipt_document_ids, "no active device")
        archived.active = True

        self.control.reset()  # the authority's production knows nothing of the trial
        self.control.settings(validation_seconds=0)
        self.change_environment().action_activate()
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(document.environment, "production")
        self.assertEqual((document.chain_index, document.previous_uid), (1, False))
        self.assertFalse(tried.ereceipt_locked, "the trial binds nobody any more")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_what_is_on_its_way_stays_in_its_environment(self):
        move = self.invoice()
        self.registration.with_user(self.administrator).environment = "production"
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertEqual(self.control.receipts(), [])

    def test_empty_start_is_refused_where_the_authority_knows_a_chain(self):
        """The serial issued with other software before: its chain goes on."""
        before = self.invoice()
        self.run_outbox()
        self.assertEqual(before.ereceipt_state, "valid")
        device = self.change_environment()[0]
        with self.assertRaisesRegex(UserError, before.ereceipt_uuid):
            device.action_activate()
        self.assertEqual(device.lifecycle, "draft")
        device.action_continue_chain()
        self.assertEqual(device.lifecycle, "active")
        self.assertEqual(device.initial_previous_uid, before.ereceipt_uuid)
        first, second = self.invoice(), self.invoice()
        self.assertEqual(first.ereceipt_document_id.previous_uid, before.ereceipt_uuid)
        self.assertEqual(second.ereceipt_document_id.previous_uid, first.ereceipt_uuid)
        self.run_outbox()
        self.assertEqual((first | second).mapped("ereceipt_state"), ["valid"] * 2)

    def test_a_chain_that_was_begun_keeps_its_start(self):
        self.invoice()
        for values in (
            {"serial": "X"},
            {"initial_previous_uid": "a" * 64},
            {"registration_id": self.registration.copy({"active": False}).id},
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, "Retire it"):
                self.device.write(values)
        for record in (self.device, self.registration):
            with self.assertRaises(UserError):
                record.unlink()

    # -------------------------------------------------------------------------
    # WHICH DATABASE
    # -------------------------------------------------------------------------

    def test_copied_database_sends_nothing_until_it_is_confirmed(self):
        moves = self.invoice() | self.invoice(journal_id=self.journal_2.id)
        self.control.reset()
        self.control.settings(validation_seconds=0)
        called = self.control.requests()["counts"]
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("database.uuid", "another-database")
        self.env.invalidate_all()
        self.assertTrue(self.registration.is_foreign_database)
        self.assertFalse(self.env["ereceipt.work"]._due_count())
        self.run_outbox()
        self.env.flush_all()
        with self.enter_registry_test_mode():
            moves[0].ereceipt_send_now("0123456789abcdef")
        self.env.invalidate_all()
        self.assertEqual(self.control.requests()["counts"], called, "nobody was called")
        self.assertEqual(moves.mapped("ereceipt_state"), ["queued"] * 2)
        self.assertIn("copy of another", moves[0].ereceipt_what_now)
        for user in (self.accountant, self.manager, self.auditor):
            with self.assertRaises(AccessError):
                self.registration.with_user(user).action_confirm_database()
        before = len(self.registration.message_ids)
        self.registration.with_user(self.administrator).action_confirm_database()
        self.assertGreater(len(self.registration.message_ids), before, "it is told")
        self.run_outbox()
        self.assertEqual(moves.mapped("ereceipt_state"), ["valid"] * 2)

    # -------------------------------------------------------------------------
    # THE JOBS
    # -------------------------------------------------------------------------

    def test_heartbeat(self):
        move = self.invoice()
        lanes = self.env["ereceipt.outbox"]._lanes()
        now = fields.Datetime.now()
        for last, text in (
            (False, "have not run yet; 1 waiting"),
            (now, "Last run just now, 1 waiting"),
            (now - timedelta(hours=3), "Last run 03:00 h ago, 1 waiting"),
            (now - timedelta(days=3), "Last run 3 days ago, 1 waiting"),
        ):
            lanes.lastcall = last
            self.registration.invalidate_recordset()
            with self.subTest(text):
                self.assertIn(text, self.registration.heartbeat)
        lanes.active = False
        self.registration.invalidate_recordset()
        self.assertIn("switched off; 1 waiting", self.registration.heartbeat)
        self.assertFalse(self.registration.jobs_alive)
        move.ereceipt_document_id.sudo().next_attempt_at = now - timedelta(hours=1)
        self.assertIn("behind or off", move.ereceipt_what_now)

    def test_upkeep_seals(self):
        self.invoice()
        self.run_outbox()
        self.upkeep()
        self.assertFalse(
            self.env["ereceipt.exchange"].sudo().search_count([("seal_id", "=", False)])
        )

    # -------------------------------------------------------------------------
    # SEALS
    # -------------------------------------------------------------------------

    def sealed_rows(self):
        seals = self.env["ereceipt.seal"].sudo()
        for _number in range(2):
            move = self.invoice()
            self.run_outbox()
            seals._seal()
        self.assertFalse(seals._verify())
        return move.ereceipt_document_id.sudo().exchange_ids

    def test_every_change_of_a_sealed_row_is_found(self):
        row = self.sealed_rows()[:1]
        for change in (
            "status = 500",
            "url = 'https://example.com'",
            "outcome = 'refused'",
            "error = 'x'",
            "request_headers = '{}'",
            "response_gzip = NULL",
            "started_at = started_at + interval '1 second'",
        ):
            savepoint = self.env.cr.savepoint()
            self.env.cr.execute(
                SQL(f"UPDATE ereceipt_exchange SET {change} WHERE id = %s", row.id)
            )
            self.env.invalidate_all()
            with self.subTest(change):
                self.assertEqual(
                    self.env["ereceipt.seal"]._verify(),
                    [f"Exchange {row.id} was changed."],
                )
                notice = self.env["ereceipt.seal"].with_user(self.auditor)
                shown = notice.action_verify()["params"]
                self.assertEqual(shown["type"], "danger")
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_rows_taken_away_slipped_in_or_sealed_over_are_found(self):
        row = self.sealed_rows()[:1]
        number = row.seal_id.number
        rows_changed = f"The rows of seal {number} are not those it was put on."
        for statement, expected in (
            ("DELETE FROM ereceipt_exchange WHERE id = %s", rows_changed),
            ("UPDATE ereceipt_exchange SET seal_id = NULL WHERE id = %s", rows_changed),
            (
                "INSERT INTO ereceipt_exchange (company_id, sha256, seal_id) "
                "SELECT company_id, repeat('0', 64), seal_id FROM ereceipt_exchange "
                "WHERE id = %s",
                rows_changed,
            ),
            (
                "UPDATE ereceipt_exchange SET sha256 = repeat('0', 64) WHERE id = %s",
                rows_changed,
            ),
            (
                "UPDATE ereceipt_seal SET hash = repeat('0', 64) WHERE number < ("
                "SELECT s.number FROM ereceipt_seal s JOIN ereceipt_exchange e "
                "ON e.seal_id = s.id WHERE e.id = %s)",
                f"Seal {number} does not follow its predecessor.",
            ),
        ):
            savepoint = self.env.cr.savepoint()
            self.env.cr.execute(SQL(statement, row.id))
            self.env.invalidate_all()
            with self.subTest(statement):
                self.assertIn(expected, self.env["ereceipt.seal"]._verify())
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_purged_bodies_leave_the_seals_whole(self):
        row = self.sealed_rows()[:1]
        self.env["ereceipt.exchange"]._purge()
        self.assertFalse(row.purged_at, "young rows stay")
        with freeze_time(fields.Datetime.now() + timedelta(days=7 * 366)):
            self.env["ereceipt.exchange"]._purge()
        self.assertTrue(row.purged_at)
        self.assertFalse(row.request_text + row.response_text)
        self.assertFalse(self.env["ereceipt.seal"]._verify())
