from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .by_file_common import NUMBER, ByFileCommon


class TestByFileOut(ByFileCommon):
    """Documents that go out in files: each in exactly one."""

    def test_nothing_is_sent_by_line(self):
        move = self.invoice()
        document = move.ereceipt_document_id
        self.assertTrue(document.by_file)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertFalse(self.orders())
        self.assertIn("next file", move.ereceipt_what_now)
        self.assertFalse(move.ereceipt_action)
        move.with_user(self.accountant).action_ereceipt_send_now()
        with self.enter_registry_test_mode():
            move.with_user(self.accountant).ereceipt_send_now("a" * 32)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertFalse(self.orders())

    def test_a_device_by_file_needs_no_line(self):
        device = self.device.copy(
            {"journal_ids": [(6, 0, self.journal_2.ids)], "issued_by": "file"}
        ).with_user(self.administrator)
        self.registration.sudo().cn_api_url = "http://127.0.0.1:9/"
        device.action_test_connection()
        self.assertTrue(device.tested_at)
        device.action_activate()
        self.assertEqual(device.lifecycle, "active")

    def test_a_file_of_what_waits(self):
        move, other = self.invoice(), self.invoice(price=7.0, partner_id=self.person.id)
        run = self.made()
        self.assertEqual(run.state, "draft")
        self.assertEqual((move | other).mapped("ereceipt_state"), ["sending"] * 2)
        self.assertIn(run.name, move.ereceipt_what_now)
        first, second = self.lines(run)
        document = move.ereceipt_document_id
        self.assertEqual(first["订单号"], document.file_reference)
        self.assertNotEqual(document.file_reference, move.name)
        self.assertEqual(first["单据编号"], move.name)
        self.assertEqual(first["发票种类"], "数电普票")
        self.assertEqual(first["购买方税号"], self.customer.vat)
        self.assertEqual((first["金额"], first["税率"], first["税额"]), (100, 0.13, 13))
        self.assertEqual(first["单价含税"], "否")
        self.assertEqual(second["购买方名称"], "王小明")
        with self.assertRaisesRegex(UserError, "No document waits"):
            self.made()

    def test_handed_over_and_locked(self):
        move = self.invoice()
        run = self.made()
        action = run.with_user(self.accountant).action_hand_over()
        self.assertIn(f"/{run.id}/file/", action["params"]["url"])
        self.assertEqual(run.state, "done")
        self.assertEqual(run.done_by_id, self.accountant)
        self.assertEqual(move.ereceipt_state, "submitted")
        self.assertIn("Handed over by file:", move.ereceipt_what_now)
        opened = move.with_user(self.accountant).action_ereceipt_what_now()
        self.assertEqual(opened["res_id"], run.id)
        with self.assertRaisesRegex(UserError, "issued to the tax authority"):
            move.button_draft()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "submitted")
        self.assertFalse(self.orders())
        for again in (run.action_hand_over, run.action_cancel):
            with self.assertRaisesRegex(UserError, "is: Done"):
                again()

    def test_called_off_before_it_was_handed_over(self):
        move = self.invoice()
        run = self.made()
        reference = move.ereceipt_document_id.file_reference
        with self.assertRaisesRegex(UserError, "issued to the tax authority"):
            move.button_draft()
        run.with_user(self.accountant).action_cancel()
        self.assertEqual((run.state, move.ereceipt_state), ("cancelled", "queued"))
        self.assertFalse(run.document_ids)
        again = self.handed_over()
        self.assertEqual(again.document_ids, move.ereceipt_document_id)
        self.assertEqual(move.ereceipt_document_id.file_reference, reference)
        with self.assertRaisesRegex(UserError, "is: Called off"):
            run.with_user(self.accountant).action_hand_over()

    def test_a_lease_that_ran_out_is_not_asked_about(self):
        move = self.invoice()
        self.made()
        self.pass_time(days=3)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "sending")
        self.assertFalse(self.orders())

    def test_what_lacks_something_waits_for_the_next_file(self):
        column = self.out.column_ids.filtered(lambda c: c.field_name == "remark")
        column.with_user(self.administrator).required = True
        told, silent = self.invoice(cn_remark="PO 7"), self.invoice()
        run = self.handed_over()
        self.assertEqual(run.state, "partly")
        self.assertEqual(self.outcomes(run), {told.name: "out", silent.name: "error"})
        wrong = run.row_ids.filtered(lambda row: row.outcome == "error")
        self.assertIn("备注", wrong.message)
        self.assertEqual(silent.ereceipt_state, "queued")
        self.assertEqual(len(self.lines(run)), 1)
        none = self.made()
        self.assertEqual(none.state, "failed")
        self.assertEqual(silent.ereceipt_state, "queued")

    def test_letters_that_the_encoding_lacks(self):
        profile = self.make_profile(
            "out", name="Western", file_format="csv", encoding="cp1252"
        )
        move = self.invoice()
        run = self.made(profile)
        self.assertIn("cannot be written in the encoding", run.row_ids.message)
        self.assertEqual(move.ereceipt_state, "queued")

    def test_a_credit_note_waits_for_its_sale(self):
        move = self.invoice()
        back = self.reversal(move)
        self.handed_over()
        self.assertNotEqual(back.ereceipt_state, "submitted")
        self.applied(self.results(self.issued(move)))
        self.assertEqual(move.ereceipt_state, "valid")
        if back.ereceipt_state == "waiting":
            back.with_user(self.accountant).action_ereceipt_issue()
        [line] = self.lines(self.handed_over())
        self.assertEqual(line["蓝字发票号码"], move.ereceipt_uuid)
        self.assertEqual((line["红蓝"], line["金额"]), ("红字", -100))

    def test_a_device_changes_its_mind(self):
        move, kept = self.invoice(), self.invoice()
        device = self.device.with_user(self.administrator)
        run = self.made()
        run.with_user(self.accountant).action_cancel()
        device.issued_by = "line"
        self.run_outbox()
        self.assertEqual((move | kept).mapped("ereceipt_state"), ["valid"] * 2)
        self.assertEqual(len(self.orders()), 2)

    def test_what_is_in_a_file_stays_there(self):
        move = self.invoice()
        self.handed_over()
        self.device.with_user(self.administrator).issued_by = "line"
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "submitted")
        self.assertFalse(self.orders())
        self.applied(self.results(self.issued(move)))
        self.assertEqual(move.ereceipt_state, "valid")

    def test_results_that_do_not_come_are_missed(self):
        move = self.invoice()
        self.handed_over()
        outbox = self.env["ereceipt.outbox"].sudo()
        outbox._warn_of_no_results()
        self.assertFalse(self.registration.activity_ids)
        document = move.ereceipt_document_id.sudo()
        document.handed_by_file_at -= timedelta(days=4)
        for _twice in range(2):
            outbox._warn_of_no_results()
            self.assertIn("are missing", self.registration.activity_ids.summary)
        self.applied(self.results(self.issued(move)))
        outbox._warn_of_no_results()
        self.assertFalse(self.registration.activity_ids)

    def test_a_copy_of_the_database_hands_nothing_over(self):
        self.invoice()
        run = self.made()
        self.registration.sudo().database_uuid = "another"
        for attempt in (self.made, run.with_user(self.accountant).action_hand_over):
            with self.assertRaisesRegex(UserError, "is a copy"):
                attempt()


class TestByFileIn(ByFileCommon):
    """Files of results: each row lands as if the authority had answered so."""

    def setUp(self):
        super().setUp()
        self.move, self.other = self.invoice(), self.invoice(price=7.0)
        self.sent = self.handed_over()

    def test_a_preview_writes_nothing(self):
        run = self.looked_at(self.results(self.issued(self.move)))
        self.assertEqual(run.state, "draft")
        self.assertEqual(self.outcomes(run), {self.move.name: "valid"})
        self.assertEqual(self.move.ereceipt_state, "submitted")
        self.assertFalse(self.move.ereceipt_uuid)

    def test_results_are_answers(self):
        refused = (
            self.other.ereceipt_document_id.file_reference,
            "开具失败",
            "",
            "",
            "购方税号错误",
        )
        run = self.applied(self.results(self.issued(self.move), refused))
        self.assertEqual(run.state, "done")
        self.assertFalse(run.error_file)
        document = self.move.ereceipt_document_id
        self.assertEqual(document.state, "valid")
        self.assertEqual(self.move.ereceipt_uuid, NUMBER.format(1))
        self.assertTrue(document.decided_at)
        self.assertFalse(document.sudo().lease_token)
        self.assertFalse(document.files_wanted)
        self.assertEqual(self.other.ereceipt_state, "invalid")
        self.assertIn("购方税号错误", str(self.other.ereceipt_document_id.problems))
        self.assertTrue(self.other.sudo().activity_ids, "somebody is asked to mend it")
        self.run_outbox()
        self.assertFalse(self.orders())

    def test_what_is_held_over_the_line_is_refused_by_file(self):
        """Nobody would try it again by itself."""
        document = self.move.ereceipt_document_id
        row = (document.file_reference, "开具失败", "", "", "授信额度不足")
        self.applied(self.results(row))
        self.assertEqual(document.state, "invalid")
        self.assertFalse(document.held_code)

    def test_a_refused_one_is_corrected_into_the_next_file(self):
        first = self.move.ereceipt_document_id
        row = (first.file_reference, "开具失败", "", "", "No")
        self.applied(self.results(row))
        self.move.with_user(self.accountant).action_ereceipt_correct()
        document = self.move.ereceipt_document_id
        self.assertNotEqual(document, first)
        self.assertEqual((document.state, document.by_file), ("queued", True))
        run = self.handed_over()
        self.assertEqual(run.document_ids, document)
        number = self.results(
            (self.move.name, NUMBER.format(9)), heading="单据编号,发票号码"
        )
        self.applied(number)
        self.assertEqual(document.state, "valid")
        self.assertEqual(first.state, "superseded")

    def test_rows_that_are_wrong_come_back(self):
        wrong = self.issued(self.move, total=113.01)
        unknown = ("NOBODY", "已开具", NUMBER.format(3), "1.00", "")
        odd = (self.other.ereceipt_document_id.file_reference, "??", "", "", "")
        nameless = ("", "已开具", NUMBER.format(4), "x", "")
        run = self.applied(self.results(wrong, unknown, odd, nameless))
        self.assertEqual(run.state, "failed")
        self.assertEqual((run.error_count, run.good_count), (4, 0))
        lines = self.error_rows(run)
        self.assertEqual(len(lines), 4)
        self.assertTrue(lines[0].startswith(",".join(wrong[:3])))
        for line, reason in zip(
            lines,
            ("113.01", "No document", "is not known", "no figure"),
            strict=True,
        ):
            self.assertIn(reason, line)
        self.assertIn("which document", lines[3])
        self.assertEqual(self.move.ereceipt_state, "submitted")

    def test_what_is_right_is_applied_all_the_same(self):
        wrong = self.issued(self.other, 2, total=8.0)
        run = self.applied(self.results(wrong, self.issued(self.move)))
        self.assertEqual(run.state, "partly")
        self.assertEqual(self.move.ereceipt_state, "valid")
        self.assertEqual(self.other.ereceipt_state, "submitted")
        self.assertEqual(len(self.error_rows(run)), 1)
        # mended with another file, the rest of this one changes nothing any more
        self.applied(self.results(self.issued(self.other, 2)), name="again.csv")
        run.action_look_again()
        self.assertEqual(self.outcomes(run)[self.move.name], "same")

    def test_the_same_file_twice(self):
        content = self.results(self.issued(self.move))
        run = self.applied(content)
        with self.assertRaisesRegex(UserError, "read already, as results.csv"):
            self.looked_at(content, name="other.csv")
        received = self.into.sudo()._receive("x.csv", content)
        self.assertEqual(received, run)
        self.assertTrue(run.repeated_at)
        # the same results in another file change nothing
        again = self.looked_at(content + b"\r\n")
        self.assertEqual(self.outcomes(again), {self.move.name: "same"})
        decided = self.move.ereceipt_document_id.decided_at
        again.action_apply()
        self.assertEqual(again.state, "done")
        self.assertEqual(self.move.ereceipt_document_id.decided_at, decided)

    def test_a_number_is_given_once(self):
        rows = self.issued(self.move), self.issued(self.other)
        run = self.applied(self.results(*rows))
        self.assertEqual(run.state, "failed")
        self.assertIn(self.other.name, str(run.row_ids.mapped("message")))
        self.applied(self.results(rows[0]))
        run = self.applied(self.results(rows[1]))
        self.assertIn(f"given to {self.move.name}", run.row_ids.message)
        other = self.issued(self.move, 5)
        run = self.applied(self.results(other))
        self.assertIn("It has the number", run.row_ids.message)

    def test_a_row_for_each_line(self):
        row = self.issued(self.move)
        run = self.applied(self.results(row, row))
        self.assertEqual((run.state, run.good_count), ("done", 2))
        self.assertEqual(self.move.ereceipt_state, "valid")

    def test_one_wrong_row_holds_its_document_back(self):
        row = self.issued(self.move)
        run = self.applied(self.results(row, (*row[:3], "x", "")))
        self.assertEqual(run.error_count, 2)
        self.assertEqual(self.move.ereceipt_state, "submitted")

    def test_each_wrong_row_has_its_own_reason(self):
        reference = self.move.ereceipt_document_id.file_reference
        good, unknown = self.issued(self.move), (reference, "在路上", "", "", "")
        more = self.issued(self.move, total=self.move.amount_total + 1)
        for first, reason in (
            (good, "Row 3, about the same document, is wrong"),
            (more, "Its total is"),
        ):
            with self.subTest(reason):
                run = self.looked_at(self.results(first, unknown))
                rows = run.row_ids
                self.assertEqual(rows.mapped("number"), [2, 3])
                self.assertIn(reason, rows[0].message)
                self.assertIn("在路上", rows[1].message)
                self.assertNotIn("about the same document", rows[1].message)
                self.assertEqual(run.wrong_row_ids, rows)
                self.assertFalse(run.good_row_ids)

    def test_what_goes_out_can_be_looked_at(self):
        waiting = self.invoice()
        run = self.made()
        [row] = run.good_row_ids
        self.assertIn(self.customer.name, row.content)
        self.assertIn(waiting.name, row.content)

    def test_a_split_order(self):
        reference = self.move.ereceipt_document_id.file_reference
        parts = (
            (reference, "已开具", NUMBER.format(1), "100.00", ""),
            (reference, "已开具", NUMBER.format(2), "13.00", ""),
        )
        self.applied(self.results(*parts))
        self.assertEqual(self.move.ereceipt_state, "valid")
        self.assertIn(NUMBER.format(2), self.move.cn_fapiao_text)

    def test_what_was_not_handed_over(self):
        waiting = self.invoice()
        claimed = self.made()
        row = self.issued(waiting, 3)
        run = self.looked_at(self.results(row))
        self.assertIn("A file cannot make it", run.row_ids.message)
        claimed.with_user(self.accountant).action_cancel()
        run.action_look_again()
        self.assertIn("No document that was handed over", run.row_ids.message)
        with self.assertRaisesRegex(UserError, "was read already"):
            self.looked_at(self.results(row))
        run.action_cancel()
        self.looked_at(self.results(row))

    def test_only_ways_of_the_table(self):
        self.applied(self.results(self.issued(self.move)))
        reference = self.move.ereceipt_document_id.file_reference
        pending = (reference, "开具中", "", "", "")
        run = self.applied(self.results(pending))
        self.assertIn("It is: Valid", run.row_ids.message)
        cancelled = (reference, "已作废", NUMBER.format(1), "", "")
        self.applied(self.results(cancelled))
        self.assertEqual(self.move.ereceipt_state, "cancelled")

    def test_a_defect_with_one_holds_no_other_back(self):
        work = self.env.registry["ereceipt.work"]
        settle = work._settle_valid
        culprit = self.move.ereceipt_document_id

        def crooked(model, document, unit, outcome):
            if document == culprit:
                raise ZeroDivisionError
            return settle(model, document, unit, outcome)

        content = self.results(self.issued(self.move), self.issued(self.other, 2))
        with (
            patch.object(work, "_settle_valid", crooked),
            mute_logger("odoo.addons.account_ereceipt.models.ereceipt_file_in"),
        ):
            run = self.applied(content)
        self.assertEqual(run.state, "partly")
        self.assertIn("could not be written", run.row_ids[0].message)
        self.assertEqual(self.move.ereceipt_state, "submitted")
        self.assertEqual(self.other.ereceipt_state, "valid")

    def test_files_that_cannot_be_read(self):
        for content, reason in (
            (b"a,b\n1,2\n", "not say which|No document|no rows|which document"),
            ("订单号\r\n".encode(), "no rows"),
            ("订单号\n1\n".encode("utf-16")[1:], "encoding"),
        ):
            with self.subTest(reason):
                try:
                    run = self.looked_at(content)
                except UserError as error:
                    self.assertRegex(str(error), reason)
                else:
                    self.assertRegex(run.row_ids.message, reason)

    def test_two_hundred_results_cost_few_statements(self):
        one = [self.invoice(price=float(n)) for n in range(1, 201)]
        self.handed_over()
        rows = [self.issued(move, n + 10) for n, move in enumerate(one)]
        content = self.results(*rows)
        shown = self.statements(lambda: self.looked_at(content))
        self.assertLess(shown, 100, "statements of a preview")
        run = self.env["ereceipt.file.run"].search([], limit=1)
        # one each is the ORM's, which looks for the invoices of a document whose
        # identifiers change, as it does with the authority's own answers
        applied = self.statements(run.with_user(self.accountant).action_apply)
        self.assertLess(applied, 300, "statements of 200 results")
        self.assertEqual({move.ereceipt_state for move in one}, {"valid"})

    def statements(self, act):
        """Return how many statements something takes, with nothing in memory."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        act()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before
