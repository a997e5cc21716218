"""One value where a receipt has several or none and ETA takes exactly one."""

from __future__ import annotations

from ..contract import Receipt
from .receipt_types import ReceiptType
from .settings import Settings


def payment_method(receipt: Receipt, settings: Settings) -> str:
    """Return the method of the largest payment, the first of equal ones; the
    setting's where nothing is paid yet."""
    payments = receipt.payments
    if not payments:
        return settings.payment_method
    if len(payments) == 1:
        return payments[0].method
    usable = [p for p in payments if p.amount.is_finite()] or payments[:1]
    return max(usable, key=lambda payment: payment.amount).method


def delivery_mode(receipt: Receipt, kind: ReceiptType, settings: Settings) -> str:
    """Return the order's delivery mode, the setting's where the type wants one."""
    if kind.delivery_mode in ("absent", "empty"):
        return ""
    given = receipt.data.get("order_delivery_mode") or ""
    if not given and kind.delivery_mode == "required":
        return settings.order_delivery_mode
    return given


def trade_name(receipt: Receipt) -> str:
    """Return the device's trade name, or else the seller's name."""
    return receipt.device.data.get("trade_name") or receipt.seller.name
