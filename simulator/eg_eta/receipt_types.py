"""The 23 receipt types and which optional fields each one knows.

ETA SDK, /types/; presence of fields from the request bodies of ETA's Postman
collection. Case does not matter to ETA (``s`` and ``S`` are both accepted).
"""

from typing import NamedTuple

_ORDER = {"orderdeliveryMode"}
_NAME = {"sOrderNameCode"}
_WEIGHTS = {"grossWeight", "netWeight"}
_PROFESSION = {"syndicateLicenseNumber", "contractor", "beneficiary"}
_EVERYTHING = _ORDER | _NAME | _WEIGHTS | _PROFESSION
_UNREFERENCED = {"documentUseReason", "salesIssuedDateTime"}

SECTORS = {
    "": ("general", _EVERYTHING),
    "C": ("coffee shops and restaurants", _ORDER | _NAME),
    "R": ("retail", _ORDER),
    "S": ("general services", set()),
    "T": ("transportation", set()),
    "B": ("banking", set()),
    "E": ("education", set()),
    "P": ("professional services", _PROFESSION),
    "H": ("shipping", _WEIGHTS | _NAME),
    "N": ("entertainment", _ORDER),
    "U": ("utilities", _ORDER),
}

# Optional fields whose place is the same whatever the type.
_HEADER = _ORDER | _NAME | _WEIGHTS | _UNREFERENCED | {"referenceUUID"}


class ReceiptType(NamedTuple):
    """One receipt type, by its upper-case code."""

    code: str
    sector: str  # the letter; "" for general
    name: str
    is_return: bool
    needs_reference: bool
    fields: frozenset[str]  # optional fields that this type knows


def _build() -> dict[str, ReceiptType]:
    types = {}
    for letter, (sector, fields) in SECTORS.items():
        sale, back = f"S{letter}", f"R{letter}"
        types[sale] = ReceiptType(
            sale, letter, f"{sector} receipt", False, False, frozenset(fields)
        )
        # ETA's own general return also shows the two fields of a return
        # without reference, so they are let through and ignored.
        known = fields | {"referenceUUID"} | (set() if letter else _UNREFERENCED)
        types[back] = ReceiptType(
            back, letter, f"{sector} return receipt", True, True, frozenset(known)
        )
    types["RWR"] = ReceiptType(
        "RWR",
        "",
        "return receipt without reference",
        True,
        False,
        frozenset(_EVERYTHING | _UNREFERENCED | {"referenceUUID"}),
    )
    return types


TYPES = _build()


def foreign_fields(document: dict, kind: ReceiptType) -> list[str]:
    """Paths of filled optional fields that ``kind`` does not know."""
    places = [("header.", document["header"], _HEADER)]
    places.append(("seller.", document["seller"], {"syndicateLicenseNumber"}))
    places.append(("", document, {"contractor", "beneficiary"}))
    return [
        prefix + name
        for prefix, holder, names in places
        for name in sorted(names & holder.keys())
        if name not in kind.fields and holder[name] not in ("", None)
    ]
