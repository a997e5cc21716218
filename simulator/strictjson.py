"""Parsing a body into values, refusing what JSON parsers usually let through.

Numbers become :class:`~decimal.Decimal` with their digits as written.
"""

import json
from decimal import Decimal
from typing import Any


class StrictJsonError(ValueError):
    """The body is not JSON in UTF-8, or JSON with a trap in it."""


class Exponent(str):
    """A number written with an exponent: its text depends on who prints it."""


def parse(body: bytes) -> tuple[str, object]:
    """Return the text and the value of ``body``.

    :raises StrictJsonError: for bytes that are not UTF-8, a byte order mark,
        invalid JSON, NaN and infinities, a property that occurs twice in one
        object, and nesting without end
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StrictJsonError(f"The body is not UTF-8: {error.reason}.") from error
    if text.startswith("\ufeff"):
        raise StrictJsonError("The body starts with a byte order mark.")
    try:
        return text, _decoder.decode(text)
    except RecursionError as error:
        raise StrictJsonError("The body is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise StrictJsonError(f"The body is not JSON: {error}.") from error


def _number(token: str) -> Decimal | Exponent:
    if "e" in token or "E" in token:
        return Exponent(token)
    return Decimal(token)


def _constant(token: str) -> None:
    raise StrictJsonError(f"{token} is not JSON.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _value in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise StrictJsonError(f"Property {twice[0]!r} occurs twice in one object.")
    return value


_decoder = json.JSONDecoder(
    parse_float=_number,
    parse_int=_number,
    parse_constant=_constant,
    object_pairs_hook=_object,
)
