"""Checks a finished receipt, ours or anybody's: its UUID, its sums, and everything
that is checked before a receipt is issued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..contract import Problem
from ..messages import _
from .amounts import DECIMALS
from .builder import document
from .canonical import receipt_uuid
from .checks import examine
from .jsontext import number
from .reader import Node, parse_document, read_receipt
from .receipt_types import RECEIPT_TYPES, SALE, VERSION
from .settings import Settings


def verify_receipt(content: bytes | str, settings: Settings) -> list[Problem]:
    """Return what is wrong with a receipt as it is written.

    Time is no matter: the receipt is judged as at its moment of issue.

    :raise ValueError: it is not a receipt
    """
    root = parse_document(content)
    problems = [*_uuid_problems(content, root), *unsafe_values(root.members)]
    try:
        receipt = read_receipt(content)
        version = root.node("documentType").text("typeVersion")
    except ValueError as exc:
        reason = _("The receipt's structure is wrong: %(reason)s.")
        return [*problems, Problem("structure", reason, values={"reason": str(exc)})]
    problems += unknown_version(version, (VERSION,), "documentType.typeVersion")
    found = examine(receipt, settings, receipt.issued_at)
    problems += found.problems
    if found.figures is not None:
        kind = found.type or RECEIPT_TYPES[SALE]
        computed = document(receipt, found.figures, kind, settings)
        problems += differences(root.members, computed)
    return problems


def unknown_version(version: str, known: Sequence[str], path: str) -> Iterator[Problem]:
    """Yield a problem for a version that the authority does not take."""
    if version not in known:
        yield Problem(
            "version_unknown",
            _("The version is “%(version)s”; the authority takes “%(known)s”."),
            path,
            values={"version": version, "known": ", ".join(known)},
        )


def unsafe_values(value: Any, path: str = "") -> Iterator[Problem]:
    """Yield what has no certain place in the canonical text."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from unsafe_values(member, f"{path}.{name}" if path else name)
    elif _is_list(value) and value:
        for index, element in enumerate(value):
            yield from unsafe_values(element, f"{path}[{index}]")
    elif value is None or isinstance(value, bool) or _is_list(value):
        yield Problem(
            "value_unsafe",
            _(
                "%(path)s is null, true, false or an empty array, of which it is not"
                " certain how the authority hashes them. Leave it out."
            ),
            path,
            values={"path": path},
        )


def _uuid_problems(content: bytes | str, root: Node) -> Iterator[Problem]:
    written = root.node("header").text("uuid")
    computed = receipt_uuid(content)
    if written != computed:
        yield Problem(
            "uuid_differs",
            _(
                "The UUID is %(written)s, but the receipt's text gives %(computed)s."
                " It was computed otherwise, or the receipt was changed afterwards."
            ),
            "header.uuid",
            values={"written": written or "empty", "computed": computed},
        )
    text = content.decode("utf-8") if isinstance(content, bytes) else content
    if written and text.count(written) > 1:
        yield Problem(
            "uuid_elsewhere",
            _(
                "The receipt's own UUID stands in it a second time, where the authority"
                " blanks it too and so computes another one. Remove it there."
            ),
            "header.uuid",
        )


def differences(written: Any, computed: Any, path: str = "") -> Iterator[Problem]:
    """Yield the amounts that are written otherwise than they are computed."""
    if isinstance(computed, Mapping) and isinstance(written, Mapping):
        for name, value in computed.items():
            inner = f"{path}.{name}" if path else name
            yield from differences(written.get(name), value, inner)
    elif _is_list(computed) and _is_list(written):
        for index, (ours, theirs) in enumerate(zip(computed, written, strict=False)):
            yield from differences(theirs, ours, f"{path}[{index}]")
    elif _is_off(computed, written):
        yield amount_differs(path, written, computed)


def amount_differs(path: str, written: Decimal, computed: Decimal) -> Problem:
    """Return that an amount is written otherwise than it is computed."""
    return Problem(
        "amount_differs",
        _("%(path)s is %(written)s, but it comes to %(computed)s."),
        path,
        values={
            "path": path,
            "written": number(written),
            "computed": number(computed),
        },
    )


def _is_off(computed: Any, written: Any) -> bool:
    numbers = isinstance(computed, Decimal) and isinstance(written, Decimal)
    return numbers and abs(computed - written) > DECIMALS


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
