"""ETA's print of a document: one page of a PDF, written by hand (ISO 32000).

The standard fonts know Latin letters only; others become question marks.
"""

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
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        b"/Encoding /WinAnsiEncoding >>",
    ]
    body = b"%PDF-1.4\n"
    places = []
    for number, item in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\n" % count
        + b"startxref\n%d\n%%%%EOF\n" % len(body)
    )


def _escaped(text: str) -> str:
    latin = text.encode("latin-1", "replace").decode("latin-1")
    printable = "".join(letter if letter.isprintable() else " " for letter in latin)
    for mark in "\\()":
        printable = printable.replace(mark, f"\\{mark}")
    return printable
