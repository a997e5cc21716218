"""How an agent is paired with Odoo, and what one that is not paired does."""

from __future__ import annotations

import json
import socket
import stat
import time

import pytest
from agent_kit import (
    AgentProcess,
    events,
    issuer_seal,
    key_file,
    pair_with_file,
    running,
)

from fiscal.signing.agent import config as agent_config
from fiscal.signing.agent.link import fetch_pin, show_pin
from fiscal.signing.agent.log import NAME, check_log
from fiscal.signing.agent_messages import answer

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
