"""What is printed on an invoice, before any file is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..names import PROVINCES, Kind, local
from ..registry import Company
from ..shapes import text
from ..store import Invoice
from .text import qr_text

# Stands wherever a real file would have something that proves it.
DUMMY = "SIMULATED-NOT-A-SIGNATURE"


@dataclass(frozen=True)
class Face:
    """The face of an invoice; ``lines`` are those of :mod:`..lines`."""

    invoice: Invoice
    company: Company
    blue_number: str = ""

    @property
    def kind(self) -> Kind:
        """What it is."""
        return self.invoice.kind

    @property
    def number(self) -> str:
        """20 digits."""
        return self.invoice.number

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines."""
        return self.invoice.lines

    @property
    def qr(self) -> str:
        """The QR code's text."""
        return qr_text(self.invoice)

    def total(self, name: str) -> Decimal:
        """The sum of ``excl``, ``tax`` or ``incl``."""
        return self.invoice.total(name)

    def issued(self, form: str) -> str:
        """When it was issued, in China's time."""
        return local(self.invoice.issued or 0).strftime(form)

    def said(self, name: str) -> str:
        """A field of the order."""
        return text(self.invoice.order, name)

    @property
    def bureau(self) -> str:
        """The tax bureau's name."""
        place = PROVINCES.get(self.company.province, "模拟")
        return f"国家税务总局{place}税务局"

    @property
    def remark(self) -> str:
        """The remark, with all that the platform adds to it."""
        rows = [self.said("remark")]
        if self.invoice.red:
            rows.append(
                f"被冲红蓝字数电票号码：{self.invoice.red['blue']} "
                f"红字发票信息确认单编号：{self.invoice.red['bill_no']}"
            )
        shown = self.said("showBankAccountType")
        if shown in ("2", "3") and self.said("buyerAccount"):
            rows.append(f"购方开户银行及账号：{self.said('buyerAccount')}")
        if shown in ("1", "3") and self.said("salerAccount"):
            rows.append(f"销方开户银行及账号：{self.said('salerAccount')}")
        for name, title in (("payee", "收款人"), ("checker", "复核人")):
            if self.said(name):
                rows.append(f"{title}：{self.said(name)}")
        return "；".join(row for row in rows if row)


def item_name(line: dict[str, Any]) -> str:
    """``*short name*name``, as items are printed."""
    return f"*{line['short'] or '模拟'}*{line['name']}"


def split_account(value: str) -> tuple[str, str]:
    """A bank's name and the account's number, which are one field in orders."""
    bank, _space, number = value.rpartition(" ")
    return (bank, number) if bank else (value, "")
