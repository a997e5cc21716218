"""Item codes at ETA: register codes of one's own (EGS), follow the requests, use those
of others, look codes up (ETA SDK, /codes/ and /api/: code usage).

What is registered may stand on documents only when the authority has approved it; until
then they get ``CV302``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from enum import Enum
from typing import Any, Literal
from urllib.parse import quote

from ..contract import AuthorityError, Problem
from ..messages import Sentence, _
from ..transport import Answer
from .asking import MOST_PAGES, PAGE_SIZE, moment_or_none, pages_of, rows_of
from .client import EtaClient, Reader, refuse
from .errors import problems_of
from .jsontext import clean, dumps
from .wire import moment_text

MOST_TOGETHER = 100
"""So many codes are registered in one call."""

_CODES = "/api/v1.0/codetypes"
_REQUESTS = f"{_CODES}/requests"
_PARENT = re.compile(r"[0-9]{8}")
_OWNED = re.compile(r"EG-([0-9]+)-.+", re.IGNORECASE)
_PART_OF_CODE = re.compile(r"[0-9]{3,}|EG-.*", re.IGNORECASE)
_MOST_NAME = 250

CodeType = Literal["EGS", "GS1"]


class RequestStatus(str, Enum):
    """What became of the request for a code."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code to be registered.

    :ivar item_code: ``EG-<RIN>-<own code>``
    :ivar parent: the 8 digits of the GPC brick that it belongs to
    :ivar active_from: the first day that it is used, ``active_to`` the last one
    :ivar linked_code: another code of the same thing, "" if none
    """

    item_code: str
    parent: str
    name: str
    name_ar: str
    active_from: date
    active_to: date | None = None
    description: str = ""
    description_ar: str = ""
    reason: str = ""
    linked_code: str = ""


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A code of somebody else, or of the authority, that one wants to use."""

    code_type: CodeType
    item_code: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Requested:
    """What ETA said at once to one request.

    :ivar request_id: the request's number at ETA, "" if it was refused
    :ivar problems: why it was refused; it may also have been neither taken nor refused,
        and is then to be looked for among the requests
    """

    item_code: str
    request_id: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """A request as ETA has it.

    :ivar reason: why it was decided so
    :ivar owner: the RIN of the code's owner, "" if unknown
    """

    id: str
    code_type: str
    item_code: str
    name: str
    name_ar: str
    status: RequestStatus
    active: bool
    reason: str = ""
    parent: str = ""
    owner: str = ""
    requested_at: datetime | None = None
    active_from: datetime | None = None
    active_to: datetime | None = None

    @property
    def approved(self) -> bool:
        return self.status is RequestStatus.APPROVED

    @property
    def stands(self) -> bool:
        """Whether it is approved, or may still be."""
        return self.approved or self.status is RequestStatus.SUBMITTED


@dataclass(frozen=True, slots=True)
class PublishedCode:
    """A code that anybody may look up; ``parent`` is the code that it belongs to."""

    code_type: str
    item_code: str
    name: str
    name_ar: str
    description: str = ""
    description_ar: str = ""
    parent: str = ""
    parent_name: str = ""
    linked_code: str = ""
    owner: str = ""
    active: bool = True
    active_from: datetime | None = None
    active_to: datetime | None = None


def check_code(code: NewCode, rin: str) -> list[Problem]:
    """Return what ETA would refuse in a code of a taxpayer, all at once."""
    found: list[Problem] = []

    def wrong(name: str, message: str, path: str, **values: str) -> None:
        values = {"code": code.item_code, **values}
        found.append(Problem(name, message, path, values=values))

    own = code.item_code.removeprefix(f"EG-{rin}-")
    if own == code.item_code or not clean(own) or own != clean(own):
        message = _(
            "The code “%(code)s” does not look like EG-%(rin)s-<own code>. Correct it."
        )
        wrong("egs_code_malformed", message, "itemCode", rin=rin)
    if not code.parent:
        message = _(
            "“%(code)s” has no GPC brick yet. Enter the 8 digits of the one that it"
            " belongs to."
        )
        wrong("gpc_brick_missing", message, "parentCode")
    elif not _PARENT.fullmatch(code.parent):
        message = _(
            "“%(parent)s” is no GPC brick, which has 8 digits. Choose the one that"
            " “%(code)s” belongs to."
        )
        wrong("gpc_brick_missing", message, "parentCode", parent=code.parent)
    for name, member in ((code.name, "codeName"), (code.name_ar, "codeNameAr")):
        if not clean(name) or len(clean(name)) > _MOST_NAME:
            message = _(
                "The code “%(code)s” needs a name in English and in Arabic, of at most"
                " %(most)s characters each. Enter both."
            )
            wrong("code_name_missing", message, member, most=str(_MOST_NAME))
    if code.active_to is not None and code.active_to < code.active_from:
        message = _("The code “%(code)s” ends before it begins. Correct its dates.")
        wrong("code_dates", message, "activeTo")
    return found


def looked_for(text: str) -> dict[str, str]:
    """Return what somebody typed as :meth:`ItemCodes.search` wants it: as ``code``
    where it looks like (the beginning of) one, else as ``name``."""
    wanted = " ".join(clean(text).split())
    return {"code" if _PART_OF_CODE.fullmatch(wanted) else "name": wanted}


def owner_of(item_code: str) -> str:
    """Return the RIN of the taxpayer whose EGS code it is, "" for other codes."""
    found = _OWNED.fullmatch(clean(item_code))
    return found[1] if found else ""


class ItemCodes:
    """Speaks to ETA about codes, with the token of a taxpayer's system.

    All methods raise TransientError, AuthenticationError, AuthorityError; those that
    change something AmbiguousError as well.

    :param pause: seconds between two reading calls
    """

    def __init__(self, client: EtaClient, pause: float) -> None:
        self._client = client
        self._reader = Reader(client, "codes", pause)

    # -- asking for codes -------------------------------------------------------------

    def register(self, codes: Sequence[NewCode]) -> list[Requested]:
        """Ask for codes of one's own, and return one answer per code, in their order.

        :raise ValueError: more than :data:`MOST_TOGETHER`, or none
        """
        items = [{"codeType": "EGS", **_members(code)} for code in codes]
        names = [code.item_code for code in codes]
        return self._request("POST", f"{_REQUESTS}/codes", items, names)

    def reuse(self, uses: Sequence[CodeUse]) -> list[Requested]:
        """Ask to use codes that exist, and return one answer per code.

        :raise ValueError: more than :data:`MOST_TOGETHER`, or none
        """
        items = [
            {
                "codetype": use.code_type,  # ETA's spelling in this call
                "itemCode": clean(use.item_code),
                "comment": clean(use.comment) or None,
            }
            for use in uses
        ]
        names = [use.item_code for use in uses]
        return self._request("PUT", f"{_REQUESTS}/codeusages", items, names)

    def change_request(self, request_id: str, code: NewCode) -> None:
        """Change a request that is not decided yet."""
        path = f"{_REQUESTS}/codes/{quote(request_id, safe='')}"
        self._send("PUT", path, _members(code), _read_nothing)

    def change(
        self,
        code_type: CodeType,
        item_code: str,
        *,
        description: str = "",
        description_ar: str = "",
        active_to: date | None = None,
        linked_code: str = "",
    ) -> None:
        """Change an approved code of one's own; what is not given stays."""
        body = {
            "codeDescriptionPrimaryLang": clean(description) or None,
            "codeDescriptionSecondaryLang": clean(description_ar) or None,
            "activeTo": _last_moment(active_to),
            "linkedCode": clean(linked_code) or None,
        }
        self._send("PUT", _path_of(code_type, item_code), body, _read_nothing)

    def _request(
        self,
        method: Literal["POST", "PUT"],
        path: str,
        items: list[dict[str, Any]],
        names: list[str],
    ) -> list[Requested]:
        if not 1 <= len(items) <= MOST_TOGETHER:
            raise ValueError(f"{len(items)} codes cannot be asked for together")
        return self._send(
            method, path, {"items": items}, lambda answer: _requested(answer, names)
        )

    def _send(
        self,
        method: Literal["POST", "PUT"],
        path: str,
        body: Mapping[str, Any],
        read: Any,
    ) -> Any:
        return self._client.send(
            "codes", path, dumps(body).encode(), read, method=method
        )

    # -- looking codes up -------------------------------------------------------------

    def requests(self, status: RequestStatus | None = None) -> Iterator[CodeRequest]:
        """Yield one's own requests, the newest first."""
        filters = {"OrderDirections": "Descending"}
        if status is not None:
            filters["Status"] = status.value.capitalize()
        for row in self._pages(f"{_REQUESTS}/my", filters, "PageNumber", "PageSize"):
            yield _code_request(row)

    def search(
        self,
        code_type: CodeType,
        *,
        code: str = "",
        name: str = "",
        owner: str = "",
        only_active: bool = True,
        filters: Mapping[str, str] | None = None,
    ) -> Iterator[PublishedCode]:
        """Yield published codes.

        :param code: the code, or a part of it; ``name`` of its name
        :param owner: the RIN of whose codes are wanted
        :param filters: further ones by ETA's names (``ParentLevelName``,
            ``CodeTypeLevelNumber``, ``ActiveFrom``)
        """
        wanted = {
            "CodeLookupValue": clean(code),
            "CodeName": clean(name),
            "TaxpayerRIN": owner,
            "OnlyActive": "true" if only_active else "false",
            **(filters or {}),
        }
        given = {member: value for member, value in wanted.items() if value}
        path = f"{_CODES}/{code_type}/codes"
        for row in self._pages(path, given, "Pn", "Ps"):
            yield _published(row, code_type)

    def details(self, code_type: CodeType, item_code: str) -> PublishedCode | None:
        """Return what ETA has of a code, ``None`` if it does not know it."""
        body = self._reader.get(_path_of(code_type, item_code))
        return None if body is None else _published(body, code_type)

    def _pages(
        self, path: str, filters: Mapping[str, str], number: str, size: str
    ) -> Iterator[Mapping[str, Any]]:
        for page in range(1, MOST_PAGES + 1):
            parameters = {**filters, number: str(page), size: str(PAGE_SIZE)}
            body = self._reader.get(path, parameters) or {}
            rows = rows_of(body, "result")
            yield from rows
            if not rows or page >= pages_of(body.get("metadata"), rows):
                return


def _path_of(code_type: str, item_code: str) -> str:
    return f"{_CODES}/{code_type}/codes/{quote(clean(item_code), safe='')}"


def _members(code: NewCode) -> dict[str, Any]:
    return {
        "parentCode": code.parent,
        "itemCode": clean(code.item_code),
        "codeName": clean(code.name),
        "codeNameAr": clean(code.name_ar),
        "activeFrom": moment_text(_midnight(code.active_from)),
        "activeTo": _last_moment(code.active_to),
        "description": clean(code.description) or None,
        "descriptionAr": clean(code.description_ar) or None,
        "requestReason": clean(code.reason) or None,
        "linkedCode": clean(code.linked_code) or None,
    }


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)


def _last_moment(day: date | None) -> str | None:
    if day is None:
        return None
    return moment_text(_midnight(day).replace(hour=23, minute=59, second=59))


def _read_nothing(answer: Answer) -> None:
    _refuse(answer)


def _refuse(answer: Answer) -> None:
    """Raise for an answer that refuses the call, with what ETA says of it."""
    try:
        refuse(answer)
    except AuthorityError as exc:
        if answer.status != 404:
            raise
        raise AuthorityError(
            exc.code, Sentence(_("The authority does not know this code or request."))
        ) from exc


def _requested(answer: Answer, names: Sequence[str]) -> list[Requested]:
    """Return one answer per code: taken ones are named by their code, refused ones by
    their place in the call."""
    _refuse(answer)
    body = answer.json()
    taken = {
        clean(str(row.get("itemCode") or "")): str(row.get("codeUsageRequestId") or "")
        for row in rows_of(body, "passedItems", "PassedItems")
    }
    refused: dict[int, tuple[Problem, ...]] = {}
    for row in rows_of(body, "failedItems"):
        index = row.get("index")
        if isinstance(index, int):
            refused[index] = _errors(row.get("errors"))
    if not taken and not refused:
        raise ValueError("The answer names no code")
    return [
        Requested(name, taken.get(clean(name), ""), refused.get(index, ()))
        for index, name in enumerate(names)
    ]


def _errors(node: Any) -> tuple[Problem, ...]:
    return problems_of(node) or (
        Problem("", _("The authority refused the code without giving a reason.")),
    )


def _code_request(row: Mapping[str, Any]) -> CodeRequest:
    word = _text(row, "status").casefold()
    known = {status.value: status for status in RequestStatus}
    return CodeRequest(
        id=_text(row, "codeUsageRequestID", "codeUsageRequestId", "id"),
        code_type=_text(row, "codeTypeName"),
        item_code=_text(row, "itemCode"),
        name=_text(row, "codeNamePrimaryLang", "codeName"),
        name_ar=_text(row, "codeNameSecondaryLang", "codeNameAr"),
        status=known.get(word, RequestStatus.UNKNOWN),
        active=row.get("active") is True,
        reason=_text(row, "statusReason"),
        parent=_text(row, "parentItemCode"),
        owner=_owner(row),
        requested_at=moment_or_none(row.get("requestCreationDateTimeUtc")),
        active_from=moment_or_none(row.get("activeFrom")),
        active_to=moment_or_none(row.get("activeTo")),
    )


def _published(row: Mapping[str, Any], code_type: str) -> PublishedCode:
    return PublishedCode(
        code_type=_text(row, "codeTypeNamePrimaryLang") or code_type,
        item_code=_text(row, "codeLookupValue", "codeLookUpValue", "itemCode"),
        name=_text(row, "codeNamePrimaryLang", "codeName"),
        name_ar=_text(row, "codeNameSecondaryLang", "codeNameAr"),
        description=_text(row, "codeDescriptionPrimaryLang", "description"),
        description_ar=_text(row, "codeDescriptionSecondaryLang", "descriptionAr"),
        parent=_text(row, "parentCodeLookupValue", "parentItemCode"),
        parent_name=_text(row, "parentCodeNamePrimaryLang"),
        linked_code=_text(row, "linkedCode"),
        owner=_owner(row),
        active=row.get("active") is not False,
        active_from=moment_or_none(row.get("activeFrom")),
        active_to=moment_or_none(row.get("activeTo")),
    )


def _owner(row: Mapping[str, Any]) -> str:
    owner = row.get("ownerTaxpayer")
    return _text(owner, "rin") if isinstance(owner, Mapping) else ""


def _text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first member that says something, as text."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""
