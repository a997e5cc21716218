import io
import shutil
import subprocess
from datetime import timedelta
from unittest.mock import patch

import openpyxl

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .common import EreceiptCommon
from .reconciliation_common import ReconciliationKit

RUN = "odoo.addons.account_ereceipt.models.ereceipt_reconciliation_run"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReconciliation(ReconciliationKit, EreceiptCommon):
    """What differs is found and named, and nothing else."""

    def test_books_that_agree(self):
        self.valid(3)
        self.valid(2, journal_id=self.journal_2.id)
        reconciliation = self.reconciled()
        self.assertFalse(reconciliation.line_ids.mapped("kind"))
        self.assertEqual(
            (
                reconciliation.here_count,
                reconciliation.there_count,
                reconciliation.matched_count,
            ),
            (5, 5, 5),
        )
        self.assertEqual(reconciliation.progress, 100)
        self.assertEqual(reconciliation.user_id, self.accountant)

    def test_a_small_mess(self):
        moves = self.valid(8)
        cancelled, total, day, buyer, gone, number, fine, ours = moves
        uid = {move: move.ereceipt_uuid for move in moves}
        self.control.cancel(uid[cancelled], "On the portal")
        self.control.alter(uid[total], total="114.01")
        yesterday = fields.Datetime.now() - timedelta(days=1)
        self.control.alter(uid[day], issued=f"{yesterday:%Y-%m-%dT%H:%M:%SZ}")
        self.control.alter(uid[buyer], buyer_id="29001011234567")
        self.control.forget(uid[gone])
        self.control.alter(uid[number], number="X-1")
        here = {move: move.name for move in moves}
        self.lose(ours)
        waiting = self.invoice()
        reconciliation = self.reconciled()
        self.assertEqual(
            self.found(reconciliation),
            {
                here[cancelled]: {"cancelled_there"},
                here[total]: {"amount"},
                here[day]: {"day"},
                here[buyer]: {"party"},
                here[gone]: {"missing_there"},
                here[number]: {"number"},
                here[ours]: {"missing_here"},
                waiting.name: {"not_sent"},
            },
        )
        self.assertEqual(reconciliation.matched_count, 1, fine.name)
        self.assertEqual(reconciliation.open_count, 8)
        self.assertIn("a remedy to choose: 4.", reconciliation.open_text)
        self.assertIn("or explain: 4.", reconciliation.open_text)
        line = self.lines(reconciliation, "amount")
        self.assertEqual((line.amount_here, line.amount_there), (114.0, 114.01))
        self.assertTrue(line.is_total_here and line.is_total_there)
        unsent = self.lines(reconciliation, "not_sent")
        self.assertTrue(unsent.is_total_here)
        self.assertFalse(unsent.is_total_there, "no total is none of nothing")
        unknown = self.lines(reconciliation, "missing_here")
        self.assertTrue(unknown.is_total_there)
        self.assertFalse(unknown.is_total_here)
        self.assertEqual(line.move_id, total)
        causes = (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "ereceipt.registration"),
                    ("res_id", "=", self.registration.id),
                ]
            )
        )
        self.assertIn("reconciliation", causes.mapped("ereceipt_cause"))

    def test_what_was_refused_and_is_not_listed_has_a_figure(self):
        """So that a reader can add up."""
        self.valid()
        self.refused()
        reconciliation = self.reconciled()
        self.assertFalse(reconciliation.line_ids.mapped("kind"))
        figures = (
            reconciliation.here_count,
            reconciliation.there_count,
            reconciliation.matched_count,
            reconciliation.void_count,
        )
        # the simulator, like the authority, need not list what it refused
        listed = reconciliation.there_count
        self.assertEqual(figures, (2, listed, listed, 2 - listed))
        summary = dict(reconciliation._summary())
        self.assertEqual(
            summary["Refused or taken back, not there"], reconciliation.void_count
        )

    def test_what_is_on_its_way_is_no_difference(self):
        self.registration.sudo().reconcile_patience = 60
        self.invoice()
        reconciliation = self.reconciled()
        self.assertFalse(reconciliation.line_ids)
        self.assertEqual(reconciliation.moving_count, 1)

    def test_each_call_is_kept(self):
        self.valid()
        before = self.env["ereceipt.exchange"].search_count([("purpose", "=", "list")])
        self.reconciled(days=1)
        kept = self.env["ereceipt.exchange"].search([("purpose", "=", "list")])
        self.assertEqual(len(kept) - before, 4, "two devices, two days")
        self.env["ereceipt.seal"]._seal()
        self.assertFalse(self.env["ereceipt.seal"]._verify())

    def test_a_list_of_several_pieces_is_read_as_one(self):
        """A day with too many documents is read in halves, down to a minute."""
        self.valid(2)
        reconciliation = self.start(days=0)
        self.patch(
            self.env.registry["ereceipt.reconciliation"],
            "_can_be_halved",
            lambda self, start, until: (until - start) > timedelta(hours=6),
        )
        with patch(f"{RUN}.READ_SECONDS", -1.0):
            self.run_job(60.0)
        self.assertEqual(reconciliation.state, "done", reconciliation.error)
        self.assertFalse(reconciliation.line_ids)
        self.assertEqual(reconciliation.matched_count, 2)

    def test_it_goes_on_after_it_was_stopped(self):
        self.valid(2)
        reconciliation = self.start(days=5)
        pieces = 0
        while reconciliation.state != "done" and pieces < 40:
            self.run_piece(reconciliation)
            pieces += 1
        self.assertEqual(reconciliation.state, "done", reconciliation.error)
        self.assertEqual(reconciliation.matched_count, 2)
        self.assertGreater(pieces, 10, "it was stopped in between")

    def run_piece(self, reconciliation):
        self.env.flush_all()
        with (
            self.enter_registry_test_mode(),
            self.env.registry.cursor() as cr,
        ):
            reconciliation.with_env(self.env(cr=cr, su=True))._step()
        self.env.invalidate_all()

    def test_a_piece_that_fails_leaves_nothing_behind(self):
        """What was found is kept with how far that is, or not at all."""
        moves = self.valid(3)
        for move in moves:
            self.control.cancel(move.ereceipt_uuid)
        reconciliation = self.start(days=0)
        self.run_piece(reconciliation)
        position = reconciliation.position
        model = self.env.registry["ereceipt.reconciliation"]
        # called after the lines were made
        failing = patch.object(model, "_counted", side_effect=ValueError)
        with failing, mute_logger(RUN):
            self.run_piece(reconciliation)
        self.assertFalse(reconciliation.line_ids)
        self.assertEqual(reconciliation.position, position)
        self.assertEqual(reconciliation.failures, 1)
        reconciliation.sudo().retry_at = False
        self.run_job()
        self.assertEqual(reconciliation.state, "done", reconciliation.error)
        self.assertEqual(reconciliation.line_count, 3)
        self.assertEqual(reconciliation.here_count, 3)

    def test_an_authority_that_is_down(self):
        self.valid()
        self.control.fault("search", "status", status=500)
        reconciliation = self.start(days=0)
        with mute_logger("odoo.addons.account_ereceipt.fiscal.transport.client"):
            self.run_job(5.0)
        self.assertEqual(reconciliation.state, "running")
        self.assertTrue(reconciliation.error)
        self.assertTrue(reconciliation.retry_at)
        self.control.clear_faults()
        self.registration.sudo()._breaker_reset()
        self.device.sudo()._breaker_reset()
        reconciliation.sudo().retry_at = fields.Datetime.now()
        self.run_job()
        self.assertEqual(reconciliation.state, "done", reconciliation.error)
        self.assertFalse(reconciliation.error)

    def test_the_daily_job(self):
        self.valid()
        self.registration.sudo().reconcile_days = 2
        self.run_job()
        daily = self.env["ereceipt.reconciliation"].search([("origin", "=", "job")])
        self.assertEqual(len(daily), 1)
        self.assertEqual(daily.state, "done", daily.error)
        self.assertEqual(daily.date_from, self.today() - timedelta(days=1))
        self.run_job()
        again = self.env["ereceipt.reconciliation"].search([("origin", "=", "job")])
        self.assertEqual(again, daily, "once a day")

    def test_a_copied_database_asks_nobody(self):
        reconciliation = self.start()
        self.registration.sudo().database_uuid = "another"
        self.run_job(2.0)
        self.assertEqual(reconciliation.state, "draft")

    def test_the_report(self):
        [move] = self.valid()
        self.control.cancel(move.ereceipt_uuid)
        reconciliation = self.reconciled().with_user(self.auditor)
        self.assertTrue(reconciliation._xlsx().startswith(b"PK"))
        self.assertIn("/report_xlsx?", reconciliation.action_report_xlsx()["url"])
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account_ereceipt.report_reconciliation", reconciliation.ids
        )
        self.assertIn(move.name, html.decode())
        self.assertIn("Cancelled there", html.decode())

    def test_no_total_is_no_figure_in_the_report(self):
        move = self.invoice()
        reconciliation = self.reconciled().with_user(self.auditor)
        book = openpyxl.load_workbook(io.BytesIO(reconciliation._xlsx()))
        heads, row = book["Differences"].iter_rows(values_only=True)
        told = dict(zip(heads, row, strict=True))
        self.assertEqual(told["Number"], move.name)
        self.assertEqual((told["Total here"], told["Total there"]), (114.0, None))
        self.assertEqual(told["Currency"], "EGP")

    def test_the_report_on_paper(self):
        for program in ("wkhtmltopdf", "pdftotext"):
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")
        # where nobody answers: with the fonts of an Odoo that runs here by chance,
        # letters are drawn, and no text can be read
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("report.url", "http://127.0.0.1:9")
        [move] = self.valid()
        self.control.cancel(move.ereceipt_uuid)
        reconciliation = self.reconciled().with_user(self.auditor)
        content, kind = (
            self.env["ir.actions.report"]
            .with_user(self.auditor)
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf(
                "account_ereceipt.report_reconciliation", reconciliation.ids
            )
        )
        self.assertEqual(kind, "pdf")
        read = ["pdftotext", "-layout", "-", "-"]
        text = subprocess.run(
            read, input=content, capture_output=True, check=True, timeout=60
        ).stdout.decode()
        self.assertIn(move.name, text)
        self.assertIn("Cancelled there", text)
        self.assertIn(move.ereceipt_uuid, text, "an identifier stays on one line")

    def test_queries_do_not_grow_with_documents(self):
        self.valid(2)

        def queries():
            reconciliation = self.start(days=0).sudo()
            reconciliation._start()
            start, end = reconciliation._bounds()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            reconciliation._compare(0, self.device.sudo(), start, end, [])
            self.env.flush_all()
            count = self.env.cr.sql_log_count - before
            self.assertTrue(reconciliation.line_ids)
            reconciliation.state = "done"
            return count

        few = queries()
        self.valid(20)
        self.assertLessEqual(queries(), few)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReconciliationRemedies(ReconciliationKit, EreceiptCommon):
    """What is done about differences, and that the next look is clean."""

    def assert_clean(self):
        """Nothing is open after a second run."""
        second = self.reconciled()
        self.assertFalse(
            second.line_ids.filtered(lambda line: line.state in ("open", "begun")),
            self.found(second),
        )
        earlier = self.env["ereceipt.reconciliation.line"].search(
            [("reconciliation_id", "<", second.id), ("state", "in", ("open", "begun"))]
        )
        self.assertFalse(earlier)

    def test_cancelled_on_the_portal(self):
        [move] = self.valid()
        self.control.cancel(move.ereceipt_uuid)
        line = self.lines(self.reconciled(), "cancelled_there")
        self.assertTrue(line.can_take)
        line.action_take()
        self.assertEqual(move.ereceipt_state, "cancelled")
        self.assertEqual((line.state, line.remedy), ("done", "take"))
        self.assertEqual(line.remedied_by_id, self.accountant)
        self.assert_clean()

    def test_a_database_restored_from_a_copy_sends_nothing_twice(self):
        [move] = self.valid()
        document = move.ereceipt_document_id.sudo()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE ereceipt_document SET state = 'queued', sent_at = NULL, "
                "decided_at = NULL, submitted_at = NULL WHERE id = %s",
                document.id,
            )
        )
        self.env.invalidate_all()
        lines = self.lines(self.reconciled(), "arrived")
        lines.action_take()
        self.assertEqual(document.state, "valid")
        self.run_outbox()
        [row] = self.taken(move)
        self.assertEqual(row["accepted"], 1)
        self.assert_clean()

    def test_what_has_changed_meanwhile_is_not_taken(self):
        [move] = self.valid()
        self.control.cancel(move.ereceipt_uuid)
        line = self.lines(self.reconciled(), "cancelled_there")
        move.ereceipt_document_id.sudo()._go("rejected")
        with self.assertRaisesRegex(UserError, "changed since"):
            line.action_take()
        self.assertEqual(line.state, "open")

    def test_ask_again(self):
        [move] = self.valid()
        self.control.cancel(move.ereceipt_uuid)
        line = self.lines(self.reconciled(), "cancelled_there")
        line.action_ask()
        self.assertEqual((line.state, line.remedy), ("begun", "ask"))
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "cancelled")
        self.assert_clean()
        self.assertEqual(line.state, "done")

    def test_send_again(self):
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        document._go("failed", next_attempt_at=False)
        line = self.lines(self.reconciled(), "given_up")
        with self.assertRaises(AccessError):
            line.action_resend()
        line.with_user(self.manager).action_resend()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assert_clean()

    def test_explained_once(self):
        [move] = self.valid()
        self.control.alter(move.ereceipt_uuid, total="1")
        line = self.lines(self.reconciled(), "amount")
        wizard = self.env["ereceipt.explanation"].with_user(self.accountant)
        context = line.action_explain()["context"]
        wizard.with_context(**context).create({"reason": "Known"}).action_explain()
        self.assertEqual((line.state, line.note), ("explained", "Known"))
        second = self.reconciled()
        again = self.lines(second, "amount")
        self.assertEqual((again.state, again.note), ("explained", "Known"))
        self.assertEqual(again.remedied_by_id, self.accountant)
        self.control.alter(move.ereceipt_uuid, total="2")
        changed = self.lines(self.reconciled(), "amount")
        self.assertEqual(changed.state, "open", "another difference")

    def test_adopt(self):
        [move] = self.valid()
        name, total = move.name, move.amount_total
        uid = self.lose(move)
        line = self.lines(self.reconciled(), "missing_here")
        self.assertTrue(line.can_adopt)
        line.action_adopt()
        self.assertEqual(line.state, "begun")
        self.run_job()
        self.assertEqual(line.state, "done", line.note)
        document, draft = line.document_id.sudo(), line.move_id
        self.assertEqual((document.state, document.authority_uid), ("valid", uid))
        self.assertEqual(document.name, name)
        self.assertEqual(document.adopted_by_id, self.accountant)
        self.assertFalse(document.next_attempt_at)
        self.assertEqual((draft.state, draft.amount_total), ("draft", total))
        self.assertEqual(draft.invoice_line_ids.product_id, self.item)
        self.assertEqual(draft.invoice_line_ids.tax_ids, self.vat)
        submitted = self.control.requests()["counts"]["submit"]
        draft.with_user(self.accountant).action_post()
        self.run_outbox()
        self.assertEqual(draft.state, "posted")
        self.assertEqual(draft.ereceipt_document_id, document)
        self.assertEqual(draft.ereceipt_document_ids, document, "no other is issued")
        self.assertEqual(self.control.requests()["counts"]["submit"], submitted)
        with self.assertRaises(UserError):
            draft.with_user(self.accountant).button_draft()
        self.assert_clean()
        # the chain goes on where the authority's ends
        following = self.invoice().ereceipt_document_id.sudo()
        self.assertEqual((following.chain_index, following.previous_uid), (2, uid))

    def test_adopt_many_and_only_what_stands(self):
        moves = self.valid(3)
        for move in moves:
            self.lose(move)
        lines = self.lines(self.reconciled(), "missing_here")
        self.assertEqual(len(lines), 3)
        lines.action_adopt()
        self.run_job()
        self.assertEqual(set(lines.mapped("state")), {"done"}, lines.mapped("note"))
        self.assertEqual(len(lines.move_id), 3)
        self.assert_clean()

    def test_rights(self):
        [move] = self.valid()
        self.control.cancel(move.ereceipt_uuid)
        line = self.lines(self.reconciled(), "cancelled_there")
        for method in ("action_take", "action_ask", "action_adopt", "action_explain"):
            with self.assertRaises(AccessError):
                getattr(line.with_user(self.auditor), method)()
        with self.assertRaises(AccessError):
            line.state = "done"
        with self.assertRaises(UserError):
            line.sudo().unlink()
        self.assertEqual(line.with_user(self.auditor).number, move.name)
        with self.assertRaises(AccessError):
            self.env["ereceipt.reconcile"].with_user(self.auditor).create({})

    def test_a_row_changed_by_sql_is_found_by_the_job(self):
        self.valid()
        seals = self.env["ereceipt.seal"]
        seals._seal()
        seals._verify_some()
        exchange = self.env["ereceipt.exchange"].search([], limit=1)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE ereceipt_exchange SET url = url || 'x' WHERE id = %s",
                exchange.id,
            )
        )
        self.env.invalidate_all()
        seals._verify_some()
        self.env["ereceipt.alert.cause"]._keep()
        told = (
            self.env["mail.activity"].sudo().search([("ereceipt_cause", "=", "seal")])
        )
        self.assertIn(str(exchange.id), told.note or "")
