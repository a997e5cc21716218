"""Keys that sign documents, and the formats of signatures.

Keys (each a :class:`~..contract.Signer`): :mod:`.software` in a file, :mod:`.token`
behind PKCS#11; :mod:`.agent_protocol` and :mod:`.agent` for tokens elsewhere. Formats:
:mod:`.cades`. :mod:`.certificate` tells what a certificate says. Nothing is loaded
here: packages that only one of them needs may be missing.
"""
