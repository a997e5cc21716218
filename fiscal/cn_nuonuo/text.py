"""Texts as they may be sent."""

from __future__ import annotations

import re
from typing import Any, Literal

from ..contract import Address

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_TAGS = re.compile(r"<[^<>]{0,200}>")


def clean(text: Any) -> str:
    """Return a text in one line, without controls; "" for ``None``."""
    return " ".join(_CONTROLS.sub(" ", "" if text is None else str(text)).split())


def told(text: Any, most: int = 300) -> str:
    """Return what a provider says as it may be shown: one line, no tags, not endless;
    "" for what is neither text nor number."""
    if isinstance(text, bool) or not isinstance(text, str | int):
        return ""
    return clean(_TAGS.sub(" ", str(text)[: most * 4]))[:most]


def length(text: str, unit: Literal["characters", "gbk"]) -> int:
    """Return a text's length as the provider counts it."""
    return len(text) if unit == "characters" else len(text.encode("gbk", "replace"))


def address_text(address: Address) -> str:
    """Return an address as it is written in China: from the province to the room."""
    parts = (
        address.governorate,
        address.city,
        address.street,
        address.building,
        address.floor,
        address.room,
        address.additional,
    )
    return "".join(clean(part) for part in parts)
