"""Says in Nuonuo's words what the bureau's form says (spec china 1.1, field tables).

All that is Nuonuo's of a document is in this module: whoever issues through another
provider needs another one of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .amounts import number_text
from .builder import CONSTRUCTION, FARM, FREIGHT, LEASE, SALE, TRAVEL
from .code_tables import ORDINARY, SPECIAL_VAT
from .fapiao import (
    DISCOUNT,
    DISCOUNTED,
    NORMAL,
    PARTIAL,
    Fapiao,
    FapiaoLine,
    RedPart,
    red_parts,
)
from .moments import local_text
from .settings import Settings

KINDS: Mapping[str, str] = {SPECIAL_VAT: "bs", ORDINARY: "pc"}
NATURES: Mapping[str, str] = {NORMAL: "0", DISCOUNT: "1", DISCOUNTED: "2"}
REASONS: Mapping[str, str] = {"02": "1", "01": "2", "03": "3", "04": "4"}
SPECIALS: Mapping[str, str] = {
    "01": "1",
    CONSTRUCTION: "3",
    FREIGHT: "4",
    SALE: "5",
    LEASE: "6",
    TRAVEL: "9",
    FARM: "16",
}
UNITS: Mapping[str, str] = {
    "平方千米": "1",
    "平方米": "2",
    "公顷": "3",
    "亩": "4",
    "h㎡": "5",
    "k㎡": "6",
    "㎡": "7",
}

_SELLER = "0"
"""``applySource`` and ``identity`` of the seller."""


def of_bureau(words: Mapping[str, str], word: Any) -> str:
    """Return the bureau's word for one of Nuonuo's, "" if it has none."""
    return next((bureau for bureau, own in words.items() if own == word), "")


def dumps(body: Any) -> bytes:
    """Return the bytes of a call's body."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _amount(value: Decimal) -> str:
    return f"{value:.2f}"


def _told(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in ("", None)}


# ----------------------------------------------------------------------------------
# Blue: requestBillingNew
# ----------------------------------------------------------------------------------


def order_of(fapiao: Fapiao, settings: Settings) -> dict[str, Any]:
    """Return the body that asks to issue a fapiao."""
    seller, buyer = fapiao.seller, fapiao.buyer
    order = _told(
        {
            "orderNo": fapiao.order_no,
            "invoiceDate": local_text(fapiao.issued_at),
            "invoiceType": "1",
            "invoiceLine": KINDS[fapiao.kind],
            "buyerName": buyer.name,
            "buyerTaxNum": buyer.tax_number,
            "buyerTel": buyer.phone,
            "buyerAddress": buyer.address,
            "buyerAccount": buyer.account,
            "naturalPersonFlag": "1" if fapiao.natural_person else "",
            "salerTaxNum": seller.tax_number,
            "salerTel": seller.phone,
            "salerAddress": seller.address,
            "salerAccount": seller.account,
            "showBankAccountType": settings.show_accounts,
            "clerk": fapiao.clerk,
            "checker": fapiao.checker,
            "payee": fapiao.payee,
            "remark": fapiao.remark,
            **_delivery(fapiao, settings),
            "taxNumVerifyFlag": settings.verify_buyer,
            "naturalPersonVerifyFlag": settings.verify_person,
            "callBackUrl": settings.callback_url,
            "extensionNumber": fapiao.routing.extension,
            "departmentId": fapiao.routing.department,
            "clerkId": fapiao.routing.clerk,
            "surveyAnswerType": fapiao.survey,
            "buyerManagerName": fapiao.agent.get("name", ""),
            "managerCardType": fapiao.agent.get("card_type", ""),
            "managerCardNo": fapiao.agent.get("card_number", ""),
            "specificFactor": SPECIALS.get(fapiao.special, "0"),
        }
    )
    order["invoiceDetail"] = [_line(line) for line in fapiao.lines]
    return {"order": {**order, **_nodes(fapiao)}}


def _delivery(fapiao: Fapiao, settings: Settings) -> dict[str, str]:
    mode = settings.push_mode
    return {
        "pushMode": mode,
        "buyerPhone": fapiao.delivery.phone if mode in ("1", "2") else "",
        "email": fapiao.delivery.email if mode in ("0", "2") else "",
    }


def _line(line: FapiaoLine) -> dict[str, Any]:
    return _told(
        {
            "goodsName": line.name,
            "goodsCode": line.code,
            "selfCode": line.own_code,
            "withTaxFlag": "1" if line.tax_included else "0",
            "price": None if line.price is None else number_text(line.price),
            "num": None if line.quantity is None else number_text(line.quantity),
            "unit": line.unit,
            "specType": line.spec,
            "taxRate": number_text(line.rate),
            "tax": _amount(line.tax),
            "taxExcludedAmount": _amount(line.net),
            "taxIncludedAmount": _amount(line.total),
            "invoiceLineProperty": NATURES[line.nature],
            "favouredPolicyFlag": line.policy,
        }
    )


def _nodes(fapiao: Fapiao) -> dict[str, Any]:
    nodes: dict[str, Any] = {}
    data = fapiao.special_data
    if fapiao.special == CONSTRUCTION:
        nodes["invoiceBuildingInfo"] = _told(
            {
                "buildingAddress": data.get("place", ""),
                "detailedAddress": data.get("address", ""),
                "landVatItemNo": data.get("land_vat_number", ""),
                "itemName": data.get("project_name", ""),
                "crossCityFlag": _flag(data.get("cross_city")),
            }
        )
    elif fapiao.special == LEASE:
        nodes["realPropertyRentInfo"] = _told(
            {
                "realPropertyAddress": data.get("place", ""),
                "detailAddress": data.get("address", ""),
                "rentStartDate": data.get("start", ""),
                "rentEndDate": data.get("end", ""),
                "crossCityFlag": _flag(data.get("cross_city")),
                "realPropertyCertificate": data.get("certificate", ""),
                "unit": UNITS.get(data.get("unit", ""), ""),
            }
        )
    elif fapiao.special == SALE:
        nodes["realPropertySellInfo"] = dict(data)
    elif fapiao.special == FREIGHT:
        nodes["invoiceGoodsTransports"] = [dict(row) for row in data]
    elif fapiao.special == TRAVEL and data:
        nodes["invoiceTravellerTransportInfoList"] = [dict(row) for row in data]
    elif fapiao.special == FARM:
        nodes["certificateType"] = data.get("certificateType", "")
    if fapiao.differential:
        nodes["invoiceDifferenceType"] = "02"
        nodes["differenceVoucherInfoList"] = [
            {"detailIndex": str(index), **row}
            for index, row in enumerate(fapiao.differential, 1)
        ]
    if fapiao.additional:
        nodes["additionalElementName"] = fapiao.additional["name"]
        nodes["additionalElementList"] = [
            dict(row) for row in fapiao.additional["elements"]
        ]
    return nodes


def _flag(value: Any) -> str:
    return "1" if value in (True, "1", "true") else "0"


# ----------------------------------------------------------------------------------
# Red: saveInvoiceRedConfirm
# ----------------------------------------------------------------------------------


def red_request_of(
    fapiao: Fapiao, settings: Settings, place: int = 1
) -> dict[str, Any]:
    """Return the body that asks for a red letter, in the seller's name.

    :param place: which of its parts, from 1
    """
    red, part = fapiao.red, red_parts(fapiao)[place - 1]
    assert red is not None
    body = _told(
        {
            "billId": part.request,
            "blueInvoiceLine": KINDS[fapiao.kind],
            "applySource": _SELLER,
            "blueElecInvoiceNumber": part.blue_number,
            "billTime": local_text(fapiao.issued_at),
            "sellerTaxNo": fapiao.seller.tax_number,
            "sellerName": fapiao.seller.name,
            "buyerTaxNo": fapiao.buyer.tax_number,
            "buyerName": fapiao.buyer.name,
            "redReason": REASONS[red.reason],
            "extensionNumber": fapiao.routing.extension,
            "orderNo": part.order_no,
            "callbackUrl": settings.callback_url,
        }
    )
    if part.scope == PARTIAL:
        own = place if red.parts else 0
        body["detail"] = [_red_line(one) for one in fapiao.lines if one.part == own]
    return body


def _red_line(line: FapiaoLine) -> dict[str, Any]:
    return _told(
        {
            "blueDetailIndex": str(line.blue_line),
            "goodsName": line.name,
            "specType": line.spec,
            "unit": line.unit,
            "num": None if line.quantity is None else number_text(line.quantity),
            "taxExcludedPrice": None if line.price is None else number_text(line.price),
            "taxExcludedAmount": _amount(line.net),
            "taxAmount": _amount(line.tax),
            "taxRate": number_text(line.rate),
            "goodsCode": line.code,
            "favouredPolicyFlag": line.policy,
        }
    )


def by_request(part: RedPart) -> dict[str, Any]:
    """Return how a red letter's request is named in calls about it."""
    if part.bill_uuid:
        return {"identity": _SELLER, "billUuid": part.bill_uuid}
    return {"identity": _SELLER, "billId": part.request}
