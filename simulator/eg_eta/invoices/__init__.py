"""The e-Invoice system: documents between businesses, each one signed.

- ``POST /api/v1.0/documentsubmissions`` and what is refused at once
  (:mod:`.intake`); signatures are checked by OpenSSL (:mod:`.signatures`)
- the verdict, step by step (:mod:`.validation`)
- submission, ``raw``, ``details``, ``pdf``, ``recent``, ``search``
  (:mod:`.queries`), ``documenttypes`` (:mod:`.types`), the public link
- cancelling, rejecting, declining (:mod:`.states`)

The addresses are in :mod:`.service`, orders of tests in :mod:`.control`.
"""
