"""What CIS answers to receipts, over HTTP: every code, broken answers, doubtful
signatures."""

from __future__ import annotations

import time

import pytest
from crooked_server import reset
from hr_kit import (
    JIR,
    JIR_IN,
    SHA1,
    answer,
    authority,
    between,
    cis,
    codes,
    company,
    document,
    issue,
    key_of,
    needs_xmlsec,
    refusal,
    registered,
)
from hr_service_kit import FAULT, Cis

from fiscal import dispatch
from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    Status,
    TransientError,
)
from fiscal.hr_cis.error_catalogue import REFUSALS, RULES
from fiscal.hr_cis.errors import cure, known

pytestmark = needs_xmlsec
OTHER_JIR = "11111111-56c1-4cf5-b7f7-9f29cebc9f7f"


# -- registered -----------------------------------------------------------------------


def test_a_receipt_is_registered(cis_service):
    outcome, envelope = cis_service.submit()
    assert (outcome.key, outcome.status, outcome.uid) == (5, Status.VALID, JIR)
    assert outcome.authority_ids == {
        "jir": JIR,
        "message": envelope.message_id,
        "late": "false",
    }
    assert outcome.warnings == outcome.errors == ()
    [request] = cis_service.server.requests
    head, _end, body = request.partition(b"\r\n\r\n")
    assert body == envelope.content
    assert (
        b"POST / HTTP/1.1" in head and b"Content-Type: text/xml; charset=UTF-8" in head
    )
    assert b'FiskalizacijaService/racuni"' in head
    [exchange] = cis_service.exchanges
    assert (exchange.purpose, exchange.keys, exchange.outcome) == ("submit", (5,), "ok")


def test_a_late_receipt_is_registered_as_late(cis_service):
    outcome, _envelope = cis_service.submit(
        document(handed_over_at=document().issued_at)
    )
    assert outcome.authority_ids["late"] == "true"


def test_the_link_has_the_jir():
    made = authority()
    assert made.link(document()) == ""
    assert made.link(registered()) == (
        f"https://porezna.gov.hr/rn?jir={JIR}&datv=20261127_1100&izn=1250"
    )


def test_a_repeat_that_brings_another_jir_loses_none(cis_service):
    cis_service.make = lambda message_id: cis_service.signed(
        message_id, f"<tns:Jir>{OTHER_JIR}</tns:Jir>"
    )
    outcome, _envelope = cis_service.submit(document(authority_ids={"jir": JIR}))
    assert outcome.authority_ids["jir"] == JIR
    assert outcome.authority_ids["jir_again"] == OTHER_JIR


# -- doubtful answers -----------------------------------------------------------------


def doubtful(cis_service, make, **settings):
    cis_service.make = make
    outcome, _envelope = cis_service.submit(**settings)
    assert (outcome.status, outcome.uid) == (Status.VALID, JIR)
    assert all("%(" not in one.text for one in outcome.warnings)
    return codes(outcome.warnings)


def test_an_unsigned_answer_keeps_its_jir(cis_service):
    found = doubtful(cis_service, lambda message_id: answer(message_id, JIR_IN))
    assert found == ["answer_signature_missing"]


def test_an_answer_that_was_changed_keeps_its_jir(cis_service):
    def make(message_id):
        return cis_service.signed(
            message_id, f"<tns:Jir>{OTHER_JIR}</tns:Jir>"
        ).replace(OTHER_JIR.encode(), JIR.encode())

    assert doubtful(cis_service, make) == ["answer_signature_digest"]


def test_namespaces_of_the_envelope_are_part_of_what_is_signed(cis_service):
    def make(message_id):
        content = cis_service.signed(message_id, JIR_IN)
        return content.replace(b' xmlns:xsd="http://www.w3.org/2001/XMLSchema"', b"")

    assert doubtful(cis_service, make) == ["answer_signature_digest"]


@pytest.mark.parametrize(
    "signer, found",
    [
        (lambda: cis("fiskalcis"), ["answer_signer_other"]),
        (lambda: issue("fiskalcistest"), ["answer_signer_untrusted"]),
        (
            lambda: cis(end=between().info.not_before),
            ["answer_signer_untrusted"],
        ),
    ],
)
def test_an_answer_of_somebody_else(cis_service, signer, found):
    made = signer()
    assert (
        doubtful(
            cis_service,
            lambda message_id: cis_service.signed(message_id, JIR_IN, signer=made),
        )
        == found
    )


def test_an_answer_with_sha1(cis_service):
    def make(message_id):
        return cis_service.signed(message_id, JIR_IN, algorithms=SHA1)

    assert doubtful(cis_service, make) == ["answer_signature_algorithm"]


def test_an_answer_to_another_message(cis_service):
    other = "0" * 8 + "-0000-0000-0000-" + "0" * 12
    found = doubtful(cis_service, lambda _id: cis_service.signed(other, JIR_IN))
    assert found == ["answer_other_message"]


def test_finas_authorities_are_trusted_unless_others_are_named(cis_service):
    found = doubtful(cis_service, cis_service.make, answer_ca="")
    assert found == ["answer_signer_untrusted"]


# -- refusals -------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["s002", "S003", "s004", "s005"])
def test_what_a_person_has_to_mend_stops_everything(cis_service, code):
    cis_service.refuse((code, "Neispravno."))
    with pytest.raises(AuthenticationError, match="Neispravno") as caught:
        cis_service.submit()
    assert caught.value.code == code.lower()


def test_an_error_of_theirs_is_tried_again(cis_service):
    cis_service.refuse(("s006", "Sistemska pogreška."))
    with pytest.raises(TransientError, match="sent again later"):
        cis_service.submit()


def test_a_message_against_the_schema_is_refused(cis_service):
    cis_service.refuse(("s001", "Poruka nije u skladu s XML shemom : IznosUkupno"))
    outcome, _envelope = cis_service.submit()
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["s001"]
    assert "IznosUkupno" in outcome.errors[0].text


def test_restrictive_errors_are_taken_apart(cis_service):
    cis_service.refuse(("s013", "Račun sadrži restriktivne pogreške: 180, v166,999"))
    outcome, _envelope = cis_service.submit()
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["180", "166", "999"]
    texts = [one.text for one in outcome.errors]
    assert "customer's OIB" in texts[0] and "sum" in texts[1]
    assert "refused" in texts[2]
    assert outcome.uid == ""


def test_an_unknown_code_is_shown_as_it_came(cis_service):
    cis_service.refuse(("s777", "Novo."))
    outcome, _envelope = cis_service.submit()
    assert outcome.errors[0].text == "The authority refused it (s777 Novo.)."


def test_an_unsigned_refusal_is_believed_with_a_warning(cis_service):
    cis_service.status = "500 Internal Server Error"
    cis_service.make = lambda message_id: answer(message_id, refusal(("s001", "x")))
    outcome, _envelope = cis_service.submit()
    assert outcome.status is Status.INVALID
    assert codes(outcome.warnings) == ["answer_signature_missing"]


def test_every_code_has_a_sentence():
    assert set(REFUSALS) == {f"s{number:03}" for number in range(1, 14)}
    for code in (*REFUSALS, *RULES, *(f"V{rule}" for rule in RULES)):
        problem = cure(code)
        assert problem.text.endswith(".") and problem.values["who"]
    assert known("s006").handling == "transient"
    assert {known(code).handling for code in ("s007", "s009", "s011", "176")} == {
        "late"
    }
    assert cure("s999") is None and cure("") is None


# -- no usable answer -----------------------------------------------------------------

BOMB = (
    b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]>'
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>&c;'
    b"</s:Body></s:Envelope>"
)
EMPTY = answer("x", "")


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not XML",
        b"<a/>",
        FAULT,
        BOMB,
        EMPTY,
        answer("x", "<tns:Jir>no jir</tns:Jir>"),
        answer("x", JIR_IN, "NapojnicaOdgovor"),
        b"<a>" * 200 + b"</a>" * 200,
    ],
)
def test_garbage_may_hide_a_registration(cis_service, content, status):
    cis_service.make, cis_service.status = lambda _id: content, status
    with pytest.raises(AmbiguousError):
        cis_service.submit()


def test_a_huge_answer_is_not_read(cis_service):
    cis_service.make = lambda _id: answer("x", f"<a>{'b' * 300_000}</a>")
    with pytest.raises(AmbiguousError):
        cis_service.submit()


@pytest.mark.parametrize(
    "status, media_type, error",
    [
        ("404 Not Found", "text/plain", TransientError),
        ("200 OK", "text/html", TransientError),
        ("500 Internal Server Error", "text/plain", AmbiguousError),
        ("502 Bad Gateway", "text/xml", AmbiguousError),
        ("429 Too Many", "text/plain", TransientError),
    ],
)
def test_who_stands_before_cis(cis_service, status, media_type, error):
    cis_service.status, cis_service.media_type = status, media_type
    with pytest.raises(error):
        cis_service.submit()


def test_a_broken_line_may_hide_a_registration(tmp_path):
    holder = Cis(tmp_path)

    def hear_and_hang_up(peer):
        holder.server.read_request(peer)
        reset(peer)

    holder.running(hear_and_hang_up)
    try:
        with pytest.raises(AmbiguousError):
            holder.submit()
    finally:
        holder.close()


# -- through the engine's unit of work ------------------------------------------------


def report_of(cis_service, given=None):
    return dispatch.send(
        cis_service.authority(),
        [given or document()],
        dispatch.Report(),
        give_up_at=time.monotonic() + 60,
        signer=key_of(company()),
    )


def test_a_unit_of_work_ends_in_a_report(cis_service):
    assert report_of(cis_service).outcomes[5].uid == JIR
    cis_service.make = lambda _id: FAULT
    assert report_of(cis_service).outcomes[5].status is Status.UNKNOWN
    given = document()
    spoilt = given.content.replace(b"NacinPlac>G", b"NacinPlac>C")
    report = report_of(cis_service, document(content=spoilt))
    assert report.outcomes[5].status is Status.INVALID
    assert codes(report.outcomes[5].errors)[0] == "schema"


def test_without_a_key_nothing_was_sent(cis_service):
    report = dispatch.send(
        cis_service.authority(),
        [document()],
        dispatch.Report(),
        give_up_at=time.monotonic() + 60,
    )
    assert isinstance(report.error, AuthenticationError)
    assert cis_service.server.requests == [] and report.outcomes == {}
