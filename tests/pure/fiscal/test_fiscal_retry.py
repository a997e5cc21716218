"""Delays stay within their bounds, and the authority's wish is never shortened."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.retry import Backoff, Breaker

ATTEMPTS = st.integers(min_value=-3, max_value=10**9)


@given(attempt=ATTEMPTS)
def test_a_delay_is_never_outside_its_bounds(attempt: int) -> None:
    backoff = Backoff()
    delay = backoff.delay(attempt)
    expected = min(15.0 * 2.0 ** min(max(attempt - 1, 0), 60), 1800.0)
    assert expected * 0.75 <= delay <= expected * 1.25


@given(attempt=ATTEMPTS, wish=st.floats(min_value=0, max_value=10**6))
def test_retry_after_is_a_lower_bound(attempt: int, wish: float) -> None:
    assert Backoff().delay(attempt, wish) >= wish


def test_without_chance_the_delays_double_up_to_the_longest() -> None:
    backoff = Backoff(first=1.0, factor=2.0, longest=10.0, jitter=0.0)
    assert [backoff.delay(n) for n in range(1, 8)] == [1, 2, 4, 8, 10, 10, 10]


def test_a_short_wish_does_not_shorten_the_delay() -> None:
    backoff = Backoff(first=100.0, jitter=0.0)
    assert backoff.delay(1, 5.0) == 100.0
    assert backoff.delay(1, 0.0) == 100.0
    assert backoff.delay(1, None) == 100.0


def test_what_failed_together_does_not_come_back_together() -> None:
    random.seed(7)
    delays = [Backoff().delay(3) for _count in range(500)]
    assert len(set(delays)) == 500
    assert min(delays) < 48 < 72 < max(delays)


@given(failures=st.integers(min_value=0, max_value=1000))
def test_a_breaker_opens_at_its_threshold_and_pauses_longer_and_longer(
    failures: int,
) -> None:
    breaker = Breaker(threshold=5, pause=60.0, longest=900.0)
    pause = breaker.pause_after(failures)
    if failures < 5:
        assert pause is None
        return
    assert pause is not None
    assert 60.0 <= pause <= 900.0
    later = breaker.pause_after(failures + 1)
    assert later is not None
    assert later >= pause


def test_the_pauses_of_a_breaker() -> None:
    pauses = [Breaker().pause_after(n) for n in range(4, 12)]
    assert pauses == [None, 60, 120, 240, 480, 900, 900, 900]


@pytest.mark.parametrize("failures", [1024, 10**6])
def test_a_breaker_counts_as_far_as_it_comes(failures: int) -> None:
    """Half a year of failures every few minutes is no number too large."""
    assert Breaker().pause_after(failures) == 900.0
