"""A receipt as its message has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from .names import local

ZAGREB = ZoneInfo("Europe/Zagreb")
# Name or text of an element, and what is in it.
Node = list[Any]
_BOOLEANS = ("USustPdv", "NakDost")
# What is not among the values that make a receipt the same receipt.
_ADDED = ("PromijenjeniNacinPlac", "PromijenjeniOibPrimateljaRacuna", "Napojnica")


class NoSuchMomentError(ValueError):
    """A date or time that does not exist: s001."""


def moment(text: str) -> datetime:
    """Croatian time of a message, aware.

    :raises NoSuchMomentError: when the calendar has it not
    """
    try:
        return datetime.strptime(text, "%d.%m.%YT%H:%M:%S").replace(tzinfo=ZAGREB)
    except ValueError as error:
        raise NoSuchMomentError(f"'{text}' is no moment.") from error


@dataclass(frozen=True)
class Tax:
    """One row of taxes; rate in percent."""

    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Receipt:
    """The values of ``Racun``; amounts that are not there are None.

    :ivar content: the elements as names and texts, what a change is compared with
    """

    content: tuple[Any, ...]
    oib: str
    in_vat: bool
    issued: datetime
    sequence: str
    number: str
    premises: str
    device: str
    total: Decimal
    payment: str
    operator: str
    zki: str
    late: bool
    vat: tuple[Tax, ...] = ()
    consumption: tuple[Tax, ...] = ()
    other: tuple[Tax, ...] = ()
    fees: tuple[Decimal, ...] = ()
    exempt: Decimal | None = None
    margin: Decimal | None = None
    outside: Decimal | None = None
    special: str = ""
    buyer: str = ""

    @property
    def printed(self) -> str:
        """The number as it is printed."""
        return f"{self.number}/{self.premises}/{self.device}"

    @property
    def total_text(self) -> str:
        """The total exactly as in the message."""
        return str(dict(self.content)["IznosUkupno"])

    def changed(self, payment: str, buyer: str) -> Receipt:
        """The receipt as a change makes it."""
        return replace(self, payment=payment, buyer=buyer)


def read(racun: etree._Element) -> Receipt:
    """The receipt in an element that fits the schema.

    :raises NoSuchMomentError: when its date does not exist
    """
    return restored([_node(child) for child in racun if local(child.tag) not in _ADDED])


def restored(content: Sequence[Node]) -> Receipt:
    """The receipt with this :attr:`Receipt.content`."""
    values = {name: value for name, value in content}
    number = dict(values["BrRac"])

    def amount(name: str) -> Decimal | None:
        return Decimal(values[name]) if name in values else None

    return Receipt(
        content=_frozen(content),
        oib=values["Oib"],
        in_vat=values["USustPdv"] == "true",
        issued=moment(values["DatVrijeme"]),
        sequence=values["OznSlijed"],
        number=number["BrOznRac"],
        premises=number["OznPosPr"],
        device=number["OznNapUr"],
        total=Decimal(values["IznosUkupno"]),
        payment=values["NacinPlac"],
        operator=values["OibOper"],
        zki=values["ZastKod"],
        late=values["NakDost"] == "true",
        vat=_taxes(values.get("Pdv", ())),
        consumption=_taxes(values.get("Pnp", ())),
        other=_taxes(values.get("OstaliPor", ())),
        fees=tuple(
            Decimal(dict(row)["IznosN"]) for _, row in values.get("Naknade", ())
        ),
        exempt=amount("IznosOslobPdv"),
        margin=amount("IznosMarza"),
        outside=amount("IznosNePodlOpor"),
        special=values.get("SpecNamj", ""),
        buyer=values.get("OibPrimateljaRacuna", ""),
    )


def _taxes(rows: Sequence[Node]) -> tuple[Tax, ...]:
    found = []
    for _, row in rows:
        values = dict(row)
        texts = (values["Stopa"], values["Osnovica"], values["Iznos"])
        found.append(Tax(*map(Decimal, texts)))
    return tuple(found)


def _node(element: etree._Element) -> Node:
    name = local(element.tag)
    if len(element):
        return [name, [_node(child) for child in element]]
    text = element.text or ""
    if name in _BOOLEANS:
        text = {"1": "true", "0": "false"}.get(text.strip(), text.strip())
    return [name, text]


def _frozen(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return tuple(_frozen(item) for item in value)
