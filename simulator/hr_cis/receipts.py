"""``racuni`` and ``provjera``: receipts that are registered, or only looked at."""

from __future__ import annotations

import copy
import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from . import rules
from .answers import Answer
from .codes import CHECK_PASSED, RULES, error
from .names import f73, local
from .receipt import ZAGREB, Receipt, read
from .store import Registered

if TYPE_CHECKING:
    from .app import CisApp
    from .request import Request

_HASHES = (("sha256", hashes.SHA256()), ("sha1", hashes.SHA1()))


class Receipts:
    """Answers both. Callers hold the store's lock."""

    def __init__(self, app: CisApp) -> None:
        self._app = app

    def broken(self, receipt: Receipt, sent: datetime, now: datetime) -> list[str]:
        """Codes of the rules that a receipt breaks."""
        tolerance = timedelta(seconds=self._app.settings.future_tolerance_seconds)
        return rules.broken(receipt, sent, now, tolerance)

    def refusing(self, codes: list[str], now: datetime) -> list[tuple[str, str]]:
        """s013 with those of ``codes`` that refuse, nothing when none does."""
        today = now.astimezone(ZAGREB).date()
        found = rules.restrictive(codes, self._app.settings.restrictive, today)
        return [error("s013", ", ".join(found))] if found else []

    def register(self, request: Request, answer: Answer) -> None:
        """``racuni``."""
        store, receipt = self._app.store, read(request.racun)
        codes = self.broken(receipt, request.sent, request.now)
        answer.errors = self.refusing(codes, request.now)
        if answer.errors:
            return
        versions = store.versions(request.environment, receipt)
        known = next((row for row in versions if row.is_same(receipt)), None)
        registered = known or self._new(request, receipt)
        registered.warnings = sorted({*registered.warnings, *codes})
        if known is None:
            store.add(registered)
        answer.jir = store.deliver(
            registered,
            request.now,
            request.sent,
            answer.message_id,
            receipt.late,
            self._app.settings.repeat_jir == "new",
        )

    def check(self, request: Request, answer: Answer) -> None:
        """``provjera``: gives the receipt back with all that is to be said of it."""
        receipt = read(request.racun)
        codes = self.broken(receipt, request.sent, request.now)
        answer.content = [self._shown(request.racun)]
        answer.errors = [(code, RULES[code]) for code in codes] or [CHECK_PASSED]
        answer.status = self._app.settings.check_status

    def _new(self, request: Request, receipt: Receipt) -> Registered:
        key = self._app.registry.key_of(request.certificate)
        return Registered(
            environment=request.environment,
            receipt=receipt,
            payment=receipt.payment,
            buyer=receipt.buyer,
            zki_hash=_hash_of_zki(receipt, key) if key else None,
        )

    def _shown(self, racun: etree._Element) -> etree._Element:
        shown = copy.deepcopy(racun)
        names = [local(child.tag) for child in shown]
        if self._app.settings.empty_special_purpose and "SpecNamj" not in names:
            # as in the authority's samples, although the schema forbids it
            behind = "ParagonBrRac" if "ParagonBrRac" in names else "NakDost"
            place = names.index(behind) + 1
            shown.insert(place, etree.Element(f73("SpecNamj")))
        return shown


def _hash_of_zki(receipt: Receipt, key: rsa.RSAPrivateKey) -> str:
    """By which hash a receipt's ZKI comes out with the taxpayer's key."""
    text = "".join(
        (
            receipt.oib,
            f"{receipt.issued:%d.%m.%Y %H:%M:%S}",
            receipt.number,
            receipt.premises,
            receipt.device,
            receipt.total_text,
        )
    )
    for name, algorithm in _HASHES:
        signature = key.sign(text.encode(), padding.PKCS1v15(), algorithm)
        if hashlib.md5(signature).hexdigest() == receipt.zki:
            return name
    return "none"
