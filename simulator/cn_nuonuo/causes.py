"""Why the tax bureau does not issue what the platform accepted."""

from __future__ import annotations

from decimal import Decimal

from .names import local
from .registry import Account, Company, Registry
from .settings import Settings
from .store import Invoice, Store

NO_LOGIN = "电子税务局账号未登录，请登录后重试"
NO_PERSON = "需要实人认证，请扫码认证后重试"
NO_CREDIT = "授信额度不足"
_CLERK = "开票员与登录账号不符"
_NO_ACCOUNT = "分机号无对应的电子税务局账号"
_SINGLE = "超过单张发票限额"
_BUYER = "购方税号在电子税务局中未查到"
_NAME = "非自然人发票的购方名称过短"
_TEMPLATE = "附加要素模板不存在"


def month_of(seconds: float) -> str:
    """The month that a moment counts for."""
    return f"{local(seconds):%Y-%m}"


def of_account(
    account: Account | None, clerk: str, settings: Settings, now: float
) -> str:
    """What is against an account; empty: nothing."""
    if account is None:
        return _NO_ACCOUNT
    if not account.is_logged_in(now):
        return NO_LOGIN
    if account.real_person != "1":
        return NO_PERSON
    if settings.clerk_check == "issue" and clerk != account.clerk:
        return _CLERK
    return ""


def of_invoice(
    invoice: Invoice,
    company: Company,
    registry: Registry,
    store: Store,
    now: float,
) -> str:
    """What is against a blue invoice; empty: nothing."""
    order, excl = invoice.order, invoice.total("excl")
    number = order.get("buyerTaxNum", "")
    if order.get("taxNumVerifyFlag") == "1" and number not in registry.companies:
        return _BUYER
    if (
        order.get("naturalPersonVerifyFlag") == "1"
        and invoice.kind_code == "pc"
        and order.get("naturalPersonFlag") != "1"
        and len(order["buyerName"]) <= 4
    ):
        return _NAME
    template = order.get("additionalElementName")
    if template and template not in company.templates:
        return _TEMPLATE
    if excl > Decimal(company.single_limit):
        return _SINGLE
    used = store.credit_used.get((invoice.seller, month_of(now)), Decimal(0))
    if used + excl > Decimal(company.credit_line):
        return NO_CREDIT
    return ""
