"""Who uses the platform: applications and companies with their bureau accounts.

A configuration is a JSON object of lists of objects with the fields of the classes
here; fields with a default may be left out::

    {"apps":      [{"appkey": "SIM00001", "secret": "...", "tax_numbers": ["..."]}],
     "companies": [{"tax_number": "339902999999789113", "name": "...",
                    "accounts": [{"extension": "0", "clerk": "..."}]}],
     "settings":  {...}, "faults": [...]}

Without ``apps`` those of :data:`DEFAULT` are registered.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

_Row = TypeVar("_Row")


class RegistryError(ValueError):
    """What should be registered is not well-formed."""


@dataclass
class Application:
    """A program's credentials.

    :ivar kind: ``own``, or ``isv``: for others, by their authorisation
    :ivar tax_numbers: whom an own application may act for; the first is meant
        where a call names nobody
    :ivar methods: what it is entitled to, without the family's name; None: all
    """

    appkey: str
    secret: str
    kind: str = "own"
    tax_numbers: list[str] = field(default_factory=list)
    methods: list[str] | None = None


@dataclass
class Account:
    """A person's account at the tax bureau, which a company's extension leads to.

    :ivar login_until: seconds since the epoch; None: until it is logged out
    :ivar login_type: 0 password, 1 QR code, 2 SMS, 3 certificate
    :ivar real_person: what the bureau thinks: 0 unknown, 1 certified, 2 pending
    :ivar known: what the platform last read of that
    :ivar refreshes: moments of refreshes, by what was refreshed
    :ivar codes: QR codes and SMS by purpose (``person``, ``login``, ``sms``)
    :ivar verifying: login by QR code or SMS under way: ``kind``, ``due``, ``good``
    """

    extension: str = "0"
    account: str = "13800000000"
    clerk: str = "测试"
    logged_in: bool = True
    login_until: float | None = None
    login_type: str = "1"
    real_person: str = "1"
    known: str = "1"
    refreshes: dict[str, list[float]] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    verifying: dict[str, Any] = field(default_factory=dict)

    def is_logged_in(self, now: float) -> bool:
        """Whether the bureau lets it in."""
        return self.logged_in and (self.login_until is None or now < self.login_until)

    @property
    def masked(self) -> str:
        """The account's name, as the platform shows it."""
        return f"{self.account[:3]}****{self.account[-4:]}"


@dataclass
class Company:
    """A taxpayer.

    :ivar province: the four digits that tax bureaus are numbered by
    :ivar credit_line: what may be invoiced in a month, tax-exclusive
    :ivar single_limit: of one invoice, tax-exclusive
    :ivar splitting: whether an order beyond it is split
    :ivar xml: whether results have an ``xmlUrl``
    :ivar other_information: whether results have the fields "of other information"
    :ivar tell_failures: whether failures are told by call-back
    :ivar goods: names of goods with their codes, for matching
    :ivar templates: names of the templates of additional elements at the bureau
    :ivar credit_read: the last refresh of the credit line: ``time``, ``used``, ``due``
    """

    tax_number: str
    name: str
    address: str = "上海市测试区测试路1号"
    telephone: str = "021-00000000"
    bank_account: str = "测试银行上海分行 0000000000000001"
    province: str = "3100"
    small: bool = False
    kinds: list[str] = field(default_factory=lambda: ["bs", "pc"])
    credit_line: str = "1000000.00"
    single_limit: str = "100000.00"
    splitting: bool = True
    xml: bool = False
    other_information: bool = True
    tell_failures: bool = False
    goods: dict[str, str] = field(default_factory=dict)
    templates: list[str] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=lambda: [Account()])
    credit_read: dict[str, Any] = field(default_factory=dict)

    def account(self, extension: str = "") -> Account | None:
        """The account of an extension, the first one where none is named."""
        if not extension:
            return self.accounts[0]
        for account in self.accounts:
            if account.extension == extension:
                return account
        return None


DEFAULT: dict[str, Any] = {
    "apps": [
        {
            "appkey": "SIM00001",
            "secret": "SIMSECRET0000001",
            "tax_numbers": ["339902999999789113"],
        }
    ],
    "companies": [{"tax_number": "339902999999789113", "name": "测试销售有限公司"}],
    # names of goods by code, for the short name before a line's name
    "goods": [
        {"code": "1090511030000000000", "short": "计算机"},
        {"code": "3040201010000000000", "short": "信息技术服务"},
        {"code": "3010502020000000000", "short": "运输服务"},
        {"code": "3040803010000000000", "short": "人力资源服务"},
        {"code": "3050100000000000000", "short": "建筑服务"},
        {"code": "3040502020200000000", "short": "经营租赁"},
    ],
}


class Registry:
    """All that is registered. Callers hold the store's lock to change it."""

    def __init__(self) -> None:
        self.changes = 0
        self.clear()

    def clear(self) -> None:
        """Forget everybody."""
        self.changes += 1
        self.apps: dict[str, Application] = {}
        self.companies: dict[str, Company] = {}
        self.goods: dict[str, str] = {}

    def load(self, config: dict[str, Any]) -> None:
        """Add or change what a configuration lists.

        :raises RegistryError: for unknown keys and rows that are not well-formed
        """
        unknown = config.keys() - {"apps", "companies", "goods"}
        if unknown:
            raise RegistryError(f"Nobody reads {', '.join(sorted(unknown))}.")
        for row in config.get("apps", ()):
            key = _key(row, "appkey")
            self.apps[key] = self._app(row)
        for row in config.get("companies", ()):
            key = _key(row, "tax_number")
            self.companies[key] = self._company(row)
        for row in config.get("goods", ()):
            self.goods[_key(row, "code")] = _key(row, "short")
        self.changes += 1

    def dump(self) -> dict[str, Any]:
        """As a configuration that :meth:`load` takes; contains secrets."""
        return {
            "apps": [asdict(row) for row in self.apps.values()],
            "companies": [asdict(row) for row in self.companies.values()],
            "goods": [
                {"code": code, "short": short} for code, short in self.goods.items()
            ],
        }

    def _app(self, row: dict[str, Any]) -> Application:
        made = _made(Application, self.apps.get(row["appkey"]), row)
        if made.kind not in ("own", "isv"):
            raise RegistryError("kind is own or isv.")
        if made.kind == "own" and not made.tax_numbers:
            raise RegistryError("An own application has tax_numbers.")
        return made

    def _company(self, row: dict[str, Any]) -> Company:
        old = self.companies.get(row["tax_number"])
        given = dict(row)
        accounts = given.pop("accounts", None)
        made = _made(Company, old, given)
        if accounts is not None:
            made.accounts = [_made(Account, None, account) for account in accounts]
        if not made.accounts:
            raise RegistryError("A company has accounts.")
        return made


def _key(row: object, name: str) -> str:
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, str) or not value:
        raise RegistryError(f"{name} is missing.")
    return value


def _made(kind: type[_Row], old: _Row | None, row: dict[str, Any]) -> _Row:
    values: dict[str, Any] = {}
    if not isinstance(row, dict):
        raise RegistryError(f"{kind.__name__}: a row is an object.")
    if old is not None:
        values = {item.name: getattr(old, item.name) for item in fields(old)}  # type: ignore[arg-type]
    try:
        return kind(**{**values, **row})
    except TypeError as error:
        text = str(error).rpartition(") ")[2]
        raise RegistryError(f"{kind.__name__}: {text}") from None
