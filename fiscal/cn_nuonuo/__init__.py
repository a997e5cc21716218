"""China: 数电发票 issued through the Nuonuo open platform (``cn_nuonuo``)."""

from .authority import CnNuonuo

__all__ = ["CnNuonuo"]
