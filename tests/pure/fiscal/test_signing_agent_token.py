"""The agent with a token beside it."""

from __future__ import annotations

import shutil
import signal
from datetime import timedelta
from io import StringIO

import pytest
from agent_kit import (
    AgentProcess,
    invoice,
    issuer_seal,
    paired_before,
    running,
    unlocked,
    until,
)
from signing_kit import openssl_accepts
from softhsm_kit import PIN, SoftHsm, needs_softhsm, put_certificate, put_key

from fiscal.signing import agent_desk
from fiscal.signing.agent.__main__ import main as agent_main
from fiscal.signing.agent_documents import read_document
from fiscal.signing.pkcs11_module import Pkcs11Module


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
    return paired_before(odoo, folder, pkcs11_module=hsm.path, serial=hsm.serial)


@needs_softhsm
def test_a_token_is_paired_without_its_pin_and_signs(odoo, folder, hsm, tmp_path):
    token = folder
    arguments = ["pair", odoo.url, "--pkcs11-module", hsm.path, "--serial", hsm.serial]
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
    original = Pkcs11Module.open

    def watched(self, token, **login):
        logins.extend(login.values())
        return original(self, token, **login)

    monkeypatch.setattr(Pkcs11Module, "open", watched)
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
