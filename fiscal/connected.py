"""What every authority knows from its connection: addresses, settings, the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, ClassVar

from .contract import NOTHING, Connection
from .settings import read_settings


class Connected:
    """Part of an authority: one of its systems, seen from one connection.

    :cvar default_endpoints: its addresses by environment and name, for those that the
        connection does not give
    :cvar settings_class: what its settings are read into, see
        :func:`.settings.read_settings`
    :cvar setting_readers: what reads settings of further types
    """

    default_endpoints: ClassVar[Mapping[str, Mapping[str, str]]]
    settings_class: ClassVar[type[Any]]
    setting_readers: ClassVar[Mapping[Any, Callable[[Any], Any]]] = NOTHING

    def __init__(self, connection: Connection) -> None:
        """Take a connection.

        :raise ValueError: one of its settings makes no sense
        """
        self._connection = connection
        self._endpoints = {
            **self.default_endpoints[connection.environment],
            **{name: url for name, url in connection.endpoints.items() if url},
        }
        self._settings = read_settings(
            connection.settings, self.settings_class, self.setting_readers
        )

    def line_at(self, path: str) -> int | None:
        """Return ``None``: errors tell no place in the document."""
        return None

    def _now(self) -> datetime:
        clock = self._connection.wall_clock
        return clock() if clock is not None else datetime.now(timezone.utc)
