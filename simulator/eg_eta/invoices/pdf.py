"""ETA's print of a document: one page of a PDF, written by hand (ISO 32000).

The standard fonts know Latin letters only; others become question marks.
"""

from ...pdf import assembled, stream
from ..portal import document_lines, document_pairs, document_title
from .store import Document

_LEFT, _TOP, _LEADING, _SIZE = 56, 780, 16, 11
_MOST_LINES = 44


def printed(taken: Document) -> bytes:
    """A PDF with what the document says."""
    rows = ["Simulator of the Egyptian Tax Authority. Nothing here is real.", ""]
    rows += [document_title(taken), ""]
    rows += [f"{name}: {value}" for name, value in document_pairs(taken)]
    rows.append("")
    rows += [
        f"{line['quantity']} x {line['description']} = {line['total']}"
        for line in document_lines(taken)
    ]
    return _pdf(rows[:_MOST_LINES])


def _pdf(rows: list[str]) -> bytes:
    text = "".join(f"({_escaped(row)}) Tj T*\n" for row in rows)
    content = f"BT /F1 {_SIZE} Tf {_LEADING} TL {_LEFT} {_TOP} Td\n{text}ET".encode(
        "latin-1"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        stream(content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        b"/Encoding /WinAnsiEncoding >>",
    ]
    return assembled(objects)


def _escaped(text: str) -> str:
    latin = text.encode("latin-1", "replace").decode("latin-1")
    printable = "".join(letter if letter.isprintable() else " " for letter in latin)
    for mark in "\\()":
        printable = printable.replace(mark, f"\\{mark}")
    return printable
