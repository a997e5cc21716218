"""The agent's log, and what it says of its state."""

from __future__ import annotations

import stat

from agent_kit import AgentProcess

from fiscal.signing.agent import config as agent_config
from fiscal.signing.agent.link import show_pin
from fiscal.signing.agent.log import NAME, SigningLog, check_log


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
