"""The session at the tax bureau that Nuonuo issues through, and the credit line
(spec china 1.1). What refreshes asks the bureau, at most 20 times a day and once in 30
or 60 seconds; what reads asks the vendor alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from . import errors
from .answers import amount_or_none
from .client import NuonuoClient, Reply
from .fapiao import Routing
from .text import told

Progress = Literal["running", "done", "failed"]

CREDIT_REFRESH = "credit_refresh"
"""What a call is for that has the bureau asked for the credit line: those are counted
there."""

_PROGRESS: Mapping[str, Progress] = {"0": "running", "1": "done", "2": "failed"}
_MOST_QR = 2000


@dataclass(frozen=True, slots=True)
class CreditLine:
    """How much the company may still invoice this month, before tax, in CNY."""

    progress: Progress
    words: str
    available: Decimal | None
    used: Decimal | None
    total: Decimal | None
    updated_at: str


@dataclass(frozen=True, slots=True)
class Certification:
    """Whether the clerk is logged in, or is who he says.

    :ivar state: of a login ``0`` no, ``1`` yes; of a person ``0`` unknown, ``1`` yes,
        ``2`` to be checked, ``3`` being asked
    :ivar login: ``0`` password, ``1`` QR code, ``2`` text message, ``3`` certificate;
        "" where it is not told
    """

    account: str
    state: str
    login: str
    extension: str

    @property
    def good(self) -> bool:
        """He is."""
        return self.state == "1"


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code to be scanned within five minutes.

    :ivar kind: ``1`` with WeChat or Alipay, ``2`` with the bureau's app, ``3`` with the
        business licence's, ``4`` with the bureau's app to show one's face
    :ivar text: what the code says, to be drawn
    """

    progress: Progress
    words: str
    kind: str
    text: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class Login:
    """What a login came to."""

    progress: Progress
    words: str


class Session:
    """One account at the bureau.

    Each method raises ``TransientError``, ``AuthenticationError``, ``AuthorityError``,
    and ``AmbiguousError`` where it starts something there.
    """

    def __init__(self, client: NuonuoClient, routing: Routing) -> None:
        self._client = client
        given = {
            "extensionNumber": routing.extension,
            "deptId": routing.department,
            "clerkId": routing.clerk,
        }
        self._account = {name: text for name, text in given.items() if text}

    def credit_line(self) -> CreditLine:
        """Return the credit line as the vendor has it."""
        one = self._ask("getCreditLine", "1")
        return CreditLine(
            _progress(one.get("requestStatus")),
            told(one.get("message")),
            amount_or_none(one.get("availableCreditLine")),
            amount_or_none(one.get("usedCreditLine")),
            amount_or_none(one.get("totalCreditLine")),
            told(one.get("amountUpdateTime")),
        )

    def refresh_credit_line(self) -> None:
        """Have the vendor ask the bureau for the credit line."""
        self._ask("getCreditLine", "0", changes=True, purpose=CREDIT_REFRESH)

    def login(self) -> Certification:
        """Return whether the clerk is logged in."""
        return _certification(self._ask("getCertificationStatus", "2"))

    def person(self) -> Certification:
        """Return whether the clerk has shown his face."""
        return _certification(self._ask("getCertificationStatus", "1"))

    def refresh_person(self) -> None:
        """Have the vendor ask the bureau whether the clerk has shown his face."""
        self._ask("getCertificationStatus", "0", changes=True)

    def qr(self, purpose: Literal["login", "person"]) -> QrCode:
        """Return the code that was got last."""
        one = self._ask("getQrCode", "3" if purpose == "login" else "1")
        return QrCode(
            _progress(one.get("status")),
            told(one.get("message")),
            told(one.get("qrCodeType")),
            told(one.get("qrCode"), _MOST_QR),
            told(one.get("endTime")),
        )

    def refresh_qr(self, purpose: Literal["login", "person"]) -> None:
        """Have the vendor get a new code from the bureau."""
        kind = "2" if purpose == "login" else "0"
        self._ask("getQrCode", kind, changes=True)

    def send_message(self) -> None:
        """Have the bureau send a text message with a code to log in with."""
        self._ask("getQrCode", "4", changes=True)

    def message_sent(self) -> Login:
        """Return whether the text message was sent."""
        return _login(self._ask("getQrCode", "5"))

    def scanned(self) -> None:
        """Tell the vendor that the code was scanned."""
        self._ask("verifyComplete", "0", changes=True)

    def scan_result(self) -> Login:
        """Return what became of a login by code."""
        return _login(self._ask("verifyComplete", "1"))

    def submit_message(self, code: str) -> None:
        """Log in with the code of a text message."""
        more = {"verifyCode": code}
        self._ask("verifyComplete", "2", changes=True, more=more)

    def message_result(self) -> Login:
        """Return what became of a login by text message."""
        return _login(self._ask("verifyComplete", "3"))

    def _ask(
        self,
        name: str,
        kind: str,
        *,
        changes: bool = False,
        more: Mapping[str, str] | None = None,
        purpose: str = "",
    ) -> Mapping[str, Any]:
        def read(reply: Reply) -> Mapping[str, Any]:
            if not reply.success:
                errors.refuse(reply.code, reply.words)
            return reply.result if isinstance(reply.result, Mapping) else {}

        body = {**self._account, "queryType": kind, **(more or {})}
        purpose = purpose or ("session" if changes else "session_state")
        return self._client.call(name, body, read, purpose=purpose, changes=changes)


def _progress(value: Any) -> Progress:
    return _PROGRESS.get(told(value), "running")


def _certification(one: Mapping[str, Any]) -> Certification:
    return Certification(
        told(one.get("eleAccount")),
        told(one.get("certificationStatus")),
        told(one.get("loginType")),
        told(one.get("extensionNumber")),
    )


def _login(one: Mapping[str, Any]) -> Login:
    return Login(_progress(one.get("status")), told(one.get("message")))
