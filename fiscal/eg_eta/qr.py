"""The text of a printed receipt's QR code (ETA SDK, /receiptissuancefaq/)."""

from __future__ import annotations

from typing import Literal


def qr_text(
    portal: str,
    uuid: str,
    issued_at: str,
    total: str,
    rin: str,
    precision: Literal["full", "minute"] = "full",
) -> str:
    """Return the link that a customer opens to see the receipt at ETA.

    :param portal: base address of the portal
    :param issued_at: ``dateTimeIssued`` as the receipt has it; the portal's share
        page wants the exact value
    :param total: ``totalAmount`` as the receipt has it
    :param precision: ``minute`` cuts the seconds off, as ETA's printed example does
    """
    if precision == "minute":
        issued_at = issued_at[:16] + "Z"
    return (
        f"{portal.rstrip('/')}/receipts/search/{uuid}/share/{issued_at}"
        f"#Total:{total},IssuerRIN:{rin}"
    )
