"""Red letters with parts: one document that takes several fapiao back, each by a
request of its own, which both sides confirm for itself (spec china 1.1 and 2.8).

Each part is asked for once. Whatever is repeated (a lost answer, the document that
corrects a refused one) looks first which of them are there. What became of each is
kept among the document's ``authority_ids``.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Document,
    Outcome,
    Problem,
    Status,
    TransientError,
)
from ..messages import Sentence, _, source_of
from . import errors
from .answers import AGREED, FAILED, WAITING, RedRequest, Row, qr_of
from .client import NuonuoClient, Reply
from .enquiry import ask, find_rows, red_request, refresh
from .error_catalogue import HELD, RED_STATES
from .fapiao import Fapiao, Red, RedPart, freeze, red_parts, thaw
from .settings import Settings
from .wording import red_request_of

PARTS = "_reds"
"""Among ``authority_ids`` of a document: its parts, as :class:`PartState`."""
DUPLICATE = "E9106"

_ASK_FOR = "saveInvoiceRedConfirm"


@dataclass(frozen=True, slots=True)
class PartState:
    """What became of one part.

    :ivar red_number: of the red fapiao, "" while it is not issued
    :ivar state: of its request, of the table ``red_state``; "" while nothing is known
    :ivar doing: see :class:`~.answers.RedRequest`
    :ivar order_no: of the red fapiao, where its request names it
    :ivar code: why it was refused, "" while it was not; ``words`` are the provider's
    """

    blue_number: str
    red_number: str = ""
    total: str = ""
    state: str = ""
    doing: str = ""
    bill_uuid: str = ""
    order_no: str = ""
    code: str = ""
    words: str = ""
    qr: str = ""
    issued_at: str = ""

    @property
    def issued(self) -> bool:
        """The red fapiao is there."""
        return bool(self.red_number)

    @property
    def refused(self) -> bool:
        """It will not be, whoever waits."""
        return bool(self.code) and not self.issued

    @property
    def open(self) -> bool:
        """It may still be, or not."""
        return not (self.issued or self.refused)

    @property
    def stands(self) -> bool:
        """The bureau has it, issued or still to be decided."""
        return self.issued or bool(self.state and not self.code)


def states_of(ids: Mapping[str, Any], fapiao: Fapiao) -> list[PartState]:
    """Return what is known of the parts of a red letter, nothing without parts.

    :param ids: the document's ``authority_ids``
    """
    parts = fapiao.red.parts if fapiao.red else ()
    kept = kept_states(ids)
    if len(kept) != len(parts):
        return [PartState(part.blue_number) for part in parts]
    return kept


def kept_states(ids: Mapping[str, Any]) -> list[PartState]:
    """Return what a document's ``authority_ids`` tell of its parts, if anything."""
    try:
        return [PartState(**one) for one in json.loads(ids.get(PARTS) or "[]")]
    except (ValueError, TypeError):
        return []


def stands(ids: Mapping[str, Any]) -> bool:
    """Tell whether the bureau has a part of a red letter, issued or being decided."""
    return any(state.stands for state in kept_states(ids))


def standing(content: bytes, ids: Mapping[str, Any]) -> bytes:
    """Return a red letter with those of its parts that the bureau has, each noted as
    asked for; empty bytes if there are none.

    :raise ValueError: it is no fapiao of ours
    """
    fapiao = thaw(content)
    if fapiao.red is None or not fapiao.red.parts:
        return b""
    states = states_of(ids, fapiao)
    kept = [place for place, state in enumerate(states, 1) if state.stands]
    if not kept:
        return b""
    return freeze(_only(fapiao, fapiao.red, kept))


def _only(fapiao: Fapiao, red: Red, kept: Sequence[int]) -> Fapiao:
    """Return a red letter with some of its parts, by their places."""
    places = {old: new for new, old in enumerate(kept, 1)}
    lines = tuple(
        replace(line, part=places[line.part])
        for line in fapiao.lines
        if line.part in places
    )
    parts = tuple(replace(red.parts[place - 1], asked=True) for place in kept)
    return replace(fapiao, lines=lines, red=replace(red, parts=parts))


# ----------------------------------------------------------------------------------
# Calls
# ----------------------------------------------------------------------------------


def ask_all(
    client: NuonuoClient, documents: Sequence[Document], refreshing: bool = False
) -> list[Outcome]:
    """Return one outcome per document, see :func:`.enquiry.ask`; none for those for
    which no time was left.

    :raise TransientError, AuthenticationError, AuthorityError:
    """
    pairs = [(document, thaw(document.content)) for document in documents]
    divided = [(d, fapiao) for d, fapiao in pairs if fapiao.red and fapiao.red.parts]
    keys = {document.key for document, _fapiao in divided}
    others = [document for document in documents if document.key not in keys]
    outcomes = {one.key: one for one in ask(client, others, refreshing)}
    for document, fapiao in divided:
        parts = RedParts(client, document, fapiao)
        try:
            outcomes[document.key] = parts.ask(refreshing)
        except TransientError:
            # each takes several calls: what was learned until the time is over counts
            if not outcomes:
                raise
            break
    return [outcomes[one.key] for one in documents if one.key in outcomes]


class RedParts:
    """Asks for, and about, the parts of one red letter."""

    def __init__(
        self, client: NuonuoClient, document: Document, fapiao: Fapiao
    ) -> None:
        self._client = client
        self._document = document
        self._fapiao = fapiao
        self._parts = red_parts(fapiao)
        self._keys = (document.key,)

    def submit(self, settings: Settings) -> Outcome:
        """Ask for each part that was not asked for: ``ACCEPTED``, or ``INVALID`` where
        none of them was taken. Why some were refused is told when all are decided.

        :raise TransientError, AuthenticationError: nothing was asked for this time
        :raise AmbiguousError: an answer was lost, or not all could be asked for
        """
        states = states_of(self._document.authority_ids, self._fapiao)
        taken = 0
        for place, part in enumerate(self._parts, 1):
            if part.asked:
                continue
            try:
                if self._is_there(part):
                    continue
                states[place - 1] = self._ask_for(place, part, settings)
            except (TransientError, AuthenticationError) as error:
                if not taken:
                    raise
                # what was asked for is never said not to be: it is asked about
                message, values = source_of(error)
                raise AmbiguousError(Sentence(message, **values)) from error
            taken += 1
        if all(state.refused for state in states):
            return self._outcome(Status.INVALID, states, tuple(_refusals(states)))
        return self._outcome(Status.ACCEPTED, states)

    def _is_there(self, part: RedPart) -> bool:
        """Whether an earlier attempt has asked for a part."""
        if self._document.sent_at is None:
            return False
        return red_request(self._client, self._document.key, part) is not None

    def _ask_for(self, place: int, part: RedPart, settings: Settings) -> PartState:
        failed = errors.when_failed(settings)

        def read(reply: Reply) -> PartState:
            # a name that is taken is taken by itself: names are never given twice
            if reply.success or reply.code == DUPLICATE:
                return PartState(part.blue_number)
            errors.raise_for(reply.code, reply.words, failed)
            return PartState(part.blue_number, code=reply.code, words=reply.words)

        body = red_request_of(self._fapiao, settings, place)
        return self._client.call(
            _ASK_FOR, body, read, purpose="submit", changes=True, keys=self._keys
        )

    def ask(self, refreshing: bool = False) -> Outcome:
        """Ask what became of the parts that are not decided.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        states = states_of(self._document.authority_ids, self._fapiao)
        return self._follow(states, refreshing)

    def withdraw(self, take_back: Callable[[RedPart], None]) -> Outcome:
        """Take back what waits for the buyer.

        :param take_back: called with each such part; makes the call
        :raise AuthorityError: nothing waits for him (any more)
        """
        states = states_of(self._document.authority_ids, self._fapiao)
        _absent, pairs = self._now(states, False)
        waiting = [
            part
            for part, state in pairs
            if state.open and state.state in WAITING and not part.asked
        ]
        if not waiting:
            raise AuthorityError(
                "red_not_waiting",
                Sentence(
                    _(
                        "No request for the red letter waits for the buyer any more, so"
                        " there is none to withdraw."
                    )
                ),
            )
        for part in waiting:
            take_back(part)
        return self._follow([state for _part, state in pairs], False)

    def failed_orders(self) -> list[str]:
        """Return the orders of red fapiao that could not be issued for what a person
        has to do, and may be tried again."""
        states = states_of(self._document.authority_ids, self._fapiao)
        pairs = zip(self._parts, states, strict=True)
        return [part.order_no for part, state in pairs if state.code in HELD]

    # -- what became of them ----------------------------------------------------------

    def _follow(self, states: Sequence[PartState], refreshing: bool) -> Outcome:
        absent, pairs = self._now(states, refreshing)
        states = [state for _part, state in pairs]
        if absent:
            return self._outcome(Status.ABSENT, states)
        held = next((one for one in states if one.code in HELD), None)
        if held:
            problem = errors.problem(held.code, held.words)
            return self._outcome(Status.INVALID, states, (problem,))
        if any(state.open for state in states):
            return self._outcome(Status.PENDING, states)
        refused = [state for state in states if state.refused]
        if refused:
            return self._outcome(Status.INVALID, states, tuple(_refusals(states)))
        return self._outcome(Status.VALID, states)

    def _now(
        self, states: Sequence[PartState], refreshing: bool
    ) -> tuple[bool, list[tuple[RedPart, PartState]]]:
        """Return whether one of the requests is not known there, and each part with
        what became of it."""
        found: dict[int, RedRequest] = {}
        absent = False
        for place, (part, state) in enumerate(zip(self._parts, states, strict=True)):
            if state.issued or (state.refused and state.code not in HELD):
                continue
            request = red_request(self._client, self._document.key, part)
            if request is None:
                absent = True
                continue
            found[place] = request
            if refreshing and request.state in WAITING and request.bill_uuid:
                # it answers codes without a text when it does not like to
                with contextlib.suppress(TransientError, AuthorityError):
                    refresh(self._client, request.bill_uuid, self._keys)
        rows = self._rows(found)
        pairs = []
        for place, (part, state) in enumerate(zip(self._parts, states, strict=True)):
            request = found.get(place)
            row = rows.get(_order(part, request)) if request else None
            if request is not None:
                named = replace(state, order_no=_order(part, request))
                state = _state(named, request, row)
            pairs.append((part, state))
        return absent, pairs

    def _rows(self, found: Mapping[int, RedRequest]) -> dict[str, Row]:
        """Return the red fapiao of requests that are agreed, by order number."""
        orders = [
            _order(self._parts[place], request)
            for place, request in found.items()
            if request.issued or request.state in AGREED
        ]
        orders = [order for order in orders if order]
        if not orders:
            return {}
        rows = find_rows(self._client, orders, self._keys)
        return {order: one[0] for order, one in rows.items()}

    # -- outcomes ---------------------------------------------------------------------

    def _outcome(
        self,
        status: Status,
        states: Sequence[PartState],
        problems: tuple[Problem, ...] = (),
    ) -> Outcome:
        document = self._document
        uid = next((s.red_number for s in states if s.issued), document.uid)
        if status is not Status.VALID:
            uid = document.uid
        warnings = tuple(self._differences(states)) if status is Status.VALID else ()
        ids = _ids(self._fapiao, states)
        return Outcome(document.key, status, uid, ids, problems, warnings=warnings)

    def _differences(self, states: Sequence[PartState]) -> Iterable[Problem]:
        """Yield what does not agree with the document: how much each fapiao was taken
        back of."""
        for place, state in enumerate(states, 1):
            lines = [line for line in self._fapiao.lines if line.part == place]
            ours = f"{abs(sum(line.total for line in lines)):.2f}"
            if state.total and state.total != ours:
                yield Problem(
                    "amount_differs",
                    _(
                        "The red fapiao %(red)s takes back %(theirs)s of %(blue)s, and"
                        " the document %(ours)s. Compare both and correct what is"
                        " wrong."
                    ),
                    values={
                        "red": state.red_number,
                        "blue": state.blue_number,
                        "theirs": state.total,
                        "ours": ours,
                    },
                )


def _order(part: RedPart, request: RedRequest) -> str:
    return part.order_no or request.order_no


def _state(state: PartState, request: RedRequest, row: Row | None) -> PartState:
    """Return what became of a part by its request and its red fapiao."""
    now = replace(
        state,
        state=request.state,
        doing=request.doing,
        bill_uuid=request.bill_uuid,
        code="",
        words="",
    )
    if row is not None and row.issued:
        moment = row.issued_at.isoformat() if row.issued_at else ""
        total = "" if row.total is None else f"{abs(row.total):.2f}"
        return replace(
            now,
            red_number=row.number,
            total=total,
            qr=qr_of(row),
            issued_at=moment,
        )
    if row is not None and row.status == FAILED:
        return replace(now, code=errors.cause(row.cause).code, words=row.cause)
    code = f"red_{request.state}"
    if code in RED_STATES:
        return replace(now, code=code, words=request.words)
    return now


def _ids(fapiao: Fapiao, states: Sequence[PartState]) -> dict[str, str]:
    """Return what a document keeps: of each part, and what others keep of theirs."""
    parts = red_parts(fapiao)
    issued = [state for state in states if state.issued]
    waiting = [state for state in states if state.open and state.state]
    shown = min((state.state for state in waiting), key=_urgent, default="")
    kept = [{n: v for n, v in asdict(state).items() if v} for state in states]
    given = {
        PARTS: json.dumps(kept, ensure_ascii=False, separators=(",", ":")),
        "order": fapiao.order_no,
        "orders": ",".join(_orders(parts, states)),
        "bill_ids": ",".join(part.request or part.bill_uuid for part in parts),
        "red_state": shown or (states[0].state if states else ""),
        "red_request": next((s.doing for s in waiting if s.doing), ""),
        "number": issued[0].red_number if issued else "",
        "qr": issued[0].qr if issued else "",
        "issued_at": issued[0].issued_at if issued else "",
    }
    if len(issued) > 1:
        given["numbers"] = ",".join(state.red_number for state in issued)
        given["totals"] = ",".join(state.total for state in issued)
    empty = ("red_request",)
    return {name: text for name, text in given.items() if text or name in empty}


def _orders(parts: Sequence[RedPart], states: Sequence[PartState]) -> Iterable[str]:
    """Yield the order numbers of the red fapiao, as far as they are known."""
    for part, state in zip(parts, states, strict=True):
        order_no = part.order_no or state.order_no
        if order_no:
            yield order_no


def _urgent(state: str) -> int:
    """What somebody has to decide is shown first."""
    return 0 if state in WAITING else 1


def _refusals(states: Sequence[PartState]) -> Iterable[Problem]:
    """Yield why parts were refused, and first what stands all the same."""
    refused = [state for state in states if state.refused]
    issued = [state for state in states if state.issued]
    if issued:
        yield Problem(
            "red_partly_refused",
            _(
                "%(issued)s of %(all)s fapiao were taken back and stand so (%(reds)s);"
                " not taken back: %(blues)s. Agree with the buyer and correct the"
                " credit note: only the latter are asked for again."
            ),
            values={
                "issued": len(issued),
                "all": len(states),
                "reds": ", ".join(state.red_number for state in issued),
                "blues": ", ".join(state.blue_number for state in refused),
            },
        )
    for state in refused:
        if len(states) == 1:
            yield errors.problem(state.code, state.words)
            continue
        known = errors.known(state.code)
        reason = Sentence(known.message) if known else state.words or state.code
        yield Problem(
            state.code,
            _("%(blue)s: %(reason)s"),
            values={"blue": state.blue_number, "reason": reason},
        )
