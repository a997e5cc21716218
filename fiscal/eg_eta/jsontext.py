"""Writes the JSON that is sent to ETA, one way only.

What is sent is what is hashed, so nothing is left to a library's taste: numbers are
plain decimals without exponent and without trailing zeros, text is UTF-8 with only
``"`` and ``\\`` escaped, members stand in the order given. What ETA's serialization
rules leave open is never written: ``null``, booleans, empty arrays and objects, and
characters that some JSON libraries escape and others do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

_BREAKS = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
# Controls, lone surrogates and non-characters: no JSON library writes them alike.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_CONTAINERS = (dict, list, tuple)
_ESCAPED = re.compile(r'["\\]')


def clean(text: str) -> str:
    """Return the text as it may be sent: line breaks become a space, other control
    characters vanish, blanks at both ends too."""
    if _UNWRITABLE.search(text):
        text = _UNWRITABLE.sub("", _BREAKS.sub(" ", text))
    return text.strip()


def utf16_length(text: str) -> int:
    """Return the length as ETA counts it: .NET strings are UTF-16."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def number(value: Decimal) -> str:
    """Return a plain decimal: no exponent, no trailing zeros, no negative zero.

    :raise ValueError: it is not finite
    """
    if not value:
        return "0"
    if not value.is_finite():
        raise ValueError(f"{value} is not a number")
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def dumps(value: Any) -> str:
    """Return the JSON text of mappings, sequences, strings, decimals and integers.

    Strings must be :func:`clean`. Members that are ``None``, an empty sequence or an
    empty mapping are left out.

    :raise TypeError: another type, floats and booleans above all
    """
    out: list[str] = []
    _write(value, out.append)
    return "".join(out)


def _write(value: Any, append: Any) -> None:
    kind = type(value)
    if kind is str:
        append(f'"{_escape(value)}"')
    elif kind is Decimal:
        append(number(value))
    elif kind is int:
        append(str(value))
    elif isinstance(value, Mapping):
        _write_object(value, append)
    elif isinstance(value, list | tuple):
        _write_array(value, append)
    else:
        raise TypeError(f"{value!r} has no place in a document")


def _escape(text: str) -> str:
    if '"' in text or "\\" in text:
        return _ESCAPED.sub(r"\\\g<0>", text)
    return text


def _write_object(value: Mapping[str, Any], append: Any) -> None:
    append("{")
    separator = '"'
    for name, member in value.items():
        kind = type(member)
        if kind is str:
            append(f'{separator}{name}":"{_escape(member)}"')
        elif kind is Decimal:
            append(f'{separator}{name}":{number(member)}')
        elif member is None or (kind in _CONTAINERS and not member):
            continue
        else:
            append(f'{separator}{name}":')
            _write(member, append)
        separator = ',"'
    append("}")


def _write_array(value: Sequence[Any], append: Any) -> None:
    append("[")
    for index, element in enumerate(value):
        if index:
            append(",")
        _write(element, append)
    append("]")
