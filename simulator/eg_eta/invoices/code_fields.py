"""Code validator: every coded field of a document against ETA's tables."""

from .. import codes
from ..code_fields import check_item_code, check_line, unknown
from ..findings import Finding
from ..registry import Registry
from ..settings import Settings
from .schema import kind_of


def check(
    document: dict, registry: Registry, settings: Settings, moment: str
) -> list[Finding]:
    """Every coded field that holds no valid code at ``moment`` (UTC)."""
    found = _plain(document)
    rin = document["issuer"]["id"]
    for index, line in enumerate(document["invoiceLines"]):
        path = f"invoiceLines[{index}]"
        found += check_line(line, path)
        found += check_item_code(line, path, rin, registry, settings, moment)
        currency = line["unitValue"]["currencySold"]
        if currency not in codes.CURRENCIES:
            where = f"{path}.unitValue.currencySold"
            found.append(unknown("SIM-CURRENCY", where, currency))
        weight = line.get("weightUnitType")
        if weight and weight not in codes.WEIGHT_UNITS:
            found.append(unknown("SIM-WEIGHT-UNIT", f"{path}.weightUnitType", weight))
    for index, row in enumerate(document["taxTotals"]):
        if row["taxType"] not in codes.TAX_TYPES:
            path = f"taxTotals[{index}].taxType"
            found.append(unknown("SIM-TAXTYPE", path, row["taxType"]))
    return found


def _plain(document: dict) -> list[Finding]:
    kind = document["documentType"]
    activity = document["taxpayerActivityCode"]
    found = []
    if kind_of(document) not in codes.DOCUMENT_TYPES:
        found.append(unknown("SIM-DOCUMENT-TYPE", "documentType", kind))
    if activity not in codes.ACTIVITIES:
        found.append(unknown("SIM-ACTIVITY-CODE", "taxpayerActivityCode", activity))
    countries = {
        "issuer.address.country": document["issuer"]["address"]["country"],
        "receiver.address.country": document["receiver"]
        .get("address", {})
        .get("country"),
        "delivery.countryOfOrigin": document.get("delivery", {}).get("countryOfOrigin"),
    }
    return found + [
        unknown("SIM-COUNTRY-CODE", path, country)
        for path, country in countries.items()
        if country and country not in codes.COUNTRIES
    ]
