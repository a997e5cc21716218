"""CIS' own schema, against which every request is checked before it is signed.

Answers are not: the authority's own break it (spec croatia 4.12).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from ..contract import Problem
from ..messages import _
from ..xmltext import etree, need

_FILE = Path(__file__).parent / "schemas" / "schema" / "FiskalizacijaSchema.xsd"
_MOST = 20
_LOCK = Lock()


@cache
def _schema() -> Any:
    need()
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.parse(_FILE, parser))


def schema_problems(root: Any) -> list[Problem]:
    """Return what the schema says against a request."""
    validator = _schema()
    with _LOCK:  # the list of errors is the schema's, which threads share
        if validator.validate(root):
            return []
        errors = list(validator.error_log)[:_MOST]
    return [
        Problem(
            "schema",
            _(
                "The message does not fit the authority's schema: %(reason)s. Report"
                " this to whoever looks after the system."
            ),
            error.path or "",
            values={"reason": error.message},
        )
        for error in errors
    ]
