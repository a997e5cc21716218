"""The shop's business desk: sales to companies, here and abroad, which the authority
wants as signed e-invoices."""

from __future__ import annotations

from typing import Any

from certificates import PASSWORD, certifier, seal

from .egypt_sales import EXEMPT, VAT, WITHHELD, Line, Return, Sale
from .egypt_shop import RIN, Shop

AUTHORITY_CODE = "eg_invoice"
CLIENT_ID, SECRET = "nile-erp", "the-desk-secret"

SIMULATOR_CONFIG: dict[str, Any] = {
    "erp_clients": [{"client_id": CLIENT_ID, "secret": SECRET, "rin": RIN}],
    "trusted_cas": [{"pem": certifier().pem.decode()}],
}

CUSTOMERS: dict[str, dict[str, Any]] = {
    "trader": {
        "name": "شركة الدلتا للتجارة",
        "vat": "313717919",
        "street": "12 شارع الجمهورية",
        "city": "المنصورة",
    },
    "hotel": {
        "name": "فندق الهرم",
        "vat": "204935178",
        "street": "3 شارع الهرم",
        "city": "الجيزة",
    },
    "importer": {
        "name": "Libreria Milano S.r.l.",
        "vat": "IT12345670017",
        "street": "Via Torino 8",
        "city": "Milano",
    },
}

INVOICES = (
    Sale("BD-4001", "desk", "trader", (Line("laptop", 4), Line("bag", 10))),
    Sale(
        "BD-4002",
        "desk",
        "hotel",
        (
            Line("notebook", 200, discount=7.5),
            Line("pen", 500),
            Line("book", 3, EXEMPT),
        ),
    ),
    Sale("BD-4003", "desk", "hotel", (Line("printing", 12.5, WITHHELD),)),
    Sale(
        "BD-4004",
        "desk",
        "trader",
        (Line("tea", 37.375), Line("", 1, VAT, -150, text="خصم كمية")),
    ),
    Sale(
        "BD-4005",
        "desk",
        "importer",
        (Line("book", 120, EXEMPT, 4.35),),
        currency="USD",
        delivered=True,
    ),
)

RETURNS = (Return("BD-4001", "عيب صناعة", quantity=1),)


def set_up(shop: Shop, simulator_url: str) -> None:
    """Give the shop its desk: journal, customers, key and registration."""
    shop.ids["desk"] = shop.make_journal("مبيعات الشركات", "BUS")
    for key, values in CUSTOMERS.items():
        abroad = key == "importer"
        place = {"country_id": shop.xml_id("base.it" if abroad else "base.eg")}
        state = "base.state_it_mi" if abroad else "base.state_eg_c"
        place["state_id"] = shop.xml_id(state)
        shop.ids[key] = shop.create(
            "res.partner", {"is_company": True, "lang": "en_US", **place, **values}
        )
    registration = shop.create(
        "ereceipt.registration",
        {
            "company_id": shop.ids["company"],
            "authority": AUTHORITY_CODE,
            "environment": "test",
            "eg_identity_url": simulator_url,
            "eg_api_url": simulator_url,
            "eg_portal_url": simulator_url,
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "signing_key_id": _key(shop),
        },
    )
    desk = shop.create(
        "ereceipt.device",
        {
            "name": "مكتب الشركات",
            "registration_id": registration,
            "journal_ids": [(6, 0, [shop.ids["desk"]])],
            **shop.branch(),
        },
    )
    shop.odoo.call("ereceipt.device", "action_activate", [desk])


def _key(shop: Shop) -> int:
    made = seal("مكتبة النيل", RIN, certifier())
    key = shop.create("ereceipt.signing.key", {"name": "ختم مكتبة النيل"})
    shop.odoo.call(
        "ereceipt.signing.key",
        "write",
        [key],
        {"key_file": made.key_file(), "key_password": PASSWORD},
    )
    return key
