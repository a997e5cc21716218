"""What a registration may set for Nuonuo, in its types and with its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches and numbers of a connection to Nuonuo.

    :ivar application: ``own`` (自用型) asks for tokens with its secret; ``isv`` was
        authorized by the taxpayer and refreshes them
    :ivar token_calls: tokens that may be asked for in ``token_days`` (spec china 1.8)
    :ivar token_refused: codes, with commas between, with which the gateway refuses a
        token (not confirmed): it is forgotten, and the call made once more
    :ivar token_pause: seconds after which a refused token is given up for a new one
    :ivar failed_call: what E4000 (the call failed) means for a call that issues:
        ``ask`` whether it was carried out, or ``refused`` for good (not confirmed)
    :ivar red_refresh: each question about a red letter that waits has the vendor ask
        the bureau anew (not confirmed that it does so by itself)
    :ivar seller_in_console: address and telephone of the seller are kept at the vendor
        and need not be sent
    :ivar push_mode: who sends the fapiao to the buyer: ``-1`` not the vendor, ``0`` the
        vendor by mail, ``1`` by text message, ``2`` both
    :ivar show_accounts: which bank accounts stand in the remark: ``0`` none, ``1`` the
        seller's, ``2`` the buyer's, ``3`` both
    :ivar callback_url: where the vendor tells that something happened, "" for nowhere
    :ivar verify_buyer: the bureau checks the buyer's tax number: ``0`` no, ``1`` yes,
        "" as it is set at the vendor
    :ivar verify_person: the bureau checks that an ordinary buyer's name is no person's
    :ivar codes_required: each line needs its 19-digit code; else the vendor guesses it
    :ivar strict_rates: only rates of the table ``vat_rate`` are taken (it is what one
        vendor accepts)
    :ivar zero_lines: lines that cost nothing are refused, or left out of the document
    :ivar length_unit: what lengths of texts are counted in: ``characters``, or bytes of
        the encoding GBK (not confirmed)
    :ivar price_tolerance: how far quantity times price may be from the amount
    :ivar tax_tolerance: how far a line's tax may be from net times rate (E9131)
    :ivar sum_tolerance: how far the taxes' differences may add up (not confirmed); 0
        for no limit
    :ivar file_hosts: domains, with commas between, from which files are fetched; a
        domain means its subdomains too
    :ivar file_bytes: the largest file that is fetched
    :ivar extra_ca: PEM certificates to trust servers by, besides the usual ones
    """

    application: Literal["own", "isv"] = "own"
    token_calls: Decimal = Decimal(50)
    token_days: Decimal = Decimal(30)
    token_refused: str = "070301,070302,070303,070312"
    token_pause: Decimal = Decimal(600)
    failed_call: Literal["ask", "refused"] = "ask"
    red_refresh: bool = True
    seller_in_console: bool = False
    push_mode: Literal["-1", "0", "1", "2"] = "-1"
    show_accounts: Literal["0", "1", "2", "3"] = "0"
    callback_url: str = ""
    verify_buyer: Literal["", "0", "1"] = ""
    verify_person: Literal["", "0", "1"] = ""
    codes_required: bool = True
    strict_rates: bool = True
    zero_lines: Literal["refuse", "leave_out"] = "refuse"
    length_unit: Literal["characters", "gbk"] = "characters"
    price_tolerance: Decimal = Decimal("0.01")
    tax_tolerance: Decimal = Decimal("0.06")
    sum_tolerance: Decimal = Decimal("1.27")
    file_hosts: str = "nuonuo.com,jss.com.cn,nuonuocs.cn,nntest.cn"
    file_bytes: Decimal = Decimal(10 * 1024 * 1024)
    extra_ca: str = ""


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a setting that has commas between them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
