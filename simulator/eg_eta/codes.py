"""ETA's code tables, and the few that stand in its text only."""

import csv
import re
from pathlib import Path

_TABLES = Path(__file__).parent / "tables"


def _rows(name: str) -> list[dict[str, str]]:
    with open(_TABLES / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _names(name: str) -> dict[str, str]:
    return {row["code"]: row["name"] for row in _rows(name)}


UNITS = _names("units")
WEIGHT_UNITS = _names("weight_units")
CURRENCIES = _names("currencies")
COUNTRIES = _names("countries")
ACTIVITIES = _names("activities")
TAX_TYPES = _names("tax_types")
TAX_TYPES_AR = {row["code"]: row["name_ar"] for row in _rows("tax_types")}
SUBTYPES = {row["code"]: row["tax_type"] for row in _rows("tax_subtypes")}

# Subtypes whose amount is fixed, not a percentage of something.
FIXED_SUBTYPES = {
    row["code"] for row in _rows("tax_subtypes") if "amount" in row["name"].lower()
}

# ETA SDK, /types/: the documents of the e-Invoice system
DOCUMENT_TYPES = {
    "I": ("Invoice", "فاتورة"),
    "C": ("Credit Note", "إشعار دائن"),
    "D": ("Debit Note", "إشعار مدين"),
    "EI": ("Export Invoice", "فاتورة تصدير"),
    "EC": ("Export Credit Note", "إشعار دائن تصدير"),
    "ED": ("Export Debit Note", "إشعار مدين تصدير"),
}

# ETA SDK, /codes/payment-methods/
PAYMENT_METHODS = {
    "C": "Cash",
    "V": "Visa",
    "CC": "Cash with contractor",
    "VC": "Visa with contractor",
    "VO": "Vouchers",
    "PR": "Promotion",
    "GC": "Gift card",
    "P": "Points",
    "O": "Others",
}
DELIVERY_MODES = ("FC", "TO", "TC")
BUYER_TYPES = {"B": "Business", "P": "Person", "F": "Foreigner"}
ITEM_TYPES = ("GS1", "EGS")
# ETA code file ReturnWithNoReferenceReasonTypes.json
RETURN_REASONS = ("I", "B")

_EGS = re.compile(r"EG-([0-9]{9})-(\S(?:.*\S)?)")


def egs_owner(code: str) -> str | None:
    """The registration number in an EGS code, None for another shape."""
    match = _EGS.fullmatch(code)
    return match[1] if match else None


def is_gs1(code: str) -> bool:
    """A GTIN of 8, 12, 13 or 14 digits with a right check digit."""
    if not (code.isascii() and code.isdigit() and len(code) in (8, 12, 13, 14)):
        return False
    weighted = (
        int(digit) * (3 if place % 2 else 1)
        for place, digit in enumerate(reversed(code))
    )
    return sum(weighted) % 10 == 0
