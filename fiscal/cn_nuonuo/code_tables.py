"""The bureau's code tables as shipped (``codes/*.csv``, sources in its README)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

from ..contract import Code
from ..tables import read_table

KINDS = (
    "tax_type",
    "tax_subtype",
    "document_type",
    "vat_rate",
    "return_reason",
    "special",
    "red_state",
    "area_unit",
    "card_type",
)

SPECIAL_VAT, ORDINARY = "81", "82"
"""The kinds of fapiao (table ``document_type``)."""

ITEM_SCHEME = "SPBM"
"""The one code system of items: 商品和服务税收分类编码."""

_FOLDER = Path(__file__).parent / "codes"


@cache
def table(kind: str) -> dict[str, Code]:
    """Return a code table by code, in the order of its source.

    :raise KeyError: there is no such table
    """
    if kind not in KINDS:
        raise KeyError(kind)
    return read_table(_FOLDER, kind)


@cache
def vat_rates() -> frozenset[Decimal]:
    """Return the rates that are known, in percent."""
    return frozenset(map(Decimal, table("vat_rate")))
