"""What CIS answers to other calls than a receipt's, and its official answers."""

from __future__ import annotations

import pytest
from hr_kit import (
    F73,
    JIR,
    VECTORS,
    authority,
    codes,
    company,
    document,
    key_of,
    needs_xmlsec,
    refusal,
    registered,
    root,
    success,
)
from hr_service_kit import FAULT

from fiscal.contract import AuthorityError, Status
from fiscal.hr_cis import changes
from fiscal.hr_cis.answers import read_reply
from fiscal.hr_cis.builder import OPERATIONS
from fiscal.hr_cis.trust import Trust

pytestmark = needs_xmlsec


# -- changes, check, echo -------------------------------------------------------------


@pytest.mark.parametrize(
    "change, name, code, kept",
    [
        (changes.new_payment("K"), "PromijeniNacPlac", "P001", {"payment": "K"}),
        (
            changes.new_data("G", ""),
            "PromijeniPodatkeRacuna",
            "p005",
            {"payment": "G", "recipient": ""},
        ),
    ],
)
def test_a_change_is_made(cis_service, change, name, code, kept):
    cis_service.make = lambda message_id: cis_service.signed(
        message_id, success(code), name=f"{name}Odgovor"
    )
    outcome = cis_service.authority().change(registered(), change, key_of(company()))
    assert (outcome.status, outcome.uid) == (Status.VALID, JIR)
    assert outcome.authority_ids == kept
    assert outcome.warnings == ()


def test_a_change_is_refused(cis_service):
    cis_service.status = "500 Internal Server Error"
    cis_service.make = lambda message_id: cis_service.signed(
        message_id, refusal(("s008", "Ne postoji.")), name="PromijeniNacPlacOdgovor"
    )
    with pytest.raises(AuthorityError, match="differ") as caught:
        cis_service.authority().change(
            registered(), changes.new_payment("K"), key_of(company())
        )
    assert caught.value.code == "s008" and not caught.value.splittable


def test_the_test_system_checks_a_receipt(cis_service):
    for pair, found in ((("v100", "OK"), []), (("v166", "Ne."), ["166"])):
        cis_service.make = lambda message_id, pair=pair: cis_service.signed(
            message_id, refusal(pair), name="ProvjeraOdgovor"
        )
        problems = cis_service.authority().test_check(document(), key_of(company()))
        assert codes(problems) == found


def test_only_the_test_system_checks_receipts():
    with pytest.raises(AuthorityError):
        authority(environment="production").test_check(document(), key_of(company()))


def echo_of(text):
    echo = f'<t:EchoResponse xmlns:t="{F73}">{text}</t:EchoResponse>'
    head, foot = FAULT.partition(b"<s:Fault>")[0], b"</s:Body></s:Envelope>"
    return head + echo.encode() + foot


def test_the_probe_asks_for_an_echo(cis_service):
    cis_service.make = lambda _id: echo_of(
        "Request: 'account_ereceipt 27.11.2026T11:00:05'. Response: now"
    )
    assert cis_service.authority().probe() == []
    assert cis_service.exchanges[0].purpose == "probe"
    cis_service.make = lambda _id: echo_of("hello")
    assert codes(cis_service.authority().probe()) == ["probe_echo"]
    cis_service.make = lambda _id: b"hello"
    [problem] = cis_service.authority().probe()
    assert problem.code.startswith("probe_api")


@pytest.mark.parametrize("name", ["cancel", "decline", "fetch_pdf"])
def test_what_cis_does_not_offer(name):
    more = ("because",) if name == "cancel" else ()
    with pytest.raises(AuthorityError):
        getattr(authority(), name)(document(), *more)


# -- official answers -----------------------------------------------------------------


@pytest.mark.parametrize(
    "file, operation, jir, success_, refused",
    [
        ("racun-izvorni-oblik-93-odgovor", "racuni", JIR, "", ""),
        ("racun-izvorni-oblik-95-odgovor", "racuni", "", "", "s001"),
        ("racun-greska-s-elektronickim-potpisom-96-odgovor", "racuni", "", "", "s001"),
        (
            "promjena-nacina-placanja-izvorni-oblik-99-odgovor",
            "promijeniNacPlac",
            "",
            "p001",
            "",
        ),
        (
            "napojnica-s-elektronickim-potpisom-923-odgovor",
            "napojnica",
            "",
            "p002",
            "",
        ),
        ("racun-939-odgovor", "promijeniPodatkeRacuna", "", "p005", ""),
    ],
)
def test_official_answers_are_read(file, operation, jir, success_, refused):
    content = (VECTORS / "official_plain" / f"{file}.xml").read_bytes()
    trust = Trust((root().info,), "")
    message = content.partition(b"IdPoruke>")[2][:36].decode()
    reply = read_reply(
        content, OPERATIONS[operation], message, trust, document().issued_at
    )
    assert (reply.jir, reply.success) == (jir, success_)
    assert [code for code, _words in reply.refusals] == [refused] * bool(refused)
    assert codes(reply.warnings) == ["answer_signature_missing"]
