"""Croatia's CIS, the central system of fiscalisation 1.0, on one loopback address.

SOAP 1.1 over POST, by the authority's schema and WSDL (:file:`interface`):

- ``/FiskalizacijaServiceTest``: the test environment
- ``/FiskalizacijaService``: production; the same without ``provjera``
- ``/_control/``: orders and questions of tests (:mod:`.control`)

A message goes through these doors, each with its code:

========  =====================================================================
Fault     no envelope of one request, wrong ``SOAPAction`` (:mod:`.envelope`)
``s001``  not by the schema (:mod:`.schema`), or a date that does not exist
``s004``  not signed as the profile demands (:mod:`.signature`)
``s002``  the certificate is not trusted, expired or revoked (:mod:`.trust`)
``s003``  the certificate has no OIB, or is not for signing
``s005``  the OIB is not the certificate's
========  =====================================================================

Behind them are :mod:`.receipts`, :mod:`.changes` and :mod:`.hours`. Only what the
signature covers is read. Answers are signed (:mod:`.sealing`) by a certificate that
:mod:`.authority` makes anew; HTTP 500 says that one contains ``Greske``.

What the authority's papers leave open is a setting (:mod:`.settings`).
"""

from .app import CisApp as App

__all__ = ["App"]
