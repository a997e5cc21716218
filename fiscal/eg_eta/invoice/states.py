"""Changing the state of a document: cancel, reject, and decline either (ETA SDK,
/einvoicingapi/: cancel document, reject document, decline)."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from ...contract import AuthorityError
from ...messages import Sentence, _
from ...transport import Answer
from ..client import EtaClient, refuse
from ..jsontext import clean, dumps

_TOO_LATE = _(
    "The document's state at the authority does not allow this: its time is over, or it"
    " was cancelled or rejected already, or this was asked before. Ask the authority"
    " what became of it."
)


class States:
    """Asks ETA for changes of state. Nothing is told of what they lead to: that is
    asked afterwards.

    All methods raise TransientError, AuthenticationError, AmbiguousError, and
    AuthorityError when ETA refuses.
    """

    def __init__(self, client: EtaClient) -> None:
        self._client = client

    def cancel(self, uid: str, reason: str, keys: tuple[int, ...] = ()) -> None:
        """Ask to cancel a document of ours; the buyer may decline for some days."""
        self._change("cancel", uid, "cancelled", reason, keys)

    def reject(self, uid: str, reason: str, keys: tuple[int, ...] = ()) -> None:
        """Reject a document that we received; its issuer may decline for some days."""
        self._change("reject", uid, "rejected", reason, keys)

    def decline_rejection(self, uid: str, keys: tuple[int, ...] = ()) -> None:
        """Decline that the buyer rejected a document of ours; possible once."""
        self._decline(uid, "rejection", keys)

    def decline_cancellation(self, uid: str, keys: tuple[int, ...] = ()) -> None:
        """Decline that a document that we received is cancelled; possible once."""
        self._decline(uid, "cancelation", keys)  # ETA's spelling

    def _change(
        self,
        purpose: str,
        uid: str,
        status: Literal["cancelled", "rejected"],
        reason: str,
        keys: tuple[int, ...],
    ) -> None:
        reason = clean(reason)
        if not reason:
            raise AuthorityError(
                "reason_missing",
                Sentence(_("The authority wants a reason. Enter one.")),
            )
        body = dumps({"status": status, "reason": reason}).encode()
        self._put(purpose, f"{_state_of(uid)}/state", body, keys)

    def _decline(
        self, uid: str, what: Literal["rejection", "cancelation"], keys: tuple[int, ...]
    ) -> None:
        self._put("decline", f"{_state_of(uid)}/decline/{what}", b"", keys)

    def _put(self, purpose: str, path: str, body: bytes, keys: tuple[int, ...]) -> None:
        self._client.send(purpose, path, body, _read, keys, "PUT")


def _state_of(uid: str) -> str:
    if not uid:
        raise AuthorityError(
            "no_uuid",
            Sentence(
                _(
                    "The authority has not given the document a UUID, so nothing can be"
                    " asked about it. Send it first."
                )
            ),
        )
    return f"/api/v1.0/documents/state/{quote(uid, safe='')}"


def _read(answer: Answer) -> None:
    """Raise for an answer that refuses; what else it says is no news."""
    try:
        refuse(answer)
    except AuthorityError as exc:
        if exc.code.casefold() != "validationerror":
            raise
        raise AuthorityError(
            exc.code, Sentence(_TOO_LATE), exc.path, errors=exc.errors
        ) from exc
