"""Asking Nuonuo what became of documents: of fapiao by order number, up to fifty at
once; of red letters by their request, until it is agreed (spec china 1.1)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..contract import AuthorityError, Document, Outcome, Status, TransientError
from . import errors
from .answers import (
    AGREED,
    WAITING,
    RedRequest,
    Row,
    outcome_of,
    red_outcome,
    requests_of,
    rows_of,
)
from .client import NuonuoClient, Reply
from .fapiao import Fapiao, RedPart, red_parts, thaw
from .moments import local_text
from .split import SPLIT, split_text
from .wording import by_request

MOST_ORDERS = 50
NOT_FOUND = "E9500"

_PAGE = 50
_MOST_PAGES = 40
_QUERY, _RED = "queryInvoiceResult", "queryInvoiceRedConfirm"
_REFRESH = "refreshInvoiceRedConfirm"


def ask(
    client: NuonuoClient, documents: Sequence[Document], refreshing: bool = False
) -> list[Outcome]:
    """Return one outcome per document; none of them is a red letter with parts.

    :param refreshing: have the vendor ask the bureau about red letters that wait, which
        the next question learns of
    :raise TransientError, AuthenticationError, AuthorityError:
    """
    pairs = [(document, thaw(document.content)) for document in documents]
    blue = [pair for pair in pairs if pair[1].red is None]
    outcomes = {
        key: _with_split(client, outcome, blue)
        for key, outcome in _by_order(client, blue).items()
    }
    requests: dict[int, RedRequest] = {}
    agreed = []
    for document, fapiao in pairs:
        if fapiao.red is None:
            continue
        (asked,) = red_parts(fapiao)
        request = red_request(client, document.key, asked)
        if request is None:
            outcomes[document.key] = Outcome(document.key, Status.ABSENT, document.uid)
            continue
        requests[document.key] = request
        outcomes[document.key] = red_outcome(document, request)
        if refreshing and request.state in WAITING and request.bill_uuid:
            # it answers codes without a text when it does not like to, and is a help
            with contextlib.suppress(TransientError, AuthorityError):
                refresh(client, request.bill_uuid, (document.key,))
        if request.issued or request.state in AGREED:
            agreed.append((document, fapiao))
    for key, outcome in _by_order(client, agreed, requests).items():
        if outcome.status is not Status.ABSENT:
            outcomes[key] = outcome
    return [outcomes[document.key] for document in documents]


def _by_order(
    client: NuonuoClient,
    pairs: Sequence[tuple[Document, Fapiao]],
    requests: Mapping[int, RedRequest] | None = None,
) -> dict[int, Outcome]:
    rows = find_rows(
        client,
        [fapiao.order_no for _document, fapiao in pairs],
        tuple(document.key for document, _fapiao in pairs),
    )
    outcomes = {}
    for document, fapiao in pairs:
        found = rows.get(fapiao.order_no)
        request = (requests or {}).get(document.key)
        outcomes[document.key] = (
            outcome_of(document, fapiao, found, request.ids() if request else None)
            if found
            else Outcome(document.key, Status.ABSENT, document.uid)
        )
    return outcomes


def _with_split(
    client: NuonuoClient, outcome: Outcome, pairs: Sequence[tuple[Document, Fapiao]]
) -> Outcome:
    """Return the outcome of an order with, if it was split, of what its fapiao
    consist: red letters want to know."""
    if outcome.status is not Status.VALID or not outcome.authority_ids.get("numbers"):
        return outcome
    document, fapiao = next(pair for pair in pairs if pair[0].key == outcome.key)
    if document.authority_ids.get(SPLIT):
        return outcome
    rows = find_rows(client, [fapiao.order_no], (document.key,), details=True)
    text = split_text(fapiao, rows.get(fapiao.order_no, []))
    if not text:
        return outcome
    return replace(outcome, authority_ids={**outcome.authority_ids, SPLIT: text})


def find_rows(
    client: NuonuoClient,
    orders: Sequence[str],
    keys: tuple[int, ...] = (),
    details: bool = False,
) -> dict[str, list[Row]]:
    """Return what is known of orders, by order number.

    :param details: with the lines of each fapiao
    :raise TransientError, AuthenticationError, AuthorityError:
    """
    found: dict[str, list[Row]] = {}
    waiting = [
        list(orders[start : start + MOST_ORDERS])
        for start in range(0, len(orders), MOST_ORDERS)
    ]
    while waiting:
        batch = waiting.pop()
        rows = client.call(
            _QUERY,
            {"orderNos": batch, "isOfferInvoiceDetail": "1" if details else "0"},
            _read_rows,
            purpose="query",
            keys=keys,
        )
        if rows is None and len(batch) > 1:
            # it is not told whether one is not known, or none
            middle = len(batch) // 2
            waiting += [batch[:middle], batch[middle:]]
        for row in rows or ():
            if row.order_no in batch:
                found.setdefault(row.order_no, []).append(row)
    return found


def _read_rows(reply: Reply) -> list[Row] | None:
    if reply.code == NOT_FOUND:
        return None
    if not reply.success:
        errors.refuse(reply.code, reply.words, TransientError)
    return rows_of(reply.result)


def red_request(client: NuonuoClient, key: int, part: RedPart) -> RedRequest | None:
    """Return the request of a red letter, ``None`` if the vendor does not know it.

    :param key: the document, 0 for none
    :raise TransientError, AuthenticationError, AuthorityError:
    """
    body = {**by_request(part), "pageSize": str(_PAGE), "pageNo": "1"}
    keys = (key,) if key else ()
    found = client.call(_RED, body, _read_requests, purpose="query", keys=keys)
    name = part.bill_uuid or part.request
    return next((one for one in found if name in (one.bill_uuid, one.bill_id)), None)


def red_requests(
    client: NuonuoClient, start: datetime, end: datetime, state: str = ""
) -> Iterator[RedRequest]:
    """Yield the requests of a period of at most 90 days, the buyers' too.

    :param state: of the table ``red_state``, "" for all
    :raise TransientError, AuthenticationError, AuthorityError:
    """
    body: dict[str, Any] = {
        "identity": "0",
        "billTimeStart": local_text(start),
        "billTimeEnd": local_text(end),
        "pageSize": str(_PAGE),
    }
    if state:
        body["billStatus"] = state
    for page in range(1, _MOST_PAGES + 1):
        rows = client.call(
            _RED, {**body, "pageNo": str(page)}, _read_requests, purpose="list"
        )
        yield from rows
        if len(rows) < _PAGE:
            return


def refresh(client: NuonuoClient, bill_uuid: str, keys: tuple[int, ...] = ()) -> None:
    """Have the vendor ask the bureau for the state of a red letter's request.

    :raise TransientError, AuthenticationError, AuthorityError:
    """

    def read(reply: Reply) -> None:
        if not reply.success:
            errors.refuse(reply.code, reply.words)

    body = {"identity": "0", "billUuid": bill_uuid}
    client.call(_REFRESH, body, read, purpose="red_refresh", keys=keys)


def _read_requests(reply: Reply) -> list[RedRequest]:
    if reply.code == NOT_FOUND:
        return []
    if not reply.success:
        errors.refuse(reply.code, reply.words, TransientError)
    return requests_of(reply.result)
