from odoo.tests import HttpCase, tagged

from .common import EreceiptCommon
from .rpc_common import ACCESS, EXPIRED, USER, RpcKit

PRIVATE = (
    ("ereceipt.outbox", "_run", [0]),
    ("ereceipt.outbox", "_cron_run", []),
    ("ereceipt.outbox", "_send_now", [1, "0123456789abcdef"]),
    ("ereceipt.work", "_claim_units", [1, {}]),
    ("ereceipt.work", "_mark_late", []),
    ("ereceipt.alert", "_clear", [1, "x"]),
    ("ereceipt.registration", "_credentials", [[1]]),
    ("ereceipt.registration", "_connection", [[1]]),
    ("ereceipt.device", "_ereceipt_secret", [[1], "client_secret"]),
    ("ereceipt.device", "_ereceipt_set_secret", [[1], "client_secret", "x"]),
    ("ereceipt.device", "_ereceipt_vault", []),
    ("ereceipt.document", "_go", [[1], "valid"]),
    ("ereceipt.document", "_withdraw", [[1]]),
    ("ereceipt.exchange", "_purge", []),
    ("ereceipt.seal", "_seal", []),
    ("account.move", "_ereceipt_issue", [[1]]),
    ("account.move", "_ereceipt_withdraw", [[1]]),
)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAccessRpc(RpcKit, EreceiptCommon, HttpCase):
    """The same rights over the wire: whoever calls from outside is told no."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = cls.accountant.copy(
            {
                "login": "ereceipt_portal",
                "group_ids": [(6, 0, cls.env.ref("base.group_portal").ids)],
            }
        )
        cls.employee = cls.accountant.copy(
            {
                "login": "ereceipt_employee",
                "group_ids": [(6, 0, cls.env.ref("base.group_user").ids)],
            }
        )
        for user in cls.everybody():
            user.password = user.login
        cls.move = cls.invoice()
        cls.document = cls.move.ereceipt_document_id.sudo()

    @classmethod
    def everybody(cls):
        return (
            cls.portal
            | cls.employee
            | cls.auditor
            | cls.accountant
            | cls.manager
            | cls.administrator
        )

    def assert_untouched(self):
        self.env.invalidate_all()
        self.assertEqual((self.move.state, self.document.state), ("posted", "queued"))
        self.assertTrue(self.document.link_ids)
        self.assertEqual(self.control.requests()["counts"], {}, "nobody was called")

    # -------------------------------------------------------------------------
    # THE WEB CLIENT'S CALLS
    # -------------------------------------------------------------------------

    def test_posted_invoice(self):
        """Neither a plain write nor a deletion with a context gets past."""
        ids = self.move.ids
        calls = (
            ("write", [ids, {"state": "draft"}], {}),
            ("write", [ids, {"name": "X/1"}], {}),
            ("write", [ids, {"ereceipt_state": "valid"}], {}),
            ("write", [ids, {"ereceipt_document_id": False}], {}),
            ("web_save", [ids, {"state": "draft"}, {"state": {}}], {}),
            ("button_draft", [ids], {}),
            ("button_cancel", [ids], {}),
            ("unlink", [ids], {}),
            ("unlink", [ids], {"force_delete": True}),
            ("write", [ids, {"partner_id": 1}], {"skip_readonly_check": True}),
            ("write", [ids, {"line_ids": [[5, 0, 0]]}], {"force_delete": True}),
        )
        for user in self.everybody():
            self.sign_in(user)
            may_write = user in self.accountant | self.manager
            refused = {USER} if may_write else {USER, ACCESS}
            for method, args, context in calls:
                with self.subTest(user.login, method=method, args=args):
                    found = self.call("account.move", method, args, context)
                    self.assertIn(found, refused)
            self.assert_untouched()

    def test_records(self):
        """Nobody reads without a role, and no role writes what was sent."""
        readers = self.everybody() - self.portal - self.employee
        document = self.document
        for user in self.everybody():
            self.sign_in(user)
            reads = [
                ("search_read", [[], ["state", "content"]]),
                ("read", [document.ids, ["content"]]),
                ("web_read", [document.ids, {"content": {}}]),
                ("formatted_read_group", [[], ["state"], ["__count"]]),
            ]
            for method, args in reads:
                with self.subTest(user.login, method=method):
                    found = self.call("ereceipt.document", method, args)
                    if user in readers:
                        self.assertTrue(found)
                        self.assertIsInstance(found, list)
                    else:
                        self.assertEqual(found, ACCESS)
            for method, args in (
                ("write", [document.ids, {"state": "withdrawn"}]),
                ("web_save", [document.ids, {"last_error": "x"}, {}]),
                ("unlink", [document.ids]),
                ("copy", [document.ids]),
                ("create", [[{"name": "x"}]]),
            ):
                with self.subTest(user.login, method=method):
                    found = self.call("ereceipt.document", method, args)
                    self.assertEqual(found, ACCESS)
            self.assert_untouched()

    def test_settings_of_sending(self):
        """Who is no administrator neither changes nor tries a connection."""
        calls = (
            ("ereceipt.registration", "write", [self.registration.ids, {"name": "x"}]),
            (
                "ereceipt.registration",
                "action_test_connection",
                [self.registration.ids],
            ),
            ("ereceipt.registration", "action_close_breaker", [self.registration.ids]),
            (
                "ereceipt.registration",
                "action_confirm_database",
                [self.registration.ids],
            ),
            (
                "ereceipt.device",
                "web_save",
                [self.device.ids, {"client_secret": "x"}, {}],
            ),
            ("ereceipt.device", "action_activate", [self.device.ids]),
            ("ereceipt.device", "action_retire", [self.device.ids]),
            ("ereceipt.device", "unlink", [self.device.ids]),
            ("ereceipt.device", "read", [self.device.ids, ["client_id"]]),
            ("ereceipt.device", "read", [self.device.ids, ["client_secret"]]),
        )
        for user in self.everybody() - self.administrator:
            self.sign_in(user)
            for model, method, args in calls:
                with self.subTest(user.login, model=model, method=method):
                    self.assertEqual(self.call(model, method, args), ACCESS)
        self.assert_untouched()
        self.assertEqual(self.device.lifecycle, "active")

    def test_private_methods(self):
        """What sends, claims and opens secrets has no name outside."""
        for user in (self.accountant, self.administrator):
            self.sign_in(user)
            for model, method, args in PRIVATE:
                with self.subTest(user.login, model=model, method=method):
                    self.assertTrue(hasattr(self.env[model], method))
                    self.assertEqual(self.call(model, method, args), ACCESS)
        self.assert_untouched()

    def test_without_a_session(self):
        self.authenticate(None, None)
        for model, method, args in (
            ("ereceipt.document", "search_read", [[], ["content"]]),
            ("account.move", "ereceipt_send_now", [self.move.ids, "0123456789abcdef"]),
        ):
            with self.subTest(model):
                self.assertEqual(self.call(model, method, args), EXPIRED)
        self.assert_untouched()

    def test_export_of_a_list(self):
        """The export dialog gives what may be read, and no column of secrets."""
        self.administrator.group_ids += self.env.ref("base.group_allow_export")
        self.sign_in(self.administrator)

        plain = self.export(self.device, "serial", "client_id")
        self.assertEqual(plain.status_code, 200)
        self.assertIn("sim-pos-0001", plain.text)
        typed = self.export(self.device, "serial", "client_secret", "client_secret_set")
        self.assertEqual(typed.status_code, 200)
        self.assertNotIn("sim-secret", typed.text)
        self.assertNotIn("v1:", typed.text)
        sealed = self.export(self.device, "serial", "client_secret_sealed")
        self.assertNotEqual(sealed.status_code, 200)
        self.assertNotIn("v1:", sealed.text)

    # -------------------------------------------------------------------------
    # THE API FOR OTHER PROGRAMS
    # -------------------------------------------------------------------------

    def test_other_programs(self):
        accountant, auditor, employee = self.accountant, self.auditor, self.employee
        ids = self.move.ids
        sent = self.document.ids
        refused = (403, ACCESS)
        for user, model, method, body, expected in (
            (employee, "ereceipt.document", "search", {"domain": []}, refused),
            (auditor, "ereceipt.document", "search", {"domain": []}, (200, sent)),
            (
                auditor,
                "ereceipt.document",
                "read",
                {"ids": sent, "fields": ["lease_token"]},
                refused,
            ),
            (
                auditor,
                "ereceipt.document",
                "write",
                {"ids": sent, "vals": {"state": "failed"}},
                refused,
            ),
            (
                auditor,
                "account.move",
                "action_ereceipt_send_now",
                {"ids": ids},
                refused,
            ),
            (
                accountant,
                "account.move",
                "write",
                {"ids": ids, "vals": {"state": "draft"}},
                (422, USER),
            ),
            (
                accountant,
                "account.move",
                "unlink",
                {"ids": ids, "context": {"force_delete": True}},
                (422, USER),
            ),
            (
                accountant,
                "account.move",
                "action_ereceipt_retry",
                {"ids": ids},
                refused,
            ),
            (
                accountant,
                "ereceipt.device",
                "read",
                {"ids": self.device.ids, "fields": ["client_secret_sealed"]},
                refused,
            ),
            (
                self.administrator,
                "ereceipt.device",
                "read",
                {"ids": self.device.ids, "fields": ["client_secret_sealed"]},
                refused,
            ),
            (self.administrator, "ereceipt.outbox", "_run", {"deadline": 0}, refused),
        ):
            with self.subTest(user.login, model=model, method=method, body=body):
                self.assertEqual(self.call_json2(user, model, method, **body), expected)
        self.assert_untouched()
