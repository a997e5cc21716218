"""The names by which a provider knows our documents.

``orderNo`` is unique for each company and stays taken after a failure (spec china 1.1,
E9106), so a document that is issued anew under the same number needs another one: its
time of issue is in it, too.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timezone

LONGEST_ORDER = 20
LONGEST_BILL = 32

_HASH = 9
_BILL = "R"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_ORDER = re.compile(rf"[A-Za-z0-9-]{{1,{LONGEST_ORDER}}}")


def order_number(seller: str, number: str, issued_at: datetime) -> str:
    """Return the order number of a document: the end of its own number, to be
    recognised, and nine characters that make it unique."""
    moment = issued_at.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None)
    whole = "\n".join((seller, number, moment.isoformat())).encode()
    mark = base64.b32encode(hashlib.sha256(whole).digest()).decode()[:_HASH]
    seen = _NOT_PLAIN.sub("-", number).strip("-")[-(LONGEST_ORDER - _HASH - 1) :]
    return f"{seen.lstrip('-')}-{mark}".lstrip("-")


def is_order_number(text: str) -> bool:
    """Tell whether a text can be an order number of ours."""
    return _ORDER.fullmatch(text) is not None


def bill_number(order_no: str) -> str:
    """Return the name of the request for a red letter (``billId``)."""
    return f"{_BILL}{order_no}"


def order_of_bill(bill_id: str) -> str:
    """Return the order number that a request of ours is named after, "" if it cannot
    be one of ours."""
    order_no = bill_id.removeprefix(_BILL)
    return order_no if order_no != bill_id and is_order_number(order_no) else ""
