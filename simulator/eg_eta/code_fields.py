"""Code validator: every coded field against ETA's tables, and item codes."""

from . import codes
from .findings import CODES, Finding
from .receipt_types import TYPES, ReceiptType, foreign_fields
from .registry import Registry
from .settings import Settings


def check(
    document: dict, registry: Registry, settings: Settings, moment: str
) -> list[Finding]:
    """Every coded field that holds no valid code at ``moment`` (UTC)."""
    found = _plain(document)
    kind = TYPES.get(document["documentType"]["receiptType"].upper())
    if kind:
        found += _by_type(document, kind, settings)
    rin = document["seller"]["rin"]
    for index, line in enumerate(document["itemData"]):
        path = f"itemData[{index}]"
        found += check_line(line, path)
        found += check_item_code(line, path, rin, registry, settings, moment)
    for index, row in enumerate(document.get("taxTotals", ())):
        if row["taxType"] not in codes.TAX_TYPES:
            path = f"taxTotals[{index}].taxType"
            found.append(unknown("SIM-TAXTYPE", path, row["taxType"]))
    return found


def _plain(document: dict) -> list[Finding]:
    header, seller = document["header"], document["seller"]
    kind = document["documentType"]
    mode = header.get("orderdeliveryMode", "")
    rows = (
        (
            "SIM-PAYMENT",
            "paymentMethod",
            document["paymentMethod"],
            codes.PAYMENT_METHODS,
        ),
        ("SIM-CURRENCY", "header.currency", header["currency"], codes.CURRENCIES),
        (
            "SIM-COUNTRY-CODE",
            "seller.branchAddress.country",
            seller["branchAddress"]["country"],
            codes.COUNTRIES,
        ),
        (
            "SIM-ACTIVITY-CODE",
            "seller.activityCode",
            seller["activityCode"],
            codes.ACTIVITIES,
        ),
        ("SIM-BUYER-TYPE", "buyer.type", document["buyer"]["type"], codes.BUYER_TYPES),
        (
            "SIM-DELIVERY-MODE",
            "header.orderdeliveryMode",
            mode or "FC",
            codes.DELIVERY_MODES,
        ),
        (
            "SIM-RECEIPT-TYPE",
            "documentType.receiptType",
            kind["receiptType"].upper(),
            TYPES,
        ),
        ("SIM-VERSION", "documentType.typeVersion", kind["typeVersion"], ("1.2",)),
    )
    return [
        unknown(code, path, value)
        for code, path, value, table in rows
        if value not in table
    ]


def _by_type(document: dict, kind: ReceiptType, settings: Settings) -> list[Finding]:
    header = document["header"]
    found = []
    if kind.sector in ("R", "C") and not header.get("orderdeliveryMode"):
        found.append(_needed("header.orderdeliveryMode", kind))
    if kind.needs_reference and not header.get("referenceUUID"):
        found.append(_needed("header.referenceUUID", kind))
    if kind.code == "RWR":
        reason = header.get("documentUseReason")
        if not reason:
            found.append(_needed("header.documentUseReason", kind))
        elif reason not in codes.RETURN_REASONS:
            path = "header.documentUseReason"
            found.append(unknown("SIM-RETURN-REASON", path, reason))
        if not header.get("salesIssuedDateTime"):
            found.append(_needed("header.salesIssuedDateTime", kind))
    if settings.type_fields == "refuse":
        for path in foreign_fields(document, kind):
            message = f"{path} does not belong to receipt type {kind.code}"
            found.append(Finding(CODES, "SIM-TYPE-FIELD", path, message))
    return found


def check_line(line: dict, path: str) -> list[Finding]:
    """Unit, tax types and subtypes of a line."""
    found = []
    if line["unitType"] not in codes.UNITS:
        found.append(unknown("SIM-UNIT", f"{path}.unitType", line["unitType"]))
    for index, item in enumerate(line.get("taxableItems", ())):
        below = f"{path}.taxableItems[{index}]"
        kind, subtype = item["taxType"], item.get("subType", "")
        if kind not in codes.TAX_TYPES:
            found.append(unknown("SIM-TAXTYPE", f"{below}.taxType", kind))
        elif subtype and codes.SUBTYPES.get(subtype) != kind:
            message = f"{subtype!r} is no subtype of {kind}"
            found.append(Finding(CODES, "SIM-SUBTYPE", f"{below}.subType", message))
    return found


def check_item_code(
    line: dict,
    path: str,
    rin: str,
    registry: Registry,
    settings: Settings,
    moment: str,
) -> list[Finding]:
    """Whether a taxpayer may use a line's item code: its form, and whether it is
    registered, active, and not only asked for.
    """
    kind, code = line["itemType"], line["itemCode"]
    where = f"{path}.itemCode"
    if kind not in codes.ITEM_TYPES:
        return [unknown("SIM-ITEM-TYPE", f"{path}.itemType", kind)]
    known = registry.item_codes.get((kind, code))
    usable = known is not None and known.usable(rin, moment)
    if kind == "GS1":
        if not codes.is_gs1(code):
            message = f"{code!r} is no GS1 number with a right check digit"
            return [Finding(CODES, "SIM-GS1", where, message)]
        must = settings.gs1_must_be_registered
    else:
        owner = codes.egs_owner(code)
        if owner is None:
            message = f"{code!r} has not the form EG-<registration number>-<code>"
            return [Finding(CODES, "SIM-EGS", where, message)]
        must = settings.codes_must_be_registered or owner != rin
    # a code that is known must be good even where unknown ones are let through
    if not usable and (must or known or registry.is_requested(kind, code)):
        message = f"item code {code!r} does not exist in code type {kind}"
        return [Finding(CODES, "CV302", where, message)]
    return []


def unknown(code: str, path: str, value: str) -> Finding:
    """The fault of a coded field whose value stands in no table."""
    return Finding(CODES, code, path, f"{value!r} is no valid code")


def _needed(path: str, kind: ReceiptType) -> Finding:
    message = f"{path} is mandatory for receipt type {kind.code}"
    return Finding(CODES, "SIM-TYPE-FIELD-MISSING", path, message)
