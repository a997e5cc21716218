"""Whether what an authority holds as valid is what the books, the tax report and the
tax accounts say: by tax, and where it is not, for which reason.

Pure: sums and facts go in, sums and reasons come out. Where they come from is the
caller's matter.
"""

from .judging import COUNTED, Case, Share, judge, judge_entry
from .kinds import EXPLAINED, Kind, Side
from .totals import NO_CODE, NO_TAX, UNREADABLE, TaxKey, key_of, rows_of, totals_of

__all__ = [
    "COUNTED",
    "Case",
    "EXPLAINED",
    "Kind",
    "NO_CODE",
    "NO_TAX",
    "Share",
    "Side",
    "TaxKey",
    "UNREADABLE",
    "judge",
    "judge_entry",
    "key_of",
    "rows_of",
    "totals_of",
]
