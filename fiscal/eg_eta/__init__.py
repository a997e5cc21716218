"""Egypt's tax authority ETA: the e-Receipt system (``eg_receipt``)."""

from .receipt import EgReceipt

__all__ = ["EgReceipt"]
