"""``/api/v1.0/codetypes``: item codes, asked for and published.

A taxpayer asks for EGS codes of its own, or to use another's; the authority
approves or rejects (control API, or by itself after ``code_approval_seconds``).
Until then documents with such a code get ``CV302``.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ...clock import Clock, to_text
from ..codes import ITEM_TYPES, egs_owner
from ..errors import ApiError
from ..paging import Query
from ..queries import not_found
from ..registry import APPROVED, REFUSED, SUBMITTED, CodeRequest, ItemCode, Registry
from ..settings import Settings

_MOST_ITEMS = 100
_VALUES = (
    "parentCode",
    "codeName",
    "codeNameAr",
    "activeFrom",
    "activeTo",
    "description",
    "descriptionAr",
    "requestReason",
    "linkedCode",
)
_NEEDED = ("parentCode", "codeName", "codeNameAr", "activeFrom")
_MY = (
    "Active",
    "Status",
    "ItemCode",
    "CodeName",
    "PageSize",
    "PageNumber",
    "OrderDirections",
    "Ps",
    "Pn",
    "OrdDir",
)
_PUBLISHED = (
    "CodeLookupValue",
    "CodeName",
    "ParentLevelName",
    "OnlyActive",
    "ActiveFrom",
    "Ps",
    "Pn",
    "OrdDir",
    "CodeTypeLevelNumber",
    "TaxpayerRIN",
)
_LEVEL = "EGS Code"


class ItemCodes:
    """Answers the calls for codes. Callers hold the lock.

    Every method raises :class:`ApiError` for what is not asked in the right way.
    """

    def __init__(self, registry: Registry, settings: Settings, clock: Clock) -> None:
        self.registry = registry
        self.settings = settings
        self.clock = clock

    def settle(self) -> None:
        """Approve requests whose time has come."""
        now = self.clock.time()
        for request in self.registry.code_requests.values():
            due = request.due
            if request.status == SUBMITTED and due is not None and due <= now:
                self.decide(request, APPROVED, "")

    def create(self, body: dict[str, Any], rin: str) -> dict[str, Any]:
        """Ask for new codes."""
        return self._each(body, lambda item: self._create(item, rin))

    def reuse(self, body: dict[str, Any], rin: str) -> dict[str, Any]:
        """Ask to use codes that exist."""
        return self._each(body, lambda item: self._reuse(item, rin))

    def change_request(
        self, identity: int, body: dict[str, Any], rin: str
    ) -> dict[str, Any]:
        """Change a request that is not decided yet."""
        request = self.registry.code_requests.get(identity)
        if request is None or request.rin != rin:
            raise not_found("code request", str(identity))
        if request.status != SUBMITTED:
            message = f"The request is {request.status}."
            raise ApiError(400, "BadRequest", message, target="codeUsageRequestId")
        values = {**request.values, **_texts(body)}
        errors = _value_errors(values)
        if errors:
            raise ApiError(400, "ValidationError", " ".join(errors))
        request.values = values
        return {"codeUsageRequestId": identity}

    def mine(self, arguments: Mapping[str, str], rin: str) -> dict[str, Any]:
        """The taxpayer's requests, newest first."""
        query = Query(_renamed(arguments), _renamed_names(_MY), self.settings, {})
        wanted = query.values
        rows = [
            self._request_row(request)
            for request in self.registry.code_requests.values()
            if request.rin == rin
        ]
        if wanted.get("orderdirections", "descending").lower() != "ascending":
            rows.reverse()
        filters = {"status": "status", "itemcode": "itemCode", "active": "active"}
        for name, column in filters.items():
            if name in wanted:
                value = wanted[name].lower()
                rows = [row for row in rows if str(row[column]).lower() == value]
        if "codename" in wanted:
            text = wanted["codename"].lower()
            rows = [row for row in rows if text in row["codeNamePrimaryLang"].lower()]
        page, metadata = query.paged(rows)
        return {"result": page, "metadata": metadata}

    def published(self, kind: str, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Codes of a type that anybody may look up."""
        _check_type(kind)
        query = Query(
            _renamed(arguments), _renamed_names(_PUBLISHED), self.settings, {}
        )
        wanted = query.values
        moment = to_text(self.clock.now())
        only_active = wanted.get("onlyactive", "true").lower() == "true"
        rows = [
            (number, code)
            for number, code in self._numbered()
            if code.item_type == kind and (code.in_force(moment) or not only_active)
        ]
        if "codelookupvalue" in wanted:
            text = wanted["codelookupvalue"]
            rows = [row for row in rows if text in row[1].code]
        if "codename" in wanted:
            text = wanted["codename"].lower()
            rows = [
                row for row in rows if text in f"{row[1].name} {row[1].name_ar}".lower()
            ]
        if "taxpayerrin" in wanted:
            owner = wanted["taxpayerrin"]
            rows = [row for row in rows if egs_owner(row[1].code) == owner]
        page, metadata = query.paged(rows)
        result = [self._code_row(number, code, moment) for number, code in page]
        return {"result": result, "metadata": metadata}

    def details(self, kind: str, code: str) -> dict[str, Any]:
        """One code."""
        number, found = self._code(kind, code)
        moment = to_text(self.clock.now())
        return {
            "codeID": number,
            "codeLookUpValue": found.code,
            "codeName": found.name,
            "codeNameAr": found.name_ar,
            "description": found.description,
            "descriptionAr": found.description_ar,
            "activeFrom": found.active_from or None,
            "activeTo": found.active_to or None,
            "active": found.in_force(moment),
            "parentItemCode": found.parent,
            "parentCodeLookupValue": found.parent,
            "codeTypeLevelNamePrimaryLang": _LEVEL,
            "linkedCode": found.linked or None,
            "ownerTaxpayer": self._taxpayer(egs_owner(found.code)),
        }

    def change(self, kind: str, code: str, body: dict[str, Any], rin: str) -> bool:
        """Change an own code's texts, end and link."""
        _number, found = self._code(kind, code)
        if egs_owner(code) != rin:
            raise ApiError(403, "Forbidden", "Only the owner can change a code.")
        names = {
            "codeDescriptionPrimaryLang": "description",
            "codeDescriptionSecondaryLang": "description_ar",
            "activeTo": "active_to",
            "linkedCode": "linked",
        }
        for name, column in names.items():
            if name in body:
                setattr(found, column, str(body[name] or ""))
        return True

    def decide(self, request: CodeRequest, status: str, reason: str) -> None:
        """Approve or reject a request; an approved code can be used at once."""
        if status not in (APPROVED, REFUSED):
            raise ApiError(400, "BadRequest", f"status: {APPROVED} or {REFUSED}.")
        if request.status != SUBMITTED:
            raise ApiError(400, "BadRequest", f"The request is {request.status}.")
        request.status, request.reason = status, reason
        if status == REFUSED:
            return
        codes, key = self.registry.item_codes, (request.item_type, request.code)
        if request.reuse:
            known = codes[key]
            known.rins = [*known.rins, request.rin]
            return
        values = request.values
        codes[key] = ItemCode(
            item_type=request.item_type,
            code=request.code,
            rins=[request.rin],
            name=values["codeName"],
            name_ar=values["codeNameAr"],
            description=values.get("description", ""),
            description_ar=values.get("descriptionAr", ""),
            parent=values["parentCode"],
            linked=values.get("linkedCode", ""),
            active_from=values["activeFrom"],
            active_to=values.get("activeTo", ""),
            created=to_text(self.clock.now()),
        )

    def _each(
        self, body: dict[str, Any], take: Callable[[dict], CodeRequest]
    ) -> dict[str, Any]:
        items = body.get("items")
        if type(items) is not list or not 1 <= len(items) <= _MOST_ITEMS:
            message = f"items: a list of 1 to {_MOST_ITEMS} objects."
            raise ApiError(400, "BadStructure", message, target="items")
        passed, failed = [], []
        for index, item in enumerate(items):
            try:
                request = take(item if type(item) is dict else {})
                passed.append(
                    {"itemCode": request.code, "codeUsageRequestId": request.id}
                )
            except _ItemError as error:
                failed.append({"index": index, "errors": error.errors})
        return {
            "failedItems": failed,
            "passedItemsCount": len(passed),
            "passedItems": passed,
        }

    def _create(self, item: dict[str, Any], rin: str) -> CodeRequest:
        code = str(item.get("itemCode", ""))
        values = _texts(item)
        errors = _value_errors(values)
        if item.get("codeType") != "EGS":
            errors.append("codeType must be EGS.")
        if egs_owner(code) != rin:
            errors.append(f"itemCode must have the form EG-{rin}-<code>.")
        if ("EGS", code) in self.registry.item_codes or self._waits(code, rin):
            errors.append(f"The code {code} exists already, or was asked for.")
        if errors:
            raise _ItemError(errors)
        return self._add(rin, "EGS", code, values, reuse=False)

    def _reuse(self, item: dict[str, Any], rin: str) -> CodeRequest:
        kind = str(item.get("codetype", item.get("codeType", "")))
        code = str(item.get("itemCode", ""))
        known = self.registry.item_codes.get((kind, code))
        if known is None:
            raise _ItemError([f"There is no code {code!r} of type {kind!r}."])
        if known.usable(rin, to_text(self.clock.now())) or self._waits(code, rin):
            raise _ItemError([f"The code {code} can be used, or was asked for."])
        values = {"requestReason": str(item.get("comment", ""))}
        return self._add(rin, kind, code, values, reuse=True)

    def _add(
        self, rin: str, kind: str, code: str, values: dict[str, str], *, reuse: bool
    ) -> CodeRequest:
        seconds = self.settings.code_approval_seconds
        number = max(self.registry.code_requests, default=1000) + 1
        request = CodeRequest(
            id=number,
            rin=rin,
            created=to_text(self.clock.now()),
            item_type=kind,
            code=code,
            reuse=reuse,
            values=values,
            due=self.clock.time() + seconds if seconds >= 0 else None,
        )
        self.registry.code_requests[number] = request
        return request

    def _waits(self, code: str, rin: str) -> bool:
        return any(
            request.status == SUBMITTED
            for request in self.registry.code_requests.values()
            if (request.code, request.rin) == (code, rin)
        )

    def _numbered(self) -> list[tuple[int, ItemCode]]:
        return list(enumerate(self.registry.item_codes.values(), start=1))

    def _code(self, kind: str, code: str) -> tuple[int, ItemCode]:
        _check_type(kind)
        for number, found in self._numbered():
            if (found.item_type, found.code) == (kind, code):
                return number, found
        raise not_found("code", code)

    def _taxpayer(self, rin: str | None) -> dict[str, Any] | None:
        taxpayer = self.registry.taxpayers.get(rin or "")
        if taxpayer is None:
            return None
        return {"rin": taxpayer.rin, "name": taxpayer.name, "nameAr": taxpayer.name}

    def _request_row(self, request: CodeRequest) -> dict[str, Any]:
        values = request.values
        code = self.registry.item_codes.get((request.item_type, request.code))
        moment = to_text(self.clock.now())
        return {
            "codeUsageRequestID": request.id,
            "codeTypeName": request.item_type,
            "codeID": None,
            "itemCode": request.code,
            "codeNamePrimaryLang": values.get("codeName", code.name if code else ""),
            "codeNameSecondaryLang": values.get("codeNameAr", ""),
            "descriptionPrimaryLang": values.get("description", ""),
            "descriptionSecondaryLang": values.get("descriptionAr", ""),
            "parentItemCode": values.get("parentCode"),
            "levelName": _LEVEL,
            "requestCreationDateTimeUtc": request.created,
            "codeCreationDateTimeUtc": code.created if code else None,
            "activeFrom": values.get("activeFrom"),
            "activeTo": values.get("activeTo") or None,
            "active": request.status == APPROVED
            and code is not None
            and code.in_force(moment),
            "status": request.status,
            "statusReason": request.reason,
            "requestReason": values.get("requestReason"),
            "ownerTaxpayer": self._taxpayer(egs_owner(request.code)),
            "requesterTaxpayer": self._taxpayer(request.rin),
        }

    def _code_row(self, number: int, code: ItemCode, moment: str) -> dict[str, Any]:
        return {
            "codeID": number,
            "codeLookupValue": code.code,
            "codeNamePrimaryLang": code.name,
            "codeNameSecondaryLang": code.name_ar,
            "codeDescriptionPrimaryLang": code.description,
            "codeDescriptionSecondaryLang": code.description_ar,
            "activeFrom": code.active_from or None,
            "activeTo": code.active_to or None,
            "active": code.in_force(moment),
            "parentCodeLookupValue": code.parent,
            "codeTypeNamePrimaryLang": code.item_type,
            "codeTypeLevelNamePrimaryLang": _LEVEL,
            "linkedCode": code.linked or None,
        }


class _ItemError(Exception):
    """An item of a list that is refused alone."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(" ".join(errors))
        self.errors = errors


def _check_type(kind: str) -> None:
    if kind not in ITEM_TYPES:
        raise not_found("code type", kind)


def _texts(item: dict[str, Any]) -> dict[str, str]:
    return {name: str(item[name] or "") for name in _VALUES if name in item}


def _value_errors(values: dict[str, str]) -> list[str]:
    errors = [f"{name} is missing." for name in _NEEDED if not values.get(name)]
    for name in ("activeFrom", "activeTo"):
        text = values.get(name)
        if text and not _is_moment(text):
            errors.append(f"{name} {text!r} is no date.")
    return errors


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


_SHORT = {
    "ps": "pagesize",
    "pn": "pageno",
    "pagenumber": "pageno",
    "orddir": "orderdirections",
}


def _renamed(arguments: Mapping[str, str]) -> dict[str, str]:
    """ETA calls its pages ``PageSize``, ``PageNumber``, ``Ps`` and ``Pn``."""
    return {_SHORT.get(name.lower(), name): value for name, value in arguments.items()}


def _renamed_names(names: tuple[str, ...]) -> list[str]:
    return [_SHORT.get(name.lower(), name) for name in names]
