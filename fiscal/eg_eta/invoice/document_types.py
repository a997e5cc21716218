"""What a document can be (ETA SDK, /types/): invoice, credit and debit note, and the
same three for exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class DocumentType:
    """One type; ``kind`` is what it is in commerce."""

    code: str
    kind: Literal["sale", "credit", "debit"]
    export: bool

    @property
    def is_note(self) -> bool:
        """It changes an invoice."""
        return self.kind != "sale"


DOCUMENT_TYPES = {
    row.code: row
    for row in (
        DocumentType("I", "sale", False),
        DocumentType("C", "credit", False),
        DocumentType("D", "debit", False),
        DocumentType("EI", "sale", True),
        DocumentType("EC", "credit", True),
        DocumentType("ED", "debit", True),
    )
}
"""By ETA's code in upper case."""

_KINDS = {"sale": "sale", "return": "credit", "credit": "credit", "debit": "debit"}


def document_type(code: str, kind: str) -> DocumentType | None:
    """Return the type that a document is issued as, ``None`` if there is none.

    :param code: ETA's code in any case, "" for a domestic document; a note may name
        its invoice's type, and gets the note of that family
    :param kind: what the document is in commerce (:attr:`.contract.Receipt.kind`)
    """
    named = DOCUMENT_TYPES.get((code or "I").upper())
    wanted = _KINDS.get(kind)
    if named is None or wanted is None or (named.is_note and named.kind != wanted):
        return None
    return next(
        row
        for row in DOCUMENT_TYPES.values()
        if row.kind == wanted and row.export is named.export
    )
