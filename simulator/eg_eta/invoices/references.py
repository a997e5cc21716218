"""What a credit or debit note refers to.

ETA SDK, /types/: the documents referred to exist, are valid and older, have
the same issuer and receiver; only quantities and amounts may change, and what
is credited is not more than what they say.
"""

from decimal import Decimal

from ..findings import REFERENCE, Finding
from ..profile import utc
from ..settings import Settings
from .schema import EXPORTS
from .store import VALID, Document, DocumentStore

_CREDITS = ("C", "EC")
_ZERO = Decimal(0)
_Amounts = dict[str, tuple[Decimal, Decimal]]


def check(note: Document, books: DocumentStore, settings: Settings) -> list[Finding]:
    """Faults of a note against the documents that it refers to."""
    found: list[Finding] = []
    originals: list[Document] = []
    for index, reference in enumerate(note.references):
        path = f"references[{index}]"
        original = books.documents.get(reference)
        if original is None or original.rin != note.rin:
            message = f"there is no document {reference}"
            found.append(Finding(REFERENCE, "SIM-REFERENCE-UNKNOWN", path, message))
            continue
        if reference in note.references[:index]:
            message = f"{reference} stands twice"
            found.append(Finding(REFERENCE, "SIM-REFERENCE-TWICE", path, message))
            continue
        found += _original(note, original, path)
        originals.append(original)
    if found or not originals:
        return found
    return _lines(note, originals, books, settings)


def _original(note: Document, original: Document, path: str) -> list[Finding]:
    faults = {}
    if original.status != VALID:
        faults["SIM-REFERENCE-STATUS"] = f"the document is {original.status}"
    if original.decided and original.decided > note.received:
        faults["SIM-REFERENCE-STATUS"] = "the document was not valid yet"
    if original.kind == note.kind or (original.kind in EXPORTS) != (
        note.kind in EXPORTS
    ):
        message = f"a document of type {note.kind} cannot refer to a {original.kind}"
        faults["SIM-REFERENCE-TYPE"] = message
    ours = (note.receiver_type, note.receiver_id)
    if ours != (original.receiver_type, original.receiver_id):
        faults["SIM-REFERENCE-RECEIVER"] = "the document has another receiver"
    issued, before = utc(note.issued), utc(original.issued)
    if issued and before and issued < before:
        faults["SIM-REFERENCE-DATE"] = "the document was issued later"
    return [Finding(REFERENCE, code, path, message) for code, message in faults.items()]


def _lines(
    note: Document,
    originals: list[Document],
    books: DocumentStore,
    settings: Settings,
) -> list[Finding]:
    left = _by_item(originals)
    if note.kind in _CREDITS:
        _take_off(left, note, originals, books)
    found = []
    for code, (quantity, amount) in _by_item([note]).items():
        name, path = f"item {code}", "invoiceLines"
        most = left.get(code)
        if most is None:
            message = f"{name} is not in the documents referred to"
            found.append(Finding(REFERENCE, "SIM-REFERENCE-ITEM", path, message))
        elif note.kind in _CREDITS:
            if quantity > most[0]:
                message = f"{name}: quantity {quantity}, {most[0]} are left to credit"
                found.append(
                    Finding(REFERENCE, "SIM-REFERENCE-QUANTITY", path, message)
                )
            if amount > most[1] + settings.return_tolerance:
                message = f"{name}: total {amount}, {most[1]} are left to credit"
                found.append(Finding(REFERENCE, "SIM-REFERENCE-AMOUNT", path, message))
    return found


def _take_off(
    left: _Amounts, note: Document, originals: list[Document], books: DocumentStore
) -> None:
    """What other valid notes of the same kind have credited already."""
    others = {
        id(other): other
        for original in originals
        for other in books.notes.get(original.uuid, ())
        if other is not note and other.kind == note.kind and other.status == VALID
    }
    for code, (quantity, amount) in _by_item(list(others.values())).items():
        before = left.get(code, (_ZERO, _ZERO))
        left[code] = (before[0] - quantity, before[1] - amount)


def _by_item(documents: list[Document]) -> _Amounts:
    items: _Amounts = {}
    for taken in documents:
        for line in taken.document["invoiceLines"]:
            code = line["itemCode"]
            quantity, amount = items.get(code, (_ZERO, _ZERO))
            items[code] = (quantity + line["quantity"], amount + line["total"])
    return items
