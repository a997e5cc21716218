"""Returns: what they refer to, and how much is left to return.

ETA's receipt FAQ: the sale exists, is the issuer's, is valid, is at most 540
days old, and has the same buyer.
"""

from datetime import timedelta
from decimal import Decimal

from .findings import REFERENCE, Finding
from .profile import utc
from .receipt_types import TYPES
from .settings import Settings
from .store import VALID, Receipt, Store

_PATH = "header.referenceUUID"
_ZERO = Decimal(0)


def check(
    receipt: Receipt, document: dict, store: Store, settings: Settings
) -> list[Finding]:
    """Faults of a return against its sale."""
    kind = TYPES.get(receipt.kind)
    if kind is None or not kind.is_return:
        return []
    if kind.code == "RWR":
        return _unreferenced(document, settings)
    if not receipt.reference:
        return []  # the code validator says that it is missing
    sale = store.receipts.get(receipt.reference)
    if sale is None or sale.rin != receipt.rin:
        message = "the receipt referred to does not exist"
        return [_finding("SIM-RETURN-UNKNOWN", _PATH, message)]
    found = _sale(receipt, sale, kind.sector)
    if found:
        return found
    original = sale.document
    found = _age(receipt.issued, sale.issued, settings)
    found += _buyer(document["buyer"], original["buyer"])
    if receipt.currency != sale.currency:
        message = f"the sale was in {sale.currency}"
        found.append(_finding("SIM-RETURN-CURRENCY", "header.currency", message))
    return found + _amounts(receipt, document, original, store, settings)


def _sale(receipt: Receipt, sale: Receipt, sector: str) -> list[Finding]:
    kind = TYPES.get(sale.kind)
    found = []
    if kind is None or kind.is_return or kind.sector != sector:
        message = f"receipt type {receipt.kind} cannot return a {sale.kind}"
        found.append(_finding("SIM-RETURN-TYPE", "documentType.receiptType", message))
    # The sale had to be valid before the return was sent.
    late = sale.decided > receipt.submission.accepted_at
    if sale.status != VALID or late:
        state = "was not valid yet" if late else f"is {sale.status}"
        message = f"the receipt referred to {state}"
        found.append(_finding("SIM-RETURN-STATUS", _PATH, message))
    return found


def _unreferenced(document: dict, settings: Settings) -> list[Finding]:
    header = document["header"]
    sold = header.get("salesIssuedDateTime")
    if not sold:
        return []
    return _age(header["dateTimeIssued"], sold, settings, "header.salesIssuedDateTime")


def _age(
    issued: str, sold: str, settings: Settings, path: str = _PATH
) -> list[Finding]:
    returned_at, sold_at = utc(issued), utc(sold)
    if returned_at is None:
        return []  # reported already
    if sold_at is None:
        return [_finding("SIM-DATE", path, f"{sold!r} is no date")]
    if returned_at < sold_at:
        message = "the return was issued before the sale"
        return [_finding("SIM-RETURN-EARLY", path, message)]
    if returned_at - sold_at > timedelta(days=settings.return_days):
        message = f"the sale is older than {settings.return_days:g} days"
        return [_finding("SIM-RETURN-LATE", path, message)]
    return []


def _buyer(buyer: dict, original: dict) -> list[Finding]:
    found = []
    for name, code in (("type", "RR308"), ("id", "RR308"), ("name", "RR322")):
        if buyer.get(name, "") != original.get(name, ""):
            message = f"buyer {name} differs from the sale's"
            found.append(_finding(code, f"buyer.{name}", message))
    return found


def _amounts(
    receipt: Receipt,
    document: dict,
    original: dict,
    store: Store,
    settings: Settings,
) -> list[Finding]:
    left = _by_item(original)
    for row in store.returns.get(receipt.reference, ()):
        if row is receipt or row.status != VALID:
            continue
        for key, (quantity, amount) in _by_item(row.document).items():
            before = left.get(key, (_ZERO, _ZERO))
            left[key] = (before[0] - quantity, before[1] - amount)
    found = []
    for key, (quantity, amount) in _by_item(document).items():
        path, name = "itemData", f"item {key[0]} ({key[1]})"
        most = left.get(key)
        if most is None:
            message = f"{name} was not sold with this receipt"
            found.append(_finding("SIM-RETURN-ITEM", path, message))
            continue
        if quantity > most[0]:
            message = f"{name}: quantity {quantity}, {most[0]} are left to return"
            found.append(_finding("SIM-RETURN-QUANTITY", path, message))
        if amount > most[1] + settings.return_tolerance:
            message = f"{name}: total {amount}, {most[1]} are left to return"
            found.append(_finding("SIM-RETURN-AMOUNT", path, message))
    return found


def _by_item(document: dict) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    items: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for line in document["itemData"]:
        key = (line["itemCode"], line["internalCode"])
        quantity, amount = items.get(key, (_ZERO, _ZERO))
        items[key] = (quantity + line["quantity"], amount + line["total"])
    return items


def _finding(code: str, path: str, message: str) -> Finding:
    return Finding(REFERENCE, code, path, message)
