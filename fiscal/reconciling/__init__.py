"""Comparing what our books hold with what an authority lists.

Pure: two streams of small value objects go in, findings come out. Where they come from
(a database, a network) and what is done about them is the caller's matter.
"""

from .kinds import NOT_HERE, NOT_THERE, REMEDIES, WHATEVER_STATE, Kind, Remedy
from .matching import Counts, Finding, Held, Matcher, Resolved, Terms
from .states import Agreement, judge, stands

__all__ = [
    "Agreement",
    "Counts",
    "Finding",
    "Held",
    "Kind",
    "Matcher",
    "NOT_HERE",
    "NOT_THERE",
    "REMEDIES",
    "Remedy",
    "Resolved",
    "Terms",
    "WHATEVER_STATE",
    "judge",
    "stands",
]
