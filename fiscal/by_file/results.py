"""What a row says became of a document, and what an authority would have said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from ..contract import (
    Authority,
    AuthorityError,
    Document,
    Outcome,
    Problem,
    Receipt,
    Status,
)
from ..messages import Money, Sentence, _
from .receipts import totals_of

STATES = {
    status.value: status
    for status in (
        Status.VALID,
        Status.INVALID,
        Status.ACCEPTED,
        Status.PENDING,
        Status.CANCELLED,
        Status.REJECTED,
    )
}
"""What the field ``state`` can say."""

_LONGEST = 500
_AMOUNTS = {"net": _("net"), "tax": _("tax"), "total": _("total")}


@dataclass(frozen=True, slots=True)
class Result:
    """What one row says became of a document. Amounts ``None`` where it tells none.

    :ivar authority_uid: the number that the authority gave
    :ivar code, message: of a refusal
    """

    status: Status
    authority_uid: str = ""
    issued_at: datetime | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    code: str = ""
    message: str = ""
    serial: str = ""
    qr: str = ""


class ResultError(ValueError):
    """What rows say of a document does not fit it.

    :ivar problems: each as a sentence
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__(" ".join(problem.text for problem in problems))
        self.problems = problems


def result_of(values: Mapping[str, Any]) -> Result:
    """Return what a row says. Where no state is told, a number means that it is valid,
    and a cause that it was refused.

    :raise ResultError: the state is none, or nothing is said
    """
    told = {
        name: str(values.get(name) or "").strip()[:_LONGEST]
        for name in ("authority_uid", "code", "message", "serial", "qr")
    }
    return Result(
        status=_status(values, told),
        issued_at=values.get("issued_at"),
        net=values.get("net"),
        tax=values.get("tax"),
        total=values.get("total"),
        **told,
    )


def _status(values: Mapping[str, Any], told: Mapping[str, str]) -> Status:
    state = str(values.get("state") or "").strip()
    if state:
        if state.lower() in STATES:
            return STATES[state.lower()]
        raise ResultError(
            Problem(
                "state",
                _(
                    "The state “%(state)s” is not known. Write in the profile, at the"
                    " column of the state, which of ours it is."
                ),
                values={"state": state[:_LONGEST]},
            )
        )
    if told["authority_uid"]:
        return Status.VALID
    if told["message"] or told["code"]:
        return Status.INVALID
    raise ResultError(
        Problem(
            "nothing",
            _("The row says neither a state nor a number nor a cause."),
        )
    )


def outcome_of(
    authority: Authority,
    document: Document,
    receipt: Receipt,
    results: Sequence[Result],
) -> Outcome:
    """Return what rows say of a document as the authority would have answered.

    Rows that say the same count once (a file may have one for each line). Several
    numbers are a document that was split: their amounts together are its amounts.

    An authority may read them itself (``file_outcome``, see the contract).

    :param receipt: what the document says
    :param results: at least one
    :raise ResultError: they do not agree with each other or with the document
    """
    told = list(dict.fromkeys(results))
    problems = _disagreements(told) or [
        *_number_problems(authority, document, told),
        *_differences(receipt, told),
    ]
    if problems:
        raise ResultError(*problems)
    own = getattr(authority, "file_outcome", None)
    if own is None:
        return _plain_outcome(document, told)
    try:
        outcome: Outcome = own(document, told)
    except AuthorityError as error:
        raise ResultError(_problem(error)) from error
    return outcome


def wrong_anyhow(
    authority: Authority,
    document: Document,
    receipt: Receipt,
    results: Sequence[Result],
) -> list[Problem]:
    """Return what is wrong with some of the rows about a document, whatever the others
    say: they do not agree, or their amounts alone are more than the document's.

    :param receipt: what the document says
    :param results: those of the rows that could be read, at least one
    """
    told = list(dict.fromkeys(results))
    return _disagreements(told) or [
        *_number_problems(authority, document, told),
        *_differences(receipt, told, rest=True),
    ]


def _problem(error: AuthorityError) -> Problem:
    text = error.args[0]
    if isinstance(text, Sentence):
        return Problem(error.code, text.message, values=text.values)
    return Problem(error.code, str(text))


def _disagreements(told: Sequence[Result]) -> list[Problem]:
    if len({one.status for one in told}) > 1:
        return [
            Problem(
                "states_differ",
                _("Several rows speak of it, and each of another state."),
            )
        ]
    numbers = [one.authority_uid for one in told]
    if len(told) > 1 and len(set(numbers)) < len(told):
        return [
            Problem(
                "rows_differ",
                _("Several rows speak of it, and do not say the same."),
            )
        ]
    return []


def _number_problems(
    authority: Authority, document: Document, told: Sequence[Result]
) -> list[Problem]:
    numbers = [one.authority_uid for one in told if one.authority_uid]
    if document.uid and numbers and document.uid not in numbers:
        return [
            Problem(
                "other_number",
                _("It has the number %(ours)s, and the file says %(theirs)s."),
                values={"ours": document.uid, "theirs": numbers[0]},
            )
        ]
    comes = authority.capabilities.uid_at == "answer"
    valid = told[0].status == Status.VALID
    if comes and valid and not document.uid and len(numbers) < len(told):
        return [
            Problem(
                "number_missing",
                _("It is said to be valid, and the authority's number is missing."),
            )
        ]
    return []


def _differences(
    receipt: Receipt, told: Sequence[Result], *, rest: bool = False
) -> list[Problem]:
    """Return which amounts are others than the document's. Whether what is taken back
    has a sign differs from program to program, so signs do not count.

    :param rest: there are more rows, so that less is no difference
    """
    found = []
    for name, ours in totals_of(receipt).items():
        theirs = [getattr(one, name) for one in told]
        if any(one is None for one in theirs):
            continue
        together = abs(sum(theirs, Decimal(0)))
        if together > abs(ours) or (together != abs(ours) and not rest):
            found.append(
                Problem(
                    "amount_differs",
                    _(
                        "Its %(name)s is %(theirs)s in the file, and %(ours)s by the"
                        " document."
                    ),
                    values={
                        "name": Sentence(_AMOUNTS[name]),
                        "theirs": Money(together, receipt.currency),
                        "ours": Money(abs(ours), receipt.currency),
                    },
                )
            )
    return found


def _plain_outcome(document: Document, told: Sequence[Result]) -> Outcome:
    first = told[0]
    numbers = [one.authority_uid for one in told if one.authority_uid]
    given = {
        "serial": first.serial,
        "issued_at": _iso(first.issued_at),
        "numbers": ",".join(numbers) if len(numbers) > 1 else "",
    }
    ids = {name: text for name, text in given.items() if text}
    uid = document.uid or (numbers[0] if numbers else "")
    outcome = Outcome(document.key, first.status, uid, ids)
    if first.status in (Status.INVALID, Status.REJECTED):
        refusal = Problem(first.code or "refused", _plain_text(first))
        outcome = replace(outcome, errors=(refusal,))
    return outcome


def _plain_text(result: Result) -> str:
    return result.message or result.code or _("Refused.")


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(timezone.utc).isoformat() if moment else ""
