"""Writes what CIS gets: the receipt as it is frozen, and the requests around it.

The frozen content is the element ``Racun`` in exclusive canonical form, after a
processing instruction that tells which hash is in the security code; CIS never sees
that one. The element stands in each request as it is frozen, but for ``NakDost``, which
is known only when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..contract import NOTHING
from ..xmltext import canonical, etree, need, parse
from .amounts import EXEMPT, MARGIN, OUTSIDE, TaxRow, amount_text
from .facts import Facts, clean
from .moments import message_text

NAMESPACE = "http://www.apis-it.hr/fin/2012/types/f73"
PREFIXES = {"tns": NAMESPACE}
RECEIPT = "Racun"
_TARGET = "account_ereceipt"
_HASH = re.compile(r'zki="([a-z0-9]+)"')


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of CIS.

    :ivar action: the last part of its SOAPAction
    """

    action: str
    request: str
    response: str


OPERATIONS: Mapping[str, Operation] = {
    action: Operation(action, f"{name}Zahtjev", f"{name}Odgovor")
    for action, name in (
        ("racuni", "Racun"),
        ("provjera", "Provjera"),
        ("promijeniNacPlac", "PromijeniNacPlac"),
        ("promijeniPodatkeRacuna", "PromijeniPodatkeRacuna"),
        ("napojnica", "Napojnica"),
    )
} | {"echo": Operation("echo", "EchoRequest", "EchoResponse")}


def tag(name: str) -> str:
    """Return a name of CIS' as lxml writes it."""
    return f"{{{NAMESPACE}}}{name}"


def add(parent: Any, name: str, text: str = "") -> Any:
    """Append a member, with a text if it has one."""
    child = etree.SubElement(parent, tag(name))
    if text:
        child.text = text
    return child


# ----------------------------------------------------------------------------------
# The receipt
# ----------------------------------------------------------------------------------


def receipt_element(facts: Facts, code: str) -> Any:
    """Return the element ``Racun`` of facts that passed the checks.

    :param code: the security code
    :raise AuthenticationError: lxml is missing
    """
    need()
    figures = facts.figures
    assert figures is not None and facts.issued_at is not None
    root = etree.Element(tag(RECEIPT), nsmap=PREFIXES)
    add(root, "Oib", facts.issuer)
    add(root, "USustPdv", _boolean(facts.in_vat))
    add(root, "DatVrijeme", message_text(facts.issued_at))
    add(root, "OznSlijed", facts.order)
    number = add(root, "BrRac")
    add(number, "BrOznRac", facts.number.number)
    add(number, "OznPosPr", facts.number.premises)
    add(number, "OznNapUr", facts.number.device)
    for name, rows in (
        ("Pdv", figures.vat),
        ("Pnp", figures.consumption),
        ("OstaliPor", figures.other),
    ):
        _add_rows(root, name, rows)
    for name in (EXEMPT, MARGIN, OUTSIDE):
        if name in figures.plain:
            add(root, name, amount_text(figures.plain[name]))
    _add_fees(root, figures.fees)
    add(root, "IznosUkupno", amount_text(figures.total))
    add(root, "NacinPlac", facts.means)
    add(root, "OibOper", facts.operator)
    add(root, "ZastKod", code)
    add(root, "NakDost", _boolean(facts.late))
    if facts.paper_number:
        add(root, "ParagonBrRac", facts.paper_number)
    if facts.recipient:
        add(root, "OibPrimateljaRacuna", facts.recipient)
    return root


def _add_rows(root: Any, name: str, rows: Sequence[TaxRow]) -> None:
    if not rows:
        return
    group = add(root, name)
    for row in rows:
        member = add(group, "Porez")
        if row.name:
            add(member, "Naziv", clean(row.name))
        add(member, "Stopa", amount_text(row.rate))
        add(member, "Osnovica", amount_text(row.base))
        add(member, "Iznos", amount_text(row.amount))


def _add_fees(root: Any, fees: Mapping[str, Decimal]) -> None:
    if not fees:
        return
    group = add(root, "Naknade")
    for name, amount in fees.items():
        member = add(group, "Naknada")
        add(member, "NazivN", clean(name))
        add(member, "IznosN", amount_text(amount))


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def frozen(element: Any, zki_hash: str) -> bytes:
    """Return the bytes that are kept of a receipt.

    :param zki_hash: the hash in its security code
    """
    note = f'<?{_TARGET} zki="{zki_hash}"?>\n'.encode()
    return note + canonical(element, exclusive=True)


def thaw(content: bytes) -> tuple[Any, str]:
    """Return the element of a frozen receipt and the hash in its security code, "" if
    that is not told.

    :raise ValueError: it is no receipt
    """
    root = parse(content)
    if root.tag != tag(RECEIPT):
        raise ValueError(f"It is {root.tag!r} and no receipt of CIS")
    notes = [one for one in root.itersiblings(preceding=True) if one.target == _TARGET]
    found = _HASH.search(notes[0].text or "") if notes else None
    return root, found[1] if found else ""


# ----------------------------------------------------------------------------------
# Requests
# ----------------------------------------------------------------------------------


def request_of(
    operation: Operation,
    receipt: Any,
    message_id: str,
    sent_at: datetime,
    more: Iterable[Any] = (),
) -> Any:
    """Return a request with a receipt in it, not signed yet.

    :param receipt: the element ``Racun``, which becomes part of the request
    :param message_id: a new one for every sending
    :param more: what a change adds at the receipt's end
    """
    root = etree.Element(tag(operation.request), nsmap=PREFIXES)
    root.set("Id", operation.request)
    header = add(root, "Zaglavlje")
    add(header, "IdPoruke", message_id)
    add(header, "DatumVrijeme", message_text(sent_at))
    receipt.extend(more)
    root.append(receipt)
    return root


def set_late(receipt: Any, late: bool) -> None:
    """Say whether a receipt is delivered late; one from the paper book always is."""
    mark = receipt.find("tns:NakDost", PREFIXES)
    if mark is None:
        raise ValueError("The receipt has no NakDost")
    if receipt.find("tns:ParagonBrRac", PREFIXES) is None:
        mark.text = _boolean(late)


def member(name: str, text: str = "", children: Mapping[str, str] = NOTHING) -> Any:
    """Return a member on its own, for :func:`request_of`."""
    need()
    element = etree.Element(tag(name), nsmap=PREFIXES)
    element.text = text or None
    for child, value in children.items():
        add(element, child, value)
    return element
