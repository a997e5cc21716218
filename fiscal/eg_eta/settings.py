"""What a registration may set for ETA, in its types and with its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .thresholds import RECEIPT_BUYER_ID, Thresholds


@dataclass(frozen=True, slots=True)
class EtaSettings:
    """The switches and numbers that receipts and invoices share.

    :ivar thresholds: totals from which a person must be named (:mod:`.thresholds`)
    :ivar extra_ca: PEM certificates to trust besides the usual ones (pre-production)
    :ivar clock_safety_seconds: a document is held back until the authority's clock is
        that much past its time of issue, so that it never seems to be in the future
    :ivar amount_tolerance: how far gross less discounts may be from net, and a return
        above what is left, in the document's currency
    :ivar tax_tolerance: how far a booked tax may be from ETA's formula
    :ivar rounding_text: what the discount is called that takes a rounding difference
    :ivar read_pause: seconds between two reading calls of one question
    """

    thresholds: Thresholds = RECEIPT_BUYER_ID
    extra_ca: str = ""
    clock_safety_seconds: Decimal = Decimal(0)
    amount_tolerance: Decimal = Decimal("0.05")
    tax_tolerance: Decimal = Decimal("0.05")
    rounding_text: str = "Rounding"
    read_pause: Decimal = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Settings(EtaSettings):
    """The switches and numbers of a connection to ETA's e-Receipt.

    :ivar os_version: header ``pososversion`` of the token call
    :ivar model_framework: header ``posmodelframework``, not sent when empty
    :ivar channel: ``pos`` sends the device's headers with the token call; ``erp`` asks
        for a token with client id and secret alone (not confirmed for receipts)
    :ivar business_buyers: the taxpayer may issue receipts to businesses
    :ivar qr_precision: the time in the QR code: ``full``, or cut to the ``minute``
    :ivar receipt_type_case: how the type's code is written: ``upper`` or ``lower``
    :ivar empty_signatures: send ``signatures`` with an empty value
    :ivar submission_hours: hours after issue in which a receipt may be submitted
    :ivar payment_method: the code for a receipt without payments
    :ivar order_delivery_mode: the code where the type wants one and none is given
    """

    os_version: str = "os"
    model_framework: str = ""
    channel: Literal["pos", "erp"] = "pos"
    business_buyers: bool = False
    qr_precision: Literal["full", "minute"] = "full"
    receipt_type_case: Literal["upper", "lower"] = "upper"
    empty_signatures: bool = False
    submission_hours: Decimal = Decimal(24)
    payment_method: str = ""
    order_delivery_mode: str = "FC"
