"""What every demonstration's shop needs: books, people, and calls that make records."""

from __future__ import annotations

from typing import Any

from setup.cache import CHECKOUT

from .client import OdooClient

ACCOUNTING = (
    "base.group_user",
    "account.group_account_manager",
    "base.group_partner_manager",
    "product.group_product_manager",
)
"""Rights to the books, and to mend customers and products."""

READING = ("base.group_user", "account.group_account_readonly")

_UNUSED = [False, "generic_coa"]
"""The charts of a company that nobody has set up."""


class ShopBase:
    """A shop in a database, set up by calls that an administrator's clicks make.

    :ivar ids: database ids of what sales refer to, by the names used there; "company"
        is the shop's own
    """

    def __init__(self, odoo: OdooClient) -> None:
        self.odoo = odoo
        self.ids: dict[str, int] = {}

    # -- setting up -------------------------------------------------------------------

    def make_company(self, country: str, currency: str, **values: Any) -> None:
        """Take the company that nobody has set up, or make one, with its country's
        chart of accounts; what is called from then on is called in it.

        :param country: its code in lower case
        :param currency: its code
        """
        home, money = self.xml_id(f"base.{country}"), self.xml_id(f"base.{currency}")
        self.ids["country"] = home
        self.odoo.call("res.currency", "write", [money], {"active": True})
        values = {
            "country_id": home,
            "account_fiscal_country_id": home,
            "currency_id": money,
            **values,
        }
        unused = self.odoo.call(
            "res.company", "search", [("chart_template", "in", _UNUSED)], limit=1
        )
        if unused:
            (company,) = unused
            self.odoo.call("res.company", "write", unused, values)
        else:
            company = self.create("res.company", values)
        self.ids["company"] = company
        self.odoo.context = {"allowed_company_ids": [company]}
        self.load_chart(country)

    def make_accountant(self, login: str, name: str, language: str, zone: str) -> int:
        """Make the company's accountant, in a language if the add-on speaks it; return
        the id."""
        spoken = any(
            (CHECKOUT / "i18n" / f"{code}.po").exists()
            for code in (language, language.partition("_")[0])
        )
        if spoken:
            self.install_language(language)
        return self.make_user(
            login,
            name,
            ACCOUNTING,
            lang=language if spoken else "en_US",
            tz=zone,
            company_id=self.ids["company"],
            company_ids=[(6, 0, [self.ids["company"]])],
        )

    def find_taxes(self, names: dict[str, str]) -> None:
        """Note the chart's taxes by keys, each with its name in the chart."""
        for key, name in names.items():
            self.ids[key] = self.xml_id(f"account.{self.ids['company']}_{name}")

    def make_product(self, key: str, **values: Any) -> int:
        """Make a product and note it by a key; return the id of its template."""
        template = self.create("product.template", values)
        (self.ids[key],) = self.odoo.call(
            "product.product", "search", [("product_tmpl_id", "=", template)]
        )
        return template

    def make_customers(
        self, customers: dict[str, dict[str, Any]], language: str = "en_US"
    ) -> None:
        """Make the company's customers, at home where nothing else is said, and note
        them by their keys."""
        usual = {
            "country_id": self.ids["country"],
            "lang": language,
            "company_id": self.ids["company"],
        }
        for key, values in customers.items():
            self.ids[key] = self.create("res.partner", {**usual, **values})

    def install_language(self, code: str) -> None:
        """Make a language available, with the translations that there are."""
        (language,) = self.odoo.call(
            "res.lang",
            "search",
            [("code", "=", code)],
            context={"active_test": False},
        )
        wizard = self.create("base.language.install", {"lang_ids": [(4, language)]})
        self.odoo.call("base.language.install", "lang_install", [wizard])

    def load_chart(self, code: str) -> None:
        """Load a country's chart of accounts into the company."""
        settings = self.create("res.config.settings", {"chart_template": code})
        self.odoo.call("res.config.settings", "execute", [settings])

    def make_user(
        self, login: str, name: str, groups: tuple[str, ...], **values: Any
    ) -> int:
        """Make a user with these groups, his login as password; return the id."""
        return self.create(
            "res.users",
            {
                "login": login,
                "name": name,
                "password": login,
                "group_ids": [(6, 0, [self.xml_id(group) for group in groups])],
                **values,
            },
        )

    def make_journal(self, name: str, code: str) -> int:
        """Make a journal like the chart's own for sales, before that, so that a new
        invoice is in it; return its id."""
        sales = self.xml_id(f"account.{self.ids['company']}_sale")
        (chart,) = self.odoo.call(
            "account.journal", "read", [sales], ["default_account_id"]
        )
        return self.create(
            "account.journal",
            {
                "name": name,
                "code": code,
                "type": "sale",
                "sequence": 1,
                "default_account_id": chart["default_account_id"][0],
            },
        )

    # -- calls ------------------------------------------------------------------------

    def create(self, model: str, values: dict[str, Any]) -> int:
        """Make one record; return its id."""
        return self.odoo.call(model, "create", [values])[0]

    def xml_id(self, xml_id: str) -> int:
        """Return the id of what an XML id names."""
        module, name = xml_id.split(".")
        (row,) = self.odoo.call(
            "ir.model.data",
            "search_read",
            [("module", "=", module), ("name", "=", name)],
            ["res_id"],
        )
        return row["res_id"]
