"""The Nuonuo open platform (China, 数电发票), on one loopback address.

- ``POST /accessToken``: tokens (:mod:`.tokens`)
- ``POST /open/v1/services``: every call, named by the header ``method``
  (:mod:`.gateway` lets it in, :mod:`.app` lists who answers it)
- ``GET /files/...``: the issued invoices as XML, OFD and PDF (:mod:`.faces`)
- ``/_control/``: orders and questions of tests (:mod:`.control`)

A request that :mod:`.orders`, :mod:`.lines` and :mod:`.special` accept is only
accepted: some time later the tax bureau issues or refuses it (:mod:`.bureau`), and
the platform tells an address of the seller's so, unsigned (:mod:`.callbacks`).
Red letters go through a confirmation (:mod:`.red`), people through
:mod:`.sessions`.

Written from spec china 1.1, 1.8, 2.1 to 2.8 and 5.2. What is unsure there is a
setting (:mod:`.settings`), as are the codes of errors that no paper names. Received
invoices, tax-control kinds of invoices and the list query are not simulated.
"""

from .app import NuonuoApp as App

__all__ = ["App"]
