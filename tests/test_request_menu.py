from lxml import etree

from odoo.tests import HttpCase, tagged
from odoo.tools.safe_eval import safe_eval

from .cn_common import CnNuonuoCommon
from .rpc_common import ACCESS, RpcKit

MODULE = "account_ereceipt"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRequestMenu(RpcKit, CnNuonuoCommon, HttpCase):
    """A salesperson with nothing but the role *May ask* finds, over HTTP, a list of own
    invoices and one of own requests, and nobody else's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        role = f"{MODULE}.group_ereceipt_requester"
        cls.sales = cls.make_user("asker", "base.group_user", role)
        cls.sales.password = cls.sales.login
        other = cls.make_user("other", "base.group_user", role)
        cls.move = cls.invoice(invoice_user_id=cls.sales.id, post=False)
        cls.others_move = cls.invoice(invoice_user_id=other.id, post=False)
        requests = cls.env["ereceipt.request"]
        cls.others_request = requests.with_user(other).create(
            {"move_id": cls.others_move.id}
        )

    def setUp(self):
        super().setUp()
        self.sign_in(self.sales)

    def menus(self):
        """Return the menus of the user's web client below ours, by XML id."""
        menus = self.url_open("/web/webclient/load_menus").json()
        ours = [m for m in menus.values() if (m["xmlid"] or "").startswith(MODULE)]
        return {m["xmlid"].partition(".")[2]: m for m in ours}

    def opened(self, menu):
        """Open a menu and list what stands there, as the web client does.

        :return: the action, the view of the list, and the records
        """
        answer = self.ask("/web/action/load", action_id=menu["actionID"])
        action = answer.json()["result"]
        search = action["search_view_id"] or [False]
        views = self.call_kw(
            action["res_model"],
            "get_views",
            views=[*action["views"], [search[0], "search"]],
        )
        arch = etree.fromstring(views["views"]["list"]["arch"])
        names = {field.get("name") for field in arch.iter("field")}
        found = self.call_kw(
            action["res_model"],
            "web_search_read",
            domain=safe_eval(action["domain"] or "[]", {"uid": self.sales.id}),
            specification={name: {} for name in names},
        )
        return action, arch, found["records"]

    def call_kw(self, model, method, **kwargs):
        answer = self.ask_method(model, method, [], kwargs).json()
        self.assertNotIn("error", answer, answer.get("error"))
        return answer["result"]

    def test_menus(self):
        """Nothing but what a salesperson has."""
        leaves = {name for name, menu in self.menus().items() if menu["actionID"]}
        wanted = {"ereceipt_menu_own_sales", "ereceipt_menu_requests_all"}
        self.assertEqual(leaves - {"ereceipt_menu_root"}, wanted)

    def test_own_invoices(self):
        action, arch, records = self.opened(self.menus()["ereceipt_menu_own_sales"])
        self.assertEqual([r["id"] for r in records], self.move.ids)
        self.assertEqual([mode for _id, mode in action["views"]], ["list"])
        self.assertTrue(records[0]["ereceipt_requestable"])
        [button] = arch.xpath("//button[@name='action_ereceipt_request']")
        self.assertEqual(button.get("string"), "Ask to issue")
        opened = self.call("account.move", button.get("name"), [self.move.ids])
        self.assertEqual(opened["res_model"], "ereceipt.request")
        refused = self.call("account.move", button.get("name"), [self.others_move.ids])
        self.assertEqual(refused, ACCESS)

    def test_own_requests(self):
        request = self.call("ereceipt.request", "create", [{"move_id": self.move.id}])
        _action, _arch, records = self.opened(
            self.menus()["ereceipt_menu_requests_all"]
        )
        self.assertEqual([r["id"] for r in records], [request])
        found = self.call_kw(
            "ereceipt.request", "web_search_read", domain=[], specification={}
        )
        self.assertEqual([r["id"] for r in found["records"]], [request])
        refused = self.call(
            "ereceipt.request", "read", [self.others_request.ids, ["state"]]
        )
        self.assertEqual(refused, ACCESS)
        self.assertTrue(
            self.move.with_user(self.sales).ereceipt_request_count, "shown in the list"
        )
