"""What a registration may set for CIS, in its types and with its defaults."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches and numbers of a connection to CIS.

    :ivar in_vat: the issuer is in the VAT system (USustPdv)
    :ivar zki_hash: the hash in the security code: SHA-256 by the specification 2.7,
        SHA-1 by those before (not confirmed which of them counts when)
    :ivar payment_method: the code for a receipt without payments
    :ivar extra_ca: PEM certificates to trust servers by, besides Fina's
    :ivar answer_ca: PEM certificates of authorities whose certificates may sign
        answers, instead of Fina's (simulator)
    :ivar answer_name: who signs answers, "" for ``fiskalcis`` or ``fiskalcistest``
    :ivar margin_in_total: amounts under the margin scheme are part of the total, which
        the authority's rule 166 does not say (not confirmed)
    :ivar company_cash_limit: what a company may pay in cash, EUR; 0 for no limit
    :ivar portal: base of the QR code's address
    """

    in_vat: bool = True
    zki_hash: Literal["sha256", "sha1"] = "sha256"
    payment_method: str = ""
    extra_ca: str = ""
    answer_ca: str = ""
    answer_name: str = ""
    margin_in_total: bool = True
    company_cash_limit: Decimal = Decimal(700)
    portal: str = "https://porezna.gov.hr/rn"
