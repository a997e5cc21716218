"""The codes that ETA takes as codes of GS1 (ETA SDK, /codes/)."""

from __future__ import annotations

import re

from ..gtin import is_gtin

_BRICK = re.compile(r"10[0-9]{6}|99999999")
"""GS1's class of goods; the last one is of what is not classified yet."""


def is_gs1(code: str) -> bool:
    """Tell whether a code can be one of GS1: the number of a barcode, or the brick of
    GS1's classification (GPC) that goods without a barcode belong to."""
    return bool(_BRICK.fullmatch(code)) or is_gtin(code)
