"""The agent as a process, and an Odoo that it calls over HTTPS."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import time
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from agent_kit import (
    ISSUER,
    AgentProcess,
    OdooServer,
    invoice,
    issuer_seal,
    key_file,
    running,
    until,
)
from signing_kit import NOW, openssl_accepts, seal
from softhsm_kit import PIN, SoftHsm, needs_softhsm, put_certificate, put_key

from fiscal.signing import agent_desk, agent_protocol
from fiscal.signing.agent import config as agent_config
from fiscal.signing.agent.__main__ import main as agent_main
from fiscal.signing.agent.link import fetch_pin, show_pin
from fiscal.signing.agent.log import NAME, SigningLog, check_log
from fiscal.signing.agent_documents import read_document
from fiscal.signing.agent_messages import answer
from fiscal.signing.cades import describe
from fiscal.signing.library import Library


@pytest.fixture
def odoo(tmp_path):
    server = OdooServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "agent"


def pair_with_file(odoo, folder, made=None, code=None, password="secret"):
    path = key_file(folder.parent, made)
    arguments = ["pair", odoo.url, "--file", path, "--server-key", odoo.pin]
    agent = AgentProcess(
        folder, *arguments, "--code", code or odoo.store.start_pairing()
    )
    agent.type(password)
    return agent.end(), agent.output


def paired_before(odoo, folder, **key):
    """What pairing leaves behind, without the process that does it."""
    agent = odoo.store.add_agent(f"agent-{len(odoo.store.agents) + 1}")
    place = agent_config.KeyPlace(**key)
    values = {"registration": "Company", "rin": ISSUER, "key": place}
    config = agent_config.Config(odoo.url, odoo.pin, agent.id, agent.secret, **values)
    agent_config.save(folder, config)
    log = SigningLog(folder)
    log.add("paired")
    log.close()
    return folder


@pytest.fixture
def paired(odoo, folder):
    return paired_before(odoo, folder, file=str(key_file(folder.parent)))


def lines(folder):
    return [json.loads(line) for line in (folder / NAME).read_text().splitlines()]


def events(folder):
    return [line["event"] for line in lines(folder)]


def unlocked(folder, *arguments, secret="secret"):
    """An agent that runs and was told its password."""
    manager = running(folder, "run", *arguments)
    agent = manager.__enter__()
    agent.type(secret)
    return manager, agent


# -- pairing ---------------------------------------------------------------------------


def test_a_server_that_says_nothing_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"https://127.0.0.1:{server.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(agent_config.AgentError, match="could not be reached"):
            fetch_pin(address, 0.3)
        assert time.monotonic() - begun < 2


def test_a_person_pairs(odoo, folder, tmp_path):
    """Compares the server's key, and types the code."""
    path = key_file(tmp_path)
    with running(folder, "pair", odoo.url, "--file", path, "--name", "Desk") as agent:
        agent.type("secret")
        agent.wait_for(issuer_seal().info.fingerprint)
        shown = agent.wait_for("Odoo show the same?")
        assert show_pin(odoo.pin) in shown
        agent.type("y")
        agent.wait_for("Code")
        agent.type(odoo.store.start_pairing().lower())
        assert agent.end() == 0
    (paired,) = odoo.store.agents.values()
    assert paired.name == "Desk"
    assert odoo.store.paired_certificates == tuple(c.der for c in issuer_seal().chain)
    file = folder / "agent.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert agent_config.load(folder).secret == paired.secret
    assert "secret" not in json.loads(file.read_text())["key"]
    assert events(folder) == ["paired"]


def test_a_server_that_a_person_does_not_confirm_is_told_nothing(
    odoo, folder, tmp_path
):
    path = key_file(tmp_path)
    with running(folder, "pair", odoo.url, "--file", path) as agent:
        agent.type("secret")
        agent.wait_for("Odoo show the same?")
        agent.type("")
        assert agent.end() == 2
    assert odoo.asked == [] and not (folder / "agent.json").exists()


def test_another_server_than_the_one_compared_is_told_nothing(odoo, folder):
    code = odoo.store.start_pairing()
    odoo.pin = "00" * 32
    status, output = pair_with_file(odoo, folder, code=code)
    assert status == 2 and "in between" in output
    assert odoo.asked == []


@pytest.mark.parametrize(
    ("code", "words"),
    [("ZZZZ-ZZZZZ-ZZZZZ", "Create a new one"), ("1234", "XXXX-XXXXX-XXXXX")],
)
def test_a_wrong_code(odoo, folder, code, words):
    status, output = pair_with_file(odoo, folder, code=code)
    assert status == 2 and words in output
    assert not (folder / "agent.json").exists()


def test_a_server_that_forges_the_answer_is_not_paired_with(odoo, folder):
    odoo.tamper = lambda asked, said: answer(asked, 200, {}, bytes(32), odoo.clock())
    status, output = pair_with_file(odoo, folder)
    assert status == 2 and "not Odoo's" in output


def test_a_wrong_password_of_the_key_file(odoo, folder):
    status, output = pair_with_file(odoo, folder, password="wrong")
    assert status == 3 and "does not open" in output
    assert odoo.asked == []


def test_what_is_no_odoo(odoo, folder, tmp_path):
    odoo.tamper = lambda asked, said: None
    status, output = pair_with_file(odoo, folder)
    assert status == 2 and "502" in output
    address = ["--file", key_file(tmp_path), "--code", "x", "--server-key", odoo.pin]
    for server in ("http://127.0.0.1", "127.0.0.1:1", "https://127.0.0.1:1"):
        agent = AgentProcess(folder, "pair", server, *address)
        agent.type("secret")
        assert agent.end() == 2
        assert "address" in agent.output


# -- unpaired --------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "status"])
def test_unpaired(folder, command):
    agent = AgentProcess(folder, command)
    assert agent.end() == 2
    assert "not paired" in agent.output


def test_a_pairing_that_others_may_read_is_not_used(paired):
    (paired / "agent.json").chmod(0o644)
    agent = AgentProcess(paired, "run", "--once")
    assert agent.end() == 2 and "chmod 600" in agent.output


def test_a_damaged_pairing_is_a_sentence(paired):
    (paired / "agent.json").write_text("{}")
    agent = AgentProcess(paired, "run")
    assert agent.end() == 2 and "damaged" in agent.output


def test_an_agent_that_odoo_does_not_know_any_more(odoo, paired):
    odoo.store.agents.clear()
    odoo.store.add_job()
    agent = AgentProcess(paired, "run")
    agent.type("secret")
    assert agent.end() == 5 and "pair anew" in agent.output
    assert events(paired) == ["paired"]


def test_forget_and_pair_anew(odoo, paired):
    for words in ("deleted", "no pairing"):
        agent = AgentProcess(paired, "forget")
        assert agent.end() == 0 and words in agent.output
    assert (paired / NAME).exists()
    assert pair_with_file(odoo, paired)[0] == 0
    assert len(odoo.store.agents) == 2
    assert check_log(paired / NAME).broken == 0


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


# -- the log ---------------------------------------------------------------------------


def test_a_log_that_is_changed_is_found(tmp_path):
    log = SigningLog(tmp_path)
    for number in range(4):
        log.add("signed", number=f"INV/{number}", buyer="شركة\n")
    log.close()
    path = tmp_path / NAME
    assert check_log(path).broken == 0
    whole = path.read_bytes().splitlines(keepends=True)
    for wrong in (
        [whole[0], whole[1].replace(b"INV/1", b"INV/9"), *whole[2:]],
        [whole[0], whole[2], whole[3]],
        [whole[0], whole[0], *whole[1:]],
        [whole[1], whole[0], *whole[2:]],
    ):
        path.write_bytes(b"".join(wrong))
        assert check_log(path).broken
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_that_was_cut_when_the_agent_was_killed(tmp_path):
    log = SigningLog(tmp_path)
    log.add("signed", number="INV/1")
    log.close()
    path = tmp_path / NAME
    with open(path, "ab") as stream:
        stream.write(b'{"event":"sig')
    log = SigningLog(tmp_path)
    log.add("signed", number="INV/2")
    log.close()
    found = check_log(path)
    assert (found.lines, found.torn, found.broken) == (3, 1, 0)
    assert found.last["number"] == "INV/2" and found.last["line"] == 2


def test_status(odoo, paired):
    odoo.store.add_job()
    agent = AgentProcess(paired, "status")
    assert agent.end() == 0
    assert show_pin(odoo.pin) in agent.output and odoo.url in agent.output
    assert "knows this agent" in agent.output
    # It only looked.
    assert odoo.store.jobs["1"].lease is None and not odoo.store.reports
    secret = agent_config.load(paired).secret
    assert secret.hex() not in agent.output
    with open(paired / NAME, "r+") as stream:
        text = stream.read()
        stream.seek(0)
        stream.write(text.replace("paired", "signed"))
    odoo.stop()
    agent = AgentProcess(paired, "status")
    assert agent.end() == 1
    assert "changed by hand" in agent.output and "reached" in agent.output
    odoo.start()


# -- tokens ----------------------------------------------------------------------------


@pytest.fixture
def hsm(tmp_path):
    (tmp_path / "hsm").mkdir()
    made = SoftHsm(tmp_path / "hsm")
    with made.environment():
        made.serial = made.make_token()
        with made.writing(made.serial) as session:
            put_certificate(session, issuer_seal())
            put_key(session, issuer_seal().key)
        yield made


@pytest.fixture
def token(odoo, folder, hsm):
    return paired_before(odoo, folder, library=hsm.path, serial=hsm.serial)


@needs_softhsm
def test_a_token_is_paired_without_its_pin_and_signs(odoo, folder, hsm, tmp_path):
    token = folder
    arguments = ["pair", odoo.url, "--library", hsm.path, "--serial", hsm.serial]
    arguments += ["--server-key", odoo.pin, "--code", odoo.store.start_pairing()]
    agent = AgentProcess(folder, *arguments)
    assert agent.end() == 0, agent.output
    assert odoo.store.paired_certificates == (issuer_seal().der,)
    odoo.store.add_job()
    agent = AgentProcess(token, "run", "--once")
    agent.type(PIN)
    assert agent.end() == 0, agent.output
    text = read_document("eg_invoice", invoice()).text
    cms = odoo.store.jobs["1"].signature
    assert openssl_accepts(cms, text, tmp_path, issuer_seal())
    kept = "".join(p.read_text() for p in token.iterdir() if p.is_file())
    assert PIN not in kept and PIN not in agent.output


@needs_softhsm
def test_a_wrong_pin_ends_the_agent(odoo, token):
    odoo.store.add_job()
    agent = AgentProcess(token, "run")
    agent.type("999999")
    agent.type(PIN)
    assert agent.end() == 3 and "once" in agent.output
    assert "999999" not in agent.output
    assert odoo.store.jobs["1"].lease is None and not odoo.store.reports


@needs_softhsm
def test_a_wrong_pin_is_tried_once(odoo, token, monkeypatch, capsys):
    """In this process, where log-ins can be counted."""
    logins = []
    original = Library.open

    def watched(self, token, **login):
        logins.extend(login.values())
        return original(self, token, **login)

    monkeypatch.setattr(Library, "open", watched)
    monkeypatch.setattr("sys.stdin", StringIO("999999\n999999\n999999\n"))
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert agent_main(["run", "--folder", str(token)]) == 3
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert logins == ["999999"]
    assert "999999" not in "".join(capsys.readouterr())


@needs_softhsm
def test_nobody_there_to_type_the_pin(odoo, token):
    agent = AgentProcess(token, "run")
    assert agent.end(close=True) == 4
    assert "nobody" in agent.output


@needs_softhsm
def test_a_token_that_is_taken_out_in_mid_run(odoo, token, hsm, tmp_path, monkeypatch):
    monkeypatch.setattr(agent_desk, "PAUSE_WITHOUT_KEY", 0.2)
    monkeypatch.setattr(agent_desk, "PAUSE_AFTER_FAILURE", timedelta(0))
    manager, agent = unlocked(token, secret=PIN)
    try:
        odoo.store.add_job("1")
        agent.wait_for("Signed")
        shutil.move(hsm.folder_of(hsm.serial), tmp_path / "away")
        odoo.store.add_job("2", invoice("IID2"))
        agent.wait_for("not plugged in")
        # Odoo knows why it waits; the document is still there to be signed.
        until(lambda: odoo.store.reports[-1][1].problem is not None)
        assert odoo.store.reports[-1][1].problem.code == "token_absent"
        assert not odoo.store.jobs["2"].signature
        shutil.move(tmp_path / "away", hsm.tokens / "back")
        agent.wait_for("Type its PIN")
        agent.type(PIN)
        agent.wait_for("Signed I IID2")
        until(lambda: odoo.store.jobs["2"].signature)
    finally:
        manager.__exit__(None, None, None)


@needs_softhsm
def test_a_token_that_is_not_there_at_the_start(
    odoo, token, hsm, tmp_path, monkeypatch
):
    monkeypatch.setattr(agent_desk, "PAUSE_WITHOUT_KEY", 0.2)
    odoo.store.add_job()
    shutil.move(hsm.folder_of(hsm.serial), tmp_path / "away")
    with running(token, "run") as agent:
        agent.wait_for("not plugged in")
        shutil.move(tmp_path / "away", hsm.tokens / "back")
        agent.wait_for("Type its PIN")
        agent.type(PIN)
        agent.wait_for("Signed")


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


def test_stopped_by_a_signal(odoo, paired):
    manager, agent = unlocked(paired)
    try:
        agent.wait_for("Ready")
        os.kill(agent._process.pid, signal.SIGINT)
        assert agent.end() == 0
    finally:
        manager.__exit__(None, None, None)
