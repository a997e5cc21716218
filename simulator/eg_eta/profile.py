"""Who issues, who buys, when: rules that need no other receipt."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from . import findings
from .findings import Finding
from .registry import Device, Taxpayer
from .settings import Settings


def utc(text: str) -> datetime | None:
    """The moment of ``yyyy-MM-ddTHH:mm:ssZ``; None when there is no such day."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return None
    return moment.replace(tzinfo=timezone.utc)


def check_dates(
    header: dict, received: datetime, grant: float | None, settings: Settings
) -> list[Finding]:
    """Issue date: a real day, not in the future, inside the window.

    :param grant: days of a late-submission request granted for the device
    """
    path = "header.dateTimeIssued"
    issued = utc(header["dateTimeIssued"])
    if issued is None:
        return [_simple("SIM-DATE", path, "dateTimeIssued is no date")]
    tolerance = timedelta(seconds=settings.clock_tolerance_seconds)
    if issued > received + tolerance:
        message = f"dateTimeIssued is in the future; it is {received:%FT%TZ}"
        return [_simple("SIM-FUTURE", path, message)]
    hours = settings.window_hours
    if header.get("referenceOldUUID"):
        hours = settings.correction_hours
    if grant is not None:
        hours = max(hours, grant * 24)
    if received - issued > timedelta(hours=hours):
        message = f"received more than {hours:g} hours after dateTimeIssued"
        return [_simple("SIM-WINDOW", path, message)]
    return []


def check_seller(
    document: dict, taxpayer: Taxpayer, device: Device | None
) -> list[Finding]:
    """Branch, activity, country and the state of the device."""
    seller = document["seller"]
    found = []
    if seller["branchCode"] not in taxpayer.branches:
        message = f"branch {seller['branchCode']!r} is not registered"
        found.append(_profile("SIM-BRANCH", "seller.branchCode", message))
    allowed = taxpayer.activities
    if allowed != "all" and seller["activityCode"] not in allowed:
        message = f"activity {seller['activityCode']!r} is not the taxpayer's"
        found.append(_profile("SIM-ACTIVITY", "seller.activityCode", message))
    types = taxpayer.receipt_types
    kind = document["documentType"]["receiptType"]
    if types != "all" and kind.upper() not in {item.upper() for item in types}:
        message = f"receipt type {kind!r} is not allowed for this taxpayer"
        path = "documentType.receiptType"
        found.append(_profile("SIM-TYPE-NOT-ALLOWED", path, message))
    if seller["branchAddress"]["country"] != "EG":
        path = "seller.branchAddress.country"
        found.append(_profile("SIM-COUNTRY", path, "country must be EG"))
    if device is None or device.rin != taxpayer.rin or device.status != "active":
        path = "seller.deviceSerialNumber"
        message = "the device is not registered, linked and active"
        found.append(_profile("SIM-DEVICE", path, message))
    return found


def check_buyer(document: dict, settings: Settings) -> list[Finding]:
    """Type, identification and its threshold; not the issuer."""
    buyer, rin = document["buyer"], document["seller"]["rin"]
    kind, number = buyer["type"], buyer.get("id", "").strip()
    found = []
    if kind in ("B", "F") or _above_threshold(document, settings):
        for name in ("id", "name"):
            if not buyer.get(name, "").strip():
                message = f"buyer.{name} is mandatory for this receipt"
                code = f"SIM-BUYER-{name.upper()}"
                found.append(_simple(code, f"buyer.{name}", message))
    digits = {"B": 9, "P": 14}.get(kind)
    if number and digits and not has_digits(number, digits):
        message = f"buyer.id of type {kind} must have {digits} digits"
        found.append(_simple("SIM-BUYER-ID-FORM", "buyer.id", message))
    if kind == "B" and not settings.business_buyers:
        message = "You are not allowed to issue receipts to the business buyers"
        found.append(_profile("SIM-BUSINESS-BUYER", "buyer.type", message))
    if number and number == rin:
        message = "buyer and issuer must not be the same"
        found.append(_profile("SIM-BUYER-IS-ISSUER", "buyer.id", message))
    return found


def check_currency(document: dict) -> list[Finding]:
    """Foreign currencies need a rate; Egyptian pounds have none."""
    header = document["header"]
    rate = header.get("exchangeRate", Decimal(0))
    if header["currency"] == "EGP":
        if rate:
            message = "exchangeRate must be 0 or left out for EGP"
            return [_simple("SIM-RATE", "header.exchangeRate", message)]
    elif not rate:
        message = "exchangeRate is mandatory for a foreign currency"
        return [_simple("SIM-RATE", "header.exchangeRate", message)]
    return []


def _above_threshold(document: dict, settings: Settings) -> bool:
    header = document["header"]
    rate = header.get("exchangeRate") or Decimal(1)
    amount = document["totalAmount"] * rate
    thresholds = settings.identification_thresholds
    return reaches_threshold(amount, header["dateTimeIssued"], thresholds)


def reaches_threshold(amount: Decimal, issued: str, thresholds: list[dict]) -> bool:
    """Whether an amount in EGP is so high that a person has to be named.

    :param issued: date or moment of issue
    :param thresholds: rows of ``from`` (date) and ``amount``
    """
    rows = [row for row in thresholds if row["from"] <= issued[:10]]
    if not rows:
        return False
    latest = max(rows, key=lambda row: date.fromisoformat(row["from"]))
    return amount >= Decimal(latest["amount"])


def has_digits(text: str, count: int) -> bool:
    """Whether a text is this many ASCII digits and nothing else."""
    return len(text) == count and text.isascii() and text.isdigit()


def _simple(code: str, path: str, message: str) -> Finding:
    return Finding(findings.SIMPLE, code, path, message)


def _profile(code: str, path: str, message: str) -> Finding:
    return Finding(findings.TAXPAYER, code, path, message)
