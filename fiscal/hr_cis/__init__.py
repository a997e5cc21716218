"""Croatia's tax administration: CIS Fiskalizacija 1.0 for receipts (``hr_cis``)."""

from .authority import HrCis

__all__ = ["HrCis"]
