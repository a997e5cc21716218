"""A receipt's number in its three parts: ``number/premises/device``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..contract import Receipt

NUMBER = re.compile(r"[1-9][0-9]{0,19}")
PREMISES = re.compile(r"[0-9a-zA-Z]{1,20}")


@dataclass(frozen=True, slots=True)
class ReceiptNumber:
    """The parts as texts, in the order in which they are printed (schema,
    BrojRacunaType).

    :ivar number: without leading zeros, from 1 on in each year
    :ivar premises: as registered with the tax administration
    :ivar device: of the charging device, without leading zeros
    """

    number: str
    premises: str
    device: str

    def __str__(self) -> str:
        return f"{self.number}/{self.premises}/{self.device}"


def number_of(receipt: Receipt) -> ReceiptNumber:
    """Return a receipt's number; parts that are missing are empty.

    The number is ``data["sequence_number"]`` where the caller counts by itself (his
    document's name may be anything then), else the first part of ``receipt.number``;
    premises and device are the device's (``data``, ``premises``, ``device_number``).
    """
    counted = receipt.data.get("sequence_number")
    first = receipt.number.partition("/")[0] if counted is None else str(counted)
    own = receipt.device.data
    return ReceiptNumber(
        first.strip().lstrip("0"),
        str(own.get("premises") or "").strip(),
        str(own.get("device_number") or "").strip(),
    )


def fits_text(receipt: Receipt, number: ReceiptNumber) -> bool:
    """Tell whether what is printed on the receipt is its number; where the caller
    counts by himself, that is his matter."""
    if receipt.data.get("sequence_number") is not None:
        return True
    return receipt.number.strip().lstrip("0") == str(number)
