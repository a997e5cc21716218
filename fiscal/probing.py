"""What trying a connection finds, whatever the authority."""

from __future__ import annotations

from .contract import FiscalError, Problem, Record
from .messages import _, source_of
from .transport import HttpClient

_MOST_OFFSET = 60.0


def failure(code: str, exc: FiscalError, record: Record | None) -> Problem:
    """Return an error as a problem; its text is a sentence already, maybe with the
    authority's own words in it.

    :param code: which step failed
    :param record: what to open to mend it
    """
    specific = getattr(exc, "code", "") or exc.outcome
    message, values = source_of(exc)
    return Problem(f"{code}_{specific}", message, "", record, values)


def clock_problems(client: HttpClient) -> list[Problem]:
    """Return that this server's clock is wrong, as the last answer's date tells."""
    offset = client.clock_offset
    seconds = offset.total_seconds() if offset is not None else 0.0
    if abs(seconds) <= _MOST_OFFSET:
        return []
    return [
        Problem(
            "probe_clock",
            _(
                "This server's clock is %(seconds)s seconds behind the authority's."
                " Set it right (NTP): documents with a wrong time are refused."
            )
            if seconds > 0
            else _(
                "This server's clock is %(seconds)s seconds ahead of the authority's."
                " Set it right (NTP): documents from the future are refused."
            ),
            values={"seconds": round(abs(seconds))},
        )
    ]
