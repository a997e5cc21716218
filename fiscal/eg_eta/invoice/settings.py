"""What a registration may set for ETA's e-Invoice."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ..settings import EtaSettings
from ..thresholds import INVOICE_BUYER_ID, Thresholds


@dataclass(frozen=True, slots=True)
class InvoiceSettings(EtaSettings):
    """The switches and numbers of a connection to ETA's e-Invoice.

    :ivar document_version: ``1.0`` is signed; ``0.9`` is the same unsigned, for tests
    :ivar document_type_case: how the type's code is written: ``upper`` or ``lower``
    :ivar token_auth: client id and secret travel in a ``basic`` header, or in the
        ``form``
    :ivar scope: of the token, not sent when empty
    :ivar on_behalf_of: the RIN of the taxpayer that an intermediary acts for, "" for
        one that acts for itself
    :ivar search_pause: seconds between two searches: ETA allows one in two seconds
    :ivar ask_windows: ask for each valid document until when it may be cancelled and
        rejected, where the submission does not tell
    """

    thresholds: Thresholds = INVOICE_BUYER_ID
    document_version: Literal["1.0", "0.9"] = "1.0"
    document_type_case: Literal["upper", "lower"] = "upper"
    token_auth: Literal["basic", "form"] = "basic"
    scope: str = "InvoicingAPI"
    on_behalf_of: str = ""
    search_pause: Decimal = Decimal(2)
    ask_windows: bool = True
