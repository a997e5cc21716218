import json
from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from ..simulator.cn_nuonuo import App
from ..simulator.cn_nuonuo.client import NuonuoControlClient
from ..simulator.server import running
from .common import EreceiptCommon

APPKEY, SECRET = "SIM00001", "SIMSECRET0000001"
SELLER, BUYER = "91310000MA1FL0001R", "91310000MA1FL0002W"
CLERK = "测试"
GOODS, SERVICE = "1090511030000000000", "3040201010000000000"
NAME = "测试销售有限公司"
REGISTERED = {
    "apps": [{"appkey": APPKEY, "secret": SECRET, "tax_numbers": [SELLER]}],
    "companies": [{"tax_number": SELLER, "name": NAME}],
}
"""Whom the provider knows; its own sample has no number that Odoo takes."""


@tagged("post_install", "-at_install", "post_install_l10n")
class CnNuonuoCommon(EreceiptCommon):
    """A Chinese company whose clerk is logged in at the tax bureau, registered with a
    running simulator of Nuonuo. The cast is that of the Egyptian one."""

    zone = "Asia/Shanghai"

    @classmethod
    @AccountTestInvoicingCommon.setup_country("cn")
    def setUpClass(cls):
        super(EreceiptCommon, cls).setUpClass()
        cls.company = cls.env.company
        cls.company.write(
            {
                "vat": SELLER,
                "name": NAME,
                "street": "测试路1号",
                "city": "上海",
                "phone": "021-00000000",
            }
        )
        cls.app = App(REGISTERED)
        cls.simulator_url = cls.enterClassContext(running(cls.app))
        cls.control = NuonuoControlClient(cls.simulator_url)
        cls.quick()
        cls._set_up_users()
        cls._set_up_books()
        cls._set_up_registration()
        cls.addClassCleanup(cls.forget_tokens)

    @classmethod
    def quick(cls):
        """Let the bureau decide at once."""
        cls.control.settings(
            issue_seconds=0, sign_seconds=0, confirm_seconds=0, session_seconds=0
        )

    @classmethod
    def forget_tokens(cls):
        """Delete what the store of tokens keeps outside the tests' transaction."""
        with cls.registration._token_store()._cursor() as cr:
            cr.execute("DELETE FROM ereceipt_token")

    def setUp(self):
        super(EreceiptCommon, self).setUp()
        self.control.reset()
        self.quick()

    @classmethod
    def _set_up_books(cls):
        cls.journal = cls.company_data["default_journal_sale"]
        cls.journal_2 = cls.journal.copy({"name": "Desk 2", "code": "DSK2"})
        chart = cls.env["account.chart.template"]
        cls.vat = chart.ref("l10n_cn_sales_excluded_13")
        cls.vat_6 = chart.ref("l10n_cn_sales_excluded_6")
        cls.item = cls.env["product.product"].create(
            {
                "name": "测试设备",
                "list_price": 100.0,
                "taxes_id": [Command.set(cls.vat.ids)],
                "cn_spec": "X-1",
            }
        )
        mapping = cls.env["ereceipt.code.mapping"].with_user(cls.manager)
        cls.item_mapping = mapping.create(
            {
                "authority": "cn_nuonuo",
                "kind": "item",
                "product_tmpl_id": cls.item.product_tmpl_id.id,
                "code": GOODS,
            }
        )
        country = cls.env.ref("base.cn").id
        cls.customer, cls.person = cls.env["res.partner"].create(
            [
                {
                    "name": "测试购买有限公司",
                    "is_company": True,
                    "country_id": country,
                    "vat": BUYER,
                },
                {"name": "王小明", "country_id": country},
            ]
        )

    @classmethod
    def _set_up_registration(cls):
        administration = cls.env(user=cls.administrator.id)
        cls.registration = administration["ereceipt.registration"].create(
            {
                "company_id": cls.company.id,
                "authority": "cn_nuonuo",
                "environment": "test",
                "cn_api_url": f"{cls.simulator_url}/open/v1/services",
                "cn_token_url": f"{cls.simulator_url}/accessToken",
                "client_id": APPKEY,
                "client_secret": SECRET,
                "ingestion_seconds": 1,
            }
        )
        cls.device = administration["ereceipt.device"].create(
            {
                "name": "Desk 1",
                "registration_id": cls.registration.id,
                "cn_clerk": CLERK,
                "cn_user_id": cls.accountant.id,
                "journal_ids": [Command.set(cls.journal.ids)],
            }
        )
        cls.device.action_activate()

    def hours_pass(self, hours):
        """Shift calls that were made, and when the credit line was told, into the
        past."""
        self.env.flush_all()
        past = [timedelta(hours=hours)]
        self.env.cr.execute(
            "UPDATE ereceipt_exchange SET started_at = started_at - %s", past
        )
        self.env.cr.execute(
            "UPDATE ereceipt_registration SET cn_credit_at = cn_credit_at - %s", past
        )
        self.env.invalidate_all()

    # -------------------------------------------------------------------------
    # DOCUMENTS
    # -------------------------------------------------------------------------

    def orders(self):
        """Return the orders that the simulator has taken."""
        return self.control.orders()

    def sent(self, move):
        """Return the order as it was handed over last for an invoice."""
        exchanges = move.ereceipt_document_id.sudo().exchange_ids
        [exchange] = exchanges.filtered(lambda e: e.purpose == "submit")[-1:]
        return json.loads(exchange.request_text)["order"]

    def issued(self, move):
        """Return what the simulator has issued for an invoice, by number."""
        order = (move.ereceipt_document_id.authority_ids or {}).get("order")
        return sorted(self.control.invoices(order), key=lambda row: row["number"])

    def valid(self, **values):
        """Post an invoice and follow it until it is valid: it has a number."""
        move = self.invoice(**values)
        self.run_outbox()
        self.assertEqual(
            move.ereceipt_state, "valid", move.ereceipt_document_id.problems
        )
        return move
