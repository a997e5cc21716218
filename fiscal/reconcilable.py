"""What most authorities have in common when their books are compared with ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from .contract import (
    AuthorityError,
    Document,
    Limits,
    Line,
    Listed,
    Receipt,
    Status,
    TaxTotal,
    TaxTotals,
)
from .messages import Sentence, _
from .tying_out.totals import rows_of, totals_of


class Reconcilable:
    """Part of an authority whose list states what its documents state, if it has one,
    and which gives no documents back."""

    if TYPE_CHECKING:
        limits: ClassVar[Limits]

        def parse(self, content: bytes) -> Receipt: ...

    def as_listed(self, document: Document) -> Listed:
        """Return what the authority's list should say of a document of ours.

        :raise ValueError: the content is no such document
        """
        receipt = self.parse(document.content)
        return Listed(
            uid=document.uid,
            number=receipt.number,
            status=Status.UNKNOWN,
            issued_at=receipt.issued_at,
            total=receipt.total,
            buyer_id=receipt.buyer.id,
            device_serial=receipt.device.serial,
        )

    def tax_rows(self, line: Line) -> Sequence[TaxTotal]:
        """Return under which taxes a line counts: its net under each of its taxes."""
        return rows_of(line)

    def tax_totals(self, document: Document) -> TaxTotals:
        """Return what a document of ours counts for at the authority, in the currency
        of the books.

        :raise ValueError: the content is no such document
        """
        receipt = self._as_booked(document)
        rows = totals_of(receipt, self.tax_rows)
        return TaxTotals(self._day_of(document, receipt), rows, len(receipt.lines))

    def _as_booked(self, document: Document) -> Receipt:
        """Return what a document says; its amounts times its ``currency_rate`` are
        those of the books.

        :raise ValueError: the content is no such document
        """
        return self.parse(document.content)

    def _day_of(self, document: Document, receipt: Receipt) -> date:
        """Return on which day a document counts at the authority: that of its issue,
        where the authority is."""
        return receipt.issued_at.astimezone(ZoneInfo(self.limits.zone)).date()

    def fetch_content(self, uid: str) -> bytes:
        """Refuse: it gives no documents back.

        :raise AuthorityError: always (capability ``adoptable`` is false)
        """
        raise AuthorityError(
            "not_adoptable",
            Sentence(_("The authority gives no documents back that it has taken.")),
        )
