"""The Chinese office: books, people, goods, and its registration with Nuonuo."""

from __future__ import annotations

from typing import Any

from setup.cache import CHECKOUT

from .shop import ACCOUNTING, ShopBase

TAX_NUMBER, BUYER_NUMBER = "91310000MA1FL0001R", "91310000MA1FL0002W"
NAME = "浦江设备有限公司"
CLERK = "李静"
AUTHORITY_CODE = "cn_nuonuo"
APP_KEY, APP_SECRET = "SIM00001", "SIMSECRET0000001"
ACCOUNTANT = "accountant_cn"
LANGUAGE, ZONE = "zh_CN", "Asia/Shanghai"
LARGEST_FAPIAO = "100000.00"

UNUSED = [False, "generic_coa"]
"""The charts of a company that nobody has set up."""

TAXES = {"vat": "l10n_cn_sales_excluded_13", "vat_6": "l10n_cn_sales_excluded_6"}
"""The add-on knows that each of these is VAT."""

GOODS = {
    "screen": ("显示屏", 1200.0, "vat", "1090511030000000000", "27寸"),
    "cable": ("数据线", 35.5, "vat", "1090511030000000000", "2米"),
    "server": ("服务器", 42000.0, "vat", "1090511030000000000", "R2"),
    "service": ("技术支持", 300.0, "vat_6", "3040201010000000000", ""),
}
"""Name, price without tax, tax, tax classification code, specification."""

CUSTOMERS: dict[str, dict[str, Any]] = {
    "firm": {
        "name": "长宁商贸有限公司",
        "is_company": True,
        "vat": BUYER_NUMBER,
        "street": "延安西路 7 号",
        "city": "上海",
    },
    "person": {"name": "王小明"},
    "known": {"name": "赵敏", "ereceipt_identity": "310101199001011237"},
}

SIMULATOR_CONFIG: dict[str, Any] = {
    "apps": [{"appkey": APP_KEY, "secret": APP_SECRET, "tax_numbers": [TAX_NUMBER]}],
    "companies": [
        {
            "tax_number": TAX_NUMBER,
            "name": NAME,
            "single_limit": LARGEST_FAPIAO,
            "xml": True,
            "accounts": [{"clerk": CLERK}],
        }
    ],
}


class Shop(ShopBase):
    """The office in a database."""

    def set_up(self, simulator_url: str) -> None:
        """Make everything that must be there before the first fapiao."""
        self._make_company()
        accountant = self._make_accountant()
        self.ids["desk"] = self.make_journal("发票", "CNFP")
        for key, name in TAXES.items():
            self.ids[key] = self.xml_id(f"account.{self.ids['company']}_{name}")
        self._make_goods()
        for key, values in CUSTOMERS.items():
            self.ids[key] = self.create("res.partner", self._own(**values))
        self._register(simulator_url, accountant)

    # -- company ----------------------------------------------------------------------

    def _make_company(self) -> None:
        """Take the company that nobody has set up, or make one, with China's chart of
        accounts."""
        china = self.xml_id("base.cn")
        self.ids["china"] = china
        values = {
            "name": NAME,
            "vat": TAX_NUMBER,
            "country_id": china,
            "account_fiscal_country_id": china,
            "currency_id": self._yuan(),
            "street": "张江路 88 号",
            "city": "上海",
            "phone": "021-50000000",
            "email": "fapiao@pujiang.example",
        }
        unused = self.odoo.call(
            "res.company", "search", [("chart_template", "in", UNUSED)], limit=1
        )
        if unused:
            (company,) = unused
            self.odoo.call("res.company", "write", unused, values)
        else:
            company = self.create("res.company", values)
        self.ids["company"] = company
        self.odoo.context = {"allowed_company_ids": [company]}
        self.load_chart("cn")

    def _yuan(self) -> int:
        yuan = self.xml_id("base.CNY")
        self.odoo.call("res.currency", "write", [yuan], {"active": True})
        return yuan

    def _make_accountant(self) -> int:
        """Make an accountant, in Chinese where the add-on speaks it."""
        language = "en_US"
        if (CHECKOUT / "i18n" / "zh_CN.po").exists():
            language = LANGUAGE
            self.install_language(language)
        return self.make_user(
            ACCOUNTANT,
            CLERK,
            ACCOUNTING,
            lang=language,
            tz=ZONE,
            company_id=self.ids["company"],
            company_ids=[(6, 0, [self.ids["company"]])],
        )

    # -- books ------------------------------------------------------------------------

    def _make_goods(self) -> None:
        for key, (name, price, tax, code, spec) in GOODS.items():
            template = self.create(
                "product.template",
                {
                    "name": name,
                    "list_price": price,
                    "type": "service" if key == "service" else "consu",
                    "company_id": self.ids["company"],
                    "taxes_id": [(6, 0, [self.ids[tax]])],
                    "cn_spec": spec,
                },
            )
            (self.ids[key],) = self.odoo.call(
                "product.product", "search", [("product_tmpl_id", "=", template)]
            )
            self.create(
                "ereceipt.code.mapping",
                {
                    "authority": AUTHORITY_CODE,
                    "kind": "item",
                    "product_tmpl_id": template,
                    "code": code,
                },
            )

    def _own(self, **values: Any) -> dict[str, Any]:
        """Return a customer's values: at home, and this company's."""
        home = {"country_id": self.ids["china"], "lang": "en_US"}
        return {**home, "company_id": self.ids["company"], **values}

    # -- provider ---------------------------------------------------------------------

    def _register(self, simulator_url: str, accountant: int) -> None:
        """Register the company with the simulator, and activate the clerk's account."""
        registration = self.create(
            "ereceipt.registration",
            {
                "company_id": self.ids["company"],
                "authority": AUTHORITY_CODE,
                "environment": "test",
                "cn_api_url": f"{simulator_url}/open/v1/services",
                "cn_token_url": f"{simulator_url}/accessToken",
                "client_id": APP_KEY,
                "client_secret": APP_SECRET,
            },
        )
        device = self.create(
            "ereceipt.device",
            {
                "name": "开票员",
                "registration_id": registration,
                "cn_clerk": CLERK,
                "cn_user_id": accountant,
                "journal_ids": [(6, 0, [self.ids["desk"]])],
            },
        )
        self.ids["device"] = device
        self.odoo.call("ereceipt.device", "action_activate", [device])
