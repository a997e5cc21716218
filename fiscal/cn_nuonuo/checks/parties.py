"""Who sells and who buys."""

from __future__ import annotations

import re

from ...findings import whether
from ...messages import Sentence, _
from ..builder import buyer_of, is_natural_person, kind_of, seller_of, takes_back
from ..code_tables import SPECIAL_VAT, table
from ..text import clean
from .findings import Findings

TAX_NUMBER = re.compile(r"[0-9A-Z]{6,20}")


def check_parties(found: Findings) -> None:
    """Check numbers, names and what else is told of seller, buyer and his agent."""
    _check_seller(found)
    _check_buyer(found)
    _check_agent(found)


def _check_seller(found: Findings) -> None:
    seller, record = seller_of(found.receipt), found.receipt.seller.record
    if not TAX_NUMBER.fullmatch(seller.tax_number):
        found.add(
            "seller_number",
            whether(
                seller.tax_number,
                _(
                    "The company's tax number “%(number)s” is wrong: capital letters"
                    " and digits, at most 20. Correct the company's Tax ID."
                ),
                _("The company has no tax number. Enter the company's Tax ID."),
            ),
            "seller.tax_number",
            record,
            number=seller.tax_number,
        )
    elif found.seller_id and seller.tax_number != clean(found.seller_id).upper():
        found.add(
            "E9302",
            _(
                "The fapiao is issued by %(ours)s, but the registration is that of"
                " %(theirs)s. Use this company's registration."
            ),
            "seller.tax_number",
            record,
            ours=seller.tax_number,
            theirs=clean(found.seller_id),
        )
    if takes_back(found.receipt) or found.settings.seller_in_console:
        return
    for code, what, value in (
        ("seller_address", _("address"), seller.address),
        ("seller_phone", _("telephone"), seller.phone),
    ):
        if value:
            continue
        found.add(
            code,
            _(
                "A fapiao shows the company's address and telephone, and one is"
                " missing: %(what)s. Enter it on the company, or tell in the"
                " registration that the provider has both."
            ),
            "seller",
            record,
            what=Sentence(what),
        )


def _check_buyer(found: Findings) -> None:
    receipt, record = found.receipt, found.receipt.buyer.record
    buyer, kind = buyer_of(receipt), kind_of(receipt)
    if not buyer.name:
        found.add(
            "buyer_name",
            _("The buyer has no name. Enter it as it is registered."),
            "buyer.name",
            record,
        )
    if buyer.tax_number and not TAX_NUMBER.fullmatch(buyer.tax_number):
        found.add(
            "buyer_number",
            _(
                "The buyer's tax number “%(number)s” is wrong: capital letters and"
                " digits, at most 20. Correct it on the contact."
            ),
            "buyer.tax_number",
            record,
            number=buyer.tax_number,
        )
    if kind == SPECIAL_VAT and not buyer.tax_number:
        found.add(
            "buyer_number_missing",
            _(
                "A special fapiao needs the buyer's tax number. Enter it on the"
                " contact, or issue an ordinary fapiao."
            ),
            "buyer.tax_number",
            record,
        )
    if is_natural_person(receipt):
        _check_person(found, kind, buyer.tax_number)


def _check_person(found: Findings, kind: str, number: str) -> None:
    record = found.receipt.buyer.record
    if kind == SPECIAL_VAT:
        found.add(
            "person_special",
            _(
                "The buyer is a natural person, who gets no special fapiao. Issue an"
                " ordinary one."
            ),
            "kind",
            found.receipt.record,
        )
    if not number:
        found.add(
            "person_number",
            _(
                "A fapiao that a natural person is to find in his account needs his"
                " identity number. Enter it on the contact."
            ),
            "buyer.tax_number",
            record,
        )


def _check_agent(found: Findings) -> None:
    agent = found.receipt.data.get("agent")
    if not agent:
        return
    card = clean(agent.get("card_type"))
    if not clean(agent.get("name")) or (card and card not in table("card_type")):
        found.add(
            "agent",
            _(
                "Who acts for the buyer needs a name, and his paper a kind of the"
                " bureau's (%(card)s is none). Correct it on the document."
            ),
            "agent",
            found.receipt.record,
            card=card,
        )
