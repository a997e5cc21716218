from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from ..fiscal import lifecycle
from .by_file_common import ByFileCommon, commands


class TestByFileProfiles(ByFileCommon):
    """Profiles, templates, and who may do what."""

    def test_a_template_is_taken_over_in_the_form(self):
        template = self.env.ref("account_ereceipt.ereceipt_file_template_cn_in")
        profiles = self.env["ereceipt.file.profile"].with_user(self.administrator)
        with Form(profiles) as form:
            form.name = "Results"
            form.registration_id = self.registration
            form.template_id = template
        made = form.record
        self.assertEqual(made.direction, "in")
        self.assertEqual(
            made.column_ids.mapped("field_name"),
            template.column_ids.mapped("field_name"),
        )
        self.assertNotEqual(made.column_ids, template.column_ids)
        self.assertFalse(made.template)

    def test_templates_are_nobodys(self):
        template = self.env.ref("account_ereceipt.ereceipt_file_template_cn_out")
        theirs = template.with_user(self.administrator)
        self.assertTrue(theirs.column_ids[0].heading)
        for attempt in (
            lambda: theirs.write({"name": "X"}),
            lambda: theirs.column_ids[0].write({"heading": "X"}),
            lambda: theirs.unlink(),
            lambda: theirs.create({"name": "X", "template": True}),
        ):
            with self.assertRaises(AccessError):
                attempt()
        with self.assertRaisesRegex(UserError, "makes no files"):
            template.with_user(self.accountant).action_make_file()

    def test_layouts_that_make_no_sense(self):
        out, into = self.out, self.into
        for profile, column in (
            (out, {"heading": "a", "field_name": "state"}),
            (out, {"heading": "a", "field_name": "line_net", "form": "#"}),
            (out, {"heading": "a", "field_name": "kind", "words": "sale"}),
            (into, {"heading": "a", "field_name": "quantity"}),
        ):
            with self.subTest(column), self.assertRaises(ValidationError):
                profile.write({"column_ids": commands([column])})
                self.env.flush_all()
        with self.assertRaisesRegex(ValidationError, "which document"):
            into.column_ids.filtered(
                lambda c: c.field_name in ("order", "number")
            ).unlink()
            into._check_layout()
        with self.assertRaises(ValidationError):
            out.date_form = "%Y"

    def test_who_may_do_what(self):
        move = self.invoice()
        for user in (self.auditor,):
            with self.assertRaises(AccessError):
                self.out.with_user(user).action_make_file()
            with self.assertRaises(AccessError):
                self.looked_at(b"x", user=user)
        run = self.made()
        for button in ("action_hand_over", "action_cancel"):
            with self.assertRaises(AccessError):
                getattr(run.with_user(self.auditor), button)()
        for user in (self.accountant, self.administrator):
            for attempt in (
                lambda u=user: run.with_user(u).write({"state": "done"}),
                lambda u=user: run.with_user(u).unlink(),
                lambda u=user: run.row_ids.with_user(u).write({"outcome": "same"}),
                lambda u=user: run.row_ids.with_user(u).unlink(),
                lambda u=user: move.ereceipt_document_id.with_user(u).write(
                    {"by_file": False}
                ),
            ):
                with self.assertRaises(AccessError):
                    attempt()
        with self.assertRaises(AccessError):
            self.out.with_user(self.accountant).name = "X"
        run.with_user(self.auditor).read(["file", "row_ids"])

    def test_used_profiles_stay(self):
        self.invoice()
        self.made()
        with self.assertRaisesRegex(UserError, "Archive it"):
            self.out.unlink()
        self.into.unlink()

    def test_another_company_sees_nothing(self):
        self.invoice()
        run = self.made()
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user(
            "stranger",
            "base.group_user",
            "account.group_account_manager",
            "account_ereceipt.group_ereceipt_admin",
            companies=other,
        )
        for record in (self.out, self.out.column_ids[0], run, run.row_ids):
            theirs = record.with_user(stranger)
            with self.subTest(record._name):
                self.assertFalse(theirs.search([("id", "in", record.ids)]))
                with self.assertRaises(AccessError):
                    theirs.read(["display_name"])
        with self.assertRaises(AccessError):
            self.out.with_user(stranger).action_make_file()
        with self.assertRaises(AccessError):
            run.with_user(stranger).action_hand_over()
        with self.assertRaises(AccessError):
            self.looked_at(b"x", user=stranger)

    def test_every_view_opens(self):
        self.invoice()
        self.handed_over()
        for model in ("ereceipt.file.profile", "ereceipt.file.run"):
            records = self.env[model].with_user(self.auditor).search([])
            self.assertTrue(records)
            for kind in ("list", "form", "search"):
                view = records.get_view(view_type=kind)
                names = [n for n in view["models"][model] if n in records._fields]
                if kind != "search":
                    records.web_read({name: {} for name in names})

    def test_states_of_results_have_a_label(self):
        outcomes = dict(self.env["ereceipt.file.row"]._fields["outcome"].selection)
        states = {"valid", "invalid", "rejected", "cancelled", "pending", "accepted"}
        self.assertLessEqual(states, set(outcomes))
        self.assertLessEqual(
            {"valid", "invalid", "cancelled"}, set(lifecycle.STATES) & set(outcomes)
        )
