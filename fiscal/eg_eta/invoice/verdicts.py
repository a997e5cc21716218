"""What ETA's words about a document mean.

==================  ========================================  ====================
at the authority    and                                       here
==================  ========================================  ====================
Submitted           its validation is not over                ``PENDING``
Valid               nothing was asked, or it was declined     ``VALID``
Valid               we asked to cancel it (from here or on    ``CANCELLING``
                    the portal), and the buyer may decline
Valid               the buyer asked to reject it, and we      ``REJECTED``
                    may still decline (window ``decline``)
Invalid                                                       ``INVALID``
Cancelled                                                     ``CANCELLED``
Rejected                                                      ``REJECTED``
==================  ========================================  ====================

So a cancellation that was asked for and of which the document is ``VALID`` again was
declined. A rejection counts from the moment that the
buyer asks for it, since it takes effect by itself unless it is declined; the window
``decline`` tells that it still can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...contract import Problem, Status
from ...messages import _
from ..asking import moment_or_none, reasons, status_of, texts
from ..errors import problems_of

_IDS = {
    "submission": "submissionUUID",
    "long_id": "longId",
    "hash_key": "hashKey",
    "late_request": "lateSubmissionRequestNumber",
}
_WINDOWS = {"cancel": "canbeCancelledUntil", "reject": "canbeRejectedUntil"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a row of ETA says of a document; see :class:`~.contract.Outcome`.

    :ivar complete: it tells all there is to know: windows of a valid document, reasons
        for an invalid one
    """

    status: Status
    uid: str
    ids: Mapping[str, str]
    errors: tuple[Problem, ...]
    windows: Mapping[str, datetime]
    complete: bool


def verdict_of(row: Mapping[str, Any], whole: Status | None = None) -> Verdict | None:
    """Return what a row says, ``None`` if it says nothing.

    :param row: a document in a submission, in a list, or its details
    :param whole: what is said of its whole submission, "" if nothing
    """
    status = status_of(row.get("status")) or whole
    if status is None:
        return None
    windows = {n: m for n, v in _WINDOWS.items() if (m := moment_or_none(row.get(v)))}
    errors: tuple[Problem, ...] = ()
    results = row.get("validationResults")
    complete = True
    if status is Status.VALID:
        status, errors, more = _asked(row)
        complete = bool(windows)
        windows.update(more)
    elif status is Status.INVALID:
        errors = _steps(results) or reasons(row.get("errors"), status)
        complete = isinstance(results, Mapping)
    elif status in (Status.CANCELLED, Status.REJECTED):
        errors = _reason(row, status)
    uid = row.get("uuid")
    ids = texts(row, _IDS)
    return Verdict(
        status, uid if isinstance(uid, str) else "", ids, errors, windows, complete
    )


def _asked(
    row: Mapping[str, Any],
) -> tuple[Status, tuple[Problem, ...], dict[str, datetime]]:
    """Return what a valid document really is, since somebody may have asked for its
    end."""
    if _is_open(row, "Cancel"):
        until = moment_or_none(row.get("cancelRequestDelayedDate"))
        problem = Problem(
            "cancellation_asked",
            _(
                "The cancellation was asked for; the buyer may decline it until"
                " %(until)s."
            ),
            values={"until": _day(until)},
        )
        return Status.CANCELLING, (problem,), {}
    if _is_open(row, "Reject"):
        until = moment_or_none(row.get("rejectRequestDelayedDate"))
        windows = {"decline": until} if until is not None else {}
        return Status.REJECTED, _reason(row, Status.REJECTED), windows
    return Status.VALID, (), {}


def _is_open(row: Mapping[str, Any], what: str) -> bool:
    """Tell whether something was asked for and not declined afterwards."""
    asked = moment_or_none(row.get(f"{what.lower()}RequestDate"))
    declined = moment_or_none(row.get(f"decline{what}RequestDate"))
    return asked is not None and (declined is None or declined < asked)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment is not None else "?"


def _reason(row: Mapping[str, Any], status: Status) -> tuple[Problem, ...]:
    words = row.get("documentStatusReason") or row.get("statusReason")
    if not isinstance(words, str) or not words.strip():
        words = "-"
    if status is Status.REJECTED:
        message = _("The buyer rejected the document: %(reason)s")
        return (Problem("rejected_by_buyer", message, values={"reason": words}),)
    message = _("The document was cancelled: %(reason)s")
    return (Problem("cancelled", message, values={"reason": words}),)


def _steps(results: Any) -> tuple[Problem, ...]:
    """Return why the steps of the validation failed; one that does not say why is
    named itself."""
    steps = results.get("validationSteps") if isinstance(results, Mapping) else None
    found: list[Problem] = []
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, Mapping):
            continue
        if status_of(step.get("status")) in (Status.INVALID, None):
            name = step.get("name") or step.get("stepName")
            said = problems_of(step.get("error"))
            found += said or ([Problem("", name)] if isinstance(name, str) else [])
    return tuple(found)
