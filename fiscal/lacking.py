"""What some authorities do not offer: a part each, for those that lack it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from .contract import AuthorityError, Document, File, Listed, Outcome
from .messages import Sentence, _


class NoFiles:
    """Part of an authority that makes no files of documents."""

    def fetch_files(self, document: Document) -> Sequence[File]:
        """Return none (capability ``files`` is false)."""
        return ()


class NoWithdrawal:
    """Part of an authority that waits for nobody's word before it decides."""

    def withdraw(self, document: Document) -> Outcome:
        """Refuse: there is nothing to take back before it is decided.

        :raise AuthorityError: always (capability ``withdrawable`` is false)
        """
        raise AuthorityError(
            "not_withdrawable",
            Sentence(_("The authority lets nobody take a document back.")),
        )


class NoList:
    """Part of an authority that does not say what it has of a device, and makes no
    chain of it."""

    def list_documents(self, start: datetime, end: datetime) -> Iterator[Listed]:
        """Yield nothing: no list can be had (capability ``listable`` is false)."""
        return iter(())

    def last_uid(self) -> str:
        """Return "": documents have no chain (capability ``chained`` is false)."""
        return ""


class OneByOne:
    """Part of an authority whose calls that submit have one document each."""

    def fits(self, documents: Sequence[Document]) -> int:
        """Return 1: a call has one document."""
        return 1
