"""Issuer and receiver of a document, and when it was issued."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from .. import findings
from ..findings import Finding
from ..profile import has_digits, reaches_threshold, utc
from ..registry import Registry
from ..settings import Settings
from .schema import EXPORTS, kind_of

_CAIRO = ZoneInfo("Africa/Cairo")
_ADDRESS = ("country", "governate", "regionCity", "street", "buildingNumber")
_CENTURIES = {"2": 1900, "3": 2000}


def check_dates(
    document: dict, received: datetime, settings: Settings, grace: int
) -> list[Finding]:
    """Issued at a real moment, not in the future, and sent in time.

    ETA takes invoices on their day of issue, in Cairo.

    :param grace: days of a late-submission request that was granted
    """
    path = "dateTimeIssued"
    issued = utc(document[path])
    if issued is None:
        return [_simple("SIM-DATE", path, "dateTimeIssued is no date")]
    found = []
    if issued > received + timedelta(seconds=settings.clock_tolerance_seconds):
        message = f"dateTimeIssued is in the future; it is {received:%FT%TZ}"
        found.append(_simple("SIM-FUTURE", path, message))
    if settings.document_days >= 0:
        most = max(settings.document_days, grace)
        late = days_late(issued, received)
        if late > most:
            message = f"received {late} days after the day of issue, at most {most}"
            found.append(_simple("SIM-LATE", path, message))
    delivered = document.get("serviceDeliveryDate")
    if delivered and not _is_date(delivered):
        path = "serviceDeliveryDate"
        found.append(_simple("SIM-DATE", path, "serviceDeliveryDate is no date"))
    return found


def days_late(issued: datetime, received: datetime) -> int:
    """Days between the day of issue and that of receipt, in Cairo."""
    days = received.astimezone(_CAIRO).date() - issued.astimezone(_CAIRO).date()
    return days.days


def check_issuer(document: dict, registry: Registry) -> list[Finding]:
    """Type, branch, country and activity of the issuer."""
    issuer = document["issuer"]
    taxpayer = registry.taxpayers[issuer["id"]]
    address = issuer["address"]
    found = []
    if issuer["type"] != "B":
        message = "only businesses issue documents"
        found.append(_profile("SIM-ISSUER-TYPE", "issuer.type", message))
    if address["branchID"] not in taxpayer.branches:
        message = f"branch {address['branchID']!r} is not registered"
        found.append(_profile("SIM-BRANCH", "issuer.address.branchID", message))
    if address["country"] != "EG":
        path = "issuer.address.country"
        found.append(_profile("SIM-COUNTRY", path, "country must be EG"))
    activity = document["taxpayerActivityCode"]
    if taxpayer.activities != "all" and activity not in taxpayer.activities:
        message = f"activity {activity!r} is not the taxpayer's"
        found.append(_profile("TP309", "taxpayerActivityCode", message))
    return found


def check_receiver(
    document: dict, registry: Registry, settings: Settings
) -> list[Finding]:
    """Who receives: by type, by amount, and abroad for exports."""
    receiver = document["receiver"]
    kind, number = receiver["type"], receiver.get("id", "").strip()
    found = _identification(document, settings)
    if kind in ("B", "F") or receiver.get("address"):
        found += _address(document)
    if number and kind == "B" and not has_digits(number, 9):
        message = "receiver.id of type B must have 9 digits"
        found.append(_simple("SF306", "receiver.id", message))
    if number and kind == "P":
        found += _national_id(number)
    if number == document["issuer"]["id"]:
        message = "receiver and issuer must not be the same"
        found.append(_profile("SIM-RECEIVER-IS-ISSUER", "receiver.id", message))
    must = settings.receivers_must_be_registered
    if must and kind == "B" and number not in registry.taxpayers:
        message = f"receiver {number!r} is not registered"
        found.append(_profile("TP302", "receiver.id", message))
    if kind_of(document) in EXPORTS and kind != "F":
        message = "the receiver of an export must be of type F"
        found.append(_simple("SIM-EXPORT-RECEIVER", "receiver.type", message))
    return found


def _identification(document: dict, settings: Settings) -> list[Finding]:
    receiver = document["receiver"]
    amount, issued = document["totalAmount"], document["dateTimeIssued"]
    thresholds = settings.receiver_thresholds
    named = receiver["type"] in ("B", "F")
    if not named and not reaches_threshold(amount, issued, thresholds):
        return []
    return [
        _simple(
            f"SIM-RECEIVER-{name.upper()}",
            f"receiver.{name}",
            f"receiver.{name} is mandatory for this document",
        )
        for name in ("id", "name")
        if not receiver.get(name, "").strip()
    ]


def _address(document: dict) -> list[Finding]:
    receiver = document["receiver"]
    address = receiver.get("address", {})
    found = [
        _simple(
            "SIM-RECEIVER-ADDRESS",
            f"receiver.address.{name}",
            f"receiver.address.{name} is mandatory for this document",
        )
        for name in _ADDRESS
        if receiver["type"] != "P" and not address.get(name, "").strip()
    ]
    path, country = "receiver.address.country", address.get("country")
    if country and country != "EG" and receiver["type"] == "B":
        message = "a receiver of type B is in EG"
        found.append(_simple("SIM-RECEIVER-COUNTRY", path, message))
    if country == "EG" and kind_of(document) in EXPORTS:
        message = "the receiver of an export is not in EG"
        found.append(_simple("SIM-RECEIVER-COUNTRY", path, message))
    return found


def _national_id(number: str) -> list[Finding]:
    path = "receiver.id"
    if not has_digits(number, 14):
        message = "receiver.id of type P must have 14 digits"
        return [_simple("SF307", path, message)]
    century = _CENTURIES.get(number[0])
    born = f"{(century or 0) + int(number[1:3]):04}-{number[3:5]}-{number[5:7]}"
    if century is None or not _is_date(born):
        message = f"{number} is no national id"
        return [Finding(findings.NATIONAL_ID, "NI310", path, message)]
    return []


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _simple(code: str, path: str, message: str) -> Finding:
    return Finding(findings.SIMPLE, code, path, message)


def _profile(code: str, path: str, message: str) -> Finding:
    return Finding(findings.TAXPAYER, code, path, message)
