"""What every demonstration's shop needs: books, people, and calls that make records."""

from __future__ import annotations

from typing import Any

from .client import OdooClient

ACCOUNTING = (
    "base.group_user",
    "account.group_account_manager",
    "base.group_partner_manager",
    "product.group_product_manager",
)
"""Rights to the books, and to mend customers and products."""

READING = ("base.group_user", "account.group_account_readonly")


class ShopBase:
    """A shop in a database, set up by calls that an administrator's clicks make.

    :ivar ids: database ids of what sales refer to, by the names used there; "company"
        is the shop's own
    """

    def __init__(self, odoo: OdooClient) -> None:
        self.odoo = odoo
        self.ids: dict[str, int] = {}

    # -- setting up -------------------------------------------------------------------

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
        """Make a journal like the chart's own for sales; return its id."""
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
