"""What only the checks of invoices need to know."""

from __future__ import annotations

from dataclasses import dataclass

from ....contract import Receipt
from ...amounts import Figures, round5
from ...checks.findings import Findings, is_number
from ..document_types import DocumentType
from ..settings import InvoiceSettings


@dataclass(slots=True)
class InvoiceFindings(Findings):
    """The problems of an invoice.

    :ivar type: what it is issued as, ``None`` when there is no such type
    :ivar pounds: its amounts in EGP, ``None`` when they cannot be computed
    """

    settings: InvoiceSettings
    type: DocumentType | None = None
    pounds: Figures | None = None


def has_rate(receipt: Receipt) -> bool:
    """Tell whether a document in another currency can be converted."""
    return is_number(receipt.currency_rate) and round5(receipt.currency_rate) > 0
