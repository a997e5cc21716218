"""The documents that a note refers to."""

from __future__ import annotations

from ...contract import Receipt
from .document_types import DocumentType


def references_of(receipt: Receipt, kind: DocumentType) -> list[str]:
    """Return the UUIDs that a note refers to, that of its original first; none for an
    invoice."""
    if not kind.is_note:
        return []
    original = receipt.original.uid if receipt.original else ""
    more = [uid for uid in receipt.data.get("references") or () if uid != original]
    return [original, *more] if original else more
