"""Ordering and asking a running simulator of the Nuonuo platform."""

from typing import Any

from ..client import ControlClient


class NuonuoControlClient(ControlClient):
    """Control API of the simulator of Nuonuo at ``url``; see :mod:`.control`.

    Settings, rules of misbehaviour, ``register``, ``settle``, ``revoke_tokens`` and
    the log of calls are those of :class:`~simulator.client.ControlClient`.
    """

    def orders(
        self, order: str | None = None, *, seller: str | None = None
    ) -> list[dict[str, Any]]:
        """Every order taken; ``handed_over`` counts how often it came."""
        return self.call("GET", "orders", order=order, seller=seller)

    def invoices(
        self, order: str | None = None, *, number: str | None = None
    ) -> list[dict[str, Any]]:
        """Every invoice, red letters too, with its lines."""
        return self.call("GET", "invoices", order=order, number=number)

    def confirmations(self) -> list[dict[str, Any]]:
        """Every confirmation of a red letter."""
        return self.call("GET", "confirmations")

    def refusals(self) -> list[dict[str, Any]]:
        """Calls refused: ``problems`` are code, path and an English detail."""
        return self.call("GET", "refusals")

    def send_form(self, url: str, form: dict[str, str]) -> dict[str, Any]:
        """Post a call-back of one's own to an address of this machine."""
        return self.call("POST", "callbacks/send", {"url": url, "form": form})

    def account(
        self, tax_number: str, extension: str = "", **changes: object
    ) -> dict[str, Any]:
        """Change a person's account at the bureau: ``logged_in=False`` ..."""
        order = {"tax_number": tax_number, "extension": extension, **changes}
        return self.call("POST", "account", order)

    def scan(
        self, tax_number: str, purpose: str = "login", extension: str = ""
    ) -> None:
        """Let a person scan the QR code for ``login`` or ``person``."""
        order = {"tax_number": tax_number, "extension": extension, "purpose": purpose}
        self.call("POST", "scan", order)

    def sms(self, tax_number: str, extension: str = "") -> str:
        """The code that was sent to a person."""
        query = {"tax_number": tax_number, "extension": extension}
        return self.call("GET", "sms", **query)["code"]

    def use(self, number: str, use: str = "deducted") -> None:
        """Let the buyer use an invoice: ``deducted``, ``booked``, or empty."""
        self.call("POST", "use", {"number": number, "use": use})

    def buyer(self, bill_id: str, agree: bool) -> dict[str, Any]:
        """Let the buyer agree to a confirmation that waits for it, or refuse."""
        return self.call("POST", "buyer", {"bill_id": bill_id, "agree": agree})

    def buyer_applies(self, number: str, **order: object) -> str:
        """Let the buyer apply for a red letter; the confirmation's id."""
        return self.call("POST", "buyer_applies", {"number": number, **order})[
            "bill_id"
        ]

    def authorize(self, appkey: str, tax_number: str) -> str:
        """The code that an ISV gets when a company authorises it."""
        order = {"appkey": appkey, "tax_number": tax_number}
        return self.call("POST", "authorize", order)["code"]

    def token_calls(self, appkey: str) -> int:
        """How many calls for a token count against the budget."""
        return self.call("GET", "tokens")["calls"].get(appkey, 0)
