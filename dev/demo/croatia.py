"""Croatia: a café in Zagreb with two tills that issue receipts to CIS.

An administrator sets it up; a waiter posts, takes a receipt back, and tells that
another was paid by card. The company stands beside the other countries' in the same
database.
"""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .client import OdooClient
from .watch import Watch

if TYPE_CHECKING:
    from .demonstration import Demonstration
    from .row import Row

AUTHORITY = "hr_cis"
SIMULATOR_CONFIG: dict[str, Any] = {}
SERVICE = "/FiskalizacijaServiceTest"

OIB, OPERATOR_OIB, BUYER_OIB = "69435151530", "12312312316", "88890465617"
WAITER, ACCOUNTANT = "konobarica", "racunovodja"
PATIENCE = 60
"""Seconds to wait for the authority after the last document was posted."""

TAXES = {
    "vat": "VAT_S_IN_ROC_25",
    "vat_13": "VAT_S_IN_ROC_13",
    "exempt": "VAT_S_other_exempt_O",
}


@dataclass(frozen=True)
class Sale:
    """A receipt: where, to whom, what (name, price, tax), and how it is paid."""

    reference: str
    till: str
    customer: str
    lines: tuple[tuple[str, float, tuple[str, ...]], ...]
    means: str = ""


COFFEE = ("Kava s mlijekom", 1.76, ("vat", "consumption"))
CAKE = ("Kremšnita", 3.10, ("vat_13",))
SALES = (
    Sale("HR-1", "bar", "guest", (COFFEE, CAKE)),
    Sale("HR-2", "bar", "guest", (COFFEE, COFFEE, ("Voda", 1.44, ("vat",)))),
    Sale("HR-3", "terrace", "guest", (CAKE, CAKE), "K"),
    Sale("HR-4", "terrace", "company", (("Domjenak", 180.0, ("vat",)),), "K"),
    Sale("HR-5", "bar", "guest", (("Razglednica", 0.80, ("vat",)),)),
    Sale("HR-6", "terrace", "guest", (("Poštanska marka", 1.10, ("exempt",)),)),
    Sale("HR-7", "bar", "guest", (COFFEE, ("Popust", -0.40, ("vat", "consumption")))),
)


def run(demonstration: Demonstration) -> list[Row]:
    """Set the café up and issue its receipts; return what became of each."""
    admin, say = demonstration.odoo, demonstration.say
    cafe = Cafe(admin)
    cafe.set_up(demonstration.simulator_url)
    say(f"the café is set up; its users: {WAITER}, {ACCOUNTANT} (login = password)")
    waiter = _session(admin, WAITER)
    with Watch(_session(admin, ACCOUNTANT)) as watch:
        moves = cafe.drafted(waiter, SALES)
        watch.begin(_posted(waiter, moves))
        back = cafe.taken_back(waiter, moves[1])
        watch.begin(_posted(waiter, [back]))
        say(f"{len(watch)} receipts are posted; the scheduled jobs send them")
        watch.wait(PATIENCE)
        rows = watch.rows()
    cafe.paid_by_card(waiter, moves[0])
    say("the first one was paid by card after all, which CIS is told just now")
    return rows


def _session(other: OdooClient, login: str) -> OdooClient:
    session = OdooClient(other.url, other.database)
    session.login(login, login)
    return session


def _posted(odoo: OdooClient, move_ids: list[int]) -> dict[int, float]:
    clicked = time.monotonic()
    odoo.call("account.move", "action_post", move_ids)
    return dict.fromkeys(move_ids, clicked)


class Cafe:
    """The café in a database, set up by calls that an administrator's clicks make."""

    def __init__(self, odoo: OdooClient) -> None:
        self.odoo = odoo
        self.ids: dict[str, int] = {}

    def set_up(self, simulator_url: str) -> None:
        """Make everything that must be there before the first receipt."""
        self._make_company()
        self._make_users()
        self._make_books()
        self._register(simulator_url)

    # -- set-up -----------------------------------------------------------------------

    def _make_company(self) -> None:
        croatia = self._xml_id("base.hr")
        values = {
            "name": "Kavana Zrinjevac d.o.o.",
            "vat": f"HR{OIB}",
            "country_id": croatia,
            "street": "Trg Nikole Šubića Zrinskog 7",
            "city": "Zagreb",
            "zip": "10000",
            "currency_id": self._xml_id("base.EUR"),
        }
        self.ids["croatia"] = croatia
        self.ids["company"] = self.odoo.call("res.company", "create", [values])[0]
        settings = self._create("res.config.settings", {"chart_template": "hr"})
        self._call("res.config.settings", "execute", [settings])

    def _make_users(self) -> None:
        billing = ("base.group_user", "account.group_account_invoice")
        books = ("base.group_user", "account.group_account_manager")
        for login, name, groups, oib in (
            (WAITER, "Marija Horvat", billing, OPERATOR_OIB),
            (ACCOUNTANT, "Ivan Kovač", books, False),
        ):
            self._create(
                "res.users",
                {
                    "login": login,
                    "name": name,
                    "password": login,
                    "tz": "Europe/Zagreb",
                    "company_id": self.ids["company"],
                    "company_ids": [(6, 0, [self.ids["company"]])],
                    "group_ids": [(6, 0, [self._xml_id(group) for group in groups])],
                    "hr_operator_oib": oib,
                },
            )

    def _make_books(self) -> None:
        """Take the chart's taxes, add the city's; make journals and buyers."""
        company = self.ids["company"]
        for key, name in TAXES.items():
            self.ids[key] = self._xml_id(f"account.{company}_{name}")
        self.ids["consumption"] = self._create(
            "account.tax",
            {"name": "PnP 3%", "amount": 3.0, "type_tax_use": "sale"},
        )
        self._create(
            "ereceipt.code.mapping",
            {
                "authority": AUTHORITY,
                "kind": "tax",
                "tax_id": self.ids["consumption"],
                "code": "Pnp",
                "company_id": company,
            },
        )
        sales = self._xml_id(f"account.{company}_sale")
        account = self._call("account.journal", "read", [sales], ["default_account_id"])
        for key, name, code in (("bar", "Šank", "BAR"), ("terrace", "Terasa", "TER")):
            self.ids[key] = self._create(
                "account.journal",
                {
                    "name": name,
                    "code": code,
                    "type": "sale",
                    "default_account_id": account[0]["default_account_id"][0],
                },
            )
        country = {"country_id": self.ids["croatia"]}
        buyer = {"name": "Kupac d.o.o.", "is_company": True, "vat": f"HR{BUYER_OIB}"}
        self.ids["guest"] = self._create("res.partner", {"name": "Gost", **country})
        self.ids["company_buyer"] = self._create("res.partner", {**buyer, **country})

    def _register(self, simulator_url: str) -> None:
        made = _control(simulator_url, "certificates", {"oib": OIB})
        key = self._create("ereceipt.signing.key", {"name": "FISKAL 1"})
        values = {"key_file": made["p12"], "key_password": made["password"]}
        self._call("ereceipt.signing.key", "write", [key], values)
        registration = self._create(
            "ereceipt.registration",
            {
                "company_id": self.ids["company"],
                "authority": AUTHORITY,
                "environment": "test",
                "hr_url": simulator_url + SERVICE,
                "hr_answer_ca": _control(simulator_url, "authority")["ca"],
                "signing_key_id": key,
            },
        )
        devices = [
            self._create(
                "ereceipt.device",
                {
                    "name": name,
                    "registration_id": registration,
                    "hr_premises": "ZRINJEVAC",
                    "hr_device_number": number,
                    "journal_ids": [(6, 0, [self.ids[key]])],
                },
            )
            for key, name, number in (("bar", "Šank", "1"), ("terrace", "Terasa", "2"))
        ]
        self._call("ereceipt.device", "action_activate", devices)

    # -- a day ------------------------------------------------------------------------

    def drafted(self, waiter: OdooClient, sales: tuple[Sale, ...]) -> list[int]:
        """Enter sales as drafts; return their ids."""
        return waiter.call("account.move", "create", [self._values(s) for s in sales])

    def _values(self, sale: Sale) -> dict[str, Any]:
        buyer = "company_buyer" if sale.customer == "company" else sale.customer
        lines = [
            {"name": name, "price_unit": price, "tax_ids": [(6, 0, self._taxes(taxes))]}
            for name, price, taxes in sale.lines
        ]
        return {
            "move_type": "out_invoice",
            "ref": sale.reference,
            "journal_id": self.ids[sale.till],
            "partner_id": self.ids[buyer],
            "hr_payment_means": sale.means or False,
            "invoice_line_ids": [(0, 0, line) for line in lines],
        }

    def _taxes(self, names: tuple[str, ...]) -> list[int]:
        return [self.ids[name] for name in names]

    def taken_back(self, waiter: OdooClient, move_id: int) -> int:
        """Make the credit note of a receipt by its button; return its id."""
        (sale,) = waiter.call("account.move", "read", [move_id], ["journal_id"])
        (wizard,) = waiter.call(
            "account.move.reversal",
            "create",
            [{"journal_id": sale["journal_id"][0], "reason": "Pogrešna narudžba"}],
            context={"active_model": "account.move", "active_ids": [move_id]},
        )
        opened = waiter.call("account.move.reversal", "refund_moves", [wizard])
        return opened["res_id"]

    def paid_by_card(self, waiter: OdooClient, move_id: int) -> None:
        """Tell the authority that a receipt was paid by card."""
        (wizard,) = waiter.call(
            "ereceipt.hr.change", "create", [{"move_id": move_id, "means": "K"}]
        )
        waiter.call("ereceipt.hr.change", "action_apply", [wizard])

    # -- calls ------------------------------------------------------------------------

    def _call(self, model: str, method: str, *arguments: Any) -> Any:
        context = {"allowed_company_ids": [self.ids["company"]]}
        return self.odoo.call(model, method, *arguments, context=context)

    def _create(self, model: str, values: dict[str, Any]) -> int:
        return self._call(model, "create", [values])[0]

    def _xml_id(self, xml_id: str) -> int:
        module, name = xml_id.split(".")
        domain = [("module", "=", module), ("name", "=", name)]
        rows = self.odoo.call("ir.model.data", "search_read", domain, ["res_id"])
        return rows[0]["res_id"]


def _control(url: str, path: str, order: dict[str, Any] | None = None) -> Any:
    """Ask or order something of the simulator: it hands out certificates."""
    request = urllib.request.Request(
        f"{url}/_control/{path}",
        json.dumps(order).encode() if order else None,
        {"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=PATIENCE) as answer:
        return json.load(answer)
