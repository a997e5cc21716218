"""The pages behind the QR code of a receipt and the link of a document."""

from collections.abc import Iterable
from html import escape

from .codes import DOCUMENT_TYPES
from .invoices.store import Document
from .shapes import Shapes
from .store import Receipt

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font-family: sans-serif; margin: 2rem auto; max-width: 40rem; }}
td, th {{ padding: .25rem .75rem; text-align: start; }}
</style></head><body>
<p><strong>Simulator of the Egyptian Tax Authority. Nothing here is real.</strong></p>
<h1>{title}</h1>
<table>{rows}</table>
<h2>Items</h2>
<table><tr><th>Description</th><th>Quantity</th><th>Total</th></tr>{lines}</table>
</body></html>
"""
_MISSING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{what} not found</title></head>
<body><h1>{what} not found</h1>
<p>{why}</p></body></html>
"""


def page(receipt: Receipt, shapes: Shapes) -> str:
    """HTML of one receipt."""
    shape = shapes.receipt(receipt)
    seller = shape["seller"]
    pairs = (
        ("Status", receipt.status),
        ("UUID", receipt.uuid),
        ("Issued", receipt.issued),
        ("Seller", f"{seller['sellerName']} ({receipt.rin})"),
        ("Branch", seller["branchCode"]),
        ("Device", receipt.serial),
        ("Buyer", receipt.buyer_name or "-"),
        ("Total", f"{receipt.total} {receipt.currency}"),
    )
    return _page(f"Receipt {receipt.number}", pairs, shape["itemData"])


def document_page(taken: Document) -> str:
    """HTML of one document."""
    return _page(document_title(taken), document_pairs(taken), document_lines(taken))


def document_title(taken: Document) -> str:
    """The type's English name and the issuer's number."""
    name, _arabic = DOCUMENT_TYPES.get(taken.kind, (taken.kind, ""))
    return f"{name} {taken.internal_id}"


def document_pairs(taken: Document) -> list[tuple[str, str]]:
    """What a person wants to see of a document first."""
    issuer = taken.document["issuer"]
    return [
        ("Status", taken.status),
        ("UUID", taken.uuid),
        ("Issued", taken.issued),
        ("Issuer", f"{issuer['name']} ({taken.rin})"),
        ("Receiver", f"{taken.receiver_name or '-'} ({taken.receiver_id or '-'})"),
        ("Total", f"{taken.total} EGP"),
    ]


def document_lines(taken: Document) -> list[dict]:
    """Rows of ``description``, ``quantity`` and ``total``."""
    return taken.document["invoiceLines"]


def missing() -> str:
    """HTML for a link that leads to no receipt."""
    why = "No valid receipt has this number and this time of issue."
    return _MISSING.format(what="Receipt", why=why)


def document_missing() -> str:
    """HTML for a link that leads to no document."""
    return _MISSING.format(what="Document", why="No valid document has this link.")


def _page(title: str, pairs: Iterable[tuple[str, str]], lines: list[dict]) -> str:
    rows = "".join(_row("th", name, value) for name, value in pairs)
    items = "".join(
        _row("td", line["description"], line["quantity"], line["total"])
        for line in lines
    )
    return _PAGE.format(title=escape(title), rows=rows, lines=items)


def _row(tag: str, first: object, *others: object) -> str:
    cells = "".join(f"<td>{escape(str(other))}</td>" for other in others)
    return f"<tr><{tag}>{escape(str(first))}</{tag}>{cells}</tr>"
