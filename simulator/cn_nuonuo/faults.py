"""Misbehaviour of the platform's own kind, on top of :mod:`simulator.faults`.

The common kinds strike a call's name (``requestBillingNew`` ...), ``accessToken``,
``files`` or ``any``; these strike calls but the last two:

======================  =======================================================
``refuse``              the error ``code`` with ``message``, nothing is done
``html_describe``       the call is refused, and ``describe`` is HTML
``lost``                ``requestBillingNew`` only: accepted and forgotten
``wrong_total``         results with another amount
``wrong_order``         results that name another order
======================  =======================================================

On ``issue``, for single invoices of ``match`` (``orderNo``, ``serialNo``,
``invoiceLine``, ``buyerName``, ``goodsName``, ``total``, ``red``):

======================  =======================================================
``issue_fails``         status 22 with ``message``
``sign_fails``          status 24
``stuck``               status 20 for ever
``slow_issue``          ``seconds`` more until it is issued
``slow_sign``           ``seconds`` more until its files are there
``logs_out``            the account is logged out in that moment
``asks_person``         the bureau asks for a real-person check
======================  =======================================================

On ``red``, for confirmations of ``match`` (``billId``, ``orderNo``): ``red_fails``
(state 16 with ``message``), ``red_request_fails`` (requestStatus 02 or 04).

On ``callback``, for single invoices as on ``issue``: ``callback_lost``,
``callback_doubled``, ``callback_late`` (``seconds``), ``callback_early`` (told as
done when accepted), ``callback_forged`` (with a number that was never given).

``client`` is a seller's tax number. ``rate_limit`` answers HTTP 429.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..faults import Rule

INSTEAD = ("refuse", "html_describe")
SPOILING = ("wrong_total", "wrong_order")
ISSUE = (
    "issue_fails",
    "sign_fails",
    "stuck",
    "slow_issue",
    "slow_sign",
    "logs_out",
    "asks_person",
)
RED = ("red_fails", "red_request_fails")
CALLBACK = (
    "callback_lost",
    "callback_doubled",
    "callback_late",
    "callback_early",
    "callback_forged",
)
CALLS = INSTEAD + SPOILING
KINDS = CALLS + ("lost",) + ISSUE + RED + CALLBACK
_UNNAMED = "InternalServerError"
_HTML = "<div class='error'><b>系统繁忙</b><script>alert(1)</script></div>"


def instead(rules: Sequence[Rule], code: str) -> dict[str, Any] | None:
    """What is answered without doing anything, if that is ordered."""
    for rule in rules:
        if rule.kind == "refuse":
            named = code if rule.code == _UNNAMED else rule.code
            return {"code": named, "describe": rule.message}
        if rule.kind == "html_describe":
            return {"code": code, "describe": _HTML}
    return None


def spoil(rules: Sequence[Rule], answer: dict[str, Any]) -> None:
    """Change what is told of invoices."""
    rows = answer.get("result")
    kinds = {rule.kind for rule in rules}
    for row in rows if isinstance(rows, list) else ():
        if "wrong_total" in kinds:
            row["orderAmount"] = "1.00"
        if "wrong_order" in kinds:
            row["orderNo"] = f"X{row['orderNo']}"[:20]
