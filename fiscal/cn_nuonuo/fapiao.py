"""A 数电发票 as the tax bureau speaks of it, and the bytes that are kept of it.

Nothing here is Nuonuo's: kinds, natures of lines, policies, reasons are the bureau's
(spec china 2 and 5.1), so that another provider needs only another translation. The
frozen content is this as JSON: members in the order of the classes, empty ones left
out, every figure a text, no blanks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from ..contract import NOTHING
from ..values import nothing

FORMAT = "cn-fapiao/1"
NORMAL, DISCOUNT, DISCOUNTED = "00", "01", "02"
"""Natures of lines."""
FULL, PARTIAL = "full", "partial"

_DEEPEST = 8
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who sells or buys; ``account`` is bank and number."""

    tax_number: str = ""
    name: str = ""
    address: str = ""
    phone: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class FapiaoLine:
    """One line, amounts in CNY, negative on a discount and on a red letter.

    :ivar name: without the short name of its code, which the bureau adds
    :ivar code: 19 digits, or "" where the provider is to find it
    :ivar tax_included: the price has the tax in it
    :ivar price: positive; ``None`` with ``quantity``
    :ivar rate: a fraction
    :ivar policy: of the table ``tax_subtype``, "" for none
    :ivar blue_line: on a red letter, the line of the blue one, from 1; 0 for none
    :ivar invoice: where several invoices stand on one fapiao, the number of its own
    :ivar part: on a red letter with parts, the one that it belongs to, from 1
    """

    nature: str
    name: str
    rate: Decimal
    net: Decimal
    tax: Decimal
    code: str = ""
    own_code: str = ""
    spec: str = ""
    unit: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    tax_included: bool = False
    policy: str = ""
    blue_line: int = 0
    invoice: str = ""
    part: int = 0

    @property
    def total(self) -> Decimal:
        """Net and tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class RedPart:
    """One of the fapiao that a red letter takes back, each by a request of its own.

    :ivar scope: the whole fapiao, or ``partial``
    :ivar request: our name for the request that both sides confirm, "" for one that
        the buyer began
    :ivar order_no: that the red fapiao has
    :ivar bill_uuid: the bureau's name of a request that the buyer began
    :ivar asked: the request is there already: the buyer's, or that of the document in
        whose place this one stands. It is never asked for again
    """

    blue_number: str
    scope: str
    request: str = ""
    order_no: str = ""
    bill_uuid: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Red:
    """What a red letter takes back.

    :ivar blue_number: of several the first of the sale
    :ivar reason: of the table ``return_reason``
    :ivar scope: the whole blue one, or ``partial``
    :ivar request: our name for the request that both sides confirm
    :ivar parts: what is taken back of each fapiao, where the sale has several or the
        request is there already; else nothing
    """

    blue_number: str
    reason: str
    scope: str
    request: str
    parts: tuple[RedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """Through whom the provider issues: an account at the bureau."""

    extension: str = ""
    department: str = ""
    clerk: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where the provider sends the fapiao, if it is to."""

    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Fapiao:
    """One fapiao, or the request for a red letter.

    :ivar kind: of the table ``document_type``
    :ivar order_no: what the provider knows it by, see :mod:`.numbering`
    :ivar number: ours
    :ivar natural_person: the buyer is one, and is to find it in his own account
    :ivar special: of the table ``special``, "" for none; ``special_data`` is its node
    :ivar differential: the vouchers that a margin is reckoned with
    :ivar survey: why a small taxpayer uses 3 or 1 percent
    :ivar agent: who acts for the buyer: ``name``, ``card_type``, ``card_number``
    :ivar additional: ``name`` of a template at the bureau, and its ``elements``
    """

    kind: str
    order_no: str
    number: str
    issued_at: datetime
    seller: Holder
    buyer: Holder
    lines: tuple[FapiaoLine, ...]
    natural_person: bool = False
    clerk: str = ""
    checker: str = ""
    payee: str = ""
    remark: str = ""
    special: str = ""
    special_data: Any = field(default_factory=nothing)
    differential: Any = ()
    survey: str = ""
    agent: Any = field(default_factory=nothing)
    additional: Any = field(default_factory=nothing)
    routing: Routing = Routing()
    delivery: Delivery = Delivery()
    red: Red | None = None

    @property
    def net(self) -> Decimal:
        """All lines' net."""
        return sum((line.net for line in self.lines), Decimal("0.00"))

    @property
    def tax(self) -> Decimal:
        """All lines' tax."""
        return sum((line.tax for line in self.lines), Decimal("0.00"))

    @property
    def total(self) -> Decimal:
        """What it comes to, with tax."""
        return self.net + self.tax


def red_parts(fapiao: Fapiao) -> tuple[RedPart, ...]:
    """Return what a red letter asks for, one by one: its parts, or itself; nothing of
    a blue one."""
    red = fapiao.red
    if red is None:
        return ()
    whole = RedPart(red.blue_number, red.scope, red.request, fapiao.order_no)
    return red.parts or (whole,)


# ----------------------------------------------------------------------------------
# Bytes
# ----------------------------------------------------------------------------------


def freeze(fapiao: Fapiao) -> bytes:
    """Return the bytes that are kept of a fapiao; the same for the same one, always."""
    root = {"format": FORMAT, **_plain(fapiao)}
    return json.dumps(root, ensure_ascii=False, separators=(",", ":")).encode()


def thaw(content: bytes) -> Fapiao:
    """Return what kept bytes say.

    :raise ValueError: they are no fapiao of ours
    """
    try:
        root = json.loads(content)
    except RecursionError:
        raise ValueError("The document is nested too deeply") from None
    if not isinstance(root, dict) or root.pop("format", None) != FORMAT:
        raise ValueError("It is no fapiao of this system")
    return _restore(Fapiao, root)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        members = {f.name: getattr(value, f.name) for f in fields(value)}
        return {n: _plain(v) for n, v in members.items() if _told(v)}
    if isinstance(value, Mapping):
        return {str(n): _plain(v) for n, v in value.items() if _told(v)}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        utc = value.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None)
        return f"{utc.isoformat()}Z"
    if isinstance(value, bool | int | str):
        return value
    raise TypeError(f"{value!r} has no place in a document")


def _told(value: Any) -> bool:
    if isinstance(value, Decimal | datetime):
        return True
    if is_dataclass(value):
        return bool(_plain(value))
    return bool(value)


@cache
def _hints(kind: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _restore(kind: type[Kind], members: Any) -> Kind:
    if not isinstance(members, dict):
        raise ValueError(f"{kind.__name__} is no object")
    hints = _hints(kind)
    unknown = sorted(set(members) - set(hints))
    if unknown:
        raise ValueError(f"{kind.__name__} has unknown members: {', '.join(unknown)}")
    try:
        return kind(**{n: _value(hints[n], v, n) for n, v in members.items()})
    except TypeError as exc:
        raise ValueError(f"{kind.__name__} lacks members: {exc}") from exc


def _value(wanted: Any, value: Any, name: str) -> Any:
    if wanted is Any:
        return _free(value)
    choices = [one for one in get_args(wanted) if one is not type(None)]
    if get_origin(wanted) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{name} is no list")
        return tuple(_restore(choices[0], one) for one in value)
    if choices:
        (wanted,) = choices
    if is_dataclass(wanted):
        return _restore(wanted, value)  # type: ignore[arg-type]
    if wanted is Decimal:
        return decimal_of(value)
    if wanted is datetime and isinstance(value, str):
        moment = datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")
        return moment.replace(tzinfo=timezone.utc)
    if type(value) is not wanted:
        raise ValueError(f"{name} is {value!r}")
    return value


def _free(value: Any, depth: int = 0) -> Any:
    """Return a node that is passed on as it is: texts in lists and objects."""
    if depth > _DEEPEST:
        raise ValueError("A node is nested too deeply")
    if isinstance(value, dict):
        return {str(n): _free(v, depth + 1) for n, v in value.items()} or NOTHING
    if isinstance(value, list):
        return tuple(_free(one, depth + 1) for one in value)
    if isinstance(value, str | bool):
        return value
    raise ValueError(f"{value!r} has no place in a node")


def decimal_of(value: Any) -> Decimal:
    """Return a figure that is a text.

    :raise ValueError: it is none
    """
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise ValueError(f"{value!r} is no figure")
    return number
