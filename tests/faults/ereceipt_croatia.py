"""A Croatian shop with two tills in the same premises, and CIS' simulator, which
certified its key."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any, ClassVar

from ereceipt_db import OdooDatabase
from ereceipt_premises import set_up_company, set_up_devices, set_up_goods
from ereceipt_shop import (
    PATIENCE,
    PLAIN_JOURNALS,
    TILL_JOURNALS,
    Held,
    Shop,
    Simulator,
    prepared,
    shop,
)
from lxml import etree

from simulator.hr_cis.client import CisControlClient

OIB, OPERATOR = "69435151530", "12312312316"
PREMISES = "POSL1"
SERVICE = "/FiskalizacijaServiceTest"
_OVERHEAD = "NakDost"
"""What a repeat may say otherwise: that the customer has the receipt by now."""


class CisSimulator(Simulator):
    """CIS' simulator as a process.

    :ivar keys: private keys that it certified, for it forgets them in a reset
    """

    authority = "hr_cis"
    control_class = CisControlClient

    def __init__(self, *process: Any) -> None:
        super().__init__(*process)
        self.keys: list[str] = []

    def reset(self) -> None:
        """Let it be as at its start, and know the shop's key again."""
        self.control.reset()
        self.control.register(keys=[{"pem": pem} for pem in self.keys])

    def receipts(self) -> dict[str, dict]:
        """Return what it has registered, by number."""
        return {row["number"]: row for row in self.control.registered()}

    def forget_soon(self) -> None:
        """CIS takes repeats at any time."""

    def settle(self) -> None:
        """CIS decides at once."""


class CroatianShop(Shop):
    """A shop whose receipts CIS registers."""

    submit_endpoint = "racuni"
    asks = False
    misbehaviour: ClassVar[tuple[dict[str, Any], ...]] = (
        {"kind": "system_error"},
        {"kind": "system_error", "processed": True},
        {"kind": "soap_fault", "processed": True},
        {"kind": "no_jir"},
    )

    def _wanted(self) -> dict[str, Held]:
        """Our receipts by number: the JIR that we show and what was frozen."""
        rows = self.db.rows(
            "SELECT authority_number, authority_uid, content FROM ereceipt_document"
        )
        return {
            number: Held(jir, _lines(_parsed(content))) for number, jir, content in rows
        }

    def _held(self) -> dict[str, Held]:
        """What CIS registered, valid where no other receipt has the same number, only
        one JIR was given and the security code was made with the shop's key."""
        rows = self.simulator.control.registered()
        times = Counter(row["number"] for row in rows)
        return {
            row["number"]: Held(
                row["jir"],
                _lines(row["content"]),
                "Valid" if _is_sound(row) else "Doubtful",
                times[row["number"]],
            )
            for row in rows
        }

    def numbers(self) -> list[int]:
        """Return the numbers that were given, in the order of the receipts' times and
        then as they are."""
        rows = self.db.rows(
            "SELECT series_number FROM ereceipt_document ORDER BY issued_at, 1"
        )
        return [number for (number,) in rows]

    def assert_chains(self) -> None:
        """Raise unless the premises' numbers run from 1 without a gap."""
        numbers = self.db.rows("SELECT authority_number FROM ereceipt_document")
        counted = sorted(int(number.partition("/")[0]) for (number,) in numbers)
        assert counted == list(range(1, len(counted) + 1))

    def rejections(self) -> list[dict]:
        return self.simulator.control.refusals()

    def deliveries(self) -> int:
        """Return how often receipts were handed over, repeats among them."""
        rows = self.simulator.control.registered()
        return sum(row["handed_over"] for row in rows)

    def message_ids_used_twice(self) -> list[str]:
        """Return ids that two messages had."""
        rows = self.simulator.control.registered()
        return [
            delivery["idPoruke"]
            for row in rows
            for delivery in row["deliveries"]
            if delivery["id_reused"]
        ]


def _is_sound(row: dict[str, Any]) -> bool:
    own_code = row["zki_hash"] == "sha256"
    return not row["conflict"] and len(row["jirs"]) == 1 and own_code


def _parsed(content: str) -> list[Any]:
    """Return a frozen receipt's elements as the simulator tells those it registered."""

    def node(element: Any) -> list[Any]:
        inner = [node(child) for child in element]
        return [etree.QName(element).localname, inner or element.text or ""]

    return [node(child) for child in etree.fromstring(content.encode())]


def _lines(nodes: list[Any], above: str = "") -> str:
    """Return elements as text, one a line, without what repeats may change."""
    lines = []
    for name, value in nodes:
        if isinstance(value, list):
            lines.append(_lines(value, f"{above}{name}/"))
        elif name != _OVERHEAD:
            lines.append(f"{above}{name}={value}")
    return "\n".join(lines)


# ----------------------------------------------------------------------------------
# Setting up
# ----------------------------------------------------------------------------------


def _set_up(db: OdooDatabase, simulator: CisSimulator) -> None:
    with db.env("__system__") as env:
        _company(env)
    with db.env() as env:
        _goods(env)
        _registration(env, simulator)


def _company(env: Any) -> None:
    admin = set_up_company(
        env,
        "hr",
        name="Kavana d.o.o.",
        vat=f"HR{OIB}",
        country_id=env.ref("base.hr").id,
        street="Ilica 1",
        city="Zagreb",
    )
    admin.partner_id.hr_operator_oib = OPERATOR


def _goods(env: Any) -> None:
    vat = env["account.chart.template"].ref("VAT_S_IN_ROC_25")
    tea = {"name": "Čaj", "taxes_id": [(6, 0, vat.ids)]}
    set_up_goods(env, tea, "Gost", (*TILL_JOURNALS, *PLAIN_JOURNALS))


def _registration(env: Any, simulator: CisSimulator) -> None:
    made = simulator.control.certificate(OIB)
    simulator.keys.append(made["key"])
    key = env["ereceipt.signing.key"].create({"name": "FISKAL"})
    key.write({"key_file": made["p12"], "key_password": made["password"]})
    registration = env["ereceipt.registration"].create(
        {
            "authority": "hr_cis",
            "environment": "test",
            "hr_url": f"{simulator.url}{SERVICE}",
            "hr_answer_ca": simulator.control.authority()["ca"],
            "signing_key_id": key.id,
            **PATIENCE,
        }
    )
    set_up_devices(
        env,
        registration,
        TILL_JOURNALS,
        [
            {
                "name": f"Till {number}",
                "hr_premises": PREMISES,
                "hr_device_number": str(number),
            }
            for number, _journal in enumerate(TILL_JOURNALS, start=1)
        ],
    )


prepared_croatia = partial(prepared, set_up=_set_up)
"""Makes the database that Croatian shops are copied from."""
croatian_shop = partial(shop, kind=CroatianShop)
"""Opens a Croatian shop of its own."""
