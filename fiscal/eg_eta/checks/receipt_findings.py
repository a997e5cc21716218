"""What only the checks of receipts need to know."""

from __future__ import annotations

from dataclasses import dataclass

from ..receipt_types import ReceiptType
from ..settings import Settings
from .findings import Findings


@dataclass(slots=True)
class ReceiptFindings(Findings):
    """The problems of a receipt.

    :ivar device_serial: the device that the connection speaks for, "" if any
    :ivar type: what the receipt is issued as, ``None`` when there is no such type
    """

    settings: Settings
    device_serial: str = ""
    type: ReceiptType | None = None
