"""Whether a request's objects have the fields of a table (:mod:`.fields`)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from .errors import Problem
from .fields import Field
from .settings import Settings


class Findings:
    """Collects what is wrong with one request, and what is only odd."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def add(self, path: str, detail: str, code: str = "") -> None:
        """Note a problem; without ``code``, under the code of all the others."""
        self.problems.append(Problem(code or self.settings.other_code, path, detail))

    def odd(self, switch: str, path: str, detail: str, code: str = "") -> None:
        """Note it as a setting says: ``refused``, ``warning`` or not at all."""
        if switch in ("refused", "checked"):
            self.add(path, detail, code)
        elif switch == "warning":
            self.warnings.append(f"{path}: {detail}")

    def choice(self, node: dict[str, Any], path: str, name: str, *known: str) -> None:
        """Note a value that is not among those known; none is no problem."""
        value = text(node, name)
        if value and value not in known:
            shown = ", ".join(known)
            self.add(join(path, name), f"{value!r} is none of {shown}")


def join(path: str, name: str) -> str:
    """The path of a field."""
    return f"{path}.{name}" if path else name


def text(node: dict[str, Any], name: str) -> str:
    """A field's text, empty where there is none."""
    value = node.get(name)
    return "" if value is None else str(value)


def check(
    found: Findings,
    node: object,
    path: str,
    table: dict[str, Field],
    nodes: Collection[str] = (),
) -> dict[str, Any] | None:
    """Note what a table has against an object; the object, if it is one.

    :param nodes: names of objects and lists within, which are looked at elsewhere
    """
    if not isinstance(node, dict):
        found.add(path, "is no object")
        return None
    for name, value in node.items():
        if name in nodes:
            continue
        if name not in table:
            found.odd(found.settings.unknown_fields, join(path, name), "is unknown")
        elif value is not None:
            _check_value(found, join(path, name), table[name], value)
    for field in table.values():
        if field.required and not text(node, field.name).strip():
            found.add(join(path, field.name), "is missing")
    return node


def _check_value(found: Findings, path: str, field: Field, value: object) -> None:
    if isinstance(value, dict | list | bool):
        found.add(path, "is no text")
        return
    if not isinstance(value, str) and found.settings.value_types == "text":
        found.add(path, "is no text")
    length = measure(found.settings, str(value))
    longest = field.longest
    if field.name == "orderNo":
        longest = found.settings.order_number_length
    if longest and length > longest:
        code = "E9104" if path.endswith("order.email") else ""
        found.add(path, f"is {length} long; {longest} are allowed", code)


def measure(settings: Settings, value: str) -> int:
    """How long a text is."""
    if settings.length_unit == "gbk":
        return len(value.encode("gb18030"))
    return len(value)


def is_moment(value: str, form: str = "%Y-%m-%d %H:%M:%S") -> bool:
    """Whether it is a date (and time) of that form that exists."""
    try:
        moment = datetime.strptime(value, form)
    except ValueError:
        return False
    return moment.strftime(form) == value
