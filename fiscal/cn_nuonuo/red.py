"""What is done about red letters beside asking for one: the other side's requests, and
taking a request back (spec china 1.1 and 2.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ..contract import AuthorityError, Document, FiscalError, Outcome, Status
from ..messages import Sentence, _
from . import errors
from .answers import RedRequest, red_outcome
from .client import NuonuoClient, Reply
from .enquiry import red_request, red_requests, refresh
from .fapiao import Fapiao, thaw
from .moments import local_text
from .settings import Settings
from .text import clean, told
from .wording import KINDS, by_request

_MOST_REASON = 200


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
        body = {**_by_document(fapiao), "callbackUrl": self._settings.callback_url}
        self._change("confirmInfoCancel", body, "red_withdraw", (document.key,))
        return self._now(document, fapiao)

    def issue(self, document: Document) -> Outcome:
        """Have the red fapiao issued on a request that is agreed (``fastInvoiceRed``):
        it is issued by itself, and this is for one that was not.

        :raise AuthorityError: nobody knows the request, or it is not agreed
        """
        fapiao = thaw(document.content)
        _by_document(fapiao)
        request = red_request(self._client, document, fapiao)
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
        assert fapiao.red is not None
        body = {
            "orderNo": fapiao.order_no,
            "taxNum": self._seller_id or fapiao.seller.tax_number,
            "elecInvoiceNumber": fapiao.red.blue_number,
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
        ids = {**request.ids(), "order": fapiao.order_no}
        if isinstance(result, Mapping):
            ids["serial"] = told(result.get("invoiceSerialNum"))
        return Outcome(document.key, Status.ACCEPTED, document.uid, ids)

    def refresh(self, request: RedRequest) -> None:
        """Have the vendor ask the bureau for a request's state."""
        refresh(self._client, request.bill_uuid)

    def _now(self, document: Document, fapiao: Fapiao) -> Outcome:
        request = red_request(self._client, document, fapiao)
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


def _by_document(fapiao: Fapiao) -> dict[str, Any]:
    if fapiao.red is None:
        raise AuthorityError(
            "not_red",
            Sentence(_("The document is no red letter, so there is no request.")),
        )
    return by_request(fapiao)
