"""Everything that CIS would refuse in a receipt, found before it is issued."""

from __future__ import annotations

from datetime import datetime

from ...contract import Receipt
from ..amounts import figures
from ..builder import receipt_element, request_of
from ..builder import OPERATIONS
from ..facts import facts_of
from ..schema import schema_problems
from ..settings import Settings
from .document import check_document
from .findings import Findings
from .lines import check_lines
from .parties import check_parties
from .totals import check_totals

_ANY_CODE = "0" * 32
_ANY_MESSAGE = "00000000-0000-4000-8000-000000000000"


def examine(
    receipt: Receipt, settings: Settings, now: datetime, seller_id: str = ""
) -> Findings:
    """Look for everything that CIS would refuse.

    :param now: the present moment, aware
    :param seller_id: the taxpayer that the connection speaks for, "" if any
    """
    found = Findings(
        receipt, settings, facts_of(receipt, settings, None), now, seller_id
    )
    check_document(found)
    check_parties(found)
    if check_lines(found):
        found.facts = facts_of(receipt, settings, figures(receipt))
        check_totals(found)
    if not found.problems:
        _check_schema(found)
    return found


def _check_schema(found: Findings) -> None:
    """Try the whole message: what no check thought of is found here."""
    element = receipt_element(found.facts, _ANY_CODE)
    request = request_of(OPERATIONS["racuni"], element, _ANY_MESSAGE, found.now)
    found.problems += schema_problems(request)
