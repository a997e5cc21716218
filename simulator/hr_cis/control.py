"""``/_control/``: what tests and demonstrations order and ask of CIS. JSON.

=================================  ============================================
``POST /_control/registry``        trusted_cas, revoked, premises, keys
``GET  /_control/authority``       PEM: ``ca`` (what a client has to trust, root and
                                   what stands between) and ``signers`` (the
                                   certificates that sign answers, by environment)
``POST /_control/certificates``    a new certificate for a taxpayer under that
                                   authority: ``{"oib", "name", "place",
                                   "not_before", "not_after", "bits",
                                   "password"}``, all but ``oib`` optional; gives
                                   ``p12`` (base64), ``password``, ``pem``, ``key``,
                                   ``serial``
``GET  /_control/receipts``        ``?environment=&oib=&number=1/POSL1/12&jir=``:
                                   what was registered, with each delivery
``GET  /_control/refusals``        what was refused, with the reason in English
``GET  /_control/hours``           working hours by premises
=================================  ============================================

With those of :mod:`simulator.control`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from ..control import ControlBase, OrderError, needed, urls
from .authority import key_file
from .registry import RegistryError
from .store import Registered

if TYPE_CHECKING:
    from .app import CisApp

_PASSWORD = "fiskal"


class Control(ControlBase):
    """Answers control calls for one :class:`.app.CisApp`."""

    NAME = "hr_cis"
    URLS = urls(
        ("/authority", "authority"),
        ("/certificates", "certificates", "POST"),
        ("/receipts", "receipts"),
        ("/refusals", "refusals"),
        ("/hours", "hours"),
    )
    MISTAKES = (RegistryError,)

    def __init__(self, app: CisApp) -> None:
        super().__init__(app)
        self.app = app

    def counts(self) -> dict[str, Any]:
        """How much was taken."""
        store = self.app.store
        return {
            "receipts": len(store.order),
            "deliveries": sum(len(row.deliveries) for row in store.order),
            "refusals": len(store.refusals),
        }

    def registered(self) -> dict[str, Any]:
        """The registry, of the keys their number."""
        dump = super().registered()
        dump["keys"] = len(dump["keys"])
        return dump

    def _authority(self, request: Request, body: dict) -> dict[str, Any]:
        authority = self.app.authority
        signers = {name: seal.pem for name, seal in authority.services.items()}
        return {"ca": authority.chain, "signers": signers}

    def _certificates(self, request: Request, body: dict) -> dict[str, str]:
        values = {**body, "oib": needed(body, "oib")}
        password = str(values.pop("password", _PASSWORD))
        try:
            for name in {"not_before", "not_after"} & values.keys():
                values[name] = datetime.fromisoformat(values[name])
            seal = self.app.authority.certify(**values)
        except (TypeError, ValueError) as error:
            text = str(error).replace("Authority.certify() ", "")
            raise OrderError(f"No such certificate: {text}.") from None
        self.app.registry.add_key(seal.key_pem)
        return {
            "p12": key_file(seal, password),
            "password": password,
            "pem": seal.pem,
            "key": seal.key_pem,
            "serial": str(seal.certificate.serial_number),
        }

    def _receipts(self, request: Request, body: dict) -> list[dict[str, Any]]:
        wanted = request.args
        return [
            _receipt(row)
            for row in self.app.store.order
            if wanted.get("environment", row.environment) == row.environment
            and wanted.get("oib", row.receipt.oib) == row.receipt.oib
            and wanted.get("number", row.receipt.printed) == row.receipt.printed
            and wanted.get("jir", row.jirs[0]) in row.jirs
        ]

    def _refusals(self, request: Request, body: dict) -> list[dict[str, Any]]:
        return list(self.app.store.refusals)

    def _hours(self, request: Request, body: dict) -> list[dict[str, Any]]:
        return [
            {"environment": key[0], "oib": key[1], "code": key[2], **kept}
            for key, kept in self.app.store.hours.items()
        ]


def _receipt(row: Registered) -> dict[str, Any]:
    receipt = row.receipt
    return {
        "environment": row.environment,
        "oib": receipt.oib,
        "number": receipt.printed,
        "issued": receipt.issued.isoformat(),
        "total": receipt.total_text,
        "payment": row.payment,
        "buyer": row.buyer,
        "zki": receipt.zki,
        "zki_hash": row.zki_hash,
        "jir": row.jirs[0],
        "jirs": row.jirs,
        "handed_over": len(row.deliveries),
        "deliveries": row.deliveries,
        "changes": row.changes,
        "tips": row.tips,
        "warnings": row.warnings,
        "conflict": row.conflict,
        "content": receipt.content,
    }
