"""Who issues, who is at the till, and who buys."""

from __future__ import annotations

from ...findings import whether
from ...messages import _
from ..oib import clean_oib, is_oib
from .findings import Findings


def check_parties(found: Findings) -> None:
    """Check the identification numbers (OIB)."""
    _check_issuer(found)
    _check_operator(found)
    if found.facts.recipient:
        _check_recipient(found)


def _check_issuer(found: Findings) -> None:
    issuer, seller = found.facts.issuer, found.receipt.seller
    if not is_oib(issuer):
        found.add(
            "issuer_oib",
            whether(
                issuer,
                _(
                    "The company's OIB “%(oib)s” is wrong: it has eleven digits, and"
                    " the last one checks the others. Correct the company's Tax ID."
                ),
                _(
                    "The company has no OIB, which has eleven digits. Enter the"
                    " company's Tax ID."
                ),
            ),
            "Oib",
            seller.record,
            oib=issuer,
        )
    elif found.seller_id and issuer != clean_oib(found.seller_id):
        found.add(
            "issuer_other",
            _(
                "The receipt is issued by %(ours)s, but the registration is that of"
                " %(theirs)s. Use this company's registration."
            ),
            "Oib",
            seller.record,
            ours=issuer,
            theirs=clean_oib(found.seller_id),
        )


def _check_operator(found: Findings) -> None:
    operator = found.facts.operator
    if not operator:
        found.add(
            "operator_missing",
            _(
                "Nobody is named who issues the receipt. Enter the OIB of the person at"
                " the device, on the user or on the device."
            ),
            "OibOper",
            found.receipt.device.record,
        )
    elif not is_oib(operator):
        found.add(
            "179",
            _(
                "The operator's OIB “%(oib)s” is wrong: it has eleven digits, and the"
                " last one checks the others. Correct it on the user or the device."
            ),
            "OibOper",
            found.receipt.device.record,
            oib=operator,
        )


def _check_recipient(found: Findings) -> None:
    recipient, buyer = found.facts.recipient, found.receipt.buyer
    if not is_oib(recipient):
        found.add(
            "180",
            _(
                "The customer's OIB “%(oib)s” is wrong: it has eleven digits, and the"
                " last one checks the others. Correct the customer's Tax ID."
            ),
            "OibPrimateljaRacuna",
            buyer.record,
            oib=recipient,
        )
    if found.facts.means == "T":
        found.add(
            "181",
            _(
                "The customer %(name)s is a company and pays by bank transfer: that is"
                " no receipt of a till but an electronic invoice (eRačun). Issue it as"
                " such, or choose the payment means with which it was paid at the till."
            ),
            "OibPrimateljaRacuna",
            found.receipt.record,
            name=buyer.name or recipient,
        )
