"""Who is registered: taxpayers, branches, devices, programs, item codes."""

from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

DEVICE_STATES = ("active", "inactive", "retired")
ALL = "all"
_Row = TypeVar("_Row")


class RegistryError(ValueError):
    """What should be registered is not well-formed."""


@dataclass
class Taxpayer:
    """A taxpayer; ``branches`` maps codes to names."""

    rin: str
    name: str
    branches: dict[str, str] = field(default_factory=lambda: {"0": "HQ"})
    activities: list[str] | str = ALL
    receipt_types: list[str] | str = ALL
    tags: list[str] = field(default_factory=lambda: ["B2B", "B2C"])


@dataclass
class Device:
    """A point of sale. ``presharedkey`` None: not asked for.

    ``inactive`` becomes ``active`` at the first token; ``expires_at`` is when
    the credentials end, seconds since the epoch.
    """

    serial: str
    rin: str
    client_id: str
    secrets: list[str]
    branch: str = "0"
    status: str = "active"
    presharedkey: str | None = None
    expires_at: float | None = None


@dataclass
class ErpClient:
    """A program's credentials."""

    client_id: str
    secret: str
    rin: str


@dataclass
class ItemCode:
    """A code of the type EGS or GS1, and who may use it.

    ``rins`` empty: everybody; an EGS code's owner always may.
    """

    item_type: str
    code: str
    active: bool = True
    rins: list[str] = field(default_factory=list)


class Registry:
    """All that is registered. Callers hold the store's lock."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everybody."""
        self.taxpayers: dict[str, Taxpayer] = {}
        self.devices: dict[str, Device] = {}  # by serial
        self.erp_clients: dict[str, ErpClient] = {}
        self.item_codes: dict[tuple[str, str], ItemCode] = {}
        # serial -> days after issue within which late receipts are taken
        self.late_grants: dict[str, float] = {}

    def device_of(self, client_id: str) -> Device | None:
        """The device with these credentials."""
        for device in self.devices.values():
            if device.client_id == client_id:
                return device
        return None

    def load(self, config: dict) -> None:
        """Add what a configuration lists.

        :raises RegistryError: for unknown keys and rows that are not well-formed
        """
        kinds = {
            "taxpayers": self.add_taxpayer,
            "devices": self.add_device,
            "erp_clients": self.add_erp_client,
            "item_codes": self.add_item_code,
        }
        unknown = config.keys() - {*kinds, "late_grants"}
        if unknown:
            raise RegistryError(f"Nobody reads {', '.join(sorted(unknown))}.")
        for name, add in kinds.items():
            for row in config.get(name, ()):
                if not isinstance(row, dict):
                    raise RegistryError(f"{name} is a list of objects.")
                add(**row)
        for serial, days in config.get("late_grants", {}).items():
            self.grant_late(serial, days)

    def dump(self) -> dict:
        """As a configuration that :meth:`load` takes; contains secrets."""
        return {
            "taxpayers": [asdict(item) for item in self.taxpayers.values()],
            "devices": [asdict(item) for item in self.devices.values()],
            "erp_clients": [asdict(item) for item in self.erp_clients.values()],
            "item_codes": [asdict(item) for item in self.item_codes.values()],
            "late_grants": dict(self.late_grants),
        }

    def add_taxpayer(self, **values: Any) -> None:
        """Register or replace a taxpayer."""
        taxpayer = _make(Taxpayer, values)
        self.taxpayers[taxpayer.rin] = taxpayer

    def add_device(self, **values: Any) -> None:
        """Register a device, or change some values of a known one."""
        known = self.devices.get(values.get("serial", ""))
        if known:
            values = {**asdict(known), **values}
        device = _make(Device, values)
        self._check_taxpayer(device.rin)
        if device.status not in DEVICE_STATES:
            raise RegistryError(f"status must be one of {', '.join(DEVICE_STATES)}.")
        if not device.secrets or len(device.secrets) > 2:
            raise RegistryError("A device has one or two secrets.")
        self.devices[device.serial] = device

    def add_erp_client(self, **values: Any) -> None:
        """Register or replace a program's credentials."""
        client = _make(ErpClient, values)
        self._check_taxpayer(client.rin)
        self.erp_clients[client.client_id] = client

    def add_item_code(self, **values: Any) -> None:
        """Register or replace an item code."""
        code = _make(ItemCode, values)
        self.item_codes[code.item_type, code.code] = code

    def _check_taxpayer(self, rin: str) -> None:
        if rin not in self.taxpayers:
            raise RegistryError(f"There is no taxpayer {rin!r}; register it first.")

    def grant_late(self, serial: str, days: float) -> None:
        """Take receipts of this device up to ``days`` after issue; 0 ends it."""
        if serial not in self.devices:
            raise RegistryError(f"There is no device {serial!r}.")
        if days:
            self.late_grants[serial] = float(days)
        else:
            self.late_grants.pop(serial, None)


def _make(kind: type[_Row], values: dict[str, Any]) -> _Row:
    try:
        return kind(**values)
    except TypeError as error:
        text = str(error).replace("__init__() ", "")
        raise RegistryError(f"{kind.__name__}: {text}") from None


DEFAULT = {
    "taxpayers": [
        {
            "rin": "674859545",
            "name": "شركة تجربة",
            "branches": {"0": "المركز الرئيسي", "1": "فرع 1"},
        }
    ],
    "devices": [
        {
            "serial": f"SIM-POS-000{number}",
            "rin": "674859545",
            "client_id": f"sim-pos-000{number}",
            "secrets": [f"sim-secret-000{number}-a", f"sim-secret-000{number}-b"],
        }
        for number in (1, 2)
    ],
    "erp_clients": [
        {"client_id": "sim-erp", "secret": "sim-erp-secret", "rin": "674859545"}
    ],
}
