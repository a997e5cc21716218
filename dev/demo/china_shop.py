"""The Chinese office: books, people, goods, and its registration with Nuonuo."""

from __future__ import annotations

from typing import Any

from .shop import ShopBase

TAX_NUMBER, BUYER_NUMBER = "91310000MA1FL0001R", "91310000MA1FL0002W"
NAME = "浦江设备有限公司"
CLERK = "李静"
AUTHORITY_CODE = "cn_nuonuo"
APP_KEY, APP_SECRET = "SIM00001", "SIMSECRET0000001"
ACCOUNTANT = "accountant_cn"
LANGUAGE, ZONE = "zh_CN", "Asia/Shanghai"
LARGEST_FAPIAO = "100000.00"

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
        self.make_company(
            "cn",
            "CNY",
            name=NAME,
            vat=TAX_NUMBER,
            street="张江路 88 号",
            city="上海",
            phone="021-50000000",
            email="fapiao@pujiang.example",
        )
        accountant = self.make_accountant(ACCOUNTANT, CLERK, LANGUAGE, ZONE)
        self.ids["desk"] = self.make_journal("数电票销售", "CNFP")
        self.find_taxes(TAXES)
        self._make_goods()
        self.make_customers(CUSTOMERS, LANGUAGE)
        self._register(simulator_url, accountant)

    def _make_goods(self) -> None:
        for key, (name, price, tax, code, spec) in GOODS.items():
            template = self.make_product(
                key,
                name=name,
                list_price=price,
                type="service" if key == "service" else "consu",
                company_id=self.ids["company"],
                taxes_id=[(6, 0, [self.ids[tax]])],
                cn_spec=spec,
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
