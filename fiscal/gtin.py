"""Numbers of goods that barcodes have."""

from __future__ import annotations

GTIN_LENGTHS = (8, 12, 13, 14)


def is_gtin(text: str | None) -> bool:
    """Tell whether a text is a GTIN-8, -12, -13 or -14 with a right check digit
    (GS1 General Specifications, section 7.9)."""
    text = text or ""
    if len(text) not in GTIN_LENGTHS or not (text.isascii() and text.isdigit()):
        return False
    digits = [int(digit) for digit in reversed(text)]
    total = sum(d * (3 if place % 2 else 1) for place, d in enumerate(digits))
    return total % 10 == 0
