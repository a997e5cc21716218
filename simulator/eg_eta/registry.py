"""Who is registered: taxpayers, branches, devices, programs, item codes, and
whose certificates are believed.

A configuration is a JSON object of lists of objects with the fields of the
classes here; fields with a default may be left out, and what has no list is
empty::

    {"taxpayers":     [{"rin": "674859545", "name": "...", "branches": {"0": "HQ"}}],
     "devices":       [{"serial": ..., "rin": ..., "client_id": ..., "secrets": [...]}],
     "erp_clients":   [{"client_id": ..., "secret": ..., "rin": ..., "represents": []}],
     "trusted_cas":   [{"pem": "-----BEGIN CERTIFICATE-----..."}],
     "signers":       [{"rin": ..., "pem": "..."}],
     "callbacks":     [{"rin": ..., "base_url": "http://127.0.0.1:8069/...",
                        "api_key": ...}],
     "item_codes":    [{"item_type": "EGS", "code": "EG-674859545-1"}],
     "late_requests": [{"rin": ..., "number": "674859545-26-1", "days": 3}],
     "late_grants":   {"<serial>": 2},
     "settings":      {...}, "faults": [...]}

Without ``taxpayers`` those of :data:`DEFAULT` are registered.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ..certificates import CertificateError, read_pem
from ..server import NotLoopbackError, check_loopback
from .codes import egs_owner

DEVICE_STATES = ("active", "inactive", "retired")
ALL = "all"
SUBMITTED, APPROVED, REFUSED = "Submitted", "Approved", "Rejected"
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
    """A program's credentials.

    ``represents``: taxpayers on whose behalf it may act (an intermediary's);
    ``expires_at``: when the credentials end, seconds since the epoch.
    """

    client_id: str
    secret: str
    rin: str
    represents: list[str] = field(default_factory=list)
    expires_at: float | None = None


@dataclass
class TrustedCa:
    """A certification authority's certificates (PEM) that may end a chain."""

    pem: str


@dataclass
class Signer:
    """A natural person who may sign for a taxpayer, by certificate (PEM)."""

    rin: str
    pem: str


@dataclass
class Callback:
    """Where a taxpayer wants to be called, and with which key.

    ``base_url`` is on a loopback address; the paths of ETA's calls follow it.
    ``ca`` is the certificate (PEM) to trust there, "" for the machine's own.
    """

    rin: str
    base_url: str
    api_key: str
    ca: str = ""


@dataclass
class LateRequest:
    """A late-submission request that was granted for invoices.

    Documents are taken up to ``days`` after their day of issue; they carry
    ``number``, of the form registration number, year, running number.
    """

    rin: str
    number: str
    days: int


@dataclass
class ItemCode:
    """A code of the type EGS or GS1, and who may use it.

    ``rins`` empty: everybody; an EGS code's owner always may. ``active_from``
    and ``active_to`` are moments in UTC, ``yyyy-MM-ddTHH:mm:ss``, "" for no
    bound. The rest is what ETA tells of a code; ``created`` is a moment too.
    """

    item_type: str
    code: str
    active: bool = True
    rins: list[str] = field(default_factory=list)
    name: str = ""
    name_ar: str = ""
    description: str = ""
    description_ar: str = ""
    parent: str = ""
    linked: str = ""
    active_from: str = ""
    active_to: str = ""
    created: str = ""

    def in_force(self, moment: str) -> bool:
        """Whether it is active at a moment (as ``active_from``)."""
        begun = not self.active_from or self.active_from[:19] <= moment[:19]
        ended = bool(self.active_to) and self.active_to[:19] < moment[:19]
        return self.active and begun and not ended

    def usable(self, rin: str, moment: str) -> bool:
        """Whether a taxpayer may use it at a moment (as ``active_from``)."""
        allowed = not self.rins or rin in self.rins or egs_owner(self.code) == rin
        return allowed and self.in_force(moment)


@dataclass
class CodeRequest:
    """A request for an EGS code: ``Submitted``, then ``Approved`` or ``Rejected``.

    ``created`` is a moment in UTC. A ``reuse`` asks to use a code that exists.
    """

    id: int
    rin: str
    created: str
    item_type: str
    code: str
    reuse: bool = False
    status: str = SUBMITTED
    reason: str = ""
    values: dict[str, str] = field(default_factory=dict)  # of the code to be made
    due: float | None = None  # when it is approved by itself; the clock's seconds


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
        self.late_requests: list[LateRequest] = []
        self.trusted_cas: list[TrustedCa] = []
        self.signers: list[Signer] = []
        self.callbacks: dict[str, Callback] = {}  # by registration number
        self.code_requests: dict[int, CodeRequest] = {}

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
            "trusted_cas": self.add_trusted_ca,
            "signers": self.add_signer,
            "callbacks": self.add_callback,
            "late_requests": self.add_late_request,
            "code_requests": self.add_code_request,
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
            "trusted_cas": [asdict(item) for item in self.trusted_cas],
            "signers": [asdict(item) for item in self.signers],
            "callbacks": [asdict(item) for item in self.callbacks.values()],
            "late_requests": [asdict(item) for item in self.late_requests],
            "code_requests": [asdict(item) for item in self.code_requests.values()],
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
        for rin in (client.rin, *client.represents):
            self._check_taxpayer(rin)
        self.erp_clients[client.client_id] = client

    def add_item_code(self, **values: Any) -> None:
        """Register or replace an item code."""
        code = _make(ItemCode, values)
        self.item_codes[code.item_type, code.code] = code

    def add_trusted_ca(self, **values: Any) -> None:
        """Believe a certification authority from now on."""
        authority = _make(TrustedCa, values)
        _certificates(authority.pem)
        self.trusted_cas.append(authority)

    def add_signer(self, **values: Any) -> None:
        """Authorise a natural person to sign for a taxpayer."""
        signer = _make(Signer, values)
        self._check_taxpayer(signer.rin)
        _certificates(signer.pem)
        self.signers.append(signer)

    def signers_of(self, rin: str) -> frozenset[bytes]:
        """Certificates (DER) of the natural persons who may sign for ``rin``."""
        pems = [signer.pem for signer in self.signers if signer.rin == rin]
        return frozenset(der for pem in pems for der in _certificates(pem))

    def add_callback(self, **values: Any) -> None:
        """Register or replace where a taxpayer is called."""
        callback = _make(Callback, values)
        self._check_taxpayer(callback.rin)
        _check_loopback_url(callback.base_url)
        self.callbacks[callback.rin] = callback

    def add_late_request(self, **values: Any) -> None:
        """Grant a late-submission request for invoices."""
        request = _make(LateRequest, values)
        self._check_taxpayer(request.rin)
        self.late_requests.append(request)

    def add_code_request(self, **values: Any) -> None:
        """Take or replace a request for a code."""
        request = _make(CodeRequest, values)
        self._check_taxpayer(request.rin)
        self.code_requests[request.id] = request

    def is_requested(self, item_type: str, code: str) -> bool:
        """Whether a code was asked for and not granted."""
        return any(
            request.status != APPROVED
            for request in self.code_requests.values()
            if (request.item_type, request.code) == (item_type, code)
        )

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


def _certificates(pem: object) -> list[bytes]:
    try:
        return read_pem(str(pem))
    except CertificateError as error:
        raise RegistryError(str(error)) from error


def _check_loopback_url(address: object) -> None:
    """The simulator calls this machine only."""
    parts = urlsplit(str(address))
    try:
        check_loopback(parts.hostname or "")
    except NotLoopbackError as error:
        raise RegistryError(f"base_url {address!r}: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise RegistryError(f"base_url {address!r} must be http or https.")


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
