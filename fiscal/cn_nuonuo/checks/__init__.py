"""Everything that bureau and provider would refuse, found before it is issued."""

from __future__ import annotations

from datetime import datetime

from ...contract import Receipt
from ..builder import fapiao_of, paired_lines, takes_back
from ..settings import Settings
from .amounts import check_amounts
from .document import check_document
from .findings import Findings
from .lines import check_lines
from .parties import check_parties
from .red import check_red
from .special import check_special
from .texts import check_texts


def examine(
    receipt: Receipt, settings: Settings, now: datetime, seller_id: str = ""
) -> Findings:
    """Look for everything that would be refused.

    :param now: the present moment, aware
    :param seller_id: the taxpayer that the connection speaks for, "" if any
    """
    found = Findings(receipt, settings, now, seller_id)
    timely = check_document(found)
    check_parties(found)
    usable = check_lines(found)
    check_special(found)
    if takes_back(receipt):
        check_red(found)
    if timely and usable:
        found.fapiao = fapiao_of(receipt, settings)
        found.sources = [line.record for _, line in paired_lines(receipt, settings)]
        check_amounts(found)
        check_texts(found)
    return found
