"""The Egyptian Tax Authority's e-Receipt service, on one loopback address.

Identity, API and portal paths are on one host:

- ``POST /connect/token`` (:mod:`.tokens`)
- ``POST /api/v1/receiptsubmissions`` and what is refused at once
  (:mod:`.submit`); ``v1.0`` is the same, a trailing slash is not found
- ``GET .../receiptsubmissions/{id}/details``, ``.../receipts/{uuid}/details``,
  ``raw``, ``share``, ``recent``, ``search`` (:mod:`.queries`)
- ``GET /receipts/search/{uuid}/share/{dateTimeIssued}``: the page behind a QR
  code (:mod:`.portal`)
- ``/_control/``: orders and questions of tests (:mod:`.control`)

The verdict on a submission (:mod:`.validation`) is reached some time after the
202 (setting ``validation_seconds``) and lists every fault of every receipt.
Receipt packages and call-backs are not simulated.
"""

from .app import EtaApp as App

__all__ = ["App"]
