"""The Egyptian Tax Authority's services, on one loopback address.

Identity, API and portal paths are on one host:

- ``POST /connect/token`` (:mod:`.tokens`)
- e-Receipt: ``POST /api/v1/receiptsubmissions`` and what is refused at once
  (:mod:`.submit`), ``GET .../receiptsubmissions/{id}/details``,
  ``.../receipts/{uuid}/details``, ``raw``, ``share``, ``recent``, ``search``
  (:mod:`.queries`), and the page behind a QR code (:mod:`.portal`)
- e-Invoice: :mod:`.invoices`
- ``/_control/``: orders and questions of tests (:mod:`.control`)

``v1.0`` is the same as ``v1``; a trailing slash is not found.

The verdict on a submission (:mod:`.validation`, :mod:`.invoices.validation`) is
reached some time after the 202 (setting ``validation_seconds``) and lists every
fault of every receipt or document. Receipt packages are not simulated.
"""

from .app import EtaApp as App

__all__ = ["App"]
