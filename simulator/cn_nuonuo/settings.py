"""What a test may change while the simulator of the platform runs.

Defaults follow the platform's papers. ``[U]`` marks what they do not say or what
nobody has confirmed (spec china, marks U and T): a client must not rely on it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..settings import SettingsBase

_GATEWAY_CODES = {
    "appkey": "070101",
    "signature": "070601",
    # [U] all that follow: no paper names a code
    "content_type": "070602",
    "parameters": "070603",
    "timestamp": "070604",
    "replay": "070605",
    "token": "070301",
    "method": "070102",
    "user_tax": "070103",
}
# [U] E9124 to E9129 are about lengths and digits of amounts; which is which is a guess.
_AMOUNT_CODES = {
    "taxExcludedAmount": ["E9124", "E9125"],
    "tax": ["E9126", "E9127"],
    "taxIncludedAmount": ["E9128", "E9129"],
}
# [U] likewise E9796 to E9801.
_FREIGHT_CODES = {
    "": "E9796",
    "transportTool": "E9797",
    "transportToolNum": "E9798",
    "origin": "E9799",
    "destination": "E9800",
    "goodsName": "E9801",
}
_RED_BUYER_CODES = {"buyerName": "E9113", "buyerTaxNo": "E9115"}
_RATES = ["0", "0.01", "0.015", "0.03", "0.04", "0.05", "0.06", "0.09", "0.10"]
_RATES += ["0.11", "0.13", "0.17"]


def _same_keys(default: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    return lambda value: value.keys() == default.keys()


def _are_rates(value: list[Any]) -> bool:
    return all(isinstance(text, str) and text[:1].isdecimal() for text in value)


@dataclass
class Settings(SettingsBase):
    """Every switch with its default."""

    CHOICES = {
        "replay": ("refused", "ignored"),
        "gateway_error_shape": ("code", "error"),
        "token_budget_counts": ("granted", "all"),
        "old_tokens": ("valid", "revoked"),
        "length_unit": ("characters", "gbk"),
        "value_types": ("text", "any"),
        "unknown_fields": ("refused", "ignored"),
        "stray_nodes": ("refused", "ignored"),
        "buyer_number_form": ("checked", "ignored"),
        "natural_person_number": ("optional", "required"),
        "tax_total": ("warning", "refused", "ignored"),
        "price_check": ("refused", "warning", "ignored"),
        "policy_rates": ("checked", "ignored"),
        "discount_quantity": ("refused", "ignored"),
        "unknown_goods_codes": ("accepted", "refused"),
        "differential_tax": ("checked", "ignored"),
        "clerk_check": ("issue", "request", "ignored"),
        "red_gives_back": ("same_month", "always", "never"),
        "retry_period": ("ever", "day"),
        "split_answer": ("first", "all"),
        "split_query": ("one", "all"),
        "query_missing": ("left_out", "refused"),
        "full_red_after_partial": ("remainder", "refused"),
        "red_discounts": ("merged", "mirrored"),
        "red_confirm_callback": ("json", "form", "none"),
    }
    CHECKS = {
        "gateway_codes": _same_keys(_GATEWAY_CODES),
        "amount_codes": _same_keys(_AMOUNT_CODES),
        "freight_codes": _same_keys(_FREIGHT_CODES),
        "red_buyer_codes": _same_keys(_RED_BUYER_CODES),
        "rates": _are_rates,
    }

    # --- gateway ---------------------------------------------------------------
    # [U] How far a call's timestamp may be from the platform's clock; 0: no matter.
    timestamp_window_seconds: float = 600.0
    # [U] The same senid with the same timestamp a second time.
    replay: str = "refused"
    gateway_codes: dict = field(default_factory=_GATEWAY_CODES.copy)
    # [U] Whether the gateway's errors are ``code`` and ``describe``, or ``error`` and
    # ``error_description`` as the token endpoint's.
    gateway_error_shape: str = "code"
    # [U] HTTP status of errors of the gateway and of the token endpoint.
    gateway_error_status: int = 200
    token_error_status: int = 200
    token_seconds: float = 86400.0
    token_budget: int = 50
    token_budget_days: int = 30
    # [U] Which calls use the budget up.
    token_budget_counts: str = "granted"
    # [U] What a new token makes of an application's older ones.
    old_tokens: str = "valid"

    # --- orders ----------------------------------------------------------------
    # [U] The code of whatever no paper gives a code.
    other_code: str = "E4000"
    amount_codes: dict = field(default_factory=_AMOUNT_CODES.copy)
    freight_codes: dict = field(default_factory=_FREIGHT_CODES.copy)
    # [U] Which of E9111, E9114, E9116, E9119 tells of a blue line's quantity.
    quantity_sign_code: str = "E9111"
    # [U] 20 by the papers, 64 by a newer kit.
    order_number_length: int = 20
    # [U] In what lengths are counted.
    length_unit: str = "characters"
    # [U] Whether every value has to be text, as the papers' tables say.
    value_types: str = "text"
    # [U] What becomes of fields and nodes that are not asked for.
    unknown_fields: str = "refused"
    stray_nodes: str = "refused"
    # [U] 15 to 20 digits and capital letters.
    buyer_number_form: str = "checked"
    natural_person_number: str = "optional"
    # [U] Whether a duplicate's answer says which serial number the first one got.
    duplicate_gives_serial: bool = False
    # Lines.
    tax_tolerance: Decimal = Decimal("0.06")
    # [U] The sum of the lines' tax differences: of older clients' rules.
    tax_total: str = "warning"
    tax_total_tolerance: Decimal = Decimal("1.27")
    # [U] quantity x price against the amount.
    price_check: str = "refused"
    price_tolerance: Decimal = Decimal("0.01")
    # [U] Rates that one provider accepts.
    rates: list = field(default_factory=_RATES.copy)
    # [U] That a policy (favouredPolicyFlag) goes with its rate only.
    policy_rates: str = "checked"
    # [U] Quantity and price on a discount's line.
    discount_quantity: str = "refused"
    # Whether a missing code is looked up by the name of the goods.
    goods_matching: bool = True
    unknown_goods_codes: str = "accepted"
    # [U] The tax of a differential invoice: (amount - deduction) x rate. Taken from the
    # tax-inclusive amount, (total - deduction) / (1 + rate) x rate, it is the same.
    differential_tax: str = "checked"
    differential_single_line: bool = True

    # --- the life of an invoice ------------------------------------------------
    # Seconds of the simulator's clock.
    issue_seconds: float = 1.0
    sign_seconds: float = 0.5
    # Where a clerk who is not the account's person is refused: [U].
    clerk_check: str = "issue"
    # [U] When a red letter gives credit back.
    red_gives_back: str = "same_month"
    retry_limit: int = 20
    # [U] Over which time retries are counted.
    retry_period: str = "ever"
    split_limit: int = 10
    # [U] The serial numbers of an order that was split: in the answer, and when one
    # of them is asked for.
    split_answer: str = "first"
    split_query: str = "one"
    # [U] A query of which only some were found.
    query_missing: str = "left_out"

    # --- red letters -----------------------------------------------------------
    confirm_seconds: float = 0.5
    confirm_hours: float = 72.0
    # [U] Which of E9113, E9115, E9117, E9118, E9120 tells of which of the buyer's data.
    red_buyer_codes: dict = field(default_factory=_RED_BUYER_CODES.copy)
    # [U] One confirmation at a time for a blue invoice.
    one_open_confirmation: bool = True
    # [U] A full red letter for what partial ones left.
    full_red_after_partial: str = "remainder"
    # A red letter has no discount lines: they are merged; [U] or kept, mirrored.
    red_discounts: str = "merged"
    # Electronic kinds are issued by themselves once nobody has to confirm any more.
    automatic_red: bool = True
    # [U] What the buyer did is seen after refreshInvoiceRedConfirm only.
    red_needs_refresh: bool = False
    # [U] A question about confirmations is answered with their lines.
    red_tells_detail: bool = True

    # --- call-backs ------------------------------------------------------------
    callbacks: bool = True
    callback_retries: int = 3
    callback_retry_seconds: float = 60.0
    # Real seconds.
    callback_timeout: float = 10.0
    # [U] In what form the state of a confirmation is told.
    red_confirm_callback: str = "json"

    # --- people ----------------------------------------------------------------
    session_seconds: float = 0.5
    refreshes_per_day: int = 20
    credit_refresh_seconds: float = 30.0
    certification_refresh_seconds: float = 30.0
    qr_refresh_seconds: float = 60.0
    qr_life_seconds: float = 300.0
