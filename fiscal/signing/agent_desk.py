"""Odoo's side of the signing agents, without Odoo: :class:`AgentDesk` answers requests,
a :class:`Store` keeps what outlives them.

A controller is thin: it makes a :class:`~.agent_messages.Message` of what came (at most
:data:`~.agent_messages.MOST_BYTES`), gives it to :meth:`AgentDesk.handle`, and sends
what that returns. The rows that a call locked and wrote are committed before the answer
leaves.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from ..contract import Problem
from ..messages import _
from . import agent_messages as messages
from . import agent_protocol as protocol
from .agent_documents import read_document
from .agent_messages import Message, NotAuthentic
from .agent_pairing import Exchange, Pairing, pairing_of
from .agent_protocol import (
    Job,
    Report,
    Result,
    Taken,
)
from .cades import check, describe
from .certificate import CertificateInfo, is_warning, order_chain, read_certificate
from .certificate_checks import check_certificate

LEASE = timedelta(minutes=2)
LEASE_OF_A_PERSON = timedelta(minutes=10)
PAUSE_AFTER_FAILURE = timedelta(seconds=30)
PAUSE_AFTER_WRONG = timedelta(minutes=10)
PAUSE_WITHOUT_KEY = 10.0
PAUSE_WITHOUT_JOB = 1.0

FINAL = frozenset(
    (
        "declined",
        "document_unreadable",
        "form_unknown",
        "other_issuer",
        "job_unreadable",
    )
)
"""Refusals after which an agent is not shown the document again."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent that was paired.

    :ivar secret: 32 bytes, to be kept sealed
    :ivar registration: whom it signs for, in the caller's words; ``registration_name``
        and ``rin`` are told to people
    """

    id: str
    name: str
    registration: str
    secret: bytes = field(repr=False)
    rin: str = ""
    registration_name: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who has a job for now."""

    agent: str
    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an agent answered instead of a signature.

    :ivar wrong: it brought one, and that was wrong
    """

    agent: str
    at: datetime
    problem: Problem
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class JobState:
    """A document to be signed, from its making to its signature.

    It is offered to one agent at a time, for the time of a lease, until a signature of
    it was taken; any good signature is, also of one whose lease has ended.

    :ivar document: the frozen bytes
    :ivar signature: in DER, b"" until it is signed
    :ivar refusals: the last one of each agent
    """

    id: str
    registration: str
    format: str
    document: bytes = field(repr=False)
    created_at: datetime
    lease: Lease | None = None
    signature: bytes = field(default=b"", repr=False)
    signed_by: str = ""
    refusals: tuple[Refusal, ...] = ()

    def may_be_offered(
        self, agent: Agent, formats: Iterable[str], now: datetime
    ) -> bool:
        """Whether the agent may have it now."""
        if self.signature or self.registration != agent.registration:
            return False
        if self.format not in formats or (self.lease and self.lease.until > now):
            return False
        ours = next((one for one in self.refusals if one.agent == agent.id), None)
        if ours is None:
            return True
        pause = PAUSE_AFTER_WRONG if ours.wrong else PAUSE_AFTER_FAILURE
        return ours.problem.code not in FINAL and now >= ours.at + pause

    def leased(self, agent: Agent, until: datetime) -> JobState:
        """Return it in the agent's hands."""
        return replace(self, lease=Lease(agent.id, secrets.token_hex(16), until))

    def refused(
        self, agent: Agent, problem: Problem, now: datetime, wrong: bool = False
    ) -> JobState:
        """Return it with the agent's refusal, free for others."""
        held = self.lease is not None and self.lease.agent == agent.id
        others = tuple(one for one in self.refusals if one.agent != agent.id)
        refusals = (*others, Refusal(agent.id, now, problem, wrong))
        return replace(self, lease=None if held else self.lease, refusals=refusals)

    def signed(self, agent: Agent, signature: bytes) -> JobState:
        """Return it done."""
        return replace(self, lease=None, signature=signature, signed_by=agent.id)


class Store(Protocol):
    """What outlives a request."""

    def pairing(self, pairing_id: str) -> Pairing | None:
        """Return a pairing and lock it for this transaction, ``None`` if there is
        none."""

    def put_pairing(self, pairing: Pairing) -> None:
        """Keep a pairing whose attempts changed. Also when the call is refused."""

    def new_agent(
        self, pairing: Pairing, name: str, certificates: tuple[bytes, ...]
    ) -> Agent:
        """End the pairing and return a new agent with its id, which has no secret
        yet."""

    def put_secret(self, agent: Agent) -> None:
        """Keep a new agent's secret."""

    def agent(self, agent_id: str) -> Agent | None:
        """Return an agent, ``None`` for one that is not known (any more)."""

    def is_new(self, agent: Agent, nonce: str, until: datetime) -> bool:
        """Remember a nonce until then; return whether it was not known before. Two
        requests at once must not both be told so."""

    def seen(
        self, agent: Agent, report: Report, problems: list[Problem], now: datetime
    ) -> None:
        """Note what an agent said of itself, and what is wrong with its
        certificate."""

    def waiting(self, agent: Agent) -> Iterable[str]:
        """Return ids of jobs that are not signed, the oldest first."""

    def take(self, job_id: str, *, wait: bool) -> JobState | None:
        """Return a job and lock it for this transaction.

        :param wait: for another transaction that has it; else ``None`` is returned
            then, as for a job that there is not (any more)
        """

    def put(self, job: JobState) -> None:
        """Keep a job that was taken."""


def never() -> bool:
    """Do not wait for a job."""
    return False


class AgentDesk:
    """Answers agents.

    :param now: the present moment in UTC
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def handle(self, asked: Message, wait: Callable[[], bool] = never) -> Message:
        """Return the answer to a request.

        :param wait: called while there is no job for a poll; waits a moment (and begins
            a new transaction), and returns whether to look again
        """
        if asked.method != "POST" or len(asked.body) > messages.MOST_BYTES:
            return messages.refusal(asked, 400, "request")
        if asked.path == protocol.PAIR:
            return self._pair(asked)
        agent = self._store.agent(asked.agent) if asked.agent else None
        if agent is None:
            return messages.refusal(asked, 401, "agent_unknown")
        try:
            self._admit(asked, agent)
            status, body = self._route(agent, asked, wait)
        except NotAuthentic as error:
            if not error.sender_known:
                return messages.refusal(asked, 401, error.code)
            status, body = 409, _refused(error.code)
        except ValueError:
            status, body = 400, _refused("request")
        return messages.answer(asked, status, body, agent.secret, self._now())

    def _admit(self, asked: Message, agent: Agent) -> None:
        now = self._now()
        messages.verify_request(asked, agent.secret, now)
        if not self._store.is_new(agent, asked.nonce, now + 2 * messages.SKEW):
            raise NotAuthentic("replay", sender_known=True)

    def _route(
        self, agent: Agent, asked: Message, wait: Callable[[], bool]
    ) -> tuple[int, dict[str, Any]]:
        if asked.path == protocol.POLL:
            return 200, self._poll(agent, Report.load(asked.json()), wait)
        if asked.path == protocol.RESULT:
            return 200, self._result(agent, Result.load(asked.json()))
        return 404, _refused("path")

    # ------------------------------------------------------------------------------
    # Pairing
    # ------------------------------------------------------------------------------

    def _pair(self, asked: Message) -> Message:
        """Answer whoever has the code; for all others every reason looks the same."""
        now = self._now()
        pairing_id = pairing_of(asked.agent)
        pairing = self._store.pairing(pairing_id) if pairing_id else None
        if pairing is None or not pairing.is_open(now):
            return messages.refusal(asked, 401, "pairing")
        try:
            messages.verify_request(asked, pairing.key, now)
        except NotAuthentic as error:
            if error.sender_known:
                body = _refused(error.code)
                return messages.answer(asked, 409, body, pairing.key, now)
            self._store.put_pairing(pairing.failed())
            return messages.refusal(asked, 401, "pairing")
        try:
            body = self._new_agent(pairing, asked)
        except ValueError:
            return messages.answer(asked, 400, _refused("request"), pairing.key, now)
        return messages.answer(asked, 200, body, pairing.key, now)

    def _new_agent(self, pairing: Pairing, asked: Message) -> dict[str, Any]:
        body = asked.json()
        theirs = protocol.decode(body, "public_key", 32)
        certificates = protocol.read_certificates(body)
        name = protocol.text(body, "name", 100)
        exchange = Exchange()
        secret = exchange.secret(theirs, pairing.key, theirs)
        agent = self._store.new_agent(pairing, name, certificates)
        self._store.put_secret(replace(agent, secret=secret))
        return {
            "agent": agent.id,
            "public_key": protocol.encode(exchange.public),
            "registration": agent.registration_name,
            "rin": agent.rin,
        }

    # ------------------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------------------

    def _poll(
        self, agent: Agent, report: Report, wait: Callable[[], bool]
    ) -> dict[str, Any]:
        problems = certificate_problems(report.certificates, agent.rin, self._now())
        answer: dict[str, Any] = {
            "job": None,
            "problems": [protocol.dump_problem(problem) for problem in problems],
            "pause": PAUSE_WITHOUT_JOB,
        }
        if report.watch:
            return answer
        self._store.seen(agent, report, problems, self._now())
        if not report.ready or any(not is_warning(problem) for problem in problems):
            return {**answer, "pause": PAUSE_WITHOUT_KEY}
        while (job := self._offer(agent, report)) is None and report.wait and wait():
            continue
        return {**answer, "job": job.dump(), "pause": 0.0} if job else answer

    def _offer(self, agent: Agent, report: Report) -> Job | None:
        now = self._now()
        length = LEASE_OF_A_PERSON if report.asks else LEASE
        for job_id in self._store.waiting(agent):
            state = self._store.take(job_id, wait=False)
            if state is None or not state.may_be_offered(agent, report.formats, now):
                continue
            leased = state.leased(agent, now + length)
            self._store.put(leased)
            lease = leased.lease.token if leased.lease else ""
            seconds = length.total_seconds()
            return Job(state.id, lease, seconds, state.format, state.document)
        return None

    def _result(self, agent: Agent, result: Result) -> dict[str, Any]:
        state = self._store.take(result.job, wait=True)
        if state is None or state.registration != agent.registration:
            return _taken(Taken.GONE)
        if state.signature:
            return _taken(Taken.ALREADY)
        now = self._now()
        if result.refusal is not None:
            self._store.put(state.refused(agent, result.refusal, now))
            return _taken(Taken.TAKEN)
        problems = signature_problems(state, agent, result.signature, now)
        if problems:
            self._store.put(state.refused(agent, problems[0], now, wrong=True))
            return _taken(Taken.WRONG, problems)
        self._store.put(state.signed(agent, result.signature))
        return _taken(Taken.TAKEN)


def certificate_problems(
    certificates: tuple[bytes, ...], rin: str, now: datetime
) -> list[Problem]:
    """Return what is wrong with an agent's certificate; nothing while it shows none."""
    if not certificates:
        return []
    try:
        first, *others = [read_certificate(der) for der in certificates]
    except ValueError as error:
        return [
            Problem(
                "certificate_unreadable",
                _("The agent's certificate cannot be read: %(reason)s."),
                values={"reason": error},
            )
        ]
    return check_certificate(first, order_chain(first, others), rin, now)


def signature_problems(
    job: JobState, agent: Agent, signature: bytes, now: datetime
) -> list[Problem]:
    """Return what is wrong with a signature that an agent brought."""
    problems = check(signature, read_document(job.format, job.document).text)
    if problems:
        return problems
    info = describe(signature)
    signer = info.signer
    if signer is None or info.signing_time is None:
        return problems  # said by check already
    chain = order_chain(signer, info.certificates)
    found = check_certificate(signer, chain, agent.rin, info.signing_time)
    problems = [problem for problem in found if not is_warning(problem)]
    early, late = job.created_at - messages.SKEW, now + messages.SKEW
    if not early <= info.signing_time <= late:
        problems.append(_wrong_time(signer, info.signing_time))
    return problems


def _wrong_time(signer: CertificateInfo, moment: datetime) -> Problem:
    return Problem(
        "signature_time",
        _(
            "The signature of %(subject)s says that it was made at %(time)s. Set the"
            " clock of the agent's computer right."
        ),
        values={"subject": signer.common_name, "time": moment.isoformat()},
    )


def _taken(taken: Taken, problems: Iterable[Problem] = ()) -> dict[str, Any]:
    dumped = [protocol.dump_problem(problem) for problem in problems]
    return {"status": taken.value, "problems": dumped}


def _refused(code: str) -> dict[str, Any]:
    return {"code": code}
