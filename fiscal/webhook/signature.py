"""How a message shows who sent it, and when.

The header says ``t=<seconds>,v1=<hex>``, with one ``v1`` for each secret that is valid:
while a secret is exchanged there are two, so that the receiver may know either.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import timedelta

TOLERANCE = timedelta(minutes=5)
"""How old a message may be when it is verified: what somebody has recorded and sends
again later is refused by its receiver."""

SHORTEST_SECRET = 32
"""Characters that a secret has at least."""


def sign(secrets: Sequence[str], timestamp: int, body: bytes) -> str:
    """Return the header that signs a body.

    :param secrets: every secret that is valid
    :param timestamp: when it is sent, in seconds since 1970 (UTC)
    """
    signed = f"{timestamp}.".encode() + body
    digests = [hmac.digest(secret.encode(), signed, "sha256") for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={digest.hex()}" for digest in digests)])
