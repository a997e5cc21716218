"""What is done about red letters beside asking for one: the other side's requests, and
taking a request back (spec china 1.1 and 2.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

from ..contract import (
    AuthorityError,
    Document,
    FiscalError,
    Outcome,
    Status,
    TransientError,
)
from ..messages import Sentence, _
from . import errors
from .answers import (
    CONFIRMING,
    FOR_US,
    WITHDRAWING,
    WITHDRAWN,
    RedRequest,
    red_outcome,
)
from .client import NuonuoClient, Reply
from .enquiry import find_rows, red_request, red_requests, refresh
from .fapiao import Fapiao, RedPart, red_parts, thaw
from .moments import local_text
from .numbering import order_number
from .red_parts import RedParts
from .settings import Settings
from .text import clean, told
from .wording import KINDS, by_request

_MOST_REASON = 200
_LIFE = timedelta(days=4)
"""Nothing waits for longer than 72 hours."""
_LONGEST = timedelta(days=89)
"""A question is about 90 days at most."""


class RedLetters:
    """Red letters of one taxpayer.

    Each method raises ``TransientError``, ``AuthenticationError`` and
    ``AuthorityError``, and ``AmbiguousError`` where it changes something.
    """

    def __init__(
        self, client: NuonuoClient, seller_id: str, settings: Settings
    ) -> None:
        self._client = client
        self._seller_id = seller_id
        self._settings = settings

    def requests(
        self, start: datetime, end: datetime, state: str = ""
    ) -> Iterator[RedRequest]:
        """Yield the requests of a period of at most 90 days. Those in state ``03`` are
        the buyers', and wait for us.

        :param state: of the table ``red_state``, "" for all
        """
        return red_requests(self._client, start, end, state)

    def of_buyers(
        self, now: datetime, following: Mapping[str, datetime]
    ) -> list[RedRequest]:
        """Return the buyers' requests that wait for us, and others that are followed,
        as they stand.

        :param now: the present moment, aware
        :param following: the bureau's names of the others, with when they were begun
        """
        if self._settings.red_refresh:
            # it answers codes without a text when it does not like to, and is a help
            with suppress(TransientError, AuthorityError):
                self.refresh_period(now - _LIFE, now)
        start, end = now - _LONGEST, now + timedelta(hours=1)
        found = {one.bill_uuid: one for one in self.requests(start, end, FOR_US)}
        others = {uuid: at for uuid, at in following.items() if uuid not in found}
        if others:
            since = max(start, min(others.values()) - timedelta(hours=1))
            for one in self.requests(since, end):
                if one.bill_uuid in others:
                    found[one.bill_uuid] = one
        return [one for one in found.values() if one.by_buyer and one.bill_uuid]

    def find(self, bill_uuid: str) -> RedRequest | None:
        """Return a request by the bureau's name, ``None`` if it is not known."""
        return red_request(self._client, 0, RedPart("", "", bill_uuid=bill_uuid))

    def answer(self, bill_uuid: str, agree: bool, reason: str = "") -> RedRequest:
        """Agree to a buyer's request, or refuse it, and return how it stands then: one
        that is answered already, here or at the bureau, stays so.

        :raise AuthorityError: the bureau does not take it, though it is not answered
        """
        request = self._waiting(bill_uuid)
        if request.state != FOR_US or request.doing == CONFIRMING:
            return request
        try:
            self.confirm(
                request,
                agree,
                reason=reason,
                order_no=self.order_for(request) if agree else "",
            )
        except AuthorityError:
            now = self._waiting(bill_uuid)
            if now.state == FOR_US and now.doing != CONFIRMING:
                raise
            return now
        return self._waiting(bill_uuid)

    def _waiting(self, bill_uuid: str) -> RedRequest:
        request = self.find(bill_uuid)
        if request is None:
            raise AuthorityError(
                "red_unknown",
                Sentence(_("The tax bureau does not know the request any more.")),
            )
        return request

    def order_for(self, request: RedRequest) -> str:
        """Return the order number under which a red fapiao is issued that the buyer
        asked for: always the same."""
        moment = request.asked_at or datetime.fromtimestamp(0, timezone.utc)
        return order_number(self._seller_id, f"RED-{request.bill_uuid}", moment)

    def confirm(
        self, request: RedRequest, agree: bool, *, reason: str = "", order_no: str = ""
    ) -> None:
        """Agree to a buyer's request, or refuse it.

        :param reason: for a refusal, at most 200 characters
        :param order_no: the order number that the red fapiao shall have
        """
        body = {
            "identity": "0",
            "confirmAgreement": "1" if agree else "0",
            "confirmReason": clean(reason)[:_MOST_REASON],
            **_named(request),
            "orderNo": order_no,
            "callbackUrl": self._settings.callback_url,
        }
        self._change("confirm", body, "red_confirm", ())

    def withdraw(self, document: Document) -> Outcome:
        """Take our request back while the buyer has not decided: ``PENDING`` until the
        bureau has it withdrawn."""
        fapiao = thaw(document.content)
        parts = _parts_of(fapiao)
        if fapiao.red and fapiao.red.parts:
            divided = RedParts(self._client, document, fapiao)
            return divided.withdraw(lambda part: self._take_back(document, part))
        self._take_back(document, parts[0])
        return self._now(document, parts[0])

    def _take_back(self, document: Document, part: RedPart) -> None:
        """Withdraw a request; one that is withdrawn already stays so."""
        body = {**by_request(part), "callbackUrl": self._settings.callback_url}
        try:
            self._change("confirmInfoCancel", body, "red_withdraw", (document.key,))
        except AuthorityError:
            request = red_request(self._client, document.key, part)
            if request is None or not (
                request.state in WITHDRAWN or request.doing == WITHDRAWING
            ):
                raise

    def issue(self, document: Document) -> Outcome:
        """Have the red fapiao issued on a request that is agreed (``fastInvoiceRed``):
        it is issued by itself, and this is for one that was not.

        :raise AuthorityError: nobody knows the request, or it is not agreed
        """
        fapiao = thaw(document.content)
        (part, *_others) = _parts_of(fapiao)
        request = red_request(self._client, document.key, part)
        if request is None or not (request.bill_no and request.bill_uuid):
            raise AuthorityError(
                "red_not_agreed",
                Sentence(
                    _(
                        "The red letter's request has no number yet. Wait until both"
                        " sides agree."
                    )
                ),
            )
        body = {
            "orderNo": part.order_no,
            "taxNum": self._seller_id or fapiao.seller.tax_number,
            "elecInvoiceNumber": part.blue_number,
            "billNo": request.bill_no,
            "billUuid": request.bill_uuid,
            "invoiceLine": KINDS[fapiao.kind],
            "orderTime": local_text(fapiao.issued_at),
            "callBackUrl": self._settings.callback_url,
        }
        result = self._change(
            "fastInvoiceRed",
            body,
            "red_issue",
            (document.key,),
            errors.when_failed(self._settings),
        )
        ids = {**request.ids(), "order": part.order_no}
        if isinstance(result, Mapping):
            ids["serial"] = told(result.get("invoiceSerialNum"))
        return Outcome(document.key, Status.ACCEPTED, document.uid, ids)

    def issued(self, orders: Sequence[str]) -> dict[str, str]:
        """Return the numbers of red fapiao by their order numbers, of those that are
        issued."""
        rows = find_rows(self._client, list(orders))
        return {
            order: row.number
            for order, found in rows.items()
            for row in found
            if row.issued
        }

    def refresh_period(self, start: datetime, end: datetime) -> None:
        """Have the vendor ask the bureau for the requests of a period of at most 90
        days, so that what others began there is known here."""
        body = {
            "identity": "0",
            "startTime": local_text(start),
            "endTime": local_text(end),
        }
        self._change("refreshInvoiceRedConfirm", body, "red_refresh", ())

    def refresh(self, request: RedRequest) -> None:
        """Have the vendor ask the bureau for a request's state."""
        refresh(self._client, request.bill_uuid)

    def _now(self, document: Document, part: RedPart) -> Outcome:
        request = red_request(self._client, document.key, part)
        if request is None:
            return Outcome(document.key, Status.PENDING, document.uid)
        return red_outcome(document, request)

    def _change(
        self,
        name: str,
        body: Mapping[str, Any],
        purpose: str,
        keys: tuple[int, ...],
        failed: type[FiscalError] = AuthorityError,
    ) -> Any:
        def read(reply: Reply) -> Any:
            if not reply.success:
                errors.refuse(reply.code, reply.words, failed)
            return reply.result

        given = {name: value for name, value in body.items() if value != ""}
        return self._client.call(
            name, given, read, purpose=purpose, changes=True, keys=keys
        )


def _named(request: RedRequest) -> dict[str, str]:
    """Return one name of a request: the bureau's if there is one."""
    for name, value in (
        ("billUuid", request.bill_uuid),
        ("billNo", request.bill_no),
        ("billId", request.bill_id),
    ):
        if value:
            return {name: value}
    raise AuthorityError(
        "red_unnamed", Sentence(_("The red letter's request has no number."))
    )


def _parts_of(fapiao: Fapiao) -> tuple[RedPart, ...]:
    if fapiao.red is None:
        raise AuthorityError(
            "not_red",
            Sentence(_("The document is no red letter, so there is no request.")),
        )
    return red_parts(fapiao)
