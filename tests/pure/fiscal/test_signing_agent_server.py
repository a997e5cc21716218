"""Agents whose server is away or another one, that share the work, and that die."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from agent_kit import (
    AgentProcess,
    events,
    invoice,
    key_file,
    paired_before,
    unlocked,
    until,
)
from signing_kit import NOW

from fiscal.signing import agent_desk, agent_protocol
from fiscal.signing.agent.link import show_pin

# -- the server ------------------------------------------------------------------------


def test_the_servers_certificate_was_changed(odoo, paired):
    odoo.store.add_job()
    odoo.stop()
    odoo.start("another server")
    asked = len(odoo.asked)
    agent = AgentProcess(paired, "run")
    agent.type("secret")
    assert agent.end() == 5
    assert "pair anew" in agent.output and show_pin(odoo.pin) in agent.output
    assert len(odoo.asked) == asked and not odoo.store.jobs["1"].signature


def test_a_certificate_renewed_for_the_same_key_is_the_same_server(odoo, paired):
    odoo.store.add_job()
    odoo.stop()
    odoo.start("server", certificate="2")
    agent = AgentProcess(paired, "run", "--once")
    agent.type("secret")
    assert agent.end() == 0 and odoo.store.jobs["1"].signature


def test_the_certificate_changes_while_the_agent_runs(odoo, paired):
    manager, agent = unlocked(paired)
    try:
        agent.wait_for("Ready")
        odoo.stop()
        agent.wait_for("could not be reached")
        odoo.start("another server")
        asked = len(odoo.asked)
        assert agent.end() == 5
        assert len(odoo.asked) == asked
    finally:
        manager.__exit__(None, None, None)


def test_a_server_that_is_away_for_a_while(odoo, paired):
    manager, agent = unlocked(paired)
    try:
        agent.wait_for("Ready")
        odoo.stop()
        agent.wait_for("Trying again")
        odoo.store.add_job()
        odoo.start()
        agent.wait_for("Signed")
        until(lambda: odoo.store.jobs["1"].signature)
    finally:
        manager.__exit__(None, None, None)


def test_a_signature_is_brought_again_until_odoo_has_it(odoo, paired):
    odoo.store.add_job()
    failures = []

    def lose(asked, said):
        if asked.path == agent_protocol.RESULT and not failures:
            failures.append(asked)
            odoo.store.put(_unsigned(odoo.store.jobs["1"]))
            return None
        return said

    odoo.tamper = lose
    agent = AgentProcess(paired, "run", "--once")
    agent.type("secret")
    assert agent.end() == 0
    assert odoo.store.jobs["1"].signature and len(failures) == 1
    assert events(paired) == ["paired", "signed"]


def _unsigned(job):
    return replace(job, signature=b"")


# -- several agents, and agents that die -----------------------------------------------


def test_two_agents_share_the_work(odoo, paired, tmp_path):
    other = paired_before(odoo, tmp_path / "other", file=str(key_file(tmp_path)))
    for number in range(8):
        odoo.store.add_job(str(number), invoice(f"INV/{number}"))
    agents = [AgentProcess(folder, "run", "--once") for folder in (paired, other)]
    for agent in agents:
        agent.type("secret")
    assert [agent.end() for agent in agents] == [0, 0]
    jobs = odoo.store.jobs.values()
    assert all(job.signature for job in jobs)
    counts = [events(folder).count("signed") for folder in (paired, other)]
    assert sum(counts) == 8
    assert {job.signed_by for job in jobs} <= set(odoo.store.agents)


def test_one_that_is_killed_in_mid_request(odoo, paired, tmp_path):
    """It has the document, and dies before it brings the signature."""
    odoo.store.add_job()
    held = []

    def hold(asked, said):
        if asked.path == agent_protocol.RESULT and not held:
            held.append(asked)
            odoo.store.put(_unsigned(odoo.store.jobs["1"]))
            doomed.kill()
        return said

    odoo.tamper = hold
    doomed = AgentProcess(paired, "run")
    doomed.type("secret")
    until(lambda: held)
    assert events(paired) == ["paired", "signed"]
    # While its lease lasts nobody gets the document; then another agent does.
    other = paired_before(odoo, tmp_path / "other", file=str(key_file(tmp_path)))
    job = odoo.store.jobs["1"]
    lease = agent_desk.Lease("agent-1", "x", odoo.clock() + agent_desk.LEASE)
    odoo.store.put(_with_lease(job, lease))
    agent = AgentProcess(other, "run", "--once")
    agent.type("secret")
    assert agent.end() == 0 and not odoo.store.jobs["1"].signature
    odoo.store.put(
        _with_lease(job, agent_desk.Lease("agent-1", "x", NOW - timedelta(days=1)))
    )
    agent = AgentProcess(other, "run", "--once")
    agent.type("secret")
    assert agent.end() == 0 and odoo.store.jobs["1"].signed_by == "agent-2"
    # The first one's signature, had it come now, would do no harm.
    odoo.tamper = lambda asked, said: said
    before = odoo.store.jobs["1"]
    assert odoo.desk.handle(held[0]).method == "409"
    assert odoo.store.jobs["1"] == before


def _with_lease(job, lease):
    return replace(job, signature=b"", lease=lease)


def test_two_agents_do_not_share_a_folder(paired):
    manager, agent = unlocked(paired)
    try:
        agent.wait_for("Ready")
        second = AgentProcess(paired, "run")
        second.type("secret")
        assert second.end() == 2 and "Another agent" in second.output
    finally:
        manager.__exit__(None, None, None)
