"""The signing agent: signs with a key beside it what Odoo asks it to sign.

``python -m fiscal.signing.agent --help`` tells how to use it; what it says to Odoo is
in :mod:`..agent_protocol`. It signs only documents that it was given whole and can
read, of the taxpayer whom its certificate names, and keeps a log of its own.
"""
