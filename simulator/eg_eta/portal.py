"""The page behind a receipt's QR code."""

from html import escape

from .shapes import Shapes
from .store import Receipt

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Receipt {number}</title>
<style>
body {{ font-family: sans-serif; margin: 2rem auto; max-width: 40rem; }}
td, th {{ padding: .25rem .75rem; text-align: start; }}
</style></head><body>
<p><strong>Simulator of the Egyptian Tax Authority. Nothing here is real.</strong></p>
<h1>Receipt {number}</h1>
<table>{rows}</table>
<h2>Items</h2>
<table><tr><th>Description</th><th>Quantity</th><th>Total</th></tr>{lines}</table>
</body></html>
"""
_MISSING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Receipt not found</title></head>
<body><h1>Receipt not found</h1>
<p>No valid receipt has this number and this time of issue.</p></body></html>
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
    rows = "".join(_row("th", name, value) for name, value in pairs)
    lines = "".join(
        _row("td", line["description"], line["quantity"], line["total"])
        for line in shape["itemData"]
    )
    return _PAGE.format(number=escape(receipt.number), rows=rows, lines=lines)


def missing() -> str:
    """HTML for a link that leads nowhere."""
    return _MISSING


def _row(tag: str, first: object, *others: object) -> str:
    cells = "".join(f"<td>{escape(str(other))}</td>" for other in others)
    return f"<tr><{tag}>{escape(str(first))}</{tag}>{cells}</tr>"
