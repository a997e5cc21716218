"""What a field may be: types, lengths, presence. Errors name every fault.

A schema is a tree of :class:`Text`, :class:`Number`, :class:`Object` and
:class:`Array`. Checking one value appends :class:`Fault` rows to a list.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple, Protocol

from ..strictjson import Exponent

FRACTION_DIGITS = 5
_INTEGER_LIMIT = Decimal(10) ** 15


class Fault(NamedTuple):
    """One structural fault: a name for it, where, and a sentence."""

    code: str
    path: str
    message: str


class Spec(Protocol):
    """What a value may be."""

    def check(self, value: object, path: str, faults: list[Fault]) -> None:
        """Append what is wrong with ``value``."""


class Text:
    """A string of at most ``size`` characters."""

    def __init__(
        self,
        size: int,
        *,
        blank: bool = True,
        pattern: str | None = None,
        choices: tuple[str, ...] | None = None,
    ) -> None:
        self.size = size
        self.blank = blank
        self.pattern = re.compile(pattern) if pattern else None
        self.choices = choices

    def check(self, value: object, path: str, faults: list[Fault]) -> None:
        """Append what is wrong with ``value``."""
        if type(value) is not str:
            faults.append(_mistyped("StringExpected", path, "a string", value))
        elif not value or (not self.pattern and not value.strip()):
            if not self.blank:
                faults.append(Fault("ValueExpected", path, "The value is empty."))
        elif self.pattern and not self.pattern.fullmatch(value):
            message = f"{value[:80]!r} has not the form {self.pattern.pattern}."
            faults.append(Fault("PatternMismatch", path, message))
        elif len(value) > self.size:
            message = f"{len(value)} characters, at most {self.size} are allowed."
            faults.append(Fault("StringTooLong", path, message))
        elif self.choices and value not in self.choices:
            message = f"{value!r} is none of {', '.join(self.choices)}."
            faults.append(Fault("ValueNotAllowed", path, message))


class Number:
    """A JSON number with at most five fraction digits, by default not negative.

    :param most: the largest value allowed
    """

    def __init__(self, *, signed: bool = False, most: int | None = None) -> None:
        self.signed = signed
        self.most = most

    def check(self, value: object, path: str, faults: list[Fault]) -> None:
        """Append what is wrong with ``value``."""
        if type(value) is not Decimal:
            wanted = "a number without exponent"
            faults.append(_mistyped("NumberExpected", path, wanted, value))
            return
        exponent = value.as_tuple().exponent
        # only NaN and infinities have a letter, and JSON has none of them
        if isinstance(exponent, int) and exponent < -FRACTION_DIGITS:
            message = f"{value} has more than {FRACTION_DIGITS} fraction digits."
            faults.append(Fault("TooManyFractionDigits", path, message))
        if value.is_signed() and not self.signed:
            faults.append(Fault("NumberTooSmall", path, f"{value} is negative."))
        elif abs(value) >= _INTEGER_LIMIT or (self.most and value > self.most):
            faults.append(Fault("NumberTooBig", path, f"{value} is too large."))


class Object:
    """An object with these properties and no others.

    A name that ends in ``*`` is mandatory.
    """

    def __init__(self, properties: Mapping[str, Spec]) -> None:
        self.fields = {name.rstrip("*"): spec for name, spec in properties.items()}
        self.mandatory = [name[:-1] for name in properties if name.endswith("*")]

    def check(self, value: object, path: str, faults: list[Fault]) -> None:
        """Append what is wrong with ``value`` and all below it."""
        if type(value) is not dict:
            faults.append(_mistyped("ObjectExpected", path, "an object", value))
            return
        below = f"{path}." if path else ""
        fields = self.fields
        for name, item in value.items():
            spec = fields.get(name)
            if spec is None:
                message = f"There is no property {name!r} here."
                faults.append(Fault("UnknownProperty", below + name, message))
            else:
                spec.check(item, below + name, faults)
        for name in self.mandatory:
            if name not in value:
                message = f"The property {name!r} is missing."
                faults.append(Fault("PropertyRequired", below + name, message))


class Array:
    """An array of ``of``; empty only where ``empty`` says so."""

    def __init__(self, of: Spec, *, most: int = 10_000, empty: bool = False) -> None:
        self.of = of
        self.most = most
        self.empty = empty

    def check(self, value: object, path: str, faults: list[Fault]) -> None:
        """Append what is wrong with ``value`` and its elements."""
        if type(value) is not list:
            faults.append(_mistyped("ArrayExpected", path, "an array", value))
            return
        if not value and not self.empty:
            message = "The array is empty; leave the property out."
            faults.append(Fault("TooFewItems", path, message))
        if len(value) > self.most:
            message = f"{len(value)} elements, at most {self.most} are allowed."
            faults.append(Fault("TooManyItems", path, message))
        for index, item in enumerate(value):
            self.of.check(item, f"{path}[{index}]", faults)


def _mistyped(code: str, path: str, wanted: str, value: object) -> Fault:
    if value is None:
        return Fault(code, path, f"Expected {wanted}, found null.")
    kinds = {
        str: "the string",
        Exponent: "the number",
        Decimal: "the number",
        bool: "the boolean",
    }
    kind = kinds.get(type(value))
    found = f"{kind} {str(value)[:40]!r}" if kind else type(value).__name__
    return Fault(code, path, f"Expected {wanted}, found {found}.")
