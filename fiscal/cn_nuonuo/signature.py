"""The signature of a call to Nuonuo (spec china 1.1, known answers in its vectors)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes a call unlike all others.

    :ivar senid: 32 characters by chance
    :ivar nonce: a number of eight digits
    :ivar timestamp: seconds since 1970
    """

    senid: str
    nonce: str
    timestamp: str

    def query(self, appkey: str) -> Mapping[str, str]:
        """Return the parameters that the call has in its address."""
        return {
            "senid": self.senid,
            "nonce": self.nonce,
            "timestamp": self.timestamp,
            "appkey": appkey,
        }


def sign(secret: str, appkey: str, stamp: Stamp, body: bytes) -> str:
    """Return ``X-Nuonuo-Sign``: HMAC-SHA1 in base64 over stamp and body.

    :param body: the very bytes that are sent
    """
    head = (
        f"a=services&l=v1&p=open&k={appkey}&i={stamp.senid}"
        f"&n={stamp.nonce}&t={stamp.timestamp}&f="
    )
    digest = hmac.new(secret.encode(), head.encode() + body, hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
