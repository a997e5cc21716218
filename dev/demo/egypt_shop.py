"""The Egyptian shop: books, people, goods, and its registration with the authority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .shop import ACCOUNTING, READING, ShopBase

RIN = "674859545"
AUTHORITY_CODE = "eg_receipt"
ACCOUNTANT = "accountant"
ACCOUNTANT_IN_ARABIC = "accountant_ar"
AUDITOR = "auditor"
ARABIC = "ar_001"
ZONE = "Africa/Cairo"
POUNDS_PER_DOLLAR = 48.731


@dataclass(frozen=True)
class Till:
    """A point of sale, as the authority's portal shows it once."""

    key: str
    name: str
    journal: str
    serial: str
    client_id: str
    secret: str


CODE_TO_ENTER = f"EG-{RIN}-1008"
"""The authority has approved it for the clock; entering it is left to the user."""

TILLS = (
    Till(
        "till_1", "كاشير 1", "POS1", "NILE-POS-01", "nile-pos-01", "first-till-secret"
    ),
    Till(
        "till_2", "كاشير 2", "POS2", "NILE-POS-02", "nile-pos-02", "other-till-secret"
    ),
)


@dataclass(frozen=True)
class Item:
    """Something that the shop sells.

    :param code: its EGS code, "" where the barcode is its code (GS1), None where it
        has none yet
    :param unit: XML id of Odoo's unit of measure
    """

    key: str
    name: str
    reference: str
    price: float
    code: str | None = ""
    barcode: str = ""
    unit: str = "uom.product_uom_unit"
    kind: str = "consu"


@dataclass(frozen=True)
class Catalogue:
    """All that the shop sells."""

    items: tuple[Item, ...]

    def item_codes(self) -> list[dict[str, Any]]:
        """Return the codes that the authority has approved."""
        codes = {
            CODE_TO_ENTER if item.code is None else item.code: item.name
            for item in self.items
            if item.code != ""
        }
        return [
            {"item_type": "EGS", "code": code, "rins": [RIN], "name_ar": name}
            for code, name in codes.items()
        ]


CATALOGUE = Catalogue(
    (
        Item("pen", "قلم حبر جاف", "PEN", 8.5, f"EG-{RIN}-1001"),
        Item("notebook", "كراسة مسطرة", "NOTE", 35, f"EG-{RIN}-1002"),
        Item("book", "كتاب مدرسي", "BOOK", 120, barcode="9789771234562"),
        Item("bag", "حقيبة مدرسية", "BAG", 450, f"EG-{RIN}-1004"),
        Item("laptop", "حاسب محمول", "LAP", 21500, barcode="6221234567891"),
        Item(
            "tea", "شاي سائب", "TEA", 260, f"EG-{RIN}-1006", unit="uom.product_uom_kgm"
        ),
        Item(
            "printing",
            "خدمة طباعة",
            "PRN",
            300,
            f"EG-{RIN}-1007",
            unit="uom.product_uom_hour",
            kind="service",
        ),
        Item("clock", "ساعة حائط", "CLK", 275, None),
    )
)

TAXES = {
    "vat": "eg_standard_sale_14",
    "exempt": "eg_exempt_sale",
    "table": "eg_schedule_tax_8_sale",
    "withheld": "eg_withholding_3_sale",
}
"""The chart of accounts has the authority's codes for these."""

CUSTOMERS: dict[str, dict[str, Any]] = {
    "walk_in": {"name": "عميل نقدي"},
    "mona": {"name": "منى السيد", "phone": "+20 100 000 0001"},
    "ahmed": {"name": "أحمد عبد الرحمن", "phone": "+20 100 000 0002"},
    "fatma": {"name": "فاطمة حسن", "ereceipt_identity": "29001011234567"},
    "school": {"name": "مدرسة النور", "is_company": True, "vat": "200131738"},
    "tourist": {"name": "Anna Rossi", "ereceipt_identity": "YA1234567"},
}


class Shop(ShopBase):
    """The shop in a database."""

    def set_up(self, simulator_url: str) -> None:
        """Make everything that must be there before the first sale."""
        self.install_language(ARABIC)
        self._make_company()
        self._make_currencies()
        self._make_users()
        self._make_journals()
        self._make_taxes()
        self._make_goods()
        self._make_customers()
        self._register(simulator_url)

    # -- company ----------------------------------------------------------------------

    def _make_company(self) -> None:
        """Name the company and load Egypt's chart of accounts."""
        (company,) = self.odoo.call("res.company", "search", [], limit=1)
        egypt = self.xml_id("base.eg")
        self.odoo.call(
            "res.company",
            "write",
            [company],
            {
                "name": "مكتبة النيل",
                "vat": RIN,
                "country_id": egypt,
                "account_fiscal_country_id": egypt,
                "street": "26 شارع طلعت حرب",
                "city": "القاهرة",
                "phone": "+20 2 0000 0000",
                "email": "shop@nile.example",
            },
        )
        self.ids["company"] = company
        self.load_chart("eg")

    def _make_currencies(self) -> None:
        dollar = self.xml_id("base.USD")
        self.odoo.call("res.currency", "write", [dollar], {"active": True})
        self.create(
            "res.currency.rate",
            {
                "name": "2026-01-01",
                "currency_id": dollar,
                "inverse_company_rate": POUNDS_PER_DOLLAR,
            },
        )
        self.ids["USD"] = dollar

    def _make_users(self) -> None:
        """Make an accountant in English and one in Arabic, who may also mend customers
        and products, and an auditor."""
        for login, name, language, groups in (
            (ACCOUNTANT, "Accountant", "en_US", ACCOUNTING),
            (ACCOUNTANT_IN_ARABIC, "المحاسب", ARABIC, ACCOUNTING),
            (AUDITOR, "Auditor", "en_US", READING),
        ):
            self.make_user(login, name, groups, lang=language, tz=ZONE)
        administrators = self.odoo.call(
            "res.users", "search", [("login", "=", "admin")]
        )
        self.odoo.call("res.users", "write", administrators, {"tz": ZONE})

    # -- books ------------------------------------------------------------------------

    def _make_journals(self) -> None:
        """Give each till a journal."""
        for till in TILLS:
            self.ids[till.key] = self.make_journal(till.name, till.journal)

    def _make_taxes(self) -> None:
        self.find_taxes(TAXES)
        self.ids["vat_included"] = self.odoo.call(
            "account.tax",
            "copy",
            [self.ids["vat"]],
            {"name": "14% included", "price_include_override": "tax_included"},
        )[0]
        # VAT is due on the table tax as well, so that one comes first.
        self.odoo.call(
            "account.tax",
            "write",
            [self.ids["table"]],
            {"sequence": 0, "include_base_amount": True},
        )

    def _make_goods(self) -> None:
        """Make the products, with EGS codes one by one and the others' barcodes."""
        precision = self.odoo.call(
            "decimal.precision", "search", [("name", "=", "Product Unit")]
        )
        self.odoo.call("decimal.precision", "write", precision, {"digits": 3})
        barcoded = self.create("product.category", {"name": "Goods with barcodes"})
        self._map(categ_id=barcoded, use_barcode=True)
        for item in CATALOGUE.items:
            template = self.make_product(item.key, **self._values(item, barcoded))
            if item.code:
                self._map(product_tmpl_id=template, scheme="EGS", code=item.code)

    def _values(self, item: Item, barcoded: int) -> dict[str, Any]:
        values = {
            "name": item.name,
            "default_code": item.reference,
            "list_price": item.price,
            "type": item.kind,
            "uom_id": self.xml_id(item.unit),
            "taxes_id": [(6, 0, [self.ids["vat"]])],
            "company_id": self.ids["company"],
        }
        if item.barcode:
            values.update(barcode=item.barcode, categ_id=barcoded)
        return values

    def _map(self, **values: Any) -> None:
        row = {"authority": AUTHORITY_CODE, "kind": "item", **values}
        self.create("ereceipt.code.mapping", row)

    def _make_customers(self) -> None:
        for key, values in CUSTOMERS.items():
            country = "base.it" if key == "tourist" else "base.eg"
            self.ids[key] = self.create(
                "res.partner",
                {"country_id": self.xml_id(country), "lang": "en_US", **values},
            )

    # -- authority --------------------------------------------------------------------

    def _register(self, simulator_url: str) -> None:
        """Register the company with the simulator and activate the tills."""
        registration = self.create(
            "ereceipt.registration",
            {
                "company_id": self.ids["company"],
                "authority": AUTHORITY_CODE,
                "environment": "test",
                "eg_identity_url": simulator_url,
                "eg_api_url": simulator_url,
                "eg_portal_url": simulator_url,
                "eg_business_buyers": True,
            },
        )
        devices = [self._add_till(till, registration) for till in TILLS]
        self.odoo.call("ereceipt.device", "action_activate", devices)

    def _add_till(self, till: Till, registration: int) -> int:
        return self.create(
            "ereceipt.device",
            {
                "name": till.name,
                "registration_id": registration,
                "serial": till.serial,
                "journal_ids": [(6, 0, [self.ids[till.key]])],
                "client_id": till.client_id,
                "client_secret": till.secret,
                **self.branch(),
            },
        )

    def branch(self) -> dict[str, str]:
        """Return what a device says of the branch that it stands in."""
        return {
            "branch_code": "0",
            "activity_code": "4761",
            "address_governorate": "القاهرة",
            "address_city": "وسط البلد",
            "address_street": "شارع طلعت حرب",
            "address_building": "26",
        }
