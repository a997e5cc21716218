"""``/api/v1.0/documentpackages``: many documents in one file, made in a while.

``{"type": "Full" | "Summary", "format": "JSON" | "CSV" (of a summary),
"truncateIfExceeded": bool, "queryParameters": {"dateFrom", "dateTo", "statuses",
"documentTypeNames", "receiverSenderId", "receiverSenderType", "itemCodes",
"productsInternalCodes", "branchNumber"}}``. Values are case-sensitive. XML and
what only intermediaries may ask are not simulated.
"""

import csv
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...clock import Clock, to_text
from ..errors import ApiError, json_response
from ..paging import Query, inside
from ..queries import not_found
from ..registry import Registry
from ..settings import Settings
from ..store import make_id
from .shapes import DocumentShapes
from .store import STATUSES, Document, DocumentStore

_TYPES = {"Summary": 1, "Full": 2}
_FORMATS = {"XML": 0, "JSON": 1, "CSV": 2}
_BUILDING, _READY = 1, 2
_QUERY = {
    "dateFrom",
    "dateTo",
    "statuses",
    "productsInternalCodes",
    "receiverSenderId",
    "receiverSenderType",
    "branchNumber",
    "itemCodes",
    "documentTypeNames",
}


@dataclass
class Package:
    """One request; ``due`` in monotonic seconds, ``documents`` when it is ready."""

    id: str
    rin: str
    created: datetime
    type: str
    format: str
    query: dict[str, Any]
    period: tuple[datetime, datetime]
    due: float
    documents: list[Document] | None = field(default=None)


class Packages:
    """Takes requests for packages and builds them. Callers hold the lock.

    Every method raises :class:`ApiError` for what is not asked in the right way.
    """

    def __init__(
        self, books: DocumentStore, registry: Registry, settings: Settings, clock: Clock
    ) -> None:
        self.books = books
        self.registry = registry
        self.settings = settings
        self.clock = clock
        self.rows: dict[str, Package] = {}

    def settle(self) -> list[Package]:
        """Build what is due; the packages that became ready."""
        now = time.monotonic()
        ready = []
        for package in self.rows.values():
            if package.documents is None and package.due <= now:
                package.documents = self._documents(package)
                ready.append(package)
        return ready

    def request(self, body: dict[str, Any], rin: str) -> dict[str, str]:
        """Ask for a package; its id."""
        kind, form = body.get("type"), body.get("format")
        if kind not in _TYPES:
            raise _bad("type", f"type: {', '.join(_TYPES)}.")
        if form not in ("JSON", "CSV") or (form == "CSV" and kind != "Summary"):
            raise _bad("format", "format: JSON, or CSV of a Summary.")
        query = body.get("queryParameters")
        if type(query) is not dict or query.keys() - _QUERY:
            message = f"queryParameters: an object of {', '.join(sorted(_QUERY))}."
            raise _bad("queryParameters", message)
        for status in query.get("statuses") or ():
            if status not in STATUSES:
                raise _bad("statuses", f"{status!r} is no status; case matters.")
        period = _moment(query, "dateFrom"), _moment(query, "dateTo")
        due = time.monotonic() + self.settings.package_seconds
        now = self.clock.now()
        package = Package(make_id(), rin, now, kind, form, query, period, due)
        truncated = any(
            name.lower() == "truncateifexceeded" and value is True
            for name, value in body.items()
        )
        most = self.settings.package_documents
        if not truncated and len(self._matching(package)) > most:
            message = f"The package has more than {most} documents."
            raise ApiError(400, "OperationExceedsLimit", message)
        self.rows[package.id] = package
        return {"requestId": package.id}

    def all(self, arguments: Mapping[str, str], rin: str) -> dict[str, Any]:
        """The taxpayer's requests, newest first."""
        query: Query[Package] = Query(
            arguments, ("pageSize", "pageNo"), self.settings, {}
        )
        mine = [row for row in self.rows.values() if row.rin == rin]
        page, metadata = query.paged(mine[::-1])
        return {"result": [self._row(row) for row in page], "metadata": metadata}

    def download(self, identity: str, rin: str, shapes: DocumentShapes) -> Any:
        """The file; 202 while it is being built."""
        package = self.rows.get(identity)
        if package is None or package.rin != rin:
            raise not_found("package", identity)
        if package.documents is None:
            return json_response({"status": "The package is being built."}, 202)
        if package.type == "Full":
            return json_response([shapes.raw(row) for row in package.documents])
        rows = [shapes.summary(row) for row in package.documents]
        if package.format == "JSON":
            return json_response(rows)
        answer = json_response({})
        answer.set_data(_csv(rows))
        answer.content_type = "text/csv; charset=utf-8"
        return answer

    def _documents(self, package: Package) -> list[Document]:
        return self._matching(package)[: self.settings.package_documents]

    def _matching(self, package: Package) -> list[Document]:
        return [row for row in self.books.newest() if _matches(row, package)]

    def _row(self, package: Package) -> dict[str, Any]:
        return {
            "packageId": package.id,
            "submissionDate": to_text(package.created),
            "status": _BUILDING if package.documents is None else _READY,
            "type": _TYPES[package.type],
            "format": _FORMATS[package.format],
            "requestorTypeId": 1,
            "requestorTaxpayerRIN": package.rin,
            "requestorTaxpayerName": self.registry.taxpayers[package.rin].name,
            "deletionDate": None,
            "isExpired": False,
            "queryParameters": package.query,
        }


def _matches(row: Document, package: Package) -> bool:
    query = package.query
    received = row.receiver_type == "B" and row.receiver_id == package.rin
    if row.rin != package.rin and not (received and row.final):
        return False
    if not inside(row.received, package.period):
        return False
    other = row.rin if received else row.receiver_id
    lines = row.document["invoiceLines"]
    products = {item.get("internalCode") for item in lines}
    kinds = [str(name).upper() for name in query.get("documentTypeNames") or ()]
    wanted = [
        (query.get("statuses"), {row.status}),
        (kinds, {row.kind}),
        (query.get("productsInternalCodes"), products),
        (_single(query.get("receiverSenderId")), {other}),
        (
            _single(query.get("branchNumber")),
            {row.document["issuer"]["address"]["branchID"]},
        ),
        (
            [item.get("codeValue") for item in query.get("itemCodes") or ()],
            {item["itemCode"] for item in lines},
        ),
    ]
    return all(
        not found.isdisjoint(asked)
        for values, found in wanted
        if (asked := {value for value in values or () if value})
    )


def _single(value: object) -> list[object]:
    return [value] if value else []


def _moment(query: dict[str, Any], name: str) -> datetime:
    moment = None
    text = str(query.get(name) or "")
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise _bad(name, f"{name}: a moment in UTC.") from None
    if moment.tzinfo is None:
        raise _bad(name, f"{name}: a moment with its zone.")
    return moment


def _csv(rows: list[dict[str, Any]]) -> str:
    file = io.StringIO()
    names = list(rows[0]) if rows else []
    writer = csv.writer(file)
    writer.writerow(names)
    for row in rows:
        writer.writerow(
            json.dumps(value) if isinstance(value, dict) else value
            for value in row.values()
        )
    return file.getvalue()


def _bad(name: str, message: str) -> ApiError:
    return ApiError(400, "BadArgument", message, target=name)
