"""What most authorities have in common when their books are compared with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .contract import AuthorityError, Document, Listed, Receipt, Status
from .messages import Sentence, _


class Reconcilable:
    """Part of an authority whose list states what its documents state, if it has one,
    and which gives no documents back."""

    if TYPE_CHECKING:

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

    def fetch_content(self, uid: str) -> bytes:
        """Refuse: it gives no documents back.

        :raise AuthorityError: always (capability ``adoptable`` is false)
        """
        raise AuthorityError(
            "not_adoptable",
            Sentence(_("The authority gives no documents back that it has taken.")),
        )
