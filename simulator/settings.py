"""What a test may change while a simulator runs (``/_control/settings``).

Each authority has a dataclass of its switches, derived from :class:`SettingsBase`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar


class SettingError(ValueError):
    """An unknown setting, or a value of the wrong kind."""


@dataclass
class SettingsBase:
    """Switches with defaults; a value keeps the type of its default.

    :cvar CHOICES: values that a setting may have
    :cvar CHECKS: whether a value of the right type is well-formed
    """

    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    CHECKS: ClassVar[Mapping[str, Callable[[Any], bool]]] = {}

    # Added to the machine's clock for everything but real waiting; seconds.
    clock_offset: float = 0.0

    def reset(self) -> None:
        """Back to the defaults."""
        fresh = type(self)()
        for item in fields(self):
            setattr(self, item.name, getattr(fresh, item.name))

    def update(self, changes: dict[str, Any]) -> None:
        """Set several at once, or none.

        :raises SettingError: for an unknown name or a value of another kind
        """
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise SettingError(f"There is no setting {name!r}.")
            known[name] = self._converted(name, value, known[name])
        for name, value in known.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; decimals as text."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: str(value) if isinstance(value, Decimal) else value
            for name, value in values.items()
        }

    def _converted(self, name: str, value: object, current: object) -> object:
        wanted = type(current)
        if wanted is Decimal:
            try:
                return Decimal(str(value))
            except InvalidOperation:
                raise SettingError(f"{name} must be a number.") from None
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise SettingError(f"{name} must be of type {wanted.__name__}.")
        if name in self.CHECKS and not self.CHECKS[name](value):
            raise SettingError(f"{name} has not the form described in the settings.")
        allowed = self.CHOICES.get(name)
        if allowed and value not in allowed:
            raise SettingError(f"{name} must be one of {', '.join(allowed)}.")
        return value
