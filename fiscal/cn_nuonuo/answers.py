"""What Nuonuo answers of fapiao and of red letters' requests, and what that means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from ..contract import Document, Outcome, Problem, Status
from ..messages import Money, Sentence, _
from . import errors
from .amounts import LARGEST, plain
from .error_catalogue import HELD, RED_STATES
from .fapiao import NORMAL, Fapiao
from .moments import read_local, read_millis
from .qr import read_qr
from .text import told
from .wording import NATURES, REASONS, of_bureau

DONE, ISSUING, LAYING_OUT, FAILED, UNSIGNED = "2", "20", "21", "22", "24"
VOIDED, VOIDING = "3", "31"
AGREED = ("01", "04")
"""States of a request with which the red fapiao is issued by itself."""
WAITING = ("02", "03")
"""States in which one side has to decide."""
WITHDRAWN = ("08", "09")
FOR_US = "03"
"""The buyer has asked, and the seller is waited for."""
WITHDRAWING, CONFIRMING, NOT_CONFIRMED = "01", "03", "04"
"""What is being done with a request, or could not be."""

_ISSUED = (DONE, UNSIGNED)
_NUMBER = re.compile(r"[0-9]{20}")
_MOST_ROWS = 500
_MOST_ITEMS = 2000
_LONGEST_URL = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a fapiao, or of a request for a red letter, as it is answered.

    :ivar nature: as a fapiao's line has it
    :ivar blue_line: of a request, the line of the fapiao, from 1; 0 for none
    """

    name: str
    code: str
    rate: Decimal
    net: Decimal
    tax: Decimal
    quantity: Decimal | None = None
    unit: str = ""
    spec: str = ""
    nature: str = NORMAL
    blue_line: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One fapiao of an answer; amounts ``None`` where they are not told.

    :ivar blue_number: the one that a red one takes back
    :ivar items: its lines, where they were asked for and can be read
    """

    order_no: str
    serial: str
    status: str
    cause: str
    number: str
    net: Decimal | None
    tax: Decimal | None
    total: Decimal | None
    issued_at: datetime | None
    qr: str
    pdf_url: str
    ofd_url: str
    xml_url: str
    blue_number: str
    items: tuple[Item, ...] = ()

    @property
    def issued(self) -> bool:
        """It has a number, so it counts, whatever becomes of its files."""
        return self.status in _ISSUED and bool(self.number)


@dataclass(frozen=True, slots=True)
class RedRequest:
    """A request for a red letter, of ours or of the buyer's.

    :ivar state: of the table ``red_state``
    :ivar doing: ``01`` being withdrawn, ``02`` could not be, ``03`` being confirmed,
        ``04`` could not be; "" for none
    :ivar issued: the red fapiao is there
    :ivar by_buyer: he asked for it
    :ivar net: what is taken back, positive, as ``tax``; ``None`` where it is not told
    :ivar reason: of the table ``return_reason``, "" for another one
    :ivar items: the lines of a partial one, figures positive, where they are told
    """

    bill_id: str
    bill_no: str
    bill_uuid: str
    state: str
    words: str
    doing: str
    issued: bool
    order_no: str
    serial: str
    by_buyer: bool
    blue_number: str = ""
    net: Decimal | None = None
    tax: Decimal | None = None
    reason: str = ""
    asked_at: datetime | None = None
    buyer_name: str = ""
    buyer_number: str = ""
    items: tuple[Item, ...] = ()

    def ids(self) -> dict[str, str]:
        """Return what a document keeps of it."""
        given = {
            "bill_id": self.bill_id,
            "bill_no": self.bill_no,
            "bill_uuid": self.bill_uuid,
            "red_state": self.state,
        }
        told = {name: text for name, text in given.items() if text}
        # what was under way may be over
        return {**told, "red_request": self.doing}


def rows_of(result: Any) -> list[Row]:
    """Read the list of an answer to ``queryInvoiceResult``.

    :raise TypeError: it is none
    """
    if result is None:
        return []
    if not isinstance(result, list) or len(result) > _MOST_ROWS:
        raise TypeError("The result is no list")
    return [_row(one) for one in result if isinstance(one, Mapping)]


def _row(one: Mapping[str, Any]) -> Row:
    number = told(one.get("allElectronicInvoiceNumber")) or told(one.get("invoiceNo"))
    return Row(
        told(one.get("orderNo")),
        told(one.get("serialNo")),
        told(one.get("status")),
        told(one.get("failCause")) or told(one.get("statusMsg")),
        number if _NUMBER.fullmatch(number) else "",
        amount_or_none(one.get("exTaxAmount")),
        amount_or_none(one.get("taxAmount")),
        amount_or_none(one.get("orderAmount")),
        read_millis(one.get("invoiceTime")),
        told(one.get("qrCode")),
        told(one.get("pdfUrl"), _LONGEST_URL),
        told(one.get("ofdUrl"), _LONGEST_URL),
        told(one.get("xmlUrl"), _LONGEST_URL),
        told(one.get("oldEleInvoiceNumber")),
        _items(one.get("invoiceItems"), _item),
    )


def _items(rows: Any, read: Callable[[Mapping[str, Any]], Item]) -> tuple[Item, ...]:
    """Read lines; nothing if one of them cannot be read."""
    if not isinstance(rows, list) or len(rows) > _MOST_ITEMS:
        return ()
    try:
        return tuple(read(one) for one in rows if isinstance(one, Mapping))
    except (ValueError, TypeError):
        return ()


def _item(one: Mapping[str, Any]) -> Item:
    """Read a line of a fapiao.

    :raise ValueError: its amounts are none
    """
    shown, tax = _amount(one.get("itemAmount")), _amount(one.get("itemTaxAmount"))
    included = told(one.get("isIncludeTax")).lower() == "true"
    return Item(
        told(one.get("itemName")),
        told(one.get("itemCode")),
        _rate(one.get("itemTaxRate")),
        shown - tax if included else shown,
        tax,
        _quantity(one.get("itemNum")),
        told(one.get("itemUnit")),
        told(one.get("itemSpec")),
        of_bureau(NATURES, told(one.get("invoiceLineProperty"))) or NORMAL,
    )


def _red_item(one: Mapping[str, Any]) -> Item:
    """Read a line of a request, whose figures are negative; assumed to be told as it
    is asked for.

    :raise ValueError: its amounts are none
    """
    place = told(one.get("blueDetailIndex"))
    quantity = _quantity(one.get("num"))
    return Item(
        told(one.get("goodsName")),
        told(one.get("goodsCode")),
        _rate(one.get("taxRate")),
        abs(_amount(one.get("taxExcludedAmount"))),
        abs(_amount(one.get("taxAmount"))),
        None if quantity is None else abs(quantity),
        told(one.get("unit")),
        told(one.get("specType")),
        blue_line=int(place) if place.isascii() and place.isdecimal() else 0,
    )


def _amount(value: Any) -> Decimal:
    amount = amount_or_none(value)
    if amount is None:
        raise ValueError("It is no amount")
    return amount


def _rate(value: Any) -> Decimal:
    percent = told(value).endswith("%")
    rate = _amount(told(value)[:-1] if percent else value)
    return plain(rate / 100 if percent else rate)


def _quantity(value: Any) -> Decimal | None:
    quantity = amount_or_none(value)
    return plain(quantity) if quantity else None


def amount_or_none(value: Any) -> Decimal | None:
    """Return an amount of an answer, a text or a number; ``None`` for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < LARGEST * 100 else None


def requests_of(result: Any) -> list[RedRequest]:
    """Read the list of an answer to ``queryInvoiceRedConfirm``.

    :raise TypeError: it is none
    """
    if result is None:
        return []
    rows = result.get("list") if isinstance(result, Mapping) else result
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise TypeError("The result is no list")
    return [_request(one) for one in rows if isinstance(one, Mapping)]


def _request(one: Mapping[str, Any]) -> RedRequest:
    return RedRequest(
        told(one.get("billId")),
        told(one.get("billNo")),
        told(one.get("billUuid")),
        told(one.get("billStatus")).zfill(2),
        told(one.get("billMessage")),
        told(one.get("requestStatus")),
        told(one.get("openStatus")) == "1",
        told(one.get("orderNo")),
        told(one.get("invoiceSerialNum")),
        told(one.get("applySource")) == "1",
        told(one.get("blueElecInvoiceNumber")),
        _positive(one.get("taxExcludedAmount")),
        _positive(one.get("taxAmount")),
        of_bureau(REASONS, told(one.get("redReason"))),
        _moment(told(one.get("billTime"))),
        told(one.get("buyerName")),
        told(one.get("buyerTaxNo")),
        _items(one.get("detail"), _red_item),
    )


def _positive(value: Any) -> Decimal | None:
    amount = amount_or_none(value)
    return None if amount is None else abs(amount)


def _moment(text: str) -> datetime | None:
    try:
        return read_local(text)
    except ValueError:
        return None


# ----------------------------------------------------------------------------------
# What it means
# ----------------------------------------------------------------------------------


def outcome_of(
    document: Document,
    fapiao: Fapiao,
    rows: Sequence[Row],
    ids: Mapping[str, str] | None = None,
) -> Outcome:
    """Return what became of a document by the fapiao of its order, of which there may
    be several: the provider splits what exceeds a single fapiao's limit.

    It is valid once all are issued. What is partly issued is never called refused: it
    must not be issued anew. Where a person has to do something before the others are
    issued, that is told as an error of what is pending.

    :param rows: at least one
    :param ids: what else is known of it
    """
    key, ordered = document.key, sorted(rows, key=lambda row: (row.number, row.serial))
    found = {**(ids or {}), **_ids(fapiao, ordered)}
    uid = next((row.number for row in ordered if row.issued), document.uid)
    failed = [row for row in rows if row.status == FAILED]
    causes = tuple({p.code: p for p in map(_cause, failed)}.values())
    held = tuple(p for p in causes if p.code in HELD)
    warnings = _warnings(fapiao, ordered, bool(held))
    if all(row.issued for row in rows):
        return Outcome(key, Status.VALID, uid, found, warnings=warnings)
    if len(failed) == len(rows):
        return Outcome(key, Status.INVALID, document.uid, found, causes)
    if all(row.status == VOIDED for row in rows):
        return Outcome(key, Status.CANCELLED, uid, found)
    if any(row.status == VOIDING for row in rows):
        return Outcome(key, Status.CANCELLING, uid, found)
    if any(row.status == ISSUING for row in rows):
        held = ()
    return Outcome(key, Status.PENDING, uid, found, held, warnings=warnings)


def _cause(row: Row) -> Problem:
    return errors.cause(row.cause)


def _ids(fapiao: Fapiao, rows: Sequence[Row]) -> dict[str, str]:
    issued = [row for row in rows if row.issued]
    given = {
        "order": fapiao.order_no,
        "serial": rows[0].serial,
        "status": ",".join(dict.fromkeys(row.status for row in rows)),
    }
    if issued:
        first = issued[0]
        given["number"] = first.number
        given["qr"] = qr_of(first)
        if first.issued_at is not None:
            given["issued_at"] = first.issued_at.astimezone(timezone.utc).isoformat()
    if len(rows) > 1:
        given["serials"] = ",".join(row.serial for row in rows)
        given["numbers"] = ",".join(row.number for row in issued)
        given["totals"] = ",".join(f"{row.total or 0:.2f}" for row in issued)
    return {name: text for name, text in given.items() if text}


def qr_of(row: Row) -> str:
    """Return the face's QR text, if it is one and this fapiao's."""
    try:
        return row.qr if read_qr(row.qr).number == row.number else ""
    except ValueError:
        return ""


def _warnings(fapiao: Fapiao, rows: Sequence[Row], held: bool) -> tuple[Problem, ...]:
    found = []
    failed = [row for row in rows if row.status == FAILED]
    if failed and len(failed) < len(rows) and not held:
        found.append(
            Problem(
                "split_partly_failed",
                _(
                    "The document was split, and %(failed)s of %(all)s fapiao could not"
                    " be issued (%(words)s). Have those tried again; the others count."
                ),
                values={
                    "failed": len(failed),
                    "all": len(rows),
                    "words": failed[0].cause,
                },
            )
        )
    if any(row.status in _ISSUED and not row.number for row in rows):
        found.append(
            Problem(
                "number_missing",
                _("The fapiao is said to be issued, but has no number yet."),
            )
        )
    if any(row.status == UNSIGNED for row in rows):
        found.append(
            Problem(
                "layout_failed",
                _(
                    "The fapiao is issued, but the provider could not sign its files."
                    " Ask the provider for them."
                ),
            )
        )
    if all(row.issued for row in rows):
        found += _differences(fapiao, rows)
    return tuple(found)


def _differences(fapiao: Fapiao, rows: Sequence[Row]) -> list[Problem]:
    found = []
    for name, ours, theirs in (
        (_("total"), fapiao.total, [row.total for row in rows]),
        (_("tax"), fapiao.tax, [row.tax for row in rows]),
    ):
        if any(one is None for one in theirs):
            continue
        together = sum((one for one in theirs if one is not None), Decimal(0))
        # whether a red one's amounts are told with their sign is not confirmed
        if abs(together) != abs(ours):
            found.append(_differs(name, ours, together))
    blue = fapiao.red.blue_number if fapiao.red else ""
    other = next((r.blue_number for r in rows if r.blue_number not in ("", blue)), "")
    if blue and other:
        found.append(
            Problem(
                "other_blue",
                _(
                    "The red letter takes back the fapiao %(theirs)s, not %(ours)s. Ask"
                    " the provider."
                ),
                values={"theirs": other, "ours": blue},
            )
        )
    return found


def _differs(name: str, ours: Decimal, theirs: Decimal) -> Problem:
    return Problem(
        "amount_differs",
        _(
            "The %(name)s of what was issued is %(theirs)s, and %(ours)s by the"
            " document. Compare both and correct what is wrong."
        ),
        values={
            "name": Sentence(name),
            "theirs": Money(theirs, "CNY"),
            "ours": Money(ours, "CNY"),
        },
    )


def red_outcome(document: Document, request: RedRequest) -> Outcome:
    """Return what a red letter's request came to, before the red fapiao is there."""
    code = f"red_{request.state}"
    if code in RED_STATES:
        return Outcome(
            document.key,
            Status.INVALID,
            document.uid,
            request.ids(),
            (errors.problem(code, request.words),),
        )
    warnings: tuple[Problem, ...] = ()
    if request.doing in ("02", "04"):
        warnings = (
            Problem(
                "red_request_failed",
                _(
                    "The tax bureau did not take the last confirmation or withdrawal of"
                    " the red letter (%(words)s). Try it again."
                ),
                values={"words": request.words or request.doing},
            ),
        )
    return Outcome(
        document.key, Status.PENDING, document.uid, request.ids(), warnings=warnings
    )
