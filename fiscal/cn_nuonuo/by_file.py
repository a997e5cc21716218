"""Fapiao that are issued by file: at a provider's web page, by a tax clerk.

The rows are the fapiao's own lines, discounts among them, and what comes back is read
as the provider's answer to a question would be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..by_file.results import Result
from ..contract import AuthorityError, Document, Outcome, Status
from ..messages import Sentence, _
from .amounts import plain
from .answers import DONE, FAILED, ISSUING, VOIDED, Row, outcome_of
from .fapiao import Fapiao, FapiaoLine, thaw

_NUMBER = re.compile(r"[0-9]{20}")
_STATES = {
    Status.VALID: DONE,
    Status.INVALID: FAILED,
    Status.ACCEPTED: ISSUING,
    Status.PENDING: ISSUING,
    Status.CANCELLED: VOIDED,
}


def rows_of(content: bytes) -> list[dict[str, Any]]:
    """Return the rows of a kept fapiao, one for each of its lines, by the fields of
    :mod:`fiscal.by_file.catalogue`. Amounts are negative on discounts and red letters,
    as the bureau wants them.

    :raise ValueError: it is no fapiao of ours
    """
    fapiao = thaw(content)
    whole = _whole(fapiao)
    return [
        {**whole, **_of_line(number, line)}
        for number, line in enumerate(fapiao.lines, 1)
    ]


def _whole(fapiao: Fapiao) -> dict[str, Any]:
    red = fapiao.red
    return {
        "order": fapiao.order_no,
        "number": fapiao.number,
        "uid": "",
        "kind": "return" if red else "sale",
        "document_type": fapiao.kind,
        "issued_at": fapiao.issued_at,
        "currency": "CNY",
        "net": fapiao.net,
        "tax": fapiao.tax,
        "total": fapiao.total,
        "reason": red.reason if red else "",
        "original_uid": red.blue_number if red else "",
        "remark": fapiao.remark,
        "seller_id": fapiao.seller.tax_number,
        "seller_name": fapiao.seller.name,
        "seller_account": fapiao.seller.account,
        "clerk": fapiao.clerk,
        "checker": fapiao.checker,
        "payee": fapiao.payee,
        "buyer_kind": "person" if fapiao.natural_person else "business",
        "buyer_id": fapiao.buyer.tax_number,
        "buyer_name": fapiao.buyer.name,
        "buyer_address": fapiao.buyer.address,
        "buyer_phone": fapiao.buyer.phone,
        "buyer_account": fapiao.buyer.account,
        "buyer_email": fapiao.delivery.email,
    }


def _of_line(number: int, line: FapiaoLine) -> Mapping[str, Any]:
    return {
        "line_number": Decimal(number),
        "line_nature": line.nature,
        "item_code": line.code,
        "internal_code": line.own_code,
        "description": line.name,
        "spec": line.spec,
        "unit": line.unit,
        "quantity": line.quantity,
        "price": line.price,
        "tax_included": line.tax_included,
        "line_net": line.net,
        "line_tax": line.tax,
        "line_total": line.total,
        "tax_subtype": line.policy,
        "tax_rate": plain(line.rate * 100),
    }


def outcome_by_file(document: Document, results: Sequence[Result]) -> Outcome:
    """Return what rows say of a fapiao, as if the provider had answered it.

    :raise AuthorityError: a number is none of a fapiao, or the state is none that a
        fapiao can have
    """
    fapiao = thaw(document.content)
    return outcome_of(document, fapiao, [_row(fapiao, one) for one in results])


def _row(fapiao: Fapiao, result: Result) -> Row:
    if result.authority_uid and not _NUMBER.fullmatch(result.authority_uid):
        raise AuthorityError(
            "number_form",
            Sentence(
                _("“%(number)s” is no number of a fapiao, which has 20 digits."),
                number=result.authority_uid,
            ),
        )
    if result.status not in _STATES:
        raise AuthorityError(
            "state",
            Sentence(_("A buyer does not reject a fapiao: say that it is refused.")),
        )
    return Row(
        order_no=fapiao.order_no,
        serial=result.serial,
        status=_STATES[result.status],
        cause=" ".join(filter(None, (result.code, result.message))),
        number=result.authority_uid,
        net=result.net,
        tax=result.tax,
        total=result.total,
        issued_at=result.issued_at,
        qr=result.qr,
        pdf_url="",
        ofd_url="",
        xml_url="",
        blue_number="",
    )
