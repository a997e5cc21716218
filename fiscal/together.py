"""Several documents of one buyer as one, where an authority takes that (capability
``merges``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain

from .contract import Line, Receipt


def together(receipts: Sequence[Receipt]) -> Receipt:
    """Return what is issued for several sales: the lines of all in their order, each
    with the number of its own as ``data["invoice"]``, what all come to together, and
    everything else as the first one has it.

    :raise ValueError: there is none
    """
    if not receipts:
        raise ValueError("There is nothing to be put together")
    return replace(
        receipts[0],
        lines=tuple(chain.from_iterable(map(_numbered, receipts))),
        total=sum((one.total for one in receipts), Decimal(0)),
        payments=tuple(chain.from_iterable(one.payments for one in receipts)),
        discounts=tuple(chain.from_iterable(one.discounts for one in receipts)),
    )


def _numbered(receipt: Receipt) -> Iterable[Line]:
    for line in receipt.lines:
        yield replace(line, data={**line.data, "invoice": receipt.number})
