"""The bureau's code tables as shipped (``codes/*.csv``, sources in its README)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

from ..tables import shipped

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

table = shipped(_FOLDER, KINDS)


@cache
def vat_rates() -> frozenset[Decimal]:
    """Return the rates that are known, in percent."""
    return frozenset(map(Decimal, table("vat_rate")))
