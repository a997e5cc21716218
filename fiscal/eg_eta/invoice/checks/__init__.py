"""Everything that ETA would refuse in an invoice, found before it is issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ....contract import Problem, Receipt
from ...amounts import HOME, Figures, figures
from ...checks.findings import utc
from ...checks.form import INVOICE
from ...checks.lines import computable
from ...checks.parties import check_branch, check_seller_id
from ...checks.taxes import check_taxes
from ..amounts import figures_in_pounds
from ..document_types import DocumentType, document_type
from ..settings import InvoiceSettings
from .document import check_document
from .findings import InvoiceFindings, has_rate
from .lines import check_lines
from .notes import check_references
from .parties import check_issuer, check_receiver
from .totals import check_totals


@dataclass(frozen=True, slots=True)
class Examination:
    """What the checks found, with what they computed on the way.

    :ivar problems: all problems, empty when the document may be issued
    :ivar figures: its amounts in EGP, ``None`` when they cannot be computed
    :ivar type: what it is issued as, ``None`` when there is no such type
    """

    problems: list[Problem]
    figures: Figures | None
    type: DocumentType | None


def examine(
    receipt: Receipt, settings: InvoiceSettings, now: datetime, seller_id: str = ""
) -> Examination:
    """Look for everything that ETA would refuse.

    :param now: the present moment, aware
    :param seller_id: the taxpayer that the connection speaks for, "" if any
    """
    found = InvoiceFindings(
        receipt, settings, INVOICE, now, seller_id, utc(receipt.issued_at)
    )
    found.type = document_type(receipt.document_type, receipt.kind)
    check_document(found)
    check_seller_id(found)
    check_issuer(found)
    check_branch(found)
    _compute(found)
    check_lines(found)
    if found.figures is not None:
        check_taxes(found, found.figures)
        check_totals(found, found.figures)
    check_receiver(found)
    check_references(found)
    return Examination(found.problems, found.pounds, found.type)


def _compute(found: InvoiceFindings) -> None:
    """Compute the amounts in the document's currency, which are compared with the
    books, and those in EGP, which are issued."""
    receipt, text = found.receipt, found.settings.rounding_text
    if not computable(found):
        return
    found.figures = figures(receipt, text)
    if receipt.currency == HOME:
        found.pounds = found.figures
    elif has_rate(receipt):
        found.pounds = figures_in_pounds(receipt, text)
