"""JSON Web Tokens with HS256, as little as a simulator needs (RFC 7519)."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any


class TokenError(ValueError):
    """The token is malformed or its signature is wrong."""


def encode(claims: dict[str, Any], key: bytes) -> str:
    """Sign ``claims``."""
    header = {"alg": "HS256", "typ": "at+jwt"}
    signed = ".".join(_b64(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{_b64(_mac(signed, key))}"


def decode(token: str, key: bytes) -> dict[str, Any]:
    """Return the claims. Their dates are the caller's to check.

    :raises TokenError: when the token is not one of ours
    """
    try:
        signed, _dot, signature = token.rpartition(".")
        if not hmac.compare_digest(_mac(signed, key), _unb64(signature)):
            raise TokenError("The signature of the token is wrong.")
        claims = json.loads(_unb64(signed.split(".")[1]))
    except (ValueError, IndexError, binascii.Error) as error:
        raise TokenError(f"This is no token: {error}.") from error
    return claims


def _mac(text: str, key: bytes) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
