"""The ASN.1 library: Odoo brings it along, a lone agent may lack it."""

from __future__ import annotations

from ..messages import Sentence, _
from .errors import KeyUnusable

try:
    # Loading tsp makes the attribute signing-certificate-v2 known to cms.
    from asn1crypto import algos, cms, core, parser, pkcs12, tsp, x509
except ImportError:
    algos = cms = core = parser = pkcs12 = tsp = x509 = None

__all__ = [
    "UNREADABLE",
    "algos",
    "cms",
    "core",
    "need",
    "parser",
    "pkcs12",
    "tsp",
    "x509",
]

UNREADABLE = (ValueError, TypeError, KeyError)
"""What the library raises for bytes that are not what they should be. It reads late:
also where a part is first looked at."""


def need() -> None:
    """Refuse to go on without the library.

    :raise KeyUnusable: it is missing
    """
    if cms is None:
        raise KeyUnusable(
            Sentence(
                _(
                    "Signing needs the Python package %(package)s, which is not"
                    " installed here. Install it: pip install %(package)s."
                ),
                package="asn1crypto",
            ),
            "library_missing",
        )
