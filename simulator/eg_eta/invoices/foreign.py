"""Documents that other taxpayers issue to the one under test.

Ordered by the control API: ``{"receiver": "674859545", "issuer": {"id": ...,
"name": ...}, "internalID": ..., "lines": [{"description", "quantity", "price",
"rate"}]}``, all but ``receiver`` with defaults; or ``{"document": {...}}``, a
whole document. It is valid at once and has no signature to check.
"""

import itertools
import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ...clock import Clock
from ...strictjson import parse
from .. import receiving
from ..errors import ApiError
from ..rawjson import elements
from ..store import NEVER, make_id
from ..structure import Fault
from . import schema
from .intake import taken_document
from .store import VALID, Document, DocumentStore, DocumentSubmission

_SUPPLIER = {"id": "100200300", "name": "مورد تجريبي"}
_ADDRESS = {
    "country": "EG",
    "governate": "Giza",
    "regionCity": "Dokki",
    "street": "1 Supplier Street",
    "buildingNumber": "1",
}
_LINE = {"description": "Paper", "quantity": "10", "price": "50", "rate": "14"}
_CENT = Decimal("0.01")
_numbers = itertools.count(1)


def issue(order: dict[str, Any], books: DocumentStore, clock: Clock) -> Document:
    """Issue a document to the taxpayer that ``order`` names.

    :raises ApiError: when it has not the right structure
    """
    document = order.get("document") or _document(order, clock)
    text = _json({"documents": [document]})
    _text, value = parse(text.encode())
    parsed: dict[str, Any] = value["documents"][0]  # type: ignore[index]
    faults: list[Fault] = []
    schema.schema_of(parsed).check(parsed, "", faults)
    if faults:
        raise receiving.bad_structure(faults)
    (part,) = elements(text, "documents", without="signatures")
    issuer = parsed["issuer"]
    submission = DocumentSubmission(
        id=make_id(),
        rin=issuer["id"],
        channel=1,
        submitter=issuer["name"],
        received=clock.now(),
        due=NEVER,
    )
    taken = taken_document(parsed, part, submission)
    taken.status, taken.decided = VALID, submission.received
    submission.documents.append(taken)
    books.add(submission)
    return taken


def _document(order: dict[str, Any], clock: Clock) -> dict[str, Any]:
    if "receiver" not in order:
        raise ApiError(400, "BadRequest", "'receiver' is missing.")
    lines = [_line({**_LINE, **row}) for row in order.get("lines", [{}])]
    tax = sum((line["taxableItems"][0]["amount"] for line in lines), Decimal(0))
    sales = sum((line["salesTotal"] for line in lines), Decimal(0))
    issuer = {**_SUPPLIER, **order.get("issuer", {})}
    return {
        "issuer": {"type": "B", **issuer, "address": {"branchID": "0", **_ADDRESS}},
        "receiver": {
            "type": "B",
            "id": order["receiver"],
            "name": order.get("receiverName", "Receiver"),
            "address": _ADDRESS,
        },
        "documentType": order.get("documentType", "I"),
        "documentTypeVersion": "0.9",
        "dateTimeIssued": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "taxpayerActivityCode": "4620",
        "internalID": order.get("internalID", f"SUPPLIER-{next(_numbers):04}"),
        "invoiceLines": lines,
        "totalDiscountAmount": Decimal(0),
        "totalSalesAmount": sales,
        "netAmount": sales,
        "taxTotals": [{"taxType": "T1", "amount": tax}],
        "totalAmount": sales + tax,
        "extraDiscountAmount": Decimal(0),
        "totalItemsDiscountAmount": Decimal(0),
    }


def _line(row: dict[str, Any]) -> dict[str, Any]:
    quantity, price, rate = (
        Decimal(str(row[name])) for name in ("quantity", "price", "rate")
    )
    sales = quantity * price
    tax = (sales * rate / 100).quantize(_CENT, ROUND_HALF_UP)
    zero = Decimal(0)
    return {
        "description": row["description"],
        "itemType": row.get("itemType", "EGS"),
        "itemCode": row.get("itemCode", f"EG-{_SUPPLIER['id']}-0001"),
        "unitType": row.get("unitType", "EA"),
        "quantity": quantity,
        "salesTotal": sales,
        "total": sales + tax,
        "valueDifference": zero,
        "totalTaxableFees": zero,
        "netTotal": sales,
        "itemsDiscount": zero,
        "unitValue": {"currencySold": "EGP", "amountEGP": price},
        "taxableItems": [
            {"taxType": "T1", "amount": tax, "subType": "V009", "rate": rate}
        ],
    }


def _json(value: object) -> str:
    """JSON with decimals as they are."""
    if isinstance(value, dict):
        pairs = (f"{_json(name)}:{_json(item)}" for name, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return json.dumps(value, ensure_ascii=False)
