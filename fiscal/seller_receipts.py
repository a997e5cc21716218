"""What no authority offers for receipts, which are the seller's alone."""

from __future__ import annotations

from typing import ClassVar

from .contract import AuthorityError, Built, Document, Outcome, Signer
from .lacking import NoFiles, NoWithdrawal
from .messages import Sentence, _


class SellerReceipts(NoFiles, NoWithdrawal):
    """Part of an authority that takes receipts: their buyers have no say in them, and
    their print is the seller's. A receipt is taken back by another one, and is not
    signed itself.

    :cvar not_cancellable: the sentence that says how a receipt is taken back
    """

    not_cancellable: ClassVar[str]

    def sign(self, built: Built, signer: Signer) -> Built:
        """Refuse: no receipt is signed; its message may be, by ``envelope``.

        :raise NotImplementedError: always (capability ``signs`` is not ``document``)
        """
        raise NotImplementedError("Receipts are not signed, only messages may be.")

    def cancel(self, document: Document, reason: str) -> Outcome:
        """Refuse: a receipt is taken back by another one.

        :raise AuthorityError: always (capability ``cancellable`` is false)
        """
        raise AuthorityError("not_cancellable", Sentence(self.not_cancellable))

    def decline(self, document: Document) -> Outcome:
        """Refuse: the buyer of a receipt cannot reject it.

        :raise AuthorityError: always (capability ``declinable`` is false)
        """
        raise AuthorityError(
            "not_declinable",
            Sentence(
                _("A receipt cannot be rejected, so there is nothing to decline.")
            ),
        )

    def fetch_pdf(self, document: Document) -> bytes:
        """Refuse: the print of a receipt is the seller's.

        :raise AuthorityError: always (capability ``printer`` is false)
        """
        raise AuthorityError(
            "no_print", Sentence(_("The authority makes no print of a receipt."))
        )
