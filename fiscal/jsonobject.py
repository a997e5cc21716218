"""JSON that somebody else sends."""

from __future__ import annotations

import json
from typing import Any


def read_object(body: bytes, most: int, what: str) -> dict[str, Any]:
    """Return a JSON object.

    :param most: how many bytes are read
    :param what: what it is, for the sentences: ``message``
    :raise ValueError: it is none, or too large
    """
    if len(body) > most:
        raise ValueError(f"A {what} of {len(body)} bytes is not read")
    try:
        found = json.loads(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError(f"The {what} is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"The {what} is no JSON object")
    return found
