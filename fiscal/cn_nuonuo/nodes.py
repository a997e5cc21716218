"""What each special business tells of itself: the members of its node (spec china 1.1,
field table of requestBillingNew).

Construction and lease speak the bureau's words. The rarer ones are told by the members
of the provider's field table, which may be typed as JSON (:func:`node_of`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..contract import NOTHING
from ..messages import _
from .builder import CONSTRUCTION, FARM, FREIGHT, LEASE, SALE, TRAVEL
from .code_tables import table

FUEL = "01"
SUPPORTED = (FUEL, CONSTRUCTION, FREIGHT, SALE, LEASE, TRAVEL, FARM)
"""What the provider issues as a 数电发票; fuel has no node."""

ONE_LINE = (CONSTRUCTION, SALE, LEASE)
"""Kinds of business whose fapiao have exactly one line."""

MOST_ADDRESS = 120
"""Of place and address together."""

_CARDS = tuple(table("card_type"))


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a node: whether it is needed, its length, its choices.

    :ivar kind: ``text``, ``date`` (yyyy-mm-dd), ``amount`` or ``flag``
    :ivar label: what people call it; "" where they type its name
    """

    name: str
    needed: bool = False
    most: int = 0
    choices: Sequence[str] = ()
    kind: str = "text"
    label: str = ""


_CONSTRUCTION = (
    Member("place", True, label=_("Place")),
    Member("address", label=_("Address")),
    Member("land_vat_number", most=16, label=_("Land VAT number")),
    Member("project_name", True, 80, label=_("Construction project")),
    Member("cross_city", kind="flag", label=_("Across cities")),
)
_LEASE = (
    Member("place", True, label=_("Place")),
    Member("address", True, MOST_ADDRESS, label=_("Address")),
    Member("start", True, kind="date", label=_("Start of the lease")),
    Member("end", True, kind="date", label=_("End of the lease")),
    Member("certificate", most=40, label=_("Property certificate number")),
    Member("unit", True, choices=tuple(table("area_unit")), label=_("Unit of area")),
    Member("cross_city", kind="flag", label=_("Across cities")),
)
_SALE = (
    Member("realPropertyContractNumber", most=28),
    Member("realPropertyAddress", True),
    Member("detailAddress", True, MOST_ADDRESS),
    Member("crossCityFlag", True, choices=("0", "1")),
    Member("incrementTaxNumber", most=18),
    Member("price", most=20, kind="amount"),
    Member("taxAmount", most=20, kind="amount"),
    Member("realPropertyCertificate", most=40),
    Member("unit", True, choices=tuple("1234567")),
)
_FREIGHT = (
    Member("transportTool", True, choices=tuple("12345")),
    Member("transportToolNum", True, 40),
    Member("origin", True, 80),
    Member("destination", True, 80),
    Member("goodsName", True, 80),
)
_TRAVEL = (
    Member("traveller", True, 20),
    Member("travelDate", True, kind="date"),
    Member("travellerCardType", True, choices=_CARDS),
    Member("travellerCardNo", True, 20),
    Member("travelPlace", True, 80),
    Member("arrivePlace", True, 80),
    Member("vehicleType", True, choices=tuple("12345679")),
    Member("vehicleLevel", most=20),
)
_FARM = (
    Member(
        "certificateType",
        True,
        choices=(
            *("103", "201", "208", "210", "213", "215"),
            *("219", "220", "221", "233", "299"),
        ),
    ),
)
VOUCHER = (
    Member("voucherType", True, choices=tuple(f"0{n}" for n in range(1, 10))),
    Member("allElectronicInvoiceNumber", most=20),
    Member("invoiceCode", most=12),
    Member("invoiceNumber", most=8),
    Member("voucherNumber", most=20),
    Member("invoiceTime", kind="date"),
    Member("taxtotal", True, 18, kind="amount"),
    Member("differenceTaxtotal", True, 18, kind="amount"),
    Member("remark", most=100),
    Member("voucherSource", True, choices=tuple("123")),
)
ELEMENT = (
    Member("elementName", True, 200),
    Member("elementType", True, 20),
    Member("elementValue", True, 200),
)
OBJECTS: Mapping[str, Sequence[Member]] = {
    CONSTRUCTION: _CONSTRUCTION,
    SALE: _SALE,
    LEASE: _LEASE,
    FARM: _FARM,
}
"""Special elements whose node is one object."""

ROWS: Mapping[str, tuple[Sequence[Member], int]] = {
    FREIGHT: (_FREIGHT, 1),
    TRAVEL: (_TRAVEL, 0),
}
"""Special elements whose node is a list of rows, and how many it has at least."""

RAW = (SALE, FREIGHT, TRAVEL, FARM)
"""Special elements whose node is typed with the provider's own names."""


def node_of(text: Any) -> Any:
    """Return what a typed node says: an object, or a list of objects, of texts. What
    cannot be read stays the text that it is, and :func:`unreadable` says where."""
    text = str(text or "").strip()
    if not text:
        return NOTHING
    node = _parsed(text)
    return text if node is None else node


def example_of(special: str) -> str:
    """Return the form of a node that is typed: its names with their choices, in
    brackets what may be left out; "" for what is not typed."""
    if special not in RAW:
        return ""
    members = OBJECTS[special] if special in OBJECTS else ROWS[special][0]
    form = {member.name: _form(member) for member in members}
    return json.dumps([form] if special in ROWS else form, ensure_ascii=False)


def _form(member: Member) -> str:
    form = "yyyy-mm-dd" if member.kind == "date" else "|".join(member.choices) or "…"
    return form if member.needed else f"({form})"


def unreadable(text: str) -> tuple[int, int]:
    """Return line and column at which a typed node stops being one, from 1."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno, error.colno
    except (ValueError, RecursionError):
        return 1, 1
    return 1, 1


def _parsed(text: str) -> Any:
    try:
        node = json.loads(
            text, parse_int=str, parse_float=str, object_pairs_hook=_object
        )
    except (ValueError, RecursionError):
        return None
    return node if isinstance(node, dict | list) and _is_flat(node) else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("A name stands there twice")
    return {name: value for name, value in found.items() if value is not None}


def _is_flat(node: Any) -> bool:
    """Whether there are no objects and lists but a list of objects: anything deeper is
    nothing that a business tells."""
    if isinstance(node, dict):
        return not any(isinstance(value, dict | list) for value in node.values())
    return all(isinstance(row, dict) and _is_flat(row) for row in node)
