"""People at the tax bureau: login, real-person check, credit line.

Spec china 1.1 ("Other calls"); 5.2 point 16. What the platform tells is what it last
read from the bureau; a refresh has it read anew.
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import causes
from .errors import refused
from .gateway import Caller
from .names import local, moment_text
from .registry import Account, Company
from .shapes import text
from .store import Invoice

if TYPE_CHECKING:
    from .app import NuonuoApp

PERSON, LOGIN, SMS = "person", "login", "sms"
UNDER_WAY, GOOD, BAD = "0", "1", "2"
_QR_KINDS = {"1": "1", "3": "3"}
_SMS_LIFE = 300.0


class Sessions:
    """Answers the calls. Callers hold the store's lock."""

    def __init__(self, app: NuonuoApp) -> None:
        self.app = app

    # --- what there is in common ------------------------------------------------

    def _account(self, caller: Caller) -> Account:
        account = caller.company.account(text(caller.body, "extensionNumber"))
        if account is None:
            code = self.app.settings.other_code
            raise refused(code, "extensionNumber", "no account has this extension")
        return account

    def _type(self, caller: Caller, *known: str, default: str = "") -> str:
        value = text(caller.body, "queryType") or default
        if value not in known:
            code = self.app.settings.other_code
            raise refused(code, "queryType", f"is one of {', '.join(known)}")
        return value

    def _count(self, account: Account, what: str, pause: float, now: float) -> None:
        """Count a refresh; they are limited per day and by a pause.

        :raises ApiError: when it is one too many
        """
        code, most = self.app.settings.other_code, self.app.settings.refreshes_per_day
        today = local(now).date()
        past = account.refreshes.get(what, [])
        past = [row for row in past if local(row).date() == today]
        if past and now - past[-1] < pause:
            raise refused(code, "queryType", f"once in {pause:g} seconds only")
        if len(past) >= most:
            raise refused(code, "queryType", f"{most} times a day only")
        account.refreshes[what] = [*past, now]
        self.app.registry.changes += 1

    def _ready(self, now: float) -> float:
        return now + self.app.settings.session_seconds

    # --- certification and login ------------------------------------------------

    def certification(
        self, caller: Caller, base_url: str, now: float
    ) -> dict[str, Any]:
        """``getCertificationStatus``."""
        account, kind = self._account(caller), self._type(caller, *"012")
        settings = self.app.settings
        shown = {
            "eleAccount": account.masked,
            "extensionNumber": account.extension,
        }
        if kind == "0":
            pause = settings.certification_refresh_seconds
            self._count(account, "certification", pause, now)
            account.codes["certification"] = {"ready": self._ready(now)}
            return {}
        if kind == "2":
            logged_in = account.is_logged_in(now)
            shown["certificationStatus"] = "1" if logged_in else "0"
            shown["loginType"] = account.login_type
            return shown
        reading = account.codes.get("certification", {})
        if reading and now < reading["ready"]:
            return {**shown, "certificationStatus": "3"}
        if reading:
            account.known = account.real_person
            del account.codes["certification"]
        return {**shown, "certificationStatus": account.known}

    # --- QR codes and SMS -------------------------------------------------------

    def qr_code(self, caller: Caller, base_url: str, now: float) -> dict[str, Any]:
        """``getQrCode``."""
        account, kind = self._account(caller), self._type(caller, *"012345")
        purpose = {"0": PERSON, "1": PERSON, "2": LOGIN, "3": LOGIN}.get(kind, SMS)
        settings = self.app.settings
        if kind in "02":
            self._count(account, "qr", settings.qr_refresh_seconds, now)
            life = settings.qr_life_seconds
            self._make_code(account, purpose, life, now)
            return self._code_row(caller.company, account, UNDER_WAY, "获取中")
        if kind == "4":
            self._count(account, SMS, settings.qr_refresh_seconds, now)
            self._make_code(account, SMS, _SMS_LIFE, now)
            return self._code_row(caller.company, account, UNDER_WAY, "发送中")
        code = account.codes.get(purpose)
        if code is None or now >= code["end"]:
            return self._code_row(caller.company, account, BAD, "没有有效的二维码")
        if now < code["ready"]:
            return self._code_row(caller.company, account, UNDER_WAY, "获取中")
        row = self._code_row(caller.company, account, GOOD, "查询成功")
        row["endTime"] = moment_text(code["end"])
        if purpose != SMS:
            row["qrCode"] = code["text"]
            login = _QR_KINDS.get(account.login_type, "2")
            row["qrCodeType"] = "4" if purpose == PERSON else login
        return row

    def _make_code(self, account: Account, kind: str, life: float, now: float) -> None:
        account.codes[kind] = {
            "text": f"qrcode_id={secrets.token_urlsafe(24)}&interfaceCode=0002",
            "sms": f"{secrets.randbelow(10**6):06}",
            "ready": self._ready(now),
            "end": now + life,
            "scanned": False,
        }

    def _code_row(
        self, company: Company, account: Account, status: str, message: str
    ) -> dict[str, Any]:
        return {
            "status": status,
            "message": message,
            "taxNum": company.tax_number,
            "extensionNumber": account.extension,
            "account": account.masked,
            "qrCodeType": "",
            "qrCode": "",
            "qrCodeUrl": "",
            "endTime": "",
        }

    def scan(self, company: Company, account: Account, kind: str, now: float) -> None:
        """A person scans the QR code of a purpose with the right app.

        :raises ValueError: when there is none that is good
        """
        code = account.codes.get(kind)
        if code is None or not code["ready"] <= now < code["end"]:
            raise ValueError(f"There is no good QR code for {kind}.")
        self.app.registry.changes += 1
        if kind == PERSON:
            account.real_person = "1"
            del account.codes[kind]
        else:
            code["scanned"] = True

    def verify(self, caller: Caller, base_url: str, now: float) -> dict[str, Any]:
        """``verifyComplete``: log in by the QR code scanned, or by an SMS's code."""
        account = self._account(caller)
        kind = self._type(caller, *"0123", default="0")
        self._finish(account, now)
        if kind in "02":
            self._verify(account, kind, text(caller.body, "verifyCode"), now)
        waiting = account.verifying
        if waiting and waiting["due"] > now:
            status, message = UNDER_WAY, "登录执行中"
        elif account.is_logged_in(now):
            status, message = GOOD, "登录成功"
        else:
            status, message = BAD, "未登录"
        return {
            "status": status,
            "message": message,
            "loginType": "1" if kind in "01" else "2",
            "taxNum": caller.company.tax_number,
            "extensionNumber": account.extension,
            "account": account.masked,
        }

    def _verify(self, account: Account, kind: str, given: str, now: float) -> None:
        purpose = LOGIN if kind == "0" else SMS
        if kind == "2" and not given:
            code = self.app.settings.other_code
            raise refused(code, "verifyCode", "is missing")
        row = account.codes.get(purpose)
        good = row is not None and now < row["end"]
        if row is not None and good:
            good = row["scanned"] if kind == "0" else row["sms"] == given
        self.app.registry.changes += 1
        account.verifying = {"due": self._ready(now), "good": good, "kind": purpose}

    def _finish(self, account: Account, now: float) -> None:
        """A login under way comes to its end."""
        waiting = account.verifying
        if waiting and waiting["due"] <= now:
            if waiting["good"]:
                account.logged_in, account.login_until = True, None
                account.codes.pop(waiting["kind"], None)
            account.verifying = {}
            self.app.registry.changes += 1

    # --- the credit line --------------------------------------------------------

    def credit(self, caller: Caller, base_url: str, now: float) -> dict[str, Any]:
        """``getCreditLine``."""
        account, kind = self._account(caller), self._type(caller, *"01")
        company, settings = caller.company, self.app.settings
        read = company.credit_read
        if kind == "0":
            pause = settings.credit_refresh_seconds
            self._count(account, "credit", pause, now)
            company.credit_read = {**read, "due": self._ready(now)}
            return {}
        if read.get("due") and read["due"] <= now:
            read = company.credit_read = self._read_credit(company, read["due"])
        if "used" not in read:
            status = UNDER_WAY if read.get("due") else BAD
            return {"requestStatus": status, "taxNum": company.tax_number}
        under_way = bool(read.get("due"))
        return {
            "requestStatus": UNDER_WAY if under_way else GOOD,
            "message": "查询中" if under_way else "OK",
            "taxNum": company.tax_number,
            "extensionNumber": account.extension,
            "account": account.masked,
            **{name: read[name] for name in read if name not in ("due", "used")},
        }

    def _read_credit(self, company: Company, now: float) -> dict[str, Any]:
        """What the bureau says at a moment."""
        store, month = self.app.store, causes.month_of(now)
        used = store.credit_used.get((company.tax_number, month), Decimal("0.00"))
        total = Decimal(company.credit_line)
        mine = [
            row
            for row in store.invoices.values()
            if row.seller == company.tax_number
            and row.issued is not None
            and causes.month_of(row.issued) == month
        ]
        return {
            "used": str(used),
            "availableCreditLine": str(total - used),
            "usedCreditLine": str(used),
            "totalCreditLine": str(total),
            "availableCount": 0,
            "usedCount": sum(row.kind.paper and not row.red for row in mine),
            "invoicedBlueCount": sum(not row.red for row in mine),
            "invoicedAmount": _total(mine, "excl"),
            "invoicedTax": _total(mine, "tax"),
            "amountUpdateTime": moment_text(now),
        }


def _total(rows: list[Invoice], name: str) -> str:
    return str(sum((row.total(name) for row in rows), Decimal("0.00")))
