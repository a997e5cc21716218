from odoo.tests import tagged

from .common import EreceiptCommon

ARABIC = "ar_001"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReaderLanguage(EreceiptCommon):
    """What jobs keep is said to each reader in his own language; credentials that are
    refused are said to need a person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang(ARABIC)

    def refused_secret(self):
        """Post an invoice on a device whose secret the authority refuses."""
        self.control.revoke_tokens()
        self.device.client_secret = "wrong"
        move = self.invoice()
        self.run_outbox(rounds=2)
        self.assertTrue(self.device.breaker_credentials)
        return move

    def assert_arabic(self, text):
        self.assertIn("لا تقبل الجهة الرقم السري", text)
        self.assertNotIn("The authority does not accept", text)

    def test_reasons_are_said_in_the_language_of_the_reader(self):
        move = self.refused_secret()
        document = move.ereceipt_document_id.with_user(self.accountant)
        said = "The authority does not accept the client secret."
        self.assertIn(said, self.device.breaker_reason_shown)
        self.assertIn(said, document.last_error_shown)
        device = self.device.with_context(lang=ARABIC)
        self.assert_arabic(device.breaker_reason_shown)
        self.assert_arabic(document.with_context(lang=ARABIC).last_error_shown)
        self.assert_arabic(move.with_context(lang=ARABIC).ereceipt_what_now)

    def test_alerts_and_activities(self):
        self.administrator.lang = ARABIC
        self.refused_secret()
        self.env["ereceipt.alert.cause"].sudo()._keep()
        alert = self.env["ereceipt.alert.cause"].search([("kind", "=", "login")])
        self.assertIn("client secret", alert.note)
        alert.invalidate_recordset()
        self.assert_arabic(alert.with_context(lang=ARABIC).note)
        [activity] = self.device.sudo().activity_ids.filtered(
            lambda a: a.user_id == self.administrator
        )
        self.assert_arabic(activity.note)

    def test_the_overview(self):
        self.refused_secret()
        documents = self.env["ereceipt.document"].with_user(self.accountant)
        figures = documents.with_context(lang=ARABIC).cockpit()
        sections = {one["name"]: one["rows"] for one in figures["sections"]}
        self.assert_arabic(sections["failures"][0]["label"])
        self.assert_arabic(sections["jobs"][-1]["note"])

    def test_another_error_forgets_what_the_first_was_made_of(self):
        document = self.refused_secret().ereceipt_document_id.sudo()
        document.write({"last_error": "Something else."})
        arabic = document.with_context(lang=ARABIC)
        self.assertEqual(arabic.last_error_shown, "Something else.")
        self.device._breaker_reset()
        self.assertFalse(self.device.breaker_reason_shown)

    def test_refused_credentials_need_a_person(self):
        """A pause ends by itself; credentials are not mended by it."""
        move = self.refused_secret()
        self.assertNotIn("by itself", move.ereceipt_what_now)
        self.assertIn("Somebody has to enter valid ones", move.ereceipt_what_now)
        self.assertIn(self.device.name, move.ereceipt_what_now)
        action = move.with_user(self.accountant).action_ereceipt_what_now()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (self.device._name, self.device.id)
        )
