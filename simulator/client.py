"""Ordering and asking a running simulator through its control API.

``ControlClient(url).fault("submit", "drop_after", times=1)``
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

_TIMEOUT = 60


class ControlError(RuntimeError):
    """The simulator refused an order; the text says why."""


class ControlClient:
    """Control API of the simulator at ``url``. Returns parsed JSON."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # no proxy of the environment may stand between
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """One call; ``path`` without the ``/_control/`` before it.

        :raises ControlError: when it is refused
        """
        address = f"{self.url}/_control/{path}"
        given = {name: value for name, value in query.items() if value is not None}
        if given:
            address += f"?{urllib.parse.urlencode(given)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(error.read().decode(errors="replace")) from None

    def overview(self) -> dict:
        """Settings, registry, counts."""
        return self.call("GET", "")

    def reset(self) -> None:
        """Back to the state at the start. Tokens given stay good."""
        self.call("POST", "reset", {})

    def settings(self, **changes: object) -> dict:
        """Change settings and return them all."""
        return self.call("POST", "settings", changes)

    def register(self, **config: object) -> dict:
        """Add ``taxpayers``, ``devices``, ``erp_clients``, ``item_codes``,
        ``trusted_cas``, ``signers``, ``callbacks``, ``late_requests``.
        """
        return self.call("POST", "registry", config)

    def device(self, serial: str, **changes: object) -> None:
        """Change a device: ``status="retired"``, ``secrets=[...]`` ..."""
        self.register(devices=[{"serial": serial, **changes}])

    def grant_late(self, serial: str, days: float) -> None:
        """Grant a late-submission request; 0 days takes it back."""
        self.call("POST", "late", {"serial": serial, "days": days})

    def cancel(self, uuid: str, reason: str = "") -> dict:
        """Cancel a valid receipt, as a person does on the portal."""
        return self.call("POST", "cancel", {"uuid": uuid, "reason": reason})

    def alter(self, uuid: str, **shown: object) -> dict:
        """Show a receipt otherwise than it was sent: ``number``, ``total``, ``issued``,
        ``buyer_id``, ``serial``.
        """
        return self.call("POST", "alter", {"uuid": uuid, **shown})

    def forget(self, uuid: str) -> None:
        """Lose a receipt, as if it had never been taken."""
        self.call("POST", "forget", {"uuid": uuid})

    def fault(self, on: str | list[str], kind: str, **options: object) -> int:
        """Put one fault rule in force; returns its id."""
        rule = {"on": on, "kind": kind, **options}
        return self.call("POST", "faults", [rule])["ids"][0]

    def faults(self) -> list[dict]:
        """The rules in force with their counts."""
        return self.call("GET", "faults")

    def clear_faults(self, identity: int | None = None, seed: int = 0) -> None:
        """Drop one rule, or all."""
        if identity is None:
            self.call("DELETE", "faults", seed=seed)
        else:
            self.call("DELETE", f"faults/{identity}")

    def revoke_tokens(self) -> None:
        """Make every token given so far useless."""
        self.call("POST", "tokens/revoke", {})

    def tokens(self) -> list[dict]:
        """Tokens given, without the tokens themselves."""
        return self.call("GET", "tokens")

    def settle(self) -> None:
        """Reach all pending verdicts now."""
        self.call("POST", "settle", {})

    def receipts(
        self,
        *,
        serial: str | None = None,
        status: str | None = None,
        uuid: str | None = None,
        raw: bool = False,
    ) -> list[dict]:
        """Everything taken, in the order it was taken."""
        return self.call(
            "GET",
            "receipts",
            serial=serial,
            status=status,
            uuid=uuid,
            raw="1" if raw else None,
        )

    def documents(
        self,
        *,
        rin: str | None = None,
        number: str | None = None,
        status: str | None = None,
        uuid: str | None = None,
        raw: bool = False,
    ) -> list[dict]:
        """Every document taken, in the order in which they were taken.

        :param number: the issuer's ``internalID``
        """
        return self.call(
            "GET",
            "documents",
            rin=rin,
            internalID=number,
            status=status,
            uuid=uuid,
            raw="1" if raw else None,
        )

    def document_submissions(self) -> list[dict]:
        """Every submission of documents that was accepted."""
        return self.call("GET", "document_submissions")

    def document_rejections(self) -> list[dict]:
        """Documents refused at once."""
        return self.call("GET", "document_rejections")

    def document_state(self, uuid: str, action: str, reason: str = "Ordered") -> dict:
        """Act as the party that may: ``cancel``, ``reject`` (the buyer),
        ``decline_cancelation`` (the buyer), ``decline_rejection``.
        """
        order = {"uuid": uuid, "action": action, "reason": reason}
        return self.call("POST", "document_state", order)

    def receive(self, receiver: str, **order: object) -> dict:
        """Let another taxpayer issue a document to ``receiver``; it is valid at
        once. See :mod:`.eg_eta.invoices.foreign` for what an order may say.
        """
        return self.call("POST", "received", {"receiver": receiver, **order})

    def grant_late_documents(self, rin: str, days: int) -> str:
        """Grant a late-submission request for documents; its number."""
        order = {"rin": rin, "days": days}
        return self.call("POST", "document_late", order)["number"]

    def code_requests(self) -> list[dict]:
        """Requests for item codes, with their ids and states."""
        return self.call("GET", "code_requests")

    def decide_code(self, identity: int, status: str, reason: str = "") -> dict:
        """``Approved`` or ``Rejected``: a request for an item code."""
        order = {"status": status, "reason": reason}
        return self.call("POST", f"code_requests/{identity}", order)

    def callbacks(self) -> list[dict]:
        """Notifications made so far, with each attempt to deliver them."""
        return self.call("GET", "callbacks")

    def ping(self, rin: str) -> dict:
        """Ping a taxpayer's client now: ``status``, ``body``, ``echoed``."""
        return self.call("POST", "callbacks/ping", {"rin": rin})

    def send_callback(
        self, rin: str, path: str, body: dict, api_key: str | None = None
    ) -> dict:
        """Call a taxpayer's client with any body: ``status`` and ``body``.

        :param api_key: another key than the registered one
        """
        order = {"rin": rin, "path": path, "body": body, "api_key": api_key}
        return self.call("POST", "callbacks/send", order)

    def submissions(self) -> list[dict]:
        """Everything accepted, per call."""
        return self.call("GET", "submissions")

    def rejections(self) -> list[dict]:
        """Receipts refused at once."""
        return self.call("GET", "rejections")

    def requests(self, last: int = 100) -> dict:
        """``counts`` and ``statuses`` per endpoint, ``most_at_once``, ``rows``."""
        return self.call("GET", "requests", last=last)
