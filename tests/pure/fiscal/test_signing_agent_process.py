"""The agent as a process: what it signs for an Odoo that it calls over HTTPS, and what
it does not."""

from __future__ import annotations

import os
import signal

import pytest
from agent_kit import (
    ISSUER,
    AgentProcess,
    events,
    invoice,
    issuer_seal,
    lines,
    pair_with_file,
    unlocked,
    until,
)
from signing_kit import openssl_accepts, seal

from fiscal.signing import agent_protocol
from fiscal.signing.agent.log import NAME, check_log
from fiscal.signing.agent_documents import read_document
from fiscal.signing.agent_messages import answer
from fiscal.signing.cades import describe

# -- signing ---------------------------------------------------------------------------


def test_documents_are_signed_and_logged(odoo, paired, tmp_path):
    for number in range(3):
        odoo.store.add_job(str(number), invoice(f"INV/{number}"))
    agent = AgentProcess(paired, "run", "--once")
    agent.type("secret")
    assert agent.end() == 0, agent.output
    for number in range(3):
        cms = odoo.store.jobs[str(number)].signature
        readable = read_document("eg_invoice", invoice(f"INV/{number}"))
        assert openssl_accepts(cms, readable.text, tmp_path, issuer_seal())
        assert f"INV/{number}" in agent.output
    _paired, *signed = lines(paired)
    assert [line["event"] for line in signed] == ["signed"] * 3
    first = signed[0]
    assert (first["number"], first["total"]) == ("INV/0", "5191.50")
    assert first["buyer"] == "Receiver 313717919" and first["issuer"] == ISSUER
    digest = describe(odoo.store.jobs["0"].signature).digest.hex()
    assert first["digest"] == digest
    assert check_log(paired / NAME).lines == 4


def test_a_document_that_comes_while_the_agent_waits(odoo, paired):
    manager, agent = unlocked(paired)
    try:
        agent.wait_for("Ready")
        odoo.store.add_job()
        agent.wait_for("Signed I IID1")
        until(lambda: odoo.store.jobs["1"].signature)
        assert agent.terminate() == 0 and "Stopped." in agent.output
    finally:
        manager.__exit__(None, None, None)


def test_a_person_approves_each(odoo, paired):
    odoo.store.add_job("1")
    odoo.store.add_job("2", invoice("IID2"))
    agent = AgentProcess(paired, "run", "--ask", "--once")
    agent.type("secret")
    shown = agent.wait_for("Sign it?")
    assert "5191.50" in shown and "Receiver" in shown and "IID1" in shown
    agent.type("no")
    agent.wait_for("Sign it?")
    agent.type("y")
    assert agent.end() == 0
    assert not odoo.store.jobs["1"].signature and odoo.store.jobs["2"].signature
    assert odoo.store.jobs["1"].refusals[0].problem.code == "declined"
    assert events(paired) == ["paired", "refused", "signed"]


def test_a_document_cannot_steer_the_terminal_that_shows_it(odoo, paired):
    name = b'"Receiver \\u001b[2J\\u202e \\u0634"'
    odoo.store.add_job("1", invoice().replace(b'"Receiver"', name))
    agent = AgentProcess(paired, "run", "--ask", "--once")
    agent.type("secret")
    shown = agent.wait_for("Sign it?")
    assert "\x1b" not in shown and "\u202e" not in shown and "\u0634" in shown
    agent.type("y")
    assert agent.end() == 0 and odoo.store.jobs["1"].signature


def test_stopped_by_a_signal(odoo, paired):
    manager, agent = unlocked(paired)
    try:
        agent.wait_for("Ready")
        os.kill(agent._process.pid, signal.SIGINT)
        assert agent.end() == 0
    finally:
        manager.__exit__(None, None, None)


# -- what is not signed ----------------------------------------------------------------


def test_a_document_of_another_issuer(odoo, paired):
    """Odoo itself would not offer it to this agent; one that was broken into might."""
    odoo.store.add_job("1", invoice("IID1", "100000001"))
    odoo.store.add_job("2", invoice("IID2"))
    agent = AgentProcess(paired, "run", "--once")
    agent.type("secret")
    assert agent.end() == 0
    (refusal,) = odoo.store.jobs["1"].refusals
    assert (
        refusal.problem.code == "other_issuer" and "100000001" in refusal.problem.text
    )
    assert odoo.store.jobs["2"].signature and not odoo.store.jobs["1"].signature
    assert [line.get("number") for line in lines(paired)] == [None, "IID1", "IID2"]


def offering(odoo, **changes):
    """Let Odoo offer the first job with parts changed, by one who has the secret."""

    def tamper(asked, said):
        body = said.json()
        if asked.path != agent_protocol.POLL or not body["job"]:
            return said
        job = {**body["job"], **changes}
        body["job"] = {name: value for name, value in job.items() if value is not None}
        agent = odoo.store.agents[asked.agent]
        return answer(asked, 200, body, agent.secret, odoo.clock())

    odoo.tamper = tamper


DIGEST = "1D+uJbArfkZvpao55fpFx9kmYeWwoOeWTgR4O/88JlE="


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document": None, "digest": DIGEST}, "job_unreadable"),
        ({"document": "", "digest": DIGEST}, "job_unreadable"),
        ({"document": DIGEST}, "document_unreadable"),
        ({"document": DIGEST, "format": "digest"}, "form_unknown"),
    ],
)
def test_a_digest_without_its_document(odoo, paired, changes, code):
    odoo.store.add_job()
    offering(odoo, **changes)
    agent = AgentProcess(paired, "run", "--once")
    agent.type("secret")
    assert agent.end() == 0
    assert odoo.store.jobs["1"].refusals[0].problem.code == code
    assert not odoo.store.jobs["1"].signature
    assert events(paired) == ["paired", "refused"]


def test_an_answer_that_is_replayed(odoo, paired):
    """Somebody in between sends an old offer again."""
    odoo.store.add_job()
    kept = []

    def replay(asked, said):
        if asked.path == agent_protocol.POLL and said.json()["job"]:
            kept.append(said)
        return kept[0] if kept and asked.path == agent_protocol.POLL else said

    odoo.tamper = replay
    manager, agent = unlocked(paired)
    try:
        agent.wait_for("Signed")
        agent.wait_for("it was not believed")
        assert events(paired) == ["paired", "signed"]
    finally:
        manager.__exit__(None, None, None)


def test_a_request_that_is_replayed(odoo, paired):
    odoo.store.add_job()
    agent = AgentProcess(paired, "run", "--once")
    agent.type("secret")
    assert agent.end() == 0
    before = dict(odoo.store.jobs)
    for asked in list(odoo.asked):
        said = odoo.desk.handle(asked)
        assert said.method in ("401", "409")
    assert odoo.store.jobs == before and len(odoo.store.agents) == 1


def test_a_clock_that_is_wrong(odoo, paired):
    odoo.clock.ahead = 3600
    odoo.store.add_job()
    manager, agent = unlocked(paired)
    try:
        agent.wait_for("clock differs")
        odoo.clock.ahead = 0
        agent.wait_for("Signed")
    finally:
        manager.__exit__(None, None, None)


def test_a_certificate_of_another_company(odoo, folder):
    """Its certificate is shown to Odoo, which gives it nothing to sign."""
    status, output = pair_with_file(odoo, folder, seal())
    assert status == 0, output
    odoo.store.add_job()
    agent = AgentProcess(folder, "run", "--once")
    agent.type("secret")
    assert agent.end() == 0
    assert "belongs to the taxpayer" in agent.output
    assert odoo.store.jobs["1"].lease is None
    assert odoo.store.reports[-1][2][0].code == "certificate_other_company"
