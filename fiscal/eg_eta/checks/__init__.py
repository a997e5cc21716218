"""Everything that ETA would refuse in a receipt, found before it is issued."""

from __future__ import annotations

from datetime import datetime

from ...contract import Problem, Receipt
from ..amounts import Figures, figures
from ..receipt_types import ReceiptType, receipt_type
from ..settings import Settings
from .document import check_document
from .findings import utc
from .form import RECEIPT
from .lines import check_lines, computable
from .parties import check_buyer, check_seller
from .receipt_findings import ReceiptFindings
from .returns import check_return
from .taxes import check_taxes
from .totals import check_totals


class Examination:
    """What the checks found, with what they computed on the way.

    :ivar problems: all problems, empty when the receipt may be issued
    :ivar figures: the receipt's amounts, ``None`` when they cannot be computed
    :ivar type: what it is issued as, ``None`` when there is no such type
    """

    __slots__ = ("figures", "problems", "type")

    def __init__(
        self,
        problems: list[Problem],
        figures: Figures | None,
        type: ReceiptType | None,
    ) -> None:
        self.problems = problems
        self.figures = figures
        self.type = type


def examine(
    receipt: Receipt,
    settings: Settings,
    now: datetime,
    device_serial: str = "",
    seller_id: str = "",
) -> Examination:
    """Look for everything that ETA would refuse.

    :param now: the present moment, aware
    :param device_serial: the device that the connection speaks for, "" if any
    :param seller_id: the taxpayer that the connection speaks for, "" if any
    """
    found = ReceiptFindings(
        receipt, settings, RECEIPT, now, seller_id, utc(receipt.issued_at)
    )
    found.device_serial = device_serial
    found.type = receipt_type(
        receipt.document_type,
        receipt.kind == "return",
        bool(receipt.original and receipt.original.uid),
    )
    check_document(found)
    check_seller(found)
    if computable(found):
        found.figures = figures(receipt, settings.rounding_text)
    check_lines(found)
    if found.figures is not None:
        check_taxes(found, found.figures)
        check_totals(found, found.figures)
    check_buyer(found)
    if receipt.kind == "return":
        check_return(found)
    return Examination(found.problems, found.figures, found.type)
