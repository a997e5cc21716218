from odoo.tests import Form

from .cn_common import GOODS, CnNuonuoCommon


class TestCnForms(CnNuonuoCommon):
    """What people see and type."""

    def test_device(self):
        devices = self.env["ereceipt.device"].with_user(self.administrator)
        with Form(devices) as form:
            form.name = "Desk 2"
            form.registration_id = self.registration
            self.assertEqual(form.document_type_id.code, "82")
            form.cn_clerk = "李静"
            form.journal_ids.add(self.journal_2)
        device = form.record
        self.assertEqual(device.document_type, "82")
        self.assertFalse(device.serial)

    def test_registration(self):
        with Form(self.registration) as form:
            form.cn_push_mode = "0"
            form.cn_zero_lines = "leave_out"
        settings = self.registration._settings()
        told = (settings["push_mode"], settings["zero_lines"])
        self.assertEqual(told, ("0", "leave_out"))
        self.assertTrue(self.registration.client_secret_set)

    def test_other_address_forgets_the_secret(self):
        self.assertEqual(self.registration._credentials()["app_key"], "SIM00001")
        self.registration.cn_api_url = "https://example.com/services"
        self.assertFalse(self.registration.client_secret_set)

    def test_invoice(self):
        moves = self.env["account.move"].with_user(self.accountant)
        with Form(moves.with_context(default_move_type="out_invoice")) as form:
            form.partner_id = self.customer
            form.journal_id = self.journal
            form.cn_fapiao_kind = "81"
            form.cn_remark = "合同 7"
            with form.invoice_line_ids.new() as line:
                line.product_id = self.item
        move = form.record
        move.action_post()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        self.assertIn("合同 7", self.sent(move)["remark"])
        view = Form(move)
        self.assertEqual(view.ereceipt_uuid, move.ereceipt_uuid)

    def test_code_without_naming_its_system(self):
        mappings = self.env["ereceipt.code.mapping"].with_user(self.manager)
        category = self.env["product.category"].create({"name": "设备"})
        with Form(mappings) as form:
            form.authority = "cn_nuonuo"
            form.kind = "item"
            form.categ_id = category
            form.code = GOODS
        self.assertEqual(form.record.scheme, "SPBM")
