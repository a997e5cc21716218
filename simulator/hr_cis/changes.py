"""Changes of payment means and recipient, and tips (spec croatia 4.5 to 4.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .answers import Answer
from .codes import error
from .receipt import ZAGREB, Receipt, read
from .store import Registered

if TYPE_CHECKING:
    from .app import CisApp
    from .request import Request

# Rules about the time of issue are for receipts; a change has its own.
_OF_RECEIPTS = ("176", "177")
_TIP_DAYS = 2


@dataclass(frozen=True)
class _Codes:
    too_late: str
    unknown: str
    done: str


_PAYMENT = _Codes("s007", "s008", "p001")
_TIP = _Codes("s009", "s010", "p002")
_DATA = _Codes("s011", "s012", "p005")


class Changes:
    """Answers the three operations. Callers hold the store's lock."""

    def __init__(self, app: CisApp) -> None:
        self._app = app

    def payment(self, request: Request, answer: Answer) -> None:
        """``promijeniNacPlac``."""
        receipt = read(request.racun)
        means = request.text("PromijenjeniNacinPlac")
        self._change(request, answer, receipt, _PAYMENT, means, None)

    def data(self, request: Request, answer: Answer) -> None:
        """``promijeniPodatkeRacuna``; an empty OIB takes the recipient away."""
        receipt = read(request.racun)
        means = request.text("PromijenjeniNacinPlac")
        buyer = request.text("PromijenjeniOibPrimateljaRacuna")
        self._change(request, answer, receipt, _DATA, means, buyer)

    def tip(self, request: Request, answer: Answer) -> None:
        """``napojnica``."""
        receipt = read(request.racun)
        registered = self._registered(request, answer, receipt, _TIP, _TIP_DAYS)
        if registered is None:
            return
        registered.tips.append(
            {
                "amount": request.text("Napojnica", "iznosNapojnice"),
                "payment": request.text("Napojnica", "nacinPlacanjaNapojnice"),
                "time": request.now.isoformat(),
                "idPoruke": answer.message_id,
            }
        )
        self._app.store.changes += 1
        answer.success = _TIP.done

    def _change(
        self,
        request: Request,
        answer: Answer,
        receipt: Receipt,
        codes: _Codes,
        means: str,
        buyer: str | None,
    ) -> None:
        """Change what was registered.

        :param buyer: None leaves the recipient as it is
        """
        registered = self._registered(request, answer, receipt, codes, 0)
        if registered is None:
            return
        recipient = registered.buyer if buyer is None else buyer
        receipts = self._app.receipts
        broken = receipts.broken(
            receipt.changed(means, recipient), request.sent, request.now
        )
        broken = [code for code in broken if code not in _OF_RECEIPTS]
        answer.errors = receipts.refusing(broken, request.now)
        if answer.errors:
            return
        registered.payment, registered.buyer = means, recipient
        registered.changes.append(
            {
                "operation": answer.operation.name,
                "payment": means,
                "buyer": recipient,
                "time": request.now.isoformat(),
                "idPoruke": answer.message_id,
            }
        )
        self._app.store.changes += 1
        answer.success = codes.done

    def _registered(
        self,
        request: Request,
        answer: Answer,
        receipt: Receipt,
        codes: _Codes,
        days: int,
    ) -> Registered | None:
        """The receipt meant; None when the answer is an error."""
        today = request.now.astimezone(ZAGREB).date()
        age = (today - receipt.issued.date()).days
        if not 0 <= age <= days:
            answer.errors = [error(codes.too_late)]
            return None
        basis = self._app.settings.change_basis
        for row in self._app.store.versions(request.environment, receipt):
            if row.is_repeated_by(receipt, basis):
                return row
        answer.errors = [error(codes.unknown)]
        return None
