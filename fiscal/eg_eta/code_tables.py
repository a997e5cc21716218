"""ETA's code tables as shipped (``codes/*.csv``, source in ``codes/README.md``)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..tables import shipped

_SHARED = (
    "tax_type",
    "tax_subtype",
    "unit",
    "currency",
    "country",
    "activity",
)
RECEIPT_KINDS = (
    *_SHARED,
    "payment_method",
    "return_reason",
    "receipt_type",
    "order_delivery_mode",
    "item_type",
)
INVOICE_KINDS = (*_SHARED, "weight_unit", "invoice_type", "item_type")

_FOLDER = Path(__file__).parent / "codes"

table = shipped(_FOLDER, frozenset((*RECEIPT_KINDS, *INVOICE_KINDS)))


@cache
def codes(kind: str) -> frozenset[str]:
    """Return the codes of a table.

    :raise KeyError: there is no such table
    """
    return frozenset(table(kind))


@cache
def spelling(kind: str) -> dict[str, str]:
    """Return a table's codes as ETA writes them, by their upper case.

    Subtypes are published as ``Tbl01`` or ``Ent01``, and senders type ``TBL01``.
    """
    return {code.upper(): code for code in table(kind)}
