"""Reads what a connection sets for an authority into that authority's own types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from .contract import NOTHING

Kind = TypeVar("Kind")


@cache
def _hints(kind: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(kind)


@cache
def _defaults(kind: type[Kind]) -> Kind:
    return kind()


def read_settings(
    values: Mapping[str, Any],
    kind: type[Kind],
    readers: Mapping[Any, Callable[[Any], Any]] = NOTHING,
) -> Kind:
    """Read a connection's settings; ``None`` stands for the default, and names that
    are not ours are somebody else's.

    :param kind: a dataclass whose fields are texts, switches, choices and numbers of
        at least 0
    :param readers: what reads fields of further types
    :raise ValueError: a value that makes no sense, named in the sentence
    """
    hints = _hints(kind)
    given = {n: v for n, v in values.items() if n in hints and v is not None}
    if not given:
        return _defaults(kind)
    return kind(
        **{
            name: readers[hints[name]](value)
            if hints[name] in readers
            else _read(name, value, hints[name])
            for name, value in given.items()
        }
    )


def _read(name: str, value: Any, wanted: Any) -> Any:
    if get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            choices = " or ".join(get_args(wanted))
            raise ValueError(f"Setting {name} is {value!r}, not {choices}")
        return value
    if wanted in (str, bool):
        if not isinstance(value, wanted):
            raise ValueError(f"Setting {name} must be {wanted.__name__}, not {value!r}")
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise ValueError(f"Setting {name} is {value!r}, not a number of at least 0")
    return number
