"""Which parts a receipt of each type has (ETA SDK, /types/ and the documents' pages).

One table: what stands in it is written, read and checked; nothing else knows types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VERSION = "1.2"
WITHOUT_REFERENCE = "RWR"
SALE = "S"


@dataclass(frozen=True, slots=True)
class ReceiptType:
    """One receipt type and the members that not all types have.

    :ivar pair: the return's code for a sale, the sale's for a return
    :ivar delivery_mode: ``orderdeliveryMode`` is absent, may stand there, must, or
        is always written empty
    """

    code: str
    is_return: bool
    pair: str
    order_name: bool = False
    delivery_mode: Literal["absent", "optional", "required", "empty"] = "absent"
    weights: bool = False
    syndicate: bool = False
    payers: bool = False


def _pairs() -> dict[str, ReceiptType]:
    everything = {
        "order_name": True,
        "delivery_mode": "optional",
        "weights": True,
        "syndicate": True,
        "payers": True,
    }
    parts: dict[tuple[str, str], dict[str, object]] = {
        ("S", "R"): everything,
        ("SC", "RC"): {"order_name": True, "delivery_mode": "required"},
        ("SR", "RR"): {"delivery_mode": "required"},
        ("SS", "RS"): {},
        ("ST", "RT"): {},
        ("SB", "RB"): {},
        ("SE", "RE"): {},
        ("SP", "RP"): {"syndicate": True, "payers": True},
        ("SH", "RH"): {"order_name": True, "weights": True},
        ("SN", "RN"): {"delivery_mode": "empty"},
        ("SU", "RU"): {"delivery_mode": "empty"},
    }
    types = {}
    for (sale, back), members in parts.items():
        types[sale] = ReceiptType(sale, False, back, **members)  # type: ignore[arg-type]
        types[back] = ReceiptType(back, True, sale, **members)  # type: ignore[arg-type]
    types[WITHOUT_REFERENCE] = ReceiptType(
        WITHOUT_REFERENCE,
        True,
        SALE,
        **everything,  # type: ignore[arg-type]
    )
    return types


RECEIPT_TYPES = _pairs()


def receipt_type(
    document_type: str, is_return: bool, has_reference: bool
) -> ReceiptType | None:
    """Return the type that a receipt is issued as, ``None`` if there is none.

    :param document_type: a sale's or a return's code in any case, "" for the general
        one; a return may name the sale's type, and gets the return of that pair
    """
    found = RECEIPT_TYPES.get((document_type or SALE).upper())
    if found is None or not is_return:
        return found
    if not has_reference:
        return RECEIPT_TYPES[WITHOUT_REFERENCE]
    if found.code == WITHOUT_REFERENCE:
        return found
    return found if found.is_return else RECEIPT_TYPES[found.pair]
