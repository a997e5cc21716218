from lxml import etree

from odoo.tests import Form, tagged

from .cn_common import GOODS, CnNuonuoCommon
from .common import EreceiptCommon

EG_MENU = "account_ereceipt.ereceipt_menu_eg_code_search"
CN_MENU = "account_ereceipt.ereceipt_menu_cn_red"
SEARCH = "ereceipt_eg_code_search_action"
TABLE_MENU = "account_ereceipt.ereceipt_menu_code_import"


class AtHand:
    """Asks for menus and views as the web client does."""

    def has_menu(self, name):
        menus = self.env["ir.ui.menu"].with_user(self.manager).load_menus(False)
        return self.env.ref(name).id in menus

    def hidden(self, model, kind, name):
        """Whether a node of a view is there and not shown, by the name it has."""
        view = self.env[model].with_user(self.manager).get_view(view_type=kind)
        # a group comes before a field of its name in it
        node = etree.fromstring(view["arch"]).xpath(f"//*[@name='{name}']")[0]
        said = {node.get("invisible"), node.get("column_invisible")}
        return "True" in said

    def groupable(self, model, name):
        """Whether a list may be grouped by a field, and searched for it."""
        model = self.env[model].with_user(self.manager)
        field = model.get_views([(False, "search")])["models"][model._name]["fields"]
        field = field[name]
        self.assertEqual(field["groupable"], field["searchable"])
        return field["groupable"]

    def offers(self, model, kind, name):
        """Whether an action is offered for the records of a view."""
        views = self.env[model].with_user(self.manager)
        views = views.get_views([(False, kind)], {"toolbar": True})["views"]
        offered = views[kind]["toolbar"].get("action", [])
        action = self.env.ref(f"account_ereceipt.{name}")
        return action.id in [each["id"] for each in offered]


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAtHandEgypt(AtHand, EreceiptCommon):
    """Who has to do with Egypt alone sees nothing of China's."""

    def test_menus_follow_from_registrations(self):
        """A menu comes with the registration, and goes with it."""
        self.assertTrue(self.has_menu(EG_MENU))
        self.assertFalse(self.has_menu(CN_MENU))
        self.assertFalse(self.has_menu(TABLE_MENU))
        registrations = self.env["ereceipt.registration"].with_user(self.administrator)
        other = registrations.create(
            {"authority": "cn_nuonuo", "company_id": self.company.id}
        )
        self.assertTrue(self.has_menu(CN_MENU))
        self.assertTrue(self.has_menu(TABLE_MENU))
        other.action_archive()
        self.assertFalse(self.has_menu(CN_MENU))
        other.action_unarchive()
        self.assertTrue(self.has_menu(CN_MENU))
        other.unlink()
        self.assertFalse(self.has_menu(CN_MENU))

    def test_views_follow_from_registrations(self):
        self.assertTrue(self.hidden("product.template", "form", "cn_special"))
        self.assertFalse(self.hidden("ereceipt.device", "list", "serial"))
        self.assertFalse(self.hidden("ereceipt.device", "list", "branch_code"))
        self.assertFalse(self.hidden("ereceipt.device", "list", "chain_length"))
        self.assertFalse(self.hidden("ereceipt.code.mapping", "list", "action_eg_ask"))
        self.assertTrue(self.hidden("account.move", "list", "action_ereceipt_sign_now"))

    def test_actions_follow_from_registrations(self):
        self.assertFalse(self.offers("account.move", "list", "action_issue_together"))
        for name in ("ereceipt_eg_code_request_action", SEARCH):
            self.assertTrue(self.offers("product.template", "list", name))

    def test_fields_follow_from_registrations(self):
        self.assertTrue(self.groupable("account.move", "move_type"))
        self.assertFalse(self.groupable("account.move", "cn_fapiao_kind"))
        self.assertFalse(self.groupable("account.move", "hr_payment_means"))
        self.assertFalse(self.groupable("res.partner", "cn_fapiao_kind"))

    def test_tables_of_others_are_left_out(self):
        """The tables of another company's authority are none of mine."""
        tables = self.env["ereceipt.code"]
        tables._load("cn_nuonuo")
        shown = tables.with_user(self.manager).search([("at_hand", "=", True)])
        self.assertEqual(set(shown.mapped("authority")), {"eg_receipt"})
        self.assertTrue(shown[0].at_hand)
        foreign = tables.search([("authority", "=", "cn_nuonuo")], limit=1)
        self.assertFalse(foreign.at_hand)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAtHandChina(AtHand, CnNuonuoCommon):
    """Who has to do with China alone sees nothing of Egypt's."""

    def test_menus_and_views_are_those_of_china(self):
        self.assertFalse(self.has_menu(EG_MENU))
        self.assertTrue(self.has_menu(CN_MENU))
        self.assertTrue(self.has_menu(TABLE_MENU))
        self.assertTrue(self.hidden("ereceipt.code.mapping", "list", "action_eg_ask"))
        self.assertTrue(self.hidden("ereceipt.code.mapping", "list", "use_barcode"))
        self.assertTrue(self.hidden("ereceipt.device", "list", "serial"))
        self.assertTrue(self.hidden("ereceipt.device", "list", "branch_code"))
        self.assertTrue(self.hidden("ereceipt.device", "list", "chain_length"))
        self.assertFalse(self.hidden("ereceipt.device", "list", "journal_ids"))

    def test_actions_and_fields_are_those_of_china(self):
        self.assertTrue(self.offers("account.move", "list", "action_issue_together"))
        self.assertFalse(self.offers("product.template", "list", SEARCH))
        self.assertTrue(self.groupable("account.move", "cn_fapiao_kind"))
        self.assertFalse(self.groupable("account.move", "hr_payment_means"))

    def test_a_code_is_entered_without_a_code_system(self):
        """There is but one in China, so nobody is asked for it."""
        mappings = self.env["ereceipt.code.mapping"].with_user(self.manager)
        category = self.env["product.category"].create({"name": "设备"})
        with Form(mappings) as form:
            self.assertFalse(form.has_schemes)
            form.kind = "item"
            form.categ_id = category
            form.code = GOODS
        self.assertTrue(form.record.at_hand)

    def test_authorities_are_named_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        chinese = self.env["ereceipt.code.mapping"].with_context(lang="zh_CN")
        self.assertEqual(chinese._authority_name("cn_nuonuo"), "中国：数电发票（诺诺）")
        self.assertIn(
            ("cn_nuonuo", "中国：数电发票（诺诺）"), chinese._selection_authority()
        )
        exchange = self.env["ereceipt.exchange"].new({"purpose": "red_refresh"})
        self.assertEqual(exchange.purpose_text, "Ask about red letters")
