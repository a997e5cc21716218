"""What Nuonuo tells by calling us (spec china 1.1): that something happened.

A call-back is not signed, so it is a hint and never a verdict: whoever receives one
asks. Nothing is taken from it but what to ask about. What cannot be understood is still
a hint that something happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs

from ..jsonobject import read_object
from .numbering import is_order_number, order_of_bill
from .text import told

MOST_BYTES = 2 * 1024 * 1024
"""The largest body that is read: lines may be in it."""

Topic = Literal["fapiao", "red", "other"]

_TOPICS: Mapping[str, Topic] = {
    "callback": "fapiao",
    "invoiceInvalid": "fapiao",
    "redConfirmCallback": "red",
}
TAKEN = (
    b'{"status":"0000","message":"\xe5\x90\x8c\xe6\xad\xa5\xe6\x88\x90\xe5\x8a\x9f"}'
)
"""The answer to a call-back that was understood."""
NOT_TAKEN = (
    b'{"status":"9999","message":"\xe6\x97\xa0\xe6\xb3\x95\xe5\xa4\x84\xe7\x90\x86"}'
)
"""The answer to one that was not; it is not told again."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom something happened to, as far as it is named: all may be "".

    :ivar topic: ask about a fapiao, or about a red letter's request
    :ivar seller: the tax number that it says it is for
    :ivar status: the vendor's word; a hint as all else
    """

    topic: Topic
    order_no: str = ""
    serial: str = ""
    bill_id: str = ""
    seller: str = ""
    status: str = ""

    @property
    def order(self) -> str:
        """The order number of the document that is to be asked about, "" if none is
        named that could be ours."""
        if is_order_number(self.order_no):
            return self.order_no
        return order_of_bill(self.bill_id)


def read_hint(body: bytes) -> Hint:
    """Read a call-back, a form or JSON.

    :raise ValueError: it is too large, or neither
    """
    if len(body) > MOST_BYTES:
        raise ValueError(f"A call-back of {len(body)} bytes is not read")
    outer = _json(body) if body.lstrip()[:1] == b"{" else _form(body)
    content = outer.get("content")
    inner = _json(content.encode()) if isinstance(content, str) else content
    both = {**outer, **(inner if isinstance(inner, Mapping) else {})}
    return Hint(
        _TOPICS.get(told(outer.get("operater")), "other"),
        _first(both, "c_orderno", "orderno", "orderNo"),
        _first(both, "c_fpqqlsh", "invoiceSerialNum", "serialNo"),
        _first(both, "billId"),
        _first(both, "c_saletaxnum", "sellerTaxNo"),
        _first(both, "c_status", "billStatus", "invalidStatus"),
    )


def _json(body: bytes) -> Mapping[str, Any]:
    return read_object(body, MOST_BYTES, "call-back")


def _form(body: bytes) -> Mapping[str, Any]:
    fields = parse_qs(body.decode(), max_num_fields=50)
    if not fields:
        raise ValueError("The call-back is empty")
    return {name: values[0] for name, values in fields.items()}


def _first(members: Mapping[str, Any], *names: str) -> str:
    return next((text for n in names if (text := told(members.get(n), 100))), "")
