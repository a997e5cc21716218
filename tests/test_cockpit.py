from datetime import datetime, timedelta
from json import dumps

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..fiscal import lifecycle
from ..models.ereceipt_cockpit_documents import COLUMN_OF, COLUMNS
from .common import EreceiptCommon


def actions_in(node):
    """Yield ``(what counts, its action)`` of everything that leads to records."""
    if isinstance(node, list):
        for child in node:
            yield from actions_in(child)
    elif isinstance(node, dict):
        if node.get("open") and node.get("count") is not None:
            yield node, node["open"]
        for name, child in node.items():
            if name != "open":
                yield from actions_in(child)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCockpit(EreceiptCommon):
    """The overview: each figure is what its list shows, to whoever reads it."""

    def figures(self, user=None, **asked):
        """Return the overview as a user sees it."""
        documents = self.env["ereceipt.document"].with_user(user or self.accountant)
        return documents.cockpit(**asked)

    def tile(self, figures, label):
        """Return the tile with a label."""
        return next(tile for tile in figures["tiles"] if tile["label"] == label)

    def section(self, figures, name):
        """Return the rows of a section, none if it is not shown."""
        return next((s["rows"] for s in figures["sections"] if s["name"] == name), [])

    def cell(self, figures, device, column):
        """Return how many documents the table tells of a device in a column."""
        [row] = [row for row in figures["table"]["rows"] if row["label"] == device.name]
        return next(c["count"] for c in row["cells"] if c["name"] == column)

    def some_of_everything(self):
        """Make documents in the states of a bad day; return them by state."""
        valid = self.invoice()
        self.run_outbox()
        refused = self.refused(journal_id=self.journal_2.id)
        corrected = self.refused()
        corrected.action_ereceipt_correct()
        self.run_outbox()
        self.device.problem_policy = "wait"
        self.item_mapping.unlink()
        waiting = self.invoice()
        self.assertEqual(
            (valid | refused | corrected | waiting).mapped("ereceipt_state"),
            ["valid", "invalid", "valid", "waiting"],
        )
        return valid, refused, corrected, waiting

    # -------------------------------------------------------------------------
    # FIGURES
    # -------------------------------------------------------------------------

    def test_each_figure_is_what_its_list_shows(self):
        """Whoever reads it, in whatever period; and all of it can travel to a
        browser."""
        self.some_of_everything()
        self.invoice(journal_id=self.journal_2.id, post=False)
        for user in (self.auditor, self.accountant, self.administrator):
            for days in (1, 7, 30):
                figures = self.figures(user, days=days)
                dumps(figures)
                found = list(actions_in(figures))
                self.assertGreater(len(found), 10)
                for node, action in found:
                    rows = self.env[action["res_model"]].with_user(user)
                    with self.subTest(user=user.name, node=node.get("label")):
                        self.assertEqual(
                            rows.search_count(action["domain"]), node["count"]
                        )

    def test_the_pivot_has_what_the_table_counts(self):
        self.some_of_everything()
        table = self.figures()["table"]
        counted = sum(cell["count"] for row in table["rows"] for cell in row["cells"])
        action = table["open"]
        self.assertEqual(action["views"][0][1], "pivot")
        documents = self.env["ereceipt.document"].with_user(self.accountant)
        self.assertEqual(documents.search_count(action["domain"]), counted)
        self.assertIn("valid", documents.search(action["domain"]).mapped("state"))

    def test_what_is_counted(self):
        self.some_of_everything()
        self.control.settings(validation_seconds=600)
        self.item_mapping.create(
            {
                "authority": "eg_receipt",
                "kind": "item",
                "product_tmpl_id": self.item.product_tmpl_id.id,
                "scheme": "EGS",
                "code": "EG-674859545-0001",
            }
        )
        self.invoice(journal_id=self.journal_2.id)
        figures = self.figures()
        self.assertEqual(self.tile(figures, "Needs a person")["count"], 2)
        self.assertEqual(self.tile(figures, "On the way")["count"], 1)
        self.assertEqual(self.tile(figures, "Valid in the period")["count"], 2)
        self.assertEqual(self.tile(figures, "Issued a second time")["count"], 1)
        self.assertEqual(self.cell(figures, self.device, "waiting"), 1)
        self.assertEqual(self.cell(figures, self.device, "valid"), 2)
        self.assertEqual(self.cell(figures, self.device, "gone"), 1)
        self.assertEqual(self.cell(figures, self.device_2, "refused"), 1)
        self.assertEqual(self.cell(figures, self.device_2, "sending"), 1)
        bars = figures["course"]["bars"]
        self.assertEqual(sum(bar["count"] for bar in bars), 5)
        self.assertEqual(sum(bar["bad"] for bar in bars), 1)

    def test_cancelled_there_and_posted_here_needs_a_person(self):
        move = self.invoice()
        self.run_outbox()
        document = move.ereceipt_document_id
        document.sudo()._go(lifecycle.CANCELLED)
        self.assertEqual(document.what_now_action, "action_ereceipt_cancel_in_books")
        self.assertTrue(document.needs_person)
        figures = self.figures()
        self.assertEqual(self.tile(figures, "Needs a person")["count"], 1)
        [row] = self.section(figures, "person")
        self.assertEqual(row["label"], "Cancelled at the authority, still posted here")
        found = self.env["ereceipt.document"].search(row["open"]["domain"])
        self.assertEqual(found, document)
        move.with_user(self.accountant).action_ereceipt_cancel_in_books()
        self.assertFalse(document.needs_person)
        self.assertEqual(self.tile(self.figures(), "Needs a person")["count"], 0)

    def test_days_are_written_as_the_reader_writes_them(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        cockpit = self.env["ereceipt.cockpit"].with_context(lang="zh_CN")
        self.assertEqual(cockpit._bar_text(datetime(2026, 11, 30), "day"), "11月30日")

    def test_every_state_has_its_column(self):
        """What is withdrawn counts nowhere; all else is counted in one place."""
        self.assertEqual(set(lifecycle.STATES) - set(COLUMN_OF), {lifecycle.WITHDRAWN})
        self.assertEqual(sum(map(len, COLUMNS.values())), len(COLUMN_OF))

    def test_the_period(self):
        """What was issued before it counts as long as something is to be done."""
        self.some_of_everything()
        self.pass_time(days=10)
        week, month = self.figures(days=7), self.figures(days=30)
        valid = [self.tile(f, "Valid in the period")["count"] for f in (week, month)]
        self.assertEqual(valid, [0, 2])
        undone = [self.tile(f, "Needs a person")["count"] for f in (week, month)]
        self.assertEqual(undone, [2, 2])
        with self.assertRaises(UserError):
            self.figures(days=400)

    # -------------------------------------------------------------------------
    # ERRORS
    # -------------------------------------------------------------------------

    def test_errors_come_with_their_cure(self):
        """The authority's catalogue knows the cure, and who can cure it."""
        self.control.fault(
            "submit", "invalid", times=2, code="Rule42T1", message="Wrong."
        )
        moves = self.invoice() | self.invoice()
        self.run_outbox()
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"invalid"})
        figures = self.figures()
        [row] = [r for r in self.section(figures, "errors") if r["text"] == "Rule42T1"]
        self.assertEqual(row["count"], 2)
        self.assertIn("Wrong.", row["label"])
        self.assertIn("can mend it", row["note"])
        self.assertGreater(len(row["note"]), 40)

    def test_errors_about_the_original_have_a_cure_whatever_their_code(self):
        """And what is said of a line is no error of its own."""
        for code, path in (("SIM-1", "header.referenceUUID"), ("SIM-2", "itemData[0]")):
            self.control.fault(
                "submit", "invalid", times=1, code=code, path=path, message="No."
            )
            self.invoice()
            self.run_outbox()
        rows = {row["text"]: row for row in self.section(self.figures(), "errors")}
        self.assertIn("which sale it is about", rows["SIM-1"]["note"])
        self.assertIn("accountant", rows["SIM-1"]["note"])
        self.assertEqual((rows["SIM-2"]["label"], rows["SIM-2"]["note"]), ("No.", ""))

    def test_what_is_missing_is_an_error_too(self):
        self.some_of_everything()
        codes = {row["text"] for row in self.section(self.figures(), "errors")}
        self.assertIn("SIM-X", codes)
        self.assertGreaterEqual(len(codes), 2)

    def test_rework_by_cause(self):
        """A correction by the error that it mends; what was taken back and issued
        anew, and what customers returned, each apart."""
        self.some_of_everything()
        [row] = self.section(self.figures(), "rework")
        self.assertIn("SIM-X", row["label"])
        self.assertEqual(row["count"], 1)
        [correction] = self.env["ereceipt.document"].search(
            [("rework", "=", "correction")]
        )
        self.assertEqual(correction.rework, "correction")

    # -------------------------------------------------------------------------
    # SERVICE
    # -------------------------------------------------------------------------

    def test_jobs_that_are_off_are_told(self):
        self.invoice()
        lane = self.env.ref("account_ereceipt.ir_cron_ereceipt_lane_1")
        upkeep = self.env.ref("account_ereceipt.ir_cron_ereceipt_upkeep")
        lane.lastcall = fields.Datetime.now()
        [row] = self.section(self.figures(), "jobs")
        self.assertEqual((row["level"], row["count"]), ("success", 1))
        lane.lastcall -= timedelta(hours=1)
        upkeep.active = False
        first, *others = self.section(self.figures(), "jobs")
        self.assertEqual(first["level"], "danger")
        self.assertEqual([row["label"] for row in others], [upkeep.cron_name])
        lane.active = False
        first = self.section(self.figures(), "jobs")[0]
        self.assertIn("switched off", first["label"])

    def assert_nobody(self, is_so, figures=None):
        """Check whether the overview says that nobody has to do anything."""
        figures = figures or self.figures()
        tile = self.tile(figures, "Needs a person")
        [row] = self.section(figures, "person")
        told = (tile["count"], tile["level"], row["level"])
        level = "success" if is_so else "warning"
        self.assertEqual(told, (0, level, level))
        self.assertEqual(row["label"] == "Nobody has to do anything.", is_so)

    def test_nobody_has_to_do_anything_only_where_that_is_so(self):
        lane = self.env.ref("account_ereceipt.ir_cron_ereceipt_lane_1")
        lane.lastcall = fields.Datetime.now()
        move = self.invoice()
        self.assert_nobody(True)
        lane.active = False
        self.assert_nobody(False)
        lane.active = True
        self.assert_nobody(True)
        device = self.device.sudo()
        until = fields.Datetime.now() + timedelta(hours=1)
        device.write({"breaker_open_until": until, "breaker_reason": "Down."})
        self.assert_nobody(True)
        device.breaker_credentials = True
        self.assert_nobody(False)
        row = self.section(self.figures(), "jobs")[-1]
        self.assertIn("credentials are refused", row["label"])
        self.assertFalse(row["text"], "no time at which it goes on by itself")
        device._breaker_reset()
        notice = self.env["ereceipt.payment.notice"].sudo()
        notice = notice.create({"move_id": move.id, "reference": "TRF 1"})
        self.assert_nobody(False)
        [row] = self.section(self.figures(), "further")
        self.assertEqual(row["count"], 1)
        self.assertEqual(row["open"]["res_model"], notice._name)
        notice.state = "found"
        self.assert_nobody(True)
        self.env["ereceipt.alert.cause"].sudo().create(
            {
                "kind": "clock",
                "company_id": self.company.id,
                "registration_id": self.registration.id,
                "res_model": self.registration._name,
                "res_id": self.registration.id,
                "opened_at": fields.Datetime.now(),
            }
        )
        self.assert_nobody(False)

    def test_amounts_add_up_with_their_sign(self):
        """What takes a sale back counts against it, and the other total is no
        measure."""
        sale = self.invoice()
        self.run_outbox()
        note = self.reversal(sale)
        documents = (sale | note).ereceipt_document_id
        self.assertEqual(documents[0].amount_signed, documents[0].amount_total)
        [(total,)] = documents._read_group(
            [("id", "in", documents.ids)], [], ["amount_signed:sum"]
        )
        self.assertEqual(total, 0)
        shown = documents.fields_get(["amount_total", "amount_signed"], ["aggregator"])
        self.assertFalse(shown["amount_total"].get("aggregator"))
        self.assertEqual(shown["amount_signed"]["aggregator"], "sum")

    def test_what_is_held_back_and_due_is_told(self):
        move = self.invoice()
        now = fields.Datetime.now()
        move.ereceipt_document_id.sudo().next_attempt_at = now - timedelta(hours=1)
        self.device.sudo().write(
            {
                "breaker_open_until": now + timedelta(hours=1),
                "breaker_reason": "Nobody answers.",
            }
        )
        rows = self.section(self.figures(), "jobs")
        self.assertIn("Nobody answers.", [row["note"] for row in rows])
        self.assertIn(
            ("Due for more than five minutes", 1),
            [(row["label"], row["count"]) for row in rows],
        )

    def test_ends_and_deadlines(self):
        self.device.credentials_end = self.today() + timedelta(days=2)
        self.invoice()
        self.pass_time(hours=22)
        figures = self.figures()
        [row] = self.section(figures, "ends")
        self.assertEqual((row["label"], row["level"]), (self.device.name, "danger"))
        self.assertIn("2 days", row["note"])
        [row] = self.section(figures, "deadlines")
        self.assertEqual(
            (row["label"], row["count"], row["level"]), ("Within 3 hours", 1, "danger")
        )
        self.assertEqual(self.tile(figures, "Window closes within a day")["count"], 1)
        self.pass_time(hours=3)
        [row] = self.section(self.figures(), "deadlines")
        self.assertEqual(row["label"], "Over")

    def test_answers_of_the_authority(self):
        self.invoice()
        self.run_outbox()
        rows = self.section(self.figures(), "answers")
        calls, decided = rows[0], rows[-1]
        self.assertGreaterEqual(calls["count"], 2)
        self.assertIn("95 of 100", calls["note"])
        self.assertEqual(decided["count"], 1)
        self.assertIn("in the last 24 hours: 1", decided["note"])

    def test_differences_are_told(self):
        registration = self.registration.sudo()
        begun = self.env["ereceipt.reconciliation"].sudo()
        begun = begun._begin(registration, self.today(), self.today())
        self.env["ereceipt.reconciliation.line"].sudo().create(
            {
                "reconciliation_id": begun.id,
                "registration_id": registration.id,
                "company_id": self.company.id,
                "kind": "missing_here",
            }
        )
        [row] = self.section(self.figures(self.auditor), "further")
        self.assertEqual(row["count"], 1)

    # -------------------------------------------------------------------------
    # WHO SEES WHAT
    # -------------------------------------------------------------------------

    def test_environments_never_mix(self):
        self.invoice()
        self.env["ereceipt.registration"].with_user(self.administrator).create(
            {
                "company_id": self.company.id,
                "authority": "eg_receipt",
                "environment": "production",
            }
        )
        figures = self.figures()
        self.assertEqual(figures["environment"], "production")
        self.assertEqual(self.tile(figures, "On the way")["count"], 0)
        [row] = self.section(figures, "ends")
        self.assertIn("no device is active", row["label"])
        figures = self.figures(environment="test")
        self.assertEqual(self.tile(figures, "On the way")["count"], 1)

    def test_other_companies_are_not_seen(self):
        self.some_of_everything()
        other = self.env["res.company"].create({"name": "شركة أخرى"})
        stranger = self.make_user(
            "stranger", "base.group_user", "account.group_account_manager"
        )
        stranger.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        start = self.figures(stranger)["start"]
        self.assertFalse(start["open"])
        self.assertIn("administrator", start["ask"])

    def test_without_registration_one_is_told_what_to_do(self):
        other = self.env["res.company"].create({"name": "شركة أخرى"})
        founder = self.make_user(
            "founder",
            "base.group_user",
            "account_ereceipt.group_ereceipt_admin",
            companies=other,
        )
        start = self.figures(founder)["start"]
        self.assertEqual(start["open"]["res_model"], "ereceipt.registration")
        self.assertEqual([s["done"] for s in start["steps"]], [False] * 4)
        other.vat = "100000016"
        self.assertTrue(self.figures(founder)["start"]["steps"][0]["done"])

    def test_who_has_no_role_gets_nothing(self):
        nobody = self.make_user("nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.figures(nobody)

    # -------------------------------------------------------------------------
    # QUERIES
    # -------------------------------------------------------------------------

    def queries(self):
        """Return how many queries the overview takes with no record in memory, and what
        is kept for all requests (rules, views) at hand."""
        documents = self.env["ereceipt.document"].with_user(self.accountant)
        for _time in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            documents.cockpit()
        return self.env.cr.sql_log_count - before

    def test_as_many_queries_for_many_documents_as_for_few(self):
        self.refused()
        self.invoice()
        self.run_outbox()
        few = self.queries()
        for _number in range(8):
            self.refused()
        for number in range(8):
            self.invoice(price=100.0 + number)
        self.run_outbox()
        many = self.queries()
        self.assertLessEqual(many, few)
        self.assertLess(many, 50)
