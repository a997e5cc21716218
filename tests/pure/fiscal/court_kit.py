"""What stands before a strict authority: documents of any kind, and how many of them
were built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck

from fiscal.contract import Document, Receipt

SLOW = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.function_scoped_fixture,
]


def prepared(
    court: Any, receipts: Iterable[Receipt], tally: Counter[str]
) -> dict[int, tuple[Document, Receipt]]:
    """Build what passes ``check``, by key, and count in ``tally`` what does and what
    does not, and by which problems."""
    documents = {}
    for receipt in receipts:
        problems = court.eta.check(receipt)
        tally.update(problem.code for problem in problems)
        tally["refused" if problems else "built"] += 1
        if not problems:
            document = court.issue(
                receipt, number=receipt.number, issued_at=receipt.issued_at
            )
            documents[document.key] = (document, receipt)
    return documents
