"""A unit of work ends in a report, whatever the authority does to it."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

import pytest

from fiscal import authority_class
from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Connection,
    Document,
    Envelope,
    File,
    Outcome,
    Problem,
    Status,
    TransientError,
)
from fiscal.dispatch import Report, ask, fetch_files, fetch_pdf, send

LATER = time.monotonic() + 3600
NOW = datetime(2026, 1, 5, 9, 30, tzinfo=timezone.utc)


def documents(count: int) -> list[Document]:
    return [
        Document(key, f"uid{key}", f"INV/{key}", b"{}", NOW)
        for key in range(1, count + 1)
    ]


class ToyAuthority:
    """Takes what it is sent, unless ``react`` raises.

    :ivar calls: the keys of every call, in order
    """

    def __init__(self, react: Callable[[tuple[int, ...], int], Any] = None) -> None:
        self.calls: list[tuple[int, ...]] = []
        self._react = react

    def envelope(self, documents: Sequence[Document], signer: Any = None) -> Envelope:
        return Envelope(b"[]", "application/json", tuple(documents))

    def submit(self, envelope: Envelope) -> list[Outcome]:
        return self._answer(envelope.documents, Status.ACCEPTED)

    def query(self, documents: Sequence[Document]) -> list[Outcome]:
        return self._answer(documents, Status.VALID)

    def _answer(self, documents: Sequence[Document], status: Status) -> list[Outcome]:
        keys = tuple(document.key for document in documents)
        self.calls.append(keys)
        answer = self._react and self._react(keys, len(self.calls))
        if answer is not None:
            return answer
        return [Outcome(key, status) for key in keys]


def refusing(*bad: int) -> Callable[[tuple[int, ...], int], None]:
    """Refuse every call as a whole that has one of these in it."""

    def react(keys: tuple[int, ...], _number: int) -> None:
        if set(bad) & set(keys):
            raise AuthorityError("BadStructure", "Something is wrong.", splittable=True)

    return react


def statuses(report: Report) -> dict[Status, list[int]]:
    found: dict[Status, list[int]] = {}
    for key, outcome in report.outcomes.items():
        found.setdefault(outcome.status, []).append(key)
    return {status: sorted(keys) for status, keys in found.items()}


# -- sending ---------------------------------------------------------------------------


def test_one_call_where_nothing_is_wrong() -> None:
    authority = ToyAuthority()
    report = send(authority, documents(200), Report(), give_up_at=LATER)
    assert len(authority.calls) == 1
    assert statuses(report) == {Status.ACCEPTED: list(range(1, 201))}
    assert report.error is None


@pytest.mark.parametrize("bad", [1, 2, 77, 100, 101, 199, 200])
def test_halving_finds_the_one_that_spoils_the_call(bad: int) -> None:
    authority = ToyAuthority(refusing(bad))
    report = send(authority, documents(200), Report(), give_up_at=LATER)
    assert statuses(report) == {
        Status.INVALID: [bad],
        Status.ACCEPTED: [key for key in range(1, 201) if key != bad],
    }
    assert len(authority.calls) <= 2 * math.ceil(math.log2(200)) + 1
    assert report.error is None, "a document's fault is no fault of the line"
    [problem] = report.outcomes[bad].errors
    assert (problem.code, problem.message) == ("BadStructure", "Something is wrong.")


def test_nothing_is_accepted_twice_and_the_order_is_kept() -> None:
    authority = ToyAuthority(refusing(3, 50, 51, 120))
    send(authority, documents(200), Report(), give_up_at=LATER)
    bad = {3, 50, 51, 120}
    accepted = [key for call in authority.calls if not bad & set(call) for key in call]
    assert accepted == [key for key in range(1, 201) if key not in bad]


def test_all_bad_is_found_out_one_by_one() -> None:
    authority = ToyAuthority(refusing(*range(1, 17)))
    report = send(authority, documents(16), Report(), give_up_at=LATER)
    assert statuses(report) == {Status.INVALID: list(range(1, 17))}
    assert len(authority.calls) == 2 * 16 - 1


def test_random_faults_leave_nobody_without_an_outcome() -> None:
    choice = random.Random(11)
    for _round in range(50):
        count = choice.randint(1, 60)
        bad = set(choice.sample(range(1, count + 1), choice.randint(0, min(5, count))))
        report = send(
            ToyAuthority(refusing(*bad)), documents(count), Report(), give_up_at=LATER
        )
        expected = {key: Status.ACCEPTED for key in range(1, count + 1)}
        expected.update(dict.fromkeys(bad, Status.INVALID))
        assert {k: o.status for k, o in report.outcomes.items()} == expected


def test_the_authoritys_own_list_of_faults_is_what_a_person_gets() -> None:
    faults = (Problem("E1", "First.", "a.b"), Problem("E2", "Second."))

    def react(keys: tuple[int, ...], _number: int) -> None:
        raise AuthorityError("Bad", "All wrong.", splittable=True, errors=faults)

    report = send(ToyAuthority(react), documents(1), Report(), give_up_at=LATER)
    assert report.outcomes[1].errors == faults


# -- what ends a unit ------------------------------------------------------------------


def second_call(error: Exception) -> Callable[[tuple[int, ...], int], None]:
    """Refuse the first call as a whole, then raise ``error`` in the second."""

    def react(_keys: tuple[int, ...], number: int) -> None:
        if number == 1:
            raise AuthorityError("Bad", "Too much.", splittable=True)
        if number == 3:
            raise error

    return react


@pytest.mark.parametrize(
    "error",
    [
        TransientError("Not now.", 30.0),
        AuthenticationError("Who are you?"),
        AuthorityError("Forbidden", "Never."),
    ],
    ids=["transient", "authentication", "refused"],
)
def test_what_was_not_carried_out_is_not_called_sent(error: Exception) -> None:
    """Two halves: the first is taken, the second call fails, and is nobody's fault."""
    authority = ToyAuthority(second_call(error))
    report = send(authority, documents(4), Report(), give_up_at=LATER)
    assert authority.calls == [(1, 2, 3, 4), (1, 2), (3, 4)]
    assert statuses(report) == {Status.ACCEPTED: [1, 2]}
    assert report.error is error


def test_a_lost_answer_leaves_only_its_own_documents_unknown() -> None:
    def react(keys: tuple[int, ...], number: int) -> None:
        if number in (1, 2):
            raise AuthorityError("Bad", "Too much.", splittable=True)
        if number == 3:
            raise AmbiguousError("Sent, and no answer.")

    report = send(ToyAuthority(react), documents(8), Report(), give_up_at=LATER)
    assert statuses(report) == {
        Status.UNKNOWN: [1, 2],
        Status.DEFERRED: [3, 4, 5, 6, 7, 8],
    }
    assert isinstance(report.error, AmbiguousError)


@pytest.mark.parametrize("defect", [KeyError("x"), RecursionError(), AssertionError()])
def test_a_defect_does_not_raise_and_is_taken_for_a_lost_answer(
    defect: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    authority = ToyAuthority(second_call(defect))
    report = send(authority, documents(4), Report(), give_up_at=LATER)
    assert statuses(report) == {Status.ACCEPTED: [1, 2], Status.UNKNOWN: [3, 4]}
    assert isinstance(report.error, AmbiguousError)
    assert type(defect).__name__ in str(report.error)
    assert "A defect while sending 2 documents" in caplog.text


def test_a_defect_while_packing_does_not_raise() -> None:
    authority = ToyAuthority()
    authority.envelope = lambda batch, signer=None: 1 / 0
    report = send(authority, documents(3), Report(), give_up_at=LATER)
    assert statuses(report) == {Status.UNKNOWN: [1, 2, 3]}


def test_an_answer_that_is_no_list_of_outcomes_does_not_raise() -> None:
    authority = ToyAuthority(lambda keys, number: ["nonsense"])
    report = send(authority, documents(2), Report(), give_up_at=LATER)
    assert statuses(report) == {Status.UNKNOWN: [1, 2]}


# -- time ------------------------------------------------------------------------------


def test_one_call_is_begun_however_late_it_is() -> None:
    authority = ToyAuthority()
    report = send(authority, documents(3), Report(), give_up_at=0.0)
    assert statuses(report) == {Status.ACCEPTED: [1, 2, 3]}


def test_no_further_call_is_begun_when_the_time_is_over() -> None:
    authority = ToyAuthority(refusing(1))
    report = send(authority, documents(200), Report(), give_up_at=0.0)
    assert len(authority.calls) == 1
    assert statuses(report) == {Status.DEFERRED: list(range(1, 201))}
    assert report.error is None


def test_time_that_runs_out_between_two_halves() -> None:
    until = time.monotonic() + 0.1

    def react(keys: tuple[int, ...], number: int) -> None:
        if number == 1:
            raise AuthorityError("Bad", "Too much.", splittable=True)
        time.sleep(0.11)

    report = send(ToyAuthority(react), documents(4), Report(), give_up_at=until)
    assert statuses(report) == {Status.ACCEPTED: [1, 2], Status.DEFERRED: [3, 4]}


# -- asking ----------------------------------------------------------------------------


def test_asking_gives_an_outcome_for_each() -> None:
    report = ask(ToyAuthority(), documents(3), Report())
    assert statuses(report) == {Status.VALID: [1, 2, 3]}
    assert report.error is None


@pytest.mark.parametrize(
    "error",
    [
        TransientError("Not now."),
        AuthenticationError("Who?"),
        AuthorityError("X", "No.", splittable=True),
    ],
)
def test_a_failed_question_decides_nothing(error: Exception) -> None:
    def react(_keys: tuple[int, ...], _number: int) -> None:
        raise error

    report = ask(ToyAuthority(react), documents(3), Report())
    assert report.outcomes == {}
    assert report.error is error


def test_a_defect_while_asking_does_not_raise() -> None:
    report = ask(ToyAuthority(lambda keys, number: 1 / 0), documents(2), Report())
    assert report.outcomes == {}
    assert isinstance(report.error, AmbiguousError)


# -- fetching a print ------------------------------------------------------------------


class Printer:
    """Has a print, unless it raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def fetch_pdf(self, document: Document) -> bytes:
        if self._error:
            raise self._error
        return b"%PDF-" + document.uid.encode()

    def fetch_files(self, document: Document) -> list[File]:
        content = self.fetch_pdf(document)
        return [File(f"{document.uid}.pdf", "application/pdf", content, "00")]


def test_a_print_is_in_the_report() -> None:
    (document,) = documents(1)
    report = fetch_pdf(Printer(), document, Report())
    assert (report.content, report.error) == (b"%PDF-uid1", None)


def test_files_are_in_the_report() -> None:
    (document,) = documents(1)
    report = fetch_files(Printer(), document, Report())
    assert [one.name for one in report.files] == ["uid1.pdf"]
    assert "PDF-" not in repr(report.files)


@pytest.mark.parametrize("code", ["eg_receipt", "eg_invoice", "hr_cis"])
def test_authorities_that_make_no_files(code: str) -> None:
    (document,) = documents(1)
    authority = authority_class(code)(Connection("test"))
    assert not authority.capabilities.files
    report = fetch_files(authority, document, Report())
    assert (list(report.files), report.error) == ([], None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TransientError("Not now."), TransientError),
        (AuthorityError("NotFound", "None."), AuthorityError),
        (ZeroDivisionError(), AmbiguousError),
    ],
)
def test_without_a_print_the_report_says_why(error: Exception, kind: type) -> None:
    (document,) = documents(1)
    report = fetch_pdf(Printer(error), document, Report())
    assert report.content == b""
    assert isinstance(report.error, kind)
    report = fetch_files(Printer(error), document, Report())
    assert report.files == ()
    assert isinstance(report.error, kind)
