"""Comparing two sides: everything that differs is found and named, nothing invented."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mess_kit import DEVICES, MISHAPS, NOW, Mess, make

from fiscal import lifecycle
from fiscal.contract import Listed, Status
from fiscal.reconciling import (
    NOT_HERE,
    NOT_THERE,
    REMEDIES,
    Agreement,
    Finding,
    Held,
    Kind,
    Matcher,
    Remedy,
    Terms,
    judge,
)

TERMS = Terms(NOW, devices=frozenset(DEVICES))


def findings_of(mess: Mess, matcher: Matcher | None = None) -> list[Finding]:
    """Compare day by day, and settle in the end what is left."""
    matcher = matcher or Matcher(TERMS)
    found: list[Finding] = []
    for ours, theirs in mess:
        found += matcher.day(ours, theirs)
    left_there = {f.theirs.uid: f for f in found if f.left and f.theirs}
    left_here = {f.ours.key for f in found if f.left and not f.theirs}

    def find(batch: Iterable[Listed]) -> Iterator[Held]:
        uids = {listed.uid.casefold() for listed in batch}
        numbers = {listed.number for listed in batch}
        for held in mess.everything_here():
            known = {held.uid.casefold(), *map(str.casefold, held.former_uids)}
            if known & uids or held.number in numbers:
                yield held

    rows = [finding.theirs for finding in left_there.values()]
    gone_there, gone_here, more = set(), set(), []
    for resolved in matcher.close(rows, find, left_here.__contains__):
        gone_there.add(resolved.theirs.uid)
        if resolved.ours:
            gone_here.add(resolved.ours.key)
        more += resolved.findings
    return more + [
        f
        for f in found
        if not f.left
        or (f.theirs is not None and f.theirs.uid not in gone_there)
        or (f.theirs is None and f.ours.key not in gone_here)
    ]


def told(findings: Iterable[Finding]) -> Counter:
    """Return findings as the truth tells them."""
    return Counter(
        (
            f.kind,
            f.ours.key if f.ours and f.kind is not Kind.TWICE_HERE else None,
            f.theirs.uid if f.theirs else None,
        )
        for f in findings
    )


@pytest.mark.parametrize("name", sorted(MISHAPS))
def test_each_mishap_is_found_and_named(name: str) -> None:
    names = sorted(MISHAPS)
    position = names.index(name)
    mess = make(3 * len(names), seed=position, share=0.0)
    alone = make(len(names) * 2, seed=position + 100, share=1.0)
    assert told(findings_of(mess)) == mess.truth == Counter()
    assert alone.mishaps[name] == 2
    assert told(findings_of(alone)) == alone.truth


def test_a_mess_of_ten_thousand() -> None:
    mess = make(10_000, seed=7)
    assert len(MISHAPS) >= 30
    assert min(mess.mishaps[name] for name in MISHAPS) >= 50
    assert told(findings_of(mess)) == mess.truth
    assert {kind for kind, _key, _uid in mess.truth} == set(Kind)


@given(st.integers(0, 2**32), st.integers(1, 300), st.floats(0, 1))
def test_whatever_the_mess(seed: int, count: int, share: float) -> None:
    mess = make(count, seed, days=6, share=share)
    matcher = Matcher(TERMS)
    assert told(findings_of(mess, matcher)) == mess.truth
    assert matcher.counts.here == sum(map(len, mess.here.values()))


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_order_does_not_matter(seed: int, chance) -> None:
    mess = make(120, seed, days=5, share=0.7)
    first = told(findings_of(mess))
    for rows in (*mess.here.values(), *mess.there.values()):
        chance.shuffle(rows)
    assert told(findings_of(mess)) == first


@given(st.integers(0, 2**32))
def test_a_page_that_is_read_twice_changes_nothing(seed: int) -> None:
    mess = make(60, seed, days=4, share=0.5)
    expected = told(findings_of(mess))
    for rows in mess.there.values():
        rows += rows[: len(rows) // 2]
    assert told(findings_of(mess)) == expected


def pair(**there) -> tuple[Held, Listed]:
    """Return a document as both sides have it, theirs with other values."""
    moment = NOW - timedelta(days=3)
    held = Held(1, "u1", "N1", lifecycle.VALID, moment, moment, Decimal(10))
    listed = Listed("u1", "N1", Status.VALID, moment, moment, Decimal(10))
    return held, replace(listed, **there)


def kinds(held: Held, *listed: Listed, terms: Terms = TERMS) -> list[Kind]:
    """Return the kinds of what a day with one document of ours yields."""
    return [finding.kind for finding in Matcher(terms).day([held], listed)]


@pytest.mark.parametrize(
    ("cent", "off", "differs"),
    [
        ("0.01", "0.01", True),
        ("0.01", "0.005", True),
        ("0.01", "0.0049", False),
        ("0.001", "0.001", True),
        ("1", "0.4", False),
        ("1", "-1", True),
    ],
)
def test_totals_are_compared_to_the_cent(cent: str, off: str, differs: bool) -> None:
    held, listed = pair(total=Decimal(10) + Decimal(off))
    found = kinds(replace(held, cent=Decimal(cent)), listed)
    assert found == ([Kind.AMOUNT] if differs else [])


def test_times_are_compared_as_exactly_as_the_authority_tells_them() -> None:
    held, listed = pair()
    listed = replace(listed, issued_at=held.issued_at + timedelta(seconds=59))
    assert kinds(held, listed) == [Kind.TIME]
    coarse = replace(TERMS, precision=timedelta(minutes=1))
    assert kinds(held, listed, terms=coarse) == []


def test_identities_are_compared_without_what_is_put_into_them() -> None:
    held, listed = pair(buyer_id="313-717-919")
    assert kinds(replace(held, buyer_id="313 717 919"), listed) == []
    assert kinds(held, listed) == [Kind.PARTY]


def test_a_replacement_does_not_lend_its_counterpart_to_what_it_replaced() -> None:
    held, listed = pair()
    old = replace(held, key=2, uid="u0", state=lifecycle.SUPERSEDED)
    for order in ([old, held], [held, old]):
        matcher = Matcher(TERMS)
        assert list(matcher.day(order, [listed])) == []
        assert (matcher.counts.matched, matcher.counts.void) == (1, 1)


def test_what_was_refused_and_is_not_listed_is_not_said_to_agree() -> None:
    held, listed = pair()
    refused = replace(held, key=2, uid="", number="N2", state=lifecycle.INVALID)
    matcher = Matcher(TERMS)
    assert list(matcher.day([held, refused], [listed])) == []
    counts = matcher.counts
    assert (counts.here, counts.there, counts.matched, counts.void) == (2, 1, 1, 1)


@given(st.integers(0, 2**32), st.integers(1, 200), st.floats(0, 1))
def test_each_document_here_is_counted_once(seed: int, count: int, share: float):
    mess = make(count, seed, days=6, share=share)
    matcher = Matcher(TERMS)
    found = [f for ours, theirs in mess for f in matcher.day(ours, theirs)]
    differ = {f.ours.key for f in found if f.ours and f.kind is not Kind.TWICE_THERE}
    counts = matcher.counts
    assert counts.here == (counts.matched + counts.void + counts.moving + len(differ))
    assert counts.matched <= counts.there


def test_one_number_on_two_devices_is_two_documents() -> None:
    held, listed = pair(device_serial="POS-2", uid="u2")
    held = replace(held, device_serial="POS-1")
    assert sorted(kinds(held, listed)) == [Kind.MISSING_HERE, Kind.MISSING_THERE]


def test_where_nothing_can_be_asked_only_our_own_states_speak() -> None:
    held, _listed = pair()
    rows = [
        replace(held, key=key, state=state)
        for key, state in enumerate(lifecycle.STATES)
    ]
    matcher = Matcher(TERMS)
    assert {f.ours.state: f.kind for f in matcher.alone(rows)} == {
        "to_sign": Kind.NOT_SENT,
        "queued": Kind.NOT_SENT,
        "sending": Kind.LOST,
        "unknown": Kind.LOST,
        "late": Kind.LATE,
        "failed": Kind.GIVEN_UP,
    }


def test_what_was_confirmed_just_now_needs_no_patience_where_nobody_is_asked() -> None:
    held, _listed = pair()
    valid = replace(held, moved_at=NOW)
    queued = replace(valid, key=2, state=lifecycle.QUEUED)
    matcher = Matcher(replace(TERMS, now=NOW, patience=timedelta(hours=1)))
    assert list(matcher.alone([valid, queued])) == []
    assert (matcher.counts.matched, matcher.counts.moving) == (1, 1)


def test_every_state_is_judged_against_every_status() -> None:
    for state, status, young in product(lifecycle.STATES, Status, (True, False)):
        assert isinstance(judge(state, status, young), Kind | Agreement)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (lifecycle.VALID, Status.VALID),
        (lifecycle.CANCELLED, Status.CANCELLED),
        (lifecycle.REJECTED, Status.REJECTED),
        (lifecycle.INVALID, Status.INVALID),
        (lifecycle.SUBMITTED, Status.PENDING),
        (lifecycle.SUBMITTED, Status.ACCEPTED),
        (lifecycle.CANCELLING, Status.CANCELLING),
    ],
)
def test_the_same_on_both_sides_is_no_difference(state: str, status: Status) -> None:
    assert judge(state, status, young=False) is Agreement.EQUAL


def test_what_cannot_move_by_itself_is_not_waited_for() -> None:
    for state in (lifecycle.LATE, lifecycle.FAILED):
        assert judge(state, Status.ABSENT, young=True) in (Kind.LATE, Kind.GIVEN_UP)


def test_remedies_fit_their_kinds() -> None:
    assert set(REMEDIES) == set(Kind)
    for kind, remedies in REMEDIES.items():
        assert (Remedy.ADOPT in remedies) <= (kind in NOT_HERE)
        assert (Remedy.RESEND in remedies) <= (kind in NOT_THERE)
    assert kind_values() == sorted(kind.name.lower() for kind in Kind)


def kind_values() -> list[str]:
    """Return the values of kinds, which are stored: they equal the names."""
    return sorted(kind.value for kind in Kind)


def test_the_docstring_explains_every_kind() -> None:
    for kind in Kind:
        assert f"``{kind.name}``" in (Kind.__doc__ or "")


def test_memory_does_not_grow_with_the_number_of_days() -> None:
    held, listed = pair()

    def peak(days: int) -> int:
        matcher = Matcher(TERMS)
        tracemalloc.start()
        for day in range(days):
            ours = (
                replace(held, key=n, uid=f"{day}-{n}", number=f"{day}-{n}")
                for n in range(200)
            )
            theirs = (
                replace(listed, uid=f"{day}-{n}", number=f"{day}-{n}")
                for n in range(200)
            )
            assert not list(matcher.day(ours, theirs))
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)
    assert peak(12) < peak(3) * 1.3
