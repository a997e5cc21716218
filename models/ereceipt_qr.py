"""Draws QR codes.

The symbol is computed by reportlab and painted by Pillow, both of which Odoo needs
anyway. Odoo's own ``barcode()`` paints through a back end of reportlab that many
installations lack, and scales modules to fractions of pixels.
"""

from functools import lru_cache
from io import BytesIO

from PIL import Image
from reportlab.graphics.barcode.qr import QrCodeWidget

PIXELS = 8
"""The width of one module: sharp on paper at the sizes that receipts print."""

CORRECTION = "M"
"""15 % of the symbol may be unreadable, which a crease or a stamp needs."""


@lru_cache(maxsize=256)
def qr_png(text: str, border: int = 4) -> bytes:
    """Return a QR code as a PNG, one bit deep.

    :param text: what a reader gets
    :param border: white modules around it; the standard wants 4 where the ground
        around the picture is not white
    """
    symbol = QrCodeWidget(text, barLevel=CORRECTION).qr
    symbol.make()
    size = symbol.getModuleCount()
    picture = Image.new("1", (size + 2 * border,) * 2, 1)
    for row, modules in enumerate(symbol.modules):
        for column, dark in enumerate(modules):
            if dark:
                picture.putpixel((column + border, row + border), 0)
    scaled = picture.resize((picture.width * PIXELS,) * 2, Image.Resampling.NEAREST)
    stream = BytesIO()
    scaled.save(stream, "PNG", optimize=True)
    return stream.getvalue()
