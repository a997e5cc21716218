"""The platform tells a seller's address what became of an order (5.2 point 15).

A form ``operater=callback``, ``orderno``, ``content`` (JSON as text), without any
signature: whoever gets it can only take it as a hint to ask. It is sent again, up to
three times and a minute apart, only where there was no clear answer. What becomes of
a confirmation is told as JSON, ``operater`` being ``redConfirmCallback``.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from .. import outgoing
from . import names
from .gateway import dumps
from .names import milliseconds
from .results import file_url
from .store import Bill, Invoice

if TYPE_CHECKING:
    from .app import NuonuoApp

_FORM = "application/x-www-form-urlencoded;charset=UTF-8"
_JSON = "application/json;charset=UTF-8"
_STATES = {names.DONE: "1", names.FAILED: "2", names.UNSIGNED: "3"}
_IDLE = 0.05
FORGED_NUMBER = "26999999999999999999"
PENDING, DELIVERED, REFUSED, LOST, FAILED = (
    "pending",
    "delivered",
    "refused",
    "lost",
    "failed",
)


@dataclass
class Notice:
    """One call-back: ``pending``, then ``delivered``, ``refused`` (by the receiver's
    clear answer), ``failed`` (nobody answered clearly) or ``lost`` (never sent).

    :ivar due: seconds of the simulator's clock
    :ivar answers: status and text of every attempt
    """

    url: str
    order_no: str
    body: str
    media_type: str
    due: float
    kind: str = "true"
    status: str = PENDING
    answers: list[dict[str, Any]] = field(default_factory=list)


class Callbacks:
    """Decides what is told, and tells it from a thread of its own."""

    def __init__(self, app: NuonuoApp) -> None:
        self.app = app
        self.notices: list[Notice] = []
        self._waiting: list[Notice] = []
        self._thread: threading.Thread | None = None

    def clear(self) -> None:
        """Forget everything."""
        self.notices = []
        self._waiting = []

    # --- deciding (callers hold the store's lock) --------------------------------

    def accepted(self, invoice: Invoice, now: float) -> None:
        """An order was accepted: begin to watch, and forge what is ordered."""
        if not invoice.callback_url:
            return
        self.start()
        strike = self.app.bureau.strike
        if strike(invoice, "callback_forged", "callback"):
            forged = {**self.content(invoice), "c_status": "1"}
            forged["allElectronicInvoiceNumber"] = FORGED_NUMBER
            forged["c_kprq"] = str(milliseconds(now))
            self._add(self._notice(invoice, forged, now, "forged"))
        if strike(invoice, "callback_early", "callback"):
            early = {**self.content(invoice), "c_status": "1"}
            self._add(self._notice(invoice, early, now, "early"))

    def tell(self, invoice: Invoice, now: float) -> None:
        """An invoice has come to an end: tell, as the rules of misbehaviour say."""
        if not invoice.callback_url or not self.app.settings.callbacks:
            return
        self.start()
        strike = self.app.bureau.strike
        notice = self._notice(invoice, self.content(invoice), now, "true")
        late = strike(invoice, "callback_late", "callback")
        if late:
            notice.due += late.seconds
            notice.kind = "late"
        if strike(invoice, "callback_lost", "callback"):
            notice.kind, notice.status = LOST, LOST
        self._add(notice)
        if strike(invoice, "callback_doubled", "callback"):
            again = self._notice(invoice, self.content(invoice), notice.due, "doubled")
            self._add(again)

    def tell_bill(self, bill: Bill, now: float) -> None:
        """A confirmation has another state."""
        form = self.app.settings.red_confirm_callback
        if not bill.callback_url or form == "none" or not self.app.settings.callbacks:
            return
        self.start()
        values = {
            "operater": "redConfirmCallback",
            "billId": bill.bill_id,
            "billNo": bill.bill_no,
            "billUuid": bill.uuid,
            "billStatus": bill.state,
        }
        json_form = form == "json"
        body = dumps(values) if json_form else urlencode(values)
        media_type = _JSON if json_form else _FORM
        number = bill.order_no
        self._add(Notice(bill.callback_url, number, body, media_type, now, "bill"))

    def content(self, invoice: Invoice) -> dict[str, Any]:
        """``content``, before it is made text."""
        issued = bool(invoice.number)
        there = invoice.status == names.DONE
        return {
            "c_status": _STATES.get(invoice.status, "1"),
            "c_kprq": str(milliseconds(invoice.issued or 0)) if issued else "",
            "c_fpdm": invoice.code,
            "c_fphm": invoice.paper_number,
            "allElectronicInvoiceNumber": invoice.number,
            "oldEleInvoiceNumber": invoice.red.get("blue", ""),
            "c_bhsje": str(invoice.total("excl")),
            "c_hjse": str(invoice.total("tax")),
            "c_orderno": invoice.order_no,
            "c_fpqqlsh": invoice.serial,
            "c_errorMessage": invoice.fail_cause,
            "c_url": file_url(invoice, "pdf") if there else "",
            "c_ofd_url": file_url(invoice, "ofd") if there else "",
            "c_jpg_url": "",
            "c_invoice_line": invoice.kind_code,
            "c_saletaxnum": invoice.seller,
        }

    def _notice(
        self, invoice: Invoice, content: dict[str, Any], due: float, kind: str
    ) -> Notice:
        form = {
            "operater": "callback",
            "orderno": invoice.order_no,
            "content": dumps(content),
        }
        url, number = invoice.callback_url, invoice.order_no
        return Notice(url, number, urlencode(form), _FORM, due, kind)

    def _add(self, notice: Notice) -> None:
        self.app.store.changes += 1
        self.notices.append(notice)
        if notice.status == PENDING:
            self._waiting.append(notice)

    # --- telling ----------------------------------------------------------------

    def start(self) -> None:
        """Begin to tell: only where somebody wants to be told."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self.app.stopping.wait(_IDLE):
            now = self.app.clock.time()
            with self.app.lock:
                self.app.bureau.advance(now)
                due = [row for row in self._waiting if row.due <= now]
                self._waiting = [row for row in self._waiting if row.due > now]
            for notice in sorted(due, key=lambda row: row.due):
                self._deliver(notice)

    def _deliver(self, notice: Notice) -> None:
        settings = self.app.settings
        status, text = outgoing.send(
            notice.url,
            notice.body.encode(),
            {"Content-Type": notice.media_type},
            timeout=settings.callback_timeout,
        )
        now = self.app.clock.time()
        with self.app.lock:
            self.app.store.changes += 1
            answer = {"time": now, "status": status, "text": text[:500]}
            notice.answers.append(answer)
            clear = _clear(status, text)
            if clear is not None:
                notice.status = DELIVERED if clear else REFUSED
            elif len(notice.answers) > settings.callback_retries:
                notice.status = FAILED
            else:
                notice.due = now + settings.callback_retry_seconds
                self._waiting.append(notice)

    def restore(self, notices: list[Notice]) -> None:
        """Go on with those of a data file."""
        self.notices = notices
        self._waiting = [row for row in notices if row.status == PENDING]
        if self._waiting:
            self.start()

    def send(self, url: str, form: dict[str, str]) -> dict[str, Any]:
        """Post any form to an address of this machine, once."""
        status, text = outgoing.send(
            url, urlencode(form).encode(), {"Content-Type": _FORM}
        )
        return {"status": status, "body": text}


def _clear(status: int, text: str) -> bool | None:
    """Whether the receiver said yes or no; None: neither."""
    if not 200 <= status < 300:
        return None
    try:
        said = json.loads(text)["status"]
    except (ValueError, KeyError, TypeError):
        return None
    return {"0000": True, "9999": False}.get(said) if isinstance(said, str) else None
