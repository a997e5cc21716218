"""Odoo's side of the agents: who is answered, who gets a document, which signatures are
taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from agent_kit import ISSUER, MemoryStore, invoice, issuer_seal
from signing_kit import NOW, make, openssl_accepts, rsa_key, seal

from fiscal.contract import Problem
from fiscal.signing import agent_messages, agent_protocol
from fiscal.signing.agent_desk import (
    LEASE,
    LEASE_OF_A_PERSON,
    PAUSE_AFTER_FAILURE,
    PAUSE_AFTER_WRONG,
    AgentDesk,
)
from fiscal.signing.agent_documents import read_document
from fiscal.signing.agent_messages import NotAuthentic, verify_answer
from fiscal.signing.agent_pairing import (
    ATTEMPTS,
    Exchange,
    agent_name,
    read_code,
)
from fiscal.signing.agent_protocol import PAIR, POLL, RESULT, Report, Result
from fiscal.signing.cades import sign_detached
from fiscal.signing.software import SoftwareKey

KEY_AWAY = Problem("token_absent", "The token is not plugged in.")
FORMATS = ("eg_invoice",)


class Odoo:
    """A desk with a clock, and agents that call it."""

    def __init__(self):
        self.store = MemoryStore()
        self.now = NOW
        self.desk = AgentDesk(self.store, lambda: self.now)
        self.agent = self.store.add_agent()

    def request(self, path, body, agent=None, now=None):
        agent = agent or self.agent
        moment = now or self.now
        return agent_messages.request(path, body, agent.id, agent.secret, moment)

    def ask(self, path, body, agent=None, wait=None):
        agent = agent or self.agent
        asked = self.request(path, body, agent)
        said = self.desk.handle(asked, *([wait] if wait else []))
        verify_answer(said, asked, agent.secret)
        return said.method, said.json()

    def poll(self, agent=None, wait=None, **report):
        report = {"certificates": (issuer_seal().der,), "formats": FORMATS, **report}
        status, body = self.ask(POLL, Report(**report).dump(), agent, wait)
        assert status == "200"
        return body

    def job(self, agent=None, **report):
        return self.poll(agent, **report)["job"]

    def bring(self, job, signature=b"", refusal=None, agent=None):
        result = Result(job["id"], job["lease"], signature, refusal)
        status, body = self.ask(RESULT, result.dump(), agent)
        assert status == "200"
        return body["status"], [problem["code"] for problem in body["problems"]]


@pytest.fixture
def odoo():
    made = Odoo()
    made.store.add_job(created_at=NOW)
    return made


def signature(made=None, document=None, moment=NOW):
    made = made or issuer_seal()
    key = SoftwareKey(made.key, [one.info for one in made.chain])
    text = read_document("eg_invoice", document or invoice()).text
    return sign_detached(text, key, moment)


# -- who is answered -------------------------------------------------------------------


def test_a_document_is_given_signed_and_taken(odoo, tmp_path):
    job = odoo.job()
    assert agent_protocol.Job.load(job).document == invoice()
    assert odoo.bring(job, signature()) == ("taken", [])
    state = odoo.store.jobs["1"]
    assert state.signed_by == "a1" and state.lease is None
    text = read_document("eg_invoice", invoice()).text
    assert openssl_accepts(state.signature, text, tmp_path, issuer_seal())
    assert odoo.job() is None


def test_strangers_learn_nothing(odoo):
    stranger = replace(odoo.agent, id="nobody")
    asked = odoo.request(POLL, Report().dump(), stranger)
    for said in (
        odoo.desk.handle(asked),
        odoo.desk.handle(replace(asked, headers={})),
        odoo.desk.handle(odoo.request(POLL, {}, replace(odoo.agent, secret=bytes(32)))),
    ):
        assert said.method == "401" and b"job" not in said.body
        with pytest.raises(NotAuthentic):
            verify_answer(said, asked, odoo.agent.secret)
    assert odoo.store.reports == [] and odoo.store.jobs["1"].lease is None


def test_a_replay_is_refused(odoo):
    asked = odoo.request(POLL, Report().dump())
    assert odoo.desk.handle(asked).method == "200"
    said = odoo.desk.handle(asked)
    assert said.method == "409" and said.json()["code"] == "replay"
    assert len(odoo.store.reports) == 1
    # The same nonce of another agent is another one.
    other = odoo.store.add_agent("a2")
    headers = {**asked.headers, "x-ereceipt-agent": "a2"}
    forged = odoo.desk.handle(replace(asked, headers=headers))
    assert forged.method == "401" and other.secret != odoo.agent.secret


def test_a_result_that_is_replayed_changes_nothing(odoo):
    job = odoo.job()
    result = Result(job["id"], job["lease"], signature())
    asked = odoo.request(RESULT, result.dump())
    assert odoo.desk.handle(asked).method == "200"
    before = odoo.store.jobs["1"]
    assert odoo.desk.handle(asked).json()["code"] == "replay"
    assert odoo.store.jobs["1"] == before


def test_clocks_that_differ_are_told_so(odoo):
    for apart in (timedelta(minutes=6), timedelta(minutes=-6)):
        asked = odoo.request(POLL, Report().dump(), now=NOW + apart)
        said = odoo.desk.handle(asked)
        assert said.json()["code"] == "clock"
        verify_answer(said, asked, odoo.agent.secret)
        assert agent_messages.sent_at(said) == NOW


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (POLL, {"wait": "x"}, "400"),
        (RESULT, {}, "400"),
        ("/ereceipt/agent/1/other", {}, "404"),
    ],
)
def test_what_makes_no_sense_is_refused(odoo, path, body, status):
    assert odoo.ask(path, body)[0] == status


def test_other_methods_and_sizes_are_refused(odoo):
    asked = odoo.request(POLL, Report().dump())
    assert odoo.desk.handle(replace(asked, method="GET")).method == "400"
    huge = replace(asked, body=bytes(agent_messages.MOST_BYTES + 1))
    assert odoo.desk.handle(huge).method == "400"


# -- pairing ---------------------------------------------------------------------------


class Pairing:
    """An agent that pairs."""

    def __init__(self, odoo, code):
        self.odoo = odoo
        self.id, self.key = read_code(code)
        self.exchange = Exchange()

    def call(self, **changes):
        body = {
            "name": "Desk",
            "public_key": agent_protocol.encode(self.exchange.public),
            "certificates": [agent_protocol.encode(issuer_seal().der)],
            **changes,
        }
        self.asked = agent_messages.request(
            PAIR, body, agent_name(self.id), self.key, self.odoo.now
        )
        return self.odoo.desk.handle(self.asked)


def test_an_agent_is_paired_and_then_known(odoo):
    pairing = Pairing(odoo, odoo.store.start_pairing(NOW))
    said = pairing.call()
    verify_answer(said, pairing.asked, pairing.key)
    body = said.json()
    assert (body["registration"], body["rin"]) == ("Company", ISSUER)
    theirs = agent_protocol.decode(body, "public_key", 32)
    secret = pairing.exchange.secret(theirs, pairing.key, pairing.exchange.public)
    agent = odoo.store.agents[body["agent"]]
    assert agent.secret == secret and agent.name == "Desk"
    assert odoo.store.paired_certificates == (issuer_seal().der,)
    assert odoo.job(agent) is not None
    # The secret did not travel.
    travelled = pairing.asked.body + said.body
    assert secret not in travelled
    assert agent_protocol.encode(secret).encode() not in travelled


def test_a_code_is_good_once(odoo):
    code = odoo.store.start_pairing(NOW)
    assert Pairing(odoo, code).call().method == "200"
    assert Pairing(odoo, code).call().method == "401"


def test_a_code_is_good_for_minutes(odoo):
    pairing = Pairing(odoo, odoo.store.start_pairing(NOW))
    odoo.now += timedelta(minutes=11)
    said = pairing.call()
    assert said.method == "401" and said.json()["code"] == "pairing"


def test_wrong_codes_end_a_pairing(odoo):
    right = odoo.store.start_pairing(NOW)
    wrong = right[:-1] + ("2" if right[-1] != "2" else "3")
    answers = [Pairing(odoo, wrong).call() for _try in range(ATTEMPTS)]
    assert {said.method for said in answers} == {"401"}
    assert Pairing(odoo, right).call().method == "401"
    assert len(odoo.store.agents) == 1


def test_every_reason_not_to_pair_looks_the_same(odoo):
    right = odoo.store.start_pairing(NOW)
    never = Pairing(odoo, "ZZZZ-ZZZZZ-ZZZZZ").call()
    wrong = Pairing(odoo, right[:5] + "ZZZZZ-ZZZZZ").call()
    assert never == replace(wrong, path=never.path) and never.method == "401"


@pytest.mark.parametrize(
    "changes",
    [{"public_key": ""}, {"public_key": "AAAA"}, {"name": ""}, {"certificates": [1]}],
)
def test_a_malformed_pairing_does_not_spend_the_code(odoo, changes):
    code = odoo.store.start_pairing(NOW)
    assert Pairing(odoo, code).call(**changes).method == "400"
    assert Pairing(odoo, code).call().method == "200"


# -- who gets a document ---------------------------------------------------------------


def test_two_agents_share_the_documents(odoo):
    other = odoo.store.add_agent("a2")
    odoo.store.add_job("2", invoice("IID2"), created_at=NOW)
    first, second = odoo.job(), odoo.job(other)
    assert (first["id"], second["id"]) == ("1", "2")
    assert odoo.job() is None and odoo.job(other) is None
    assert odoo.bring(second, signature(document=invoice("IID2")), agent=other) == (
        "taken",
        [],
    )
    assert odoo.bring(first, signature()) == ("taken", [])


def test_an_agent_that_died_loses_its_lease(odoo):
    other = odoo.store.add_agent("a2")
    late = odoo.job()
    odoo.now += LEASE
    assert odoo.store.jobs["1"].lease.agent == "a1"
    job = odoo.job(other)
    assert job["id"] == "1" and job["lease"] != late["lease"]
    # Both come back: the first good signature stands, the other does no harm.
    assert odoo.bring(late, signature(moment=odoo.now)) == ("taken", [])
    kept = odoo.store.jobs["1"].signature
    assert odoo.bring(job, signature(moment=odoo.now), agent=other) == ("already", [])
    assert odoo.store.jobs["1"].signature == kept


def test_a_person_gets_more_time(odoo):
    job = odoo.job(asks=True)
    assert job["seconds"] == LEASE_OF_A_PERSON.total_seconds()
    odoo.now += LEASE
    assert odoo.job(odoo.store.add_agent("a2")) is None


def test_a_result_that_comes_twice_is_harmless(odoo):
    job = odoo.job()
    assert odoo.bring(job, signature()) == ("taken", [])
    assert odoo.bring(job, signature()) == ("already", [])
    assert odoo.bring(job, refusal=KEY_AWAY) == ("already", [])


def test_only_those_who_can_sign_get_documents(odoo):
    for report in (
        {"problem": KEY_AWAY},
        {"formats": ()},
        {"certificates": (seal().der,)},  # another company's
        {"certificates": (b"\x30\x00",)},
        {"watch": True},
    ):
        assert odoo.job(**report) is None
    assert odoo.job(odoo.store.add_agent("a2", "another company")) is None
    assert odoo.job() is not None


def test_what_an_agent_says_of_itself_is_noted(odoo):
    odoo.poll(problem=KEY_AWAY)
    (agent, report, problems) = odoo.store.reports[-1]
    assert (agent, report.problem, problems) == ("a1", KEY_AWAY, [])
    body = odoo.poll(certificates=(seal().der,))
    assert [p["code"] for p in body["problems"]] == ["certificate_other_company"]
    assert odoo.store.reports[-1][2][0].code == "certificate_other_company"
    assert body["pause"] > 5
    before = len(odoo.store.reports)
    odoo.poll(watch=True)
    assert len(odoo.store.reports) == before


def test_a_person_s_certificate_is_only_warned_of(odoo):
    person = make("Mona", key=rsa_key("mona"))
    body = odoo.poll(certificates=(person.der,))
    assert "warning_certificate_person" in [p["code"] for p in body["problems"]]
    assert odoo.bring(body["job"], signature(person)) == ("taken", [])


def test_a_poll_waits_for_a_document(odoo):
    odoo.store.jobs.clear()
    waited = []

    def wait():
        waited.append(1)
        if len(waited) == 3:
            odoo.store.add_job(created_at=NOW)
        return True

    assert odoo.poll(wait=wait)["job"] is None and not waited
    report = Report((issuer_seal().der,), formats=FORMATS, wait=25)
    assert odoo.ask(POLL, report.dump(), wait=wait)[1]["job"]["id"] == "1"
    assert len(waited) == 3


def test_a_poll_does_not_wait_for_ever(odoo):
    odoo.store.jobs.clear()
    answers = iter([True, True, False])
    report = Report((issuer_seal().der,), formats=FORMATS, wait=25)
    body = odoo.ask(POLL, report.dump(), wait=lambda: next(answers))[1]
    assert body["job"] is None and body["pause"] > 0


# -- what is taken ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: b"\x30\x00", "signature_form"),
        (lambda: signature(document=invoice("IID2")), "signature_digest"),
        (lambda: signature(seal()), "certificate_other_company"),
        (lambda: signature(moment=NOW + timedelta(minutes=6)), "signature_time"),
        (lambda: signature(moment=NOW - timedelta(days=1)), "signature_time"),
        (
            lambda: signature(moment=NOW + timedelta(days=500)),
            "certificate_expired",
        ),
    ],
)
def test_wrong_signatures_are_not_taken(odoo, made, code):
    other = odoo.store.add_agent("a2")
    job = odoo.job()
    status, codes = odoo.bring(job, made())
    assert status == "wrong" and codes[0] == code
    assert not odoo.store.jobs["1"].signature
    assert odoo.store.jobs["1"].refusals[0].problem.code == code
    # The same agent has to wait, another one need not.
    odoo.now += PAUSE_AFTER_FAILURE
    assert odoo.job() is None
    again = odoo.job(other)
    assert odoo.bring(again, signature(moment=odoo.now), agent=other) == ("taken", [])


def test_after_a_wrong_signature_an_agent_may_try_again_later(odoo):
    assert odoo.bring(odoo.job(), b"\x30\x00")[0] == "wrong"
    odoo.now += PAUSE_AFTER_WRONG
    assert odoo.job() is not None


def test_a_key_that_went_away_gets_the_document_again(odoo):
    assert odoo.bring(odoo.job(), refusal=KEY_AWAY) == ("taken", [])
    assert odoo.job() is None
    odoo.now += PAUSE_AFTER_FAILURE
    job = odoo.job()
    assert odoo.bring(job, signature(moment=odoo.now)) == ("taken", [])


@pytest.mark.parametrize("code", ["declined", "other_issuer", "document_unreadable"])
def test_a_refusal_for_good_is_not_asked_again(odoo, code):
    other = odoo.store.add_agent("a2")
    refusal = Problem(code, "No.")
    assert odoo.bring(odoo.job(), refusal=refusal) == ("taken", [])
    odoo.now += timedelta(days=1)
    assert odoo.job() is None
    assert odoo.job(other) is not None
    assert [one.problem.code for one in odoo.store.jobs["1"].refusals] == [code]


def test_a_late_refusal_does_not_take_the_document_from_another(odoo):
    other = odoo.store.add_agent("a2")
    late = odoo.job()
    odoo.now += LEASE
    held = odoo.job(other)
    odoo.bring(late, refusal=KEY_AWAY)
    assert odoo.store.jobs["1"].lease.token == held["lease"]


def test_a_document_that_is_not_to_be_signed_any_more(odoo):
    job = odoo.job()
    del odoo.store.jobs["1"]
    assert odoo.bring(job, signature()) == ("gone", [])


def test_another_companys_agent_brings_nothing(odoo):
    job = odoo.job()
    stranger = odoo.store.add_agent("a2", "another company")
    assert odoo.bring(job, signature(), agent=stranger) == ("gone", [])
    assert not odoo.store.jobs["1"].signature


def test_secrets_are_not_shown(odoo):
    assert repr(odoo.agent.secret) not in repr(odoo.agent)
    assert "IID1" not in repr(odoo.store.jobs["1"])
