"""The Croatian coffee house: books, people, goods, and its registration with CIS."""

from __future__ import annotations

from typing import Any

from .control import ask
from .shop import ShopBase

OIB = "69435151530"
AUTHORITY_CODE = "hr_cis"
SERVICE = "/FiskalizacijaServiceTest"
PREMISES = "KAVANA1"
ACCOUNTANT = "accountant_hr"
LANGUAGE, ZONE = "hr_HR", "Europe/Zagreb"
OPERATOR_OIB, WAITER_OIB, BUYER_OIB = "12312312316", "33392005961", "88890465617"

TILLS = {"till_1": ("Šank", "1", ""), "till_2": ("Terasa", "2", WAITER_OIB)}
"""Name, number of the charging device, and the OIB of who has it alone."""

TAXES = {
    "vat": "VAT_S_IN_ROC_25",
    "vat_13": "VAT_S_IN_ROC_13",
    "vat_5": "VAT_S_IN_ROC_5",
    "exempt": "VAT_S_other_exempt_O",
}
"""The add-on knows what these of the chart are to CIS."""

GOODS = {
    "coffee": ("Kava s mlijekom", 2.4, ("vat",)),
    "juice": ("Cijeđena naranča", 4.5, ("vat", "consumption")),
    "wine": ("Graševina 0,2 l", 5.2, ("vat", "consumption")),
    "cake": ("Kremšnita", 3.9, ("vat_13",)),
    "book": ("Vodič po gradu", 14.9, ("vat_5",)),
    "hall": ("Najam dvorane", 120, ("vat",)),
}
"""Name, price with taxes, and taxes."""

CUSTOMERS: dict[str, dict[str, Any]] = {
    "guest": {"name": "Gost"},
    "ana": {"name": "Ana Horvat", "city": "Zagreb"},
    "firm": {
        "name": "Projekti d.o.o.",
        "is_company": True,
        "vat": f"HR{BUYER_OIB}",
        "street": "Vukovarska 7",
        "city": "Zagreb",
    },
}


class Shop(ShopBase):
    """The coffee house in a database."""

    def set_up(self, simulator_url: str) -> None:
        """Make everything that must be there before the first receipt."""
        self.make_company(
            "hr",
            "EUR",
            name="Gradska kavana d.o.o.",
            vat=f"HR{OIB}",
            street="Trg bana Josipa Jelačića 10",
            city="Zagreb",
            zip="10000",
            email="kavana@kavana.example",
        )
        self._make_operator()
        for key, (name, number, _operator) in TILLS.items():
            self.ids[key] = self.make_journal(name, f"HR{number}")
        self._make_taxes()
        self._make_goods()
        self.make_customers(CUSTOMERS)
        self._register(simulator_url)

    def _make_operator(self) -> None:
        """Make an accountant with an OIB."""
        user = self.make_accountant(ACCOUNTANT, "Marija Kovač", LANGUAGE, ZONE)
        (row,) = self.odoo.call("res.users", "read", [user], ["partner_id"])
        person = [row["partner_id"][0]]
        values = {"hr_operator_oib": OPERATOR_OIB}
        self.odoo.call("res.partner", "write", person, values)

    # -- books ------------------------------------------------------------------------

    def _make_taxes(self) -> None:
        """Let prices include VAT, and add the town's tax on drinks, which the chart of
        accounts lacks."""
        self.find_taxes(TAXES)
        vat = [self.ids[key] for key in TAXES if key != "exempt"]
        included = {"price_include_override": "tax_included"}
        self.odoo.call("account.tax", "write", vat, included)
        group = self.create(
            "account.tax.group",
            {
                "name": "PNP",
                "company_id": self.ids["company"],
                "country_id": self.ids["country"],
            },
        )
        self.ids["consumption"] = self.create(
            "account.tax",
            {
                "name": "PNP 3%",
                "amount": 3,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "country_id": self.ids["country"],
                "tax_group_id": group,
                **included,
            },
        )
        self.create(
            "ereceipt.code.mapping",
            {
                "authority": AUTHORITY_CODE,
                "kind": "tax",
                "tax_id": self.ids["consumption"],
                "code": "Pnp",
            },
        )

    def _make_goods(self) -> None:
        for key, (name, price, taxes) in GOODS.items():
            self.make_product(
                key,
                name=name,
                list_price=price,
                type="service" if key == "hall" else "consu",
                company_id=self.ids["company"],
                taxes_id=[(6, 0, [self.ids[tax] for tax in taxes])],
            )

    # -- authority --------------------------------------------------------------------

    def _register(self, simulator_url: str) -> None:
        """Register the company with the simulator, which certifies its key, and
        activate the tills."""
        authority = ask(simulator_url, "authority")
        registration = self.create(
            "ereceipt.registration",
            {
                "company_id": self.ids["company"],
                "authority": AUTHORITY_CODE,
                "environment": "test",
                "hr_url": f"{simulator_url}{SERVICE}",
                "hr_answer_ca": authority["ca"],
                "signing_key_id": self._key(simulator_url),
            },
        )
        tills = [
            self.create(
                "ereceipt.device",
                {
                    "name": name,
                    "registration_id": registration,
                    "hr_premises": PREMISES,
                    "hr_device_number": number,
                    "hr_operator_oib": operator,
                    "payment_method": "G",
                    "journal_ids": [(6, 0, [self.ids[key]])],
                },
            )
            for key, (name, number, operator) in TILLS.items()
        ]
        self.odoo.call("ereceipt.device", "action_activate", tills)

    def _key(self, simulator_url: str) -> int:
        made = ask(simulator_url, "certificates", {"oib": OIB})
        key = self.create(
            "ereceipt.signing.key",
            {"name": "FISKAL 1", "company_id": self.ids["company"]},
        )
        secret = {"key_file": made["p12"], "key_password": made["password"]}
        self.odoo.call("ereceipt.signing.key", "write", [key], secret)
        return key
