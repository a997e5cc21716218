from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import EreceiptCommon
from .rpc_common import ACCESS, RpcKit
from .test_flow_send_print import SendPrintCommon

CONFIDENTIAL = "the managing director's contract"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAdminBreakIns(RpcKit, SendPrintCommon, EreceiptCommon, HttpCase):
    """What people might try over HTTP who have a login and no right: a customer, an
    employee, somebody who bills by another module's rights, an auditor, a mighty user
    of another company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = cls.make_user("portal", "base.group_portal")
        cls.employee = cls.make_user("employee", "base.group_user")
        cls.clerk = cls.make_clerk()
        other = cls.env["res.company"].create({"name": "Other"})
        cls.stranger = cls.make_user(
            "stranger",
            "base.group_user",
            "account.group_account_manager",
            "account_ereceipt.group_ereceipt_admin",
            companies=other,
        )
        for user in cls.everybody() | cls.accountant | cls.administrator:
            user.password = user.login
        cls.move = cls.invoice()
        cls.document = cls.move.ereceipt_document_id.sudo()
        cls.exchange = cls.make_exchange(cls.document, request_gzip="H4sIAAAAAAAA")
        cls.registration.sudo().message_post(body="Confidential words")

    @classmethod
    def everybody(cls):
        """Return those who have no right to what is tried, the auditor apart."""
        return cls.portal | cls.employee | cls.clerk | cls.stranger

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_binary")
    def get(self, path):
        return self.url_open(path, allow_redirects=False)

    # -------------------------------------------------------------------------
    # ADDRESSES OF THE WEB CLIENT
    # -------------------------------------------------------------------------

    def test_files_and_pictures(self):
        """Columns are offered as files and pictures under addresses of their own."""
        document, exchange = self.document, self.exchange
        paths = (
            f"/web/content/ereceipt.exchange/{exchange.id}/request_gzip",
            f"/web/content/ereceipt.document/{document.id}/content",
            f"/web/image/ereceipt.document/{document.id}/qr_image",
            f"/web/content?model=ereceipt.device&id={self.device.id}"
            "&field=client_secret_sealed",
            f"/web/image?model=ereceipt.device&id={self.device.id}&field=client_secret",
        )
        whole = self.env["ereceipt.document"].sudo().browse(document.id)
        told = (whole.content[:40], self.exchange.sha256, "v1:", "H4sI")
        for user in self.everybody():
            self.sign_in(user)
            for path in paths:
                with self.subTest(user.login, path=path):
                    answer = self.get(path)
                    # a picture that may not be seen is answered with a placeholder
                    if "/web/image" not in path:
                        self.assertNotEqual(answer.status_code, 200)
                    for text in told:
                        self.assertNotIn(text.encode(), answer.content)
        self.sign_in(self.administrator)
        for path in paths[3:]:
            answer = self.get(path)
            self.assertNotIn(b"v1:", answer.content)
            self.assertNotIn(b"sim-secret", answer.content)

    def test_invoices_of_others(self):
        """An invoice with its QR code is for its customer and the books."""
        uid = self.document.authority_uid.encode()
        for user in self.everybody() - self.clerk:
            self.sign_in(user)
            for path in (
                f"/report/html/account.report_invoice/{self.move.id}",
                f"/report/pdf/account.report_invoice/{self.move.id}",
                f"/my/invoices/{self.move.id}",
                f"/my/invoices/{self.move.id}?access_token=x",
                f"/my/invoices/{self.move.id}?report_type=pdf&download=true",
                f"/account/download_invoice_documents/{self.move.id}/pdf",
            ):
                with self.subTest(user.login, path=path):
                    answer = self.get(path)
                    self.assertNotIn(uid, answer.content)
                    self.assertNotEqual(answer.status_code, 200)
        self.env.invalidate_all()
        self.assertFalse(self.document.handed_over_at)

    def test_chatter(self):
        """What is said about a registration is for those who may read it, and only
        who may change it says something there."""

        thread = {
            "thread_model": "ereceipt.registration",
            "thread_id": self.registration.id,
        }
        for user in self.everybody():
            self.sign_in(user)
            with self.subTest(user.login):
                self.assertNotIn(
                    "Confidential", self.ask("/mail/thread/messages", **thread).text
                )
        self.sign_in(self.auditor)
        self.assertIn("Confidential", self.ask("/mail/thread/messages", **thread).text)
        before = len(self.registration.message_ids)
        for user in self.everybody() | self.auditor:
            self.sign_in(user)
            with self.subTest(user.login):
                said = self.ask("/mail/message/post", post_data={"body": "x"}, **thread)
                self.assertIn("error", said.json())
        self.env.invalidate_all()
        self.assertEqual(len(self.registration.message_ids), before)

    def test_exports(self):
        for user in self.everybody() - self.portal:
            user.group_ids += self.env.ref("base.group_allow_export")
            self.sign_in(user)
            for model, name in (
                ("ereceipt.document", "content"),
                ("ereceipt.exchange", "request_text"),
                ("ereceipt.registration", "client_id"),
            ):
                with self.subTest(user.login, model=model):
                    answer = self.export(self.env[model].sudo().search([]), name)
                    self.assertNotEqual(answer.status_code, 200)

    # -------------------------------------------------------------------------
    # ACTIONS
    # -------------------------------------------------------------------------

    def test_actions_of_menus(self):
        """A server action runs for the groups that it names, whoever knows its id."""
        for xmlid, users in (
            ("ereceipt_seal_credentials_action", self.everybody() | self.auditor),
            ("ereceipt_seal_verify_action", self.everybody() - self.stranger),
        ):
            action = self.env.ref(f"account_ereceipt.{xmlid}")
            for user in users - self.stranger:
                self.sign_in(user)
                with self.subTest(user.login, action=xmlid):
                    answer = self.ask("/web/action/run", action_id=action.id).json()
                    self.assertIn("error", answer)
                    found = self.call("ir.actions.server", "run", [action.ids])
                    self.assertEqual(found, ACCESS)

    def test_sealing_names_nothing_of_another_company(self):
        self.sign_in(self.stranger)
        found = self.call("ereceipt.registration", "action_seal_credentials", [])
        self.assertNotIn(self.company.name, str(found))
        self.assertNotIn("Till", str(found))

    # -------------------------------------------------------------------------
    # A MAIL THAT WAITS
    # -------------------------------------------------------------------------

    def confidential(self):
        """Make a file that an accountant may not read."""
        file = self.env["ir.attachment"].create(
            {
                "name": "contract.txt",
                "raw": CONFIDENTIAL.encode(),
                "res_model": "ir.config_parameter",
                "res_id": self.env["ir.config_parameter"].search([], limit=1).id,
            }
        )
        self.sign_in(self.accountant)
        found = self.call("ir.attachment", "read", [file.ids, ["raw"]])
        self.assertEqual(found, ACCESS)
        return {"id": file.id, "name": file.name, "mimetype": "text/plain"}

    def assert_nothing_leaked(self, move):
        self.run_outbox()
        self.run_mail_job()
        self.assertEqual(move.ereceipt_state, "valid")
        sent = self.mails(move).sudo().attachment_ids
        self.assertNotIn(CONFIDENTIAL.encode(), sent.mapped("raw"))

    def test_a_waiting_mail_takes_no_file_that_its_author_may_not_read(self):
        """The job mails as the superuser: what it attaches is looked at when the
        person says so."""
        self.device.mail_only_valid = True
        move = self.invoice()
        file = {**self.confidential(), "manual": True}
        wizard = self.wizard(move)
        wizard.mail_attachments_widget = [*wizard.mail_attachments_widget, file]
        found = self.call(wizard._name, "action_send_and_print", [wizard.ids])
        self.assertEqual(found, ACCESS)
        self.assert_nothing_leaked(move)

    def test_how_it_is_mailed_is_nobodys_to_write(self):
        self.device.mail_only_valid = True
        file = {**self.confidential(), "manual": True}
        settings = {"sending_methods": ["email"], "mail_attachments_widget": [file]}
        author = {
            "author_user_id": self.accountant.id,
            "author_partner_id": self.accountant.partner_id.id,
        }
        chosen = {**author, "ereceipt": settings}
        move = self.invoice()
        for values in ({"ereceipt_mail_settings": chosen}, {"sending_data": chosen}):
            with self.subTest(values.keys()):
                found = self.call("account.move", "write", [move.ids, values])
                self.assertEqual(found, ACCESS)
        new = [{"move_type": "out_invoice", "partner_id": self.customer.id}]
        for name in ("ereceipt_mail_settings", "sending_data"):
            with self.subTest(name):
                found = self.call(
                    "account.move", "create", [[{**new[0], name: chosen}]]
                )
                self.assertEqual(found, ACCESS)
                default = ["account.move", name, chosen, True]
                self.call("ir.default", "set", default)
                created = self.call(
                    "account.move", "create", [new], {f"default_{name}": chosen}
                )
                if created != ACCESS:
                    made = self.env["account.move"].browse(created).sudo()
                    self.assertFalse(made[name] and made[name].get("ereceipt"))
        self.assert_nothing_leaked(move)

    def test_a_customer_does_not_read_our_troubles(self):
        """Nor what the mail to him is going to be."""
        self.device.mail_only_valid = True
        self.portal.partner_id.email = "portal@example.com"
        move = self.invoice(partner_id=self.portal.partner_id.id)
        wizard = self.wizard(move)
        wizard.action_send_and_print()
        move.message_subscribe(self.portal.partner_id.ids)
        self.sign_in(self.portal)
        [row] = self.call("account.move", "read", [move.ids, ["ereceipt_state"]])
        self.assertEqual(row["ereceipt_state"], "queued", "his own invoice")
        for name in (
            "ereceipt_mail_settings",
            "ereceipt_what_now",
            "ereceipt_problems",
            "ereceipt_document_ids",
        ):
            with self.subTest(name):
                found = self.call("account.move", "read", [move.ids, [name]])
                self.assertEqual(found, ACCESS)
