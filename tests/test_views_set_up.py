from lxml import etree

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSetUpViews(EreceiptCommon):
    """The screens on which codes, registrations, devices and settings are entered."""

    # -------------------------------------------------------------------------
    # CODES
    # -------------------------------------------------------------------------

    def test_missing_code_is_entered_where_its_problem_leads(self):
        """The link opens the product at its codes; who keeps the codes enters one
        without the right to change products, others read who does."""
        self.item_mapping.with_user(self.manager).unlink()
        move = self.invoice(post=False)
        [problem] = move.ereceipt_problems.values()
        action = problem["action"]
        self.assertEqual(action["res_id"], self.item.id)
        view = {"view_id": action["views"][0][0], "view_type": "form"}
        product = self.item.with_user(self.manager)
        self.assertFalse(product.has_access("write"))
        page = "//page[@name='ereceipt']"
        arch = etree.fromstring(product.get_view(**view)["arch"])
        self.assertEqual(arch.xpath(f"{page}/@autofocus"), ["autofocus"])
        [button, search] = arch.xpath(f"{page}//button")
        self.assertIn("Search", search.get("string"))
        entering = self.env["ir.actions.act_window"].browse(int(button.get("name")))
        rows = self.env[entering.res_model].with_user(self.manager)
        template = self.item.product_tmpl_id
        with Form(rows.with_context(default_product_tmpl_id=template.id)) as form:
            form.scheme_id = self.env["ereceipt.code"].search(
                [("kind", "=", "item_type"), ("code", "=", "EGS")]
            )
            form.code = "EG-674859545-0001"
        self.assertIn(self.item.name, form.record.display_name)
        self.assertFalse(move.ereceipt_problems)
        other = self.item.with_user(self.accountant).get_view(**view)["arch"]
        self.assertFalse(etree.fromstring(other).xpath(f"{page}//button"))
        self.assertIn("Manager", other)

    # -------------------------------------------------------------------------
    # SET-UP
    # -------------------------------------------------------------------------

    def test_first_day_of_an_administrator(self):
        """A registration is made and a device on it, with what can be known filled
        in, through the forms. The devices before it were used."""
        self.invoice()
        self.run_outbox(rounds=2)
        (self.device | self.device_2).action_retire()
        self.registration.active = False
        registrations = self.env["ereceipt.registration"].with_user(self.administrator)
        with Form(registrations) as form:
            form.authority = "eg_receipt"
        registration = form.record
        self.assertFalse(registration.is_ready)
        self.company.write({"city": "Giza", "street": "3 Nile"})
        devices = self.env["ereceipt.device"].with_user(self.administrator)
        with Form(devices) as form:
            self.assertEqual(form.registration_id, registration)
            self.assertEqual(form.address_city, "Giza")
            form.name = "Till 9"
            form.serial = "SIM-POS-0009"
            form.client_id = "somebody"
            form.client_secret = "something"
            form.document_type_id = self.env["ereceipt.code"].search(
                [("kind", "=", "receipt_type"), ("code", "=", "SS")]
            )
            form.activity_code_id = self.env["ereceipt.code"].search(
                [("kind", "=", "activity"), ("code", "=", "4711")]
            )
        device = form.record
        self.assertEqual(device.document_type, "SS")
        self.assertEqual(device.activity_code, "4711")
        self.assertTrue(device.client_secret_set)
        self.assertFalse(device.client_secret)

    def test_return_types_are_not_offered(self):
        domain = self.device.document_type_domain
        offered = self.env["ereceipt.code"].search(domain).mapped("code")
        self.assertIn("S", offered)
        self.assertNotIn("R", offered)
        self.assertNotIn("RWR", offered)

    def test_saving_a_form_keeps_a_code_that_is_in_no_table(self):
        device = self.device.with_user(self.administrator)
        device.activity_code = "0000"
        with Form(device) as form:
            form.name = "Another name"
        self.assertEqual(device.activity_code, "0000")

    def test_checklist(self):
        text = self.registration.with_user(self.administrator).checklist
        self.assertIn("fa-check-circle", text)
        self.assertIn("The environment is production", text)

    def test_another_environment_warns(self):
        registration = self.registration.with_user(self.administrator)
        with (
            self.assertLogs("odoo.tests.form.onchange", "WARNING") as logs,
            Form(registration) as form,
        ):
            form.environment = "production"
        self.assertIn("forgets the credentials", "".join(logs.output))
        self.assertEqual(self.device.lifecycle, "draft")

    # -------------------------------------------------------------------------
    # SETTINGS
    # -------------------------------------------------------------------------

    def test_lanes(self):
        outbox = self.env["ereceipt.outbox"]
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.ereceipt_lanes, 1)
        settings.ereceipt_lanes = 3
        settings.set_values()
        self.assertEqual(len(outbox._lanes()), 3)
        self.env["res.config.settings"].create({"ereceipt_lanes": 0}).set_values()
        self.assertFalse(outbox._lanes())

    def test_other_settings_wake_nothing(self):
        """A neutralized database stays asleep when somebody saves settings."""
        self.env["ereceipt.outbox"]._lanes().active = False
        self.env["res.config.settings"].create({}).set_values()
        self.assertFalse(self.env["ereceipt.outbox"]._lanes())

    def test_bounds_of_settings(self):
        for values in ({"ereceipt_lanes": 5}, {"ereceipt_retention_days": 365}):
            with self.assertRaises(ValidationError):
                self.env["res.config.settings"].create(values)

    def test_journal_names_its_device(self):
        journals = self.journal | self.journal_2
        self.assertEqual(journals.ereceipt_device_ids, self.device | self.device_2)
        self.device_2.sudo().write({"journal_ids": [Command.clear()]})
        journals.invalidate_recordset()
        self.assertEqual(journals.ereceipt_device_ids, self.device)
