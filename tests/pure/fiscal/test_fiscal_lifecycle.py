"""The table of states: complete, and nothing passes that does not stand in it."""

from __future__ import annotations

import re
from itertools import product

import pytest

from fiscal import lifecycle
from fiscal.contract import Status
from fiscal.lifecycle import TRANSITIONS, IllegalTransition, check_transition

STATES = {
    "waiting",
    "to_sign",
    "queued",
    "sending",
    "unknown",
    "submitted",
    "valid",
    "invalid",
    "rejected",
    "cancelling",
    "cancelled",
    "late",
    "failed",
    "superseded",
    "withdrawn",
}

LEGAL = """
waiting     to_sign queued withdrawn
to_sign     queued late failed superseded withdrawn
queued      sending late failed superseded withdrawn
sending     queued submitted valid invalid unknown rejected cancelled late failed
unknown     queued sending submitted valid invalid rejected cancelled late failed
submitted   queued valid invalid rejected cancelled late failed
valid       cancelling cancelled rejected invalid
invalid     superseded
rejected    superseded valid cancelled invalid
cancelling  cancelled valid invalid rejected
cancelled   superseded
late        queued superseded
failed      queued unknown late superseded
superseded
withdrawn
"""
"""Written down a second time: whoever changes the table has to mean it."""

PAIRS = {
    (before, after)
    for before, *followers in map(str.split, LEGAL.strip().splitlines())
    for after in followers
}


def test_the_table_has_every_state_as_key_and_knows_no_other() -> None:
    assert set(TRANSITIONS) == STATES
    assert set(lifecycle.STATES) == STATES
    assert set().union(*TRANSITIONS.values()) <= STATES
    named = {
        value
        for name, value in vars(lifecycle).items()
        if name.isupper() and isinstance(value, str)
    }
    assert named == STATES


def test_the_docstring_explains_every_state() -> None:
    explained = set(re.findall(r"^(\w+) {3,}\w", lifecycle.__doc__ or "", re.MULTILINE))
    assert explained == STATES


@pytest.mark.parametrize(
    ("before", "after"), sorted(product(sorted(STATES), repeat=2)), ids="-".join
)
def test_only_what_stands_in_the_table_passes(before: str, after: str) -> None:
    if (before, after) in PAIRS:
        check_transition(before, after)
        return
    with pytest.raises(IllegalTransition) as raised:
        check_transition(before, after)
    assert str(raised.value) == f"A document cannot go from {before} to {after}."


@pytest.mark.parametrize("state", ["", "draft", "posted", "VALID", None])
def test_no_way_leads_to_a_state_that_does_not_exist(state: str) -> None:
    for before in STATES:
        with pytest.raises(IllegalTransition):
            check_transition(before, state)


def test_ends_are_ends() -> None:
    assert {state for state, after in TRANSITIONS.items() if not after} == {
        "superseded",
        "withdrawn",
    }


def test_every_state_can_be_reached_from_the_first() -> None:
    reached, front = set(), {lifecycle.WAITING}
    while front:
        reached |= front
        front = set().union(*(TRANSITIONS[state] for state in front)) - reached
    assert reached == STATES


def test_what_was_decided_is_never_sent_again() -> None:
    """From a verdict no way leads back to sending the same document."""
    for decided in (
        lifecycle.VALID,
        lifecycle.INVALID,
        lifecycle.REJECTED,
        lifecycle.CANCELLED,
        lifecycle.SUPERSEDED,
        lifecycle.WITHDRAWN,
    ):
        reached, front = set(), {decided}
        while front:
            reached |= front
            front = set().union(*(TRANSITIONS[state] for state in front)) - reached
        assert not reached & {lifecycle.QUEUED, lifecycle.SENDING, lifecycle.UNKNOWN}


CORRECTED = """
to_sign     valid invalid rejected cancelled
queued      submitted valid invalid rejected cancelled
late        submitted valid invalid rejected cancelled
failed      submitted valid invalid rejected cancelled
invalid     valid cancelled rejected
cancelled   valid invalid
"""
"""What an authority's list may say, written down a second time."""


@pytest.mark.parametrize(
    ("before", "after"), sorted(product(sorted(STATES), repeat=2)), ids="-".join
)
def test_a_list_corrects_what_stands_in_its_table(before: str, after: str) -> None:
    rows = map(str.split, CORRECTED.strip().splitlines())
    ways = {(first, then) for first, *others in rows for then in others}
    if (before, after) in PAIRS | ways:
        check_transition(before, after, listed=True)
        return
    with pytest.raises(IllegalTransition):
        check_transition(before, after, listed=True)


def test_a_list_has_nothing_sent_again() -> None:
    """What was decided stays decided, however a list corrects it."""
    reached, front = set(), {lifecycle.INVALID, lifecycle.CANCELLED}
    while front:
        reached |= front
        front = set().union(
            *(TRANSITIONS[s] | lifecycle.CORRECTIONS.get(s, set()) for s in front)
        )
        front -= reached
    assert not reached & {lifecycle.QUEUED, lifecycle.SENDING, lifecycle.UNKNOWN}


def test_what_was_sent_is_never_withdrawn() -> None:
    for state in (
        lifecycle.SENDING,
        lifecycle.UNKNOWN,
        lifecycle.SUBMITTED,
        lifecycle.VALID,
        lifecycle.LATE,
        lifecycle.FAILED,
    ):
        assert lifecycle.WITHDRAWN not in TRANSITIONS[state]


@pytest.mark.parametrize(
    "name",
    [
        "SETTLED",
        "OPEN",
        "ASKED",
        "FOLLOWED",
        "STANDING",
        "LOCKING",
        "NEEDS_PERSON",
        "UNDONE",
    ],
)
def test_groups_name_states_of_the_table(name: str) -> None:
    group = getattr(lifecycle, name)
    assert isinstance(group, frozenset)
    assert group
    assert group <= STATES


def test_groups_fit_together() -> None:
    assert not lifecycle.SETTLED & lifecycle.OPEN
    assert lifecycle.LOCKING <= lifecycle.STANDING
    assert lifecycle.OPEN <= lifecycle.STANDING
    assert lifecycle.OPEN - {lifecycle.QUEUED, lifecycle.SENDING} == lifecycle.ASKED
    left = STATES - lifecycle.SETTLED - lifecycle.OPEN - lifecycle.NEEDS_PERSON
    assert left == {lifecycle.WAITING}, "somebody or something takes care of each"


VERDICTS = {
    Status.VALID: lifecycle.VALID,
    Status.INVALID: lifecycle.INVALID,
    Status.REJECTED: lifecycle.REJECTED,
    Status.CANCELLED: lifecycle.CANCELLED,
}


@pytest.mark.parametrize("state", sorted(lifecycle.ASKED | {lifecycle.SENDING}))
@pytest.mark.parametrize("status", Status)
def test_every_answer_is_read_as_one_that_fits_its_state(
    state: str, status: Status
) -> None:
    read = lifecycle.read_as(state, status)
    if status in VERDICTS:
        assert read is status
        assert VERDICTS[status] in TRANSITIONS[state]
    elif state == lifecycle.SENDING:
        assert read is not Status.ABSENT, "only who was asked can say that"
    else:
        assert read not in {Status.ACCEPTED, Status.DUPLICATE}, "nothing was sent"
    if state == lifecycle.CANCELLING:
        assert read is not Status.ABSENT, "what was valid is there"
    assert lifecycle.read_as(state, read) is read


def test_what_is_undone_and_what_is_done_for_good() -> None:
    """What is not undone needs nobody, neither the jobs nor a person."""
    done = STATES - lifecycle.UNDONE
    assert done == {"valid", "cancelled", "superseded", "withdrawn"}
    assert lifecycle.UNDONE >= lifecycle.REFUSED | lifecycle.ASKED
