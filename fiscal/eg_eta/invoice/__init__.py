"""ETA's e-Invoice: documents between businesses, signed by the issuer."""

from .authority import EgInvoice

__all__ = ["EgInvoice"]
