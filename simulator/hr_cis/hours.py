"""Working hours of business premises (spec croatia 4.11).

Regular hours begin on a date, exceptions are for one. Kept is the element as it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from lxml import etree

from .answers import Answer, errors_of, message_of
from .codes import error
from .names import f73, local
from .receipt import ZAGREB, NoSuchMomentError

if TYPE_CHECKING:
    from .app import CisApp
    from .request import Request

REGULAR, EXCEPTION = "Redovno", "Iznimke"
_KINDS = {"REDOVNO": (REGULAR,), "IZNIMKE": (EXCEPTION,), "SVE": (REGULAR, EXCEPTION)}
# In bulk an exception is called by another name.
_NAMES = {REGULAR: REGULAR, EXCEPTION: EXCEPTION, "Iznimka": EXCEPTION}
_FIRST_DAY, _LAST_DAY = 1, 45
_LATEST_END = "23:58"


class Hours:
    """Answers the four operations. Callers hold the store's lock."""

    def __init__(self, app: CisApp) -> None:
        self._app = app

    def report(self, request: Request, answer: Answer) -> None:
        """``prijaviRadnoVrijeme``: all that is in it, or nothing."""
        code = self._code(request)
        rows = request.root.find(f"{f73('PoslovniProstor')}/{f73('RadnoVrijeme')}")
        if rows is None:
            answer.errors = [error("s001", "RadnoVrijeme")]
            return
        found = self._faults(request, code, rows)
        if found:
            answer.errors = [error(name) for name in found]
            return
        self._keep(request, code, rows)
        answer.success = "p003"

    def report_many(self, request: Request, answer: Answer) -> None:
        """``prijaviRadnoVrijemeZaPoslovnice``: each premises by itself."""
        rows = etree.Element(f73("PoslovniProstoriOdgovor"))
        for premises in request.part("PoslovniProstori"):
            code = premises.findtext(f73("OznPosPr")) or ""
            row = etree.SubElement(rows, f73("PoslovnicaOdgovor"))
            etree.SubElement(row, f73("OznPosPr")).text = code
            found = self._faults(request, code, premises)
            if found:
                row.append(errors_of([error(name) for name in found]))
                continue
            self._keep(request, code, premises)
            row.append(message_of("p003", self._app.settings))
        answer.content = [rows]

    def delete(self, request: Request, answer: Answer) -> None:
        """``obrisiRadnoVrijeme``: all that is named, or nothing."""
        code = self._code(request)
        rows = request.root.find(
            f"{f73('PoslovniProstor')}/{f73('BrisanjeRadnogVremena')}"
        )
        if rows is None:
            answer.errors = [error("s001", "BrisanjeRadnogVremena")]
            return
        if not self._is_known(request, code):
            answer.errors = [error("s101")]
            return
        kept = self._kept(request, code)
        named = [(_NAMES[local(row.tag)], _day(row)) for row in rows]
        if any(day.isoformat() not in kept[kind] for kind, day in named):
            answer.errors = [error("s110")]
        elif any(kind == EXCEPTION and day < _today(request) for kind, day in named):
            answer.errors = [error("s120")]
        else:
            for kind, day in named:
                del kept[kind][day.isoformat()]
            self._app.store.changes += 1
            answer.success = "p004"

    def fetch(self, request: Request, answer: Answer) -> None:
        """``dohvatiRadnoVrijeme``."""
        code = request.part("OznPosPr").text or ""
        if not self._is_known(request, code):
            answer.errors = [error("s101")]
            return
        kept = self._kept(request, code)
        kinds = _KINDS[request.part("VrstaRadnogVremena").text or ""]
        texts = [text for kind in kinds for _, text in sorted(kept[kind].items())]
        if not texts:
            answer.errors = [error("s110")]
            return
        premises = etree.Element(f73("PoslovniProstor"))
        etree.SubElement(premises, f73("Oib")).text = request.oib
        etree.SubElement(premises, f73("OznPosPr")).text = code
        rows = etree.SubElement(premises, f73("RadnoVrijeme"))
        rows.extend(etree.fromstring(text) for text in texts)
        answer.content = [premises]

    def _faults(
        self, request: Request, code: str, rows: Iterable[etree._Element]
    ) -> list[str]:
        if not self._is_known(request, code):
            return ["s101"]
        kept = self._kept(request, code)
        found = []
        for row in rows:
            kind = _NAMES.get(local(row.tag))
            if kind is None:
                continue
            day = _day(row)
            ahead = (day - _today(request)).days
            if kind == REGULAR and not _FIRST_DAY <= ahead <= _LAST_DAY:
                found.append("s103")
            if kept[kind].get(day.isoformat()) == _text(row, kind):
                found.append("s107")
            if any(_ends_too_late(half) for half in row.iter(f73("Dvokratno"))):
                found.append("s114")
        return list(dict.fromkeys(found))

    def _keep(
        self, request: Request, code: str, rows: Iterable[etree._Element]
    ) -> None:
        kept = self._kept(request, code)
        for row in rows:
            kind = _NAMES.get(local(row.tag))
            if kind is not None:
                kept[kind][_day(row).isoformat()] = _text(row, kind)
        self._app.store.changes += 1

    def _kept(self, request: Request, code: str) -> dict[str, dict[str, str]]:
        key = (request.environment, request.oib, code)
        return self._app.store.hours.setdefault(key, {REGULAR: {}, EXCEPTION: {}})

    def _is_known(self, request: Request, code: str) -> bool:
        asked = self._app.settings.premises_must_be_registered
        return not asked or (request.oib, code) in self._app.registry.premises

    @staticmethod
    def _code(request: Request) -> str:
        return request.part("PoslovniProstor", "OznPosPr").text or ""


def _today(request: Request) -> date:
    return request.now.astimezone(ZAGREB).date()


def _day(row: etree._Element) -> date:
    text = row.findtext(f73("DatumOd")) or row.findtext(f73("Datum")) or ""
    try:
        return datetime.strptime(text, "%d.%m.%Y").date()
    except ValueError as error_:
        raise NoSuchMomentError(f"'{text}' is no date.") from error_


def _text(row: etree._Element, kind: str) -> str:
    """The element as text, by the name it has outside of bulk messages."""
    alone = etree.fromstring(etree.tostring(row, with_tail=False))
    alone.tag = f73(kind)
    return etree.tostring(alone, method="c14n", exclusive=True).decode()


def _ends_too_late(half: etree._Element) -> bool:
    first = half.findtext(f73("DioDvokratnog")) == "1"
    return first and (half.findtext(f73("RadnoVrijemeDo")) or "") > _LATEST_END
