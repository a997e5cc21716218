"""Masks secrets in everything that is kept or shown of a call."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

MASK = "***"

SECRET_NAMES = frozenset(
    {
        "access_token",
        "accesstoken",
        "api_key",
        "apikey",
        "assertion",
        "authorization",
        "client_assertion",
        "client_secret",
        "cookie",
        "id_token",
        "password",
        "presharedkey",
        "proxy-authorization",
        "refresh_token",
        "secret",
        "set-cookie",
        "x-api-key",
    }
)
"""Headers, form fields and JSON members whose value is a secret whoever sends it."""

_SHORTEST = 4  # a shorter literal would be found in every second word

_NAMES = "|".join(sorted(re.escape(name) for name in SECRET_NAMES))
_JSON_MEMBER = re.compile(
    rf'("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"'.encode(), re.IGNORECASE
)
_PERCENT = re.compile("%[0-9A-F]{2}")
_FORM_FIELD = re.compile(rf"((?:^|[?&])(?:{_NAMES})=)[^&#\s]*".encode(), re.IGNORECASE)


class Redactor:
    """Masks the values of secret fields by name, and given secrets wherever and in
    whatever usual encoding they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        literals = {
            form
            for secret in secrets
            if len(secret) >= _SHORTEST
            for form in _encodings(secret)
        }
        # The longest first, or a part of one would spoil the other.
        ordered = sorted(literals, key=len, reverse=True)
        self._literals = (
            re.compile(b"|".join(re.escape(form.encode()) for form in ordered))
            if ordered
            else None
        )

    def body(self, content: bytes) -> bytes:
        """Return a body without secrets."""
        content = _JSON_MEMBER.sub(rb'\1"***"', content)
        content = _FORM_FIELD.sub(rb"\1***", content)
        if self._literals is not None:
            content = self._literals.sub(MASK.encode(), content)
        return content

    def text(self, text: str) -> str:
        """Return a text (an address, a message) without secrets."""
        return self.body(text.encode("utf-8", "replace")).decode("utf-8")

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return headers without secrets."""
        return {
            name: MASK if name.lower() in SECRET_NAMES else self.text(value)
            for name, value in headers.items()
        }


def _encodings(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "replace")
    quoted = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
    in_json = {
        json.dumps(secret)[1:-1],
        json.dumps(raw.decode(), ensure_ascii=False)[1:-1],
    }
    return {
        raw.decode(),
        base64.b64encode(raw).decode(),
        *quoted,
        *(_PERCENT.sub(lambda found: found[0].lower(), text) for text in quoted),
        *in_json,
        *(text.replace("/", "\\/") for text in in_json),
    }
