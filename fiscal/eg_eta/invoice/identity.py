"""Whether a document that ETA holds is the one that was sent.

ETA shows documents rewritten (other order, numbers written otherwise, members added),
so what makes one out is compared, not its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...contract import Document
from ..asking import moment_or_none
from ..jsontext import clean
from ..reader import Node, parse_document
from ..wire import amount_or_none

_LONGEST = 5_000_000


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a document out."""

    number: str
    kind: str
    issuer: str
    receiver: str
    issued_at: object
    total: Decimal | None
    lines: int

    def fits_row(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row of a list, whose number and time fit, has our total."""
        total = amount_or_none(row.get("total"))
        if total is None:
            total = amount_or_none(row.get("totalAmount"))
        return total is not None and total == self.total

    def fits_raw(self, text: Any) -> bool | None:
        """Tell whether ETA's copy says the same, ``None`` if it cannot be read."""
        if not isinstance(text, str) or len(text) > _LONGEST:
            return None
        try:
            return _read(parse_document(text)) == self
        except ValueError:
            return None


def identity_of(document: Document) -> Identity:
    """Return what makes a document of ours out.

    :raise ValueError: it is none
    """
    return _read(parse_document(document.content))


def _read(root: Node) -> Identity:
    return Identity(
        clean(root.text("internalID")),
        root.text("documentType").upper(),
        root.node("issuer").text("id"),
        root.node("receiver").text("id"),
        moment_or_none(root.members.get("dateTimeIssued")),
        root.number("totalAmount"),
        sum(1 for _line in root.nodes("invoiceLines")),
    )
