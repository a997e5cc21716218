"""Egypt's tax authority ETA: e-Receipt (``eg_receipt``), e-Invoice (``eg_invoice``)."""

from .invoice import EgInvoice
from .receipt import EgReceipt

__all__ = ["EgInvoice", "EgReceipt"]
