"""What every authority knows from its connection: addresses, and the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import ClassVar

from .contract import Connection


class Connected:
    """Part of an authority: one of its systems, seen from one connection.

    :cvar default_endpoints: its addresses by environment and name, for those that the
        connection does not give
    """

    default_endpoints: ClassVar[Mapping[str, Mapping[str, str]]]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._endpoints = {
            **self.default_endpoints[connection.environment],
            **{name: url for name, url in connection.endpoints.items() if url},
        }

    def _now(self) -> datetime:
        clock = self._connection.wall_clock
        return clock() if clock is not None else datetime.now(timezone.utc)
