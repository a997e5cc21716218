"""Croatia's identification number of persons and companies, OIB: eleven digits, the
last of which checks the others (ISO 7064, MOD 11,10)."""

from __future__ import annotations

import re

_FORM = re.compile(r"[0-9]{11}")


def clean_oib(text: str) -> str:
    """Return a number without spaces and without the country's code before it."""
    bare = re.sub(r"\s", "", text)
    return bare[2:] if bare[:2].upper() == "HR" else bare


def is_oib(text: str) -> bool:
    """Tell whether a text is an OIB whose last digit is right."""
    if not _FORM.fullmatch(text):
        return False
    rest = 10
    for digit in text[:10]:
        rest = ((rest + int(digit)) % 10 or 10) * 2 % 11
    return (11 - rest) % 10 == int(text[10])
