"""Ordering and asking a running simulator of CIS."""

from typing import Any

from ..client import ControlClient


class CisControlClient(ControlClient):
    """Control API of the simulator of CIS at ``url``; see :mod:`.control`.

    Settings, rules of misbehaviour, ``register`` and the log of calls are those of
    :class:`~simulator.client.ControlClient`.
    """

    def authority(self) -> dict[str, Any]:
        """``ca``: PEM to trust; ``signers``: PEM by environment."""
        return self.call("GET", "authority")

    def certificate(self, oib: str, **order: object) -> dict[str, str]:
        """A new certificate for a taxpayer: ``p12`` (base64), ``password``, ``pem``,
        ``key``, ``serial``.
        """
        return self.call("POST", "certificates", {"oib": oib, **order})

    def revoke(self, serial: str) -> None:
        """Let a certificate be revoked."""
        self.register(revoked=[{"serial": serial}])

    def registered(
        self,
        *,
        environment: str | None = None,
        oib: str | None = None,
        number: str | None = None,
        jir: str | None = None,
    ) -> list[dict[str, Any]]:
        """Receipts that have a JIR; ``number`` as it is printed."""
        return self.call(
            "GET",
            "receipts",
            environment=environment,
            oib=oib,
            number=number,
            jir=jir,
        )

    def refusals(self) -> list[dict[str, Any]]:
        """Messages that were refused: ``errors``, and ``detail`` in English."""
        return self.call("GET", "refusals")

    def hours(self) -> list[dict[str, Any]]:
        """Working hours by premises."""
        return self.call("GET", "hours")
