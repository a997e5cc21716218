"""The asynchronous verdict on one receipt: every step, every fault."""

import decimal

from ..clock import to_text
from . import calculations, chain, code_fields, findings, profile, returns
from .findings import Finding
from .registry import Registry
from .settings import Settings
from .store import Receipt, Store


class Validator:
    """Judges receipts against the registry and what the store holds."""

    def __init__(self, store: Store, registry: Registry, settings: Settings) -> None:
        self.store = store
        self.registry = registry
        self.settings = settings

    def judge(self, receipt: Receipt) -> list[Finding]:
        """Return every fault; chain faults under ``warn`` become warnings."""
        document = receipt.document
        # Quantity times price may have more digits than the usual 28.
        with decimal.localcontext() as context:
            context.prec = 60
            return self._judge(receipt, document)

    def _judge(self, receipt: Receipt, document: dict) -> list[Finding]:
        settings = self.settings
        grant = self.registry.late_grants.get(receipt.serial)
        taxpayer = self.registry.taxpayers[receipt.rin]
        device = self.registry.devices.get(receipt.serial)
        found = _uuid(receipt)
        found += profile.check_dates(
            document["header"], receipt.received, grant, settings
        )
        found += profile.check_seller(document, taxpayer, device)
        found += profile.check_buyer(document, settings)
        found += profile.check_currency(document)
        moment = to_text(receipt.received)
        found += code_fields.check(document, self.registry, settings, moment)
        found += calculations.check(document, settings)
        found += returns.check(receipt, document, self.store, settings)
        found += chain.check_correction(receipt, self.store)
        linked = chain.check_chain(receipt, self.store, settings.chain)
        if settings.chain == "warn":
            receipt.warnings = linked
        else:
            found += linked
        return found


def _uuid(receipt: Receipt) -> list[Finding]:
    if receipt.hash == receipt.uuid:
        return []
    message = f"uuid must be the hash of the receipt as sent: {receipt.hash}"
    return [Finding(findings.UUID, "SIM-UUID-HASH", "header.uuid", message)]
