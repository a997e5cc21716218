"""What CIS answers, over HTTP: every code, broken answers, doubtful signatures."""

from __future__ import annotations

import time

import pytest
from crooked_server import crooked, reset, response
from hr_kit import (
    F73,
    JIR,
    JIR_IN,
    SHA1,
    VECTORS,
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
    root,
    signed_answer,
    success,
)

from fiscal import dispatch
from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Status,
    TransientError,
)
from fiscal.hr_cis import changes
from fiscal.hr_cis.answers import read_reply
from fiscal.hr_cis.builder import OPERATIONS
from fiscal.hr_cis.error_catalogue import REFUSALS, RULES
from fiscal.hr_cis.errors import cure, known
from fiscal.hr_cis.trust import Trust

pytestmark = needs_xmlsec
OTHER_JIR = "11111111-56c1-4cf5-b7f7-9f29cebc9f7f"


class Cis:
    """CIS as far as one answer goes.

    :ivar make: gets the id of the message that came, returns the answer's envelope
    """

    def __init__(self, folder):
        self.folder = folder
        self.status = "200 OK"
        self.media_type = "text/xml; charset=UTF-8"
        self.exchanges = []
        self.make = lambda message_id: self.signed(message_id, JIR_IN)

    def signed(self, message_id, inner, **options):
        return signed_answer(self.folder, message_id, inner, **options)

    def refuse(self, *pairs):
        self.status = "500 Internal Server Error"
        self.make = lambda message_id: self.signed(message_id, refusal(*pairs))

    def serve(self, server):
        def script(peer):
            while request := server[0].read_request(peer):
                message_id = request.partition(b"IdPoruke>")[2][:36].decode()
                content = self.make(message_id)
                peer.sendall(response(content, self.status, self.media_type))

        return script

    def running(self, *scripts):
        holder = []
        manager = crooked(*(scripts or [self.serve(holder)]))
        server = manager.__enter__()
        holder.append(server)
        self.close = lambda: manager.__exit__(None, None, None)
        self.server = server
        return self

    def authority(self, **settings):
        return authority(self.server.url, recorder=self.exchanges.append, **settings)

    def submit(self, given=None, **settings):
        made = self.authority(**settings)
        envelope = made.envelope([given or document()], key_of(company()))
        [outcome] = made.submit(envelope)
        return outcome, envelope


@pytest.fixture
def service(tmp_path):
    made = Cis(tmp_path).running()
    yield made
    made.close()


# -- registered -----------------------------------------------------------------------


def test_a_receipt_is_registered(service):
    outcome, envelope = service.submit()
    assert (outcome.key, outcome.status, outcome.uid) == (5, Status.VALID, JIR)
    assert outcome.authority_ids == {
        "jir": JIR,
        "message": envelope.message_id,
        "late": "false",
    }
    assert outcome.warnings == outcome.errors == ()
    [request] = service.server.requests
    head, _end, body = request.partition(b"\r\n\r\n")
    assert body == envelope.content
    assert (
        b"POST / HTTP/1.1" in head and b"Content-Type: text/xml; charset=UTF-8" in head
    )
    assert b'FiskalizacijaService/racuni"' in head
    [exchange] = service.exchanges
    assert (exchange.purpose, exchange.keys, exchange.outcome) == ("submit", (5,), "ok")


def test_a_late_receipt_is_registered_as_late(service):
    outcome, _envelope = service.submit(document(handed_over_at=document().issued_at))
    assert outcome.authority_ids["late"] == "true"


def test_the_link_has_the_jir():
    made = authority()
    assert made.link(document()) == ""
    assert made.link(registered()) == (
        f"https://porezna.gov.hr/rn?jir={JIR}&datv=20261127_1100&izn=1250"
    )


def test_a_repeat_that_brings_another_jir_loses_none(service):
    service.make = lambda message_id: service.signed(
        message_id, f"<tns:Jir>{OTHER_JIR}</tns:Jir>"
    )
    outcome, _envelope = service.submit(document(authority_ids={"jir": JIR}))
    assert outcome.authority_ids["jir"] == JIR
    assert outcome.authority_ids["jir_again"] == OTHER_JIR


# -- doubtful answers -----------------------------------------------------------------


def doubtful(service, make, **settings):
    service.make = make
    outcome, _envelope = service.submit(**settings)
    assert (outcome.status, outcome.uid) == (Status.VALID, JIR)
    assert all("%(" not in one.text for one in outcome.warnings)
    return codes(outcome.warnings)


def test_an_unsigned_answer_keeps_its_jir(service):
    found = doubtful(service, lambda message_id: answer(message_id, JIR_IN))
    assert found == ["answer_signature_missing"]


def test_an_answer_that_was_changed_keeps_its_jir(service):
    def make(message_id):
        return service.signed(message_id, f"<tns:Jir>{OTHER_JIR}</tns:Jir>").replace(
            OTHER_JIR.encode(), JIR.encode()
        )

    assert doubtful(service, make) == ["answer_signature_digest"]


def test_namespaces_of_the_envelope_are_part_of_what_is_signed(service):
    def make(message_id):
        content = service.signed(message_id, JIR_IN)
        return content.replace(b' xmlns:xsd="http://www.w3.org/2001/XMLSchema"', b"")

    assert doubtful(service, make) == ["answer_signature_digest"]


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
def test_an_answer_of_somebody_else(service, signer, found):
    made = signer()
    assert (
        doubtful(
            service, lambda message_id: service.signed(message_id, JIR_IN, signer=made)
        )
        == found
    )


def test_an_answer_with_sha1(service):
    def make(message_id):
        return service.signed(message_id, JIR_IN, algorithms=SHA1)

    assert doubtful(service, make) == ["answer_signature_algorithm"]


def test_an_answer_to_another_message(service):
    other = "0" * 8 + "-0000-0000-0000-" + "0" * 12
    found = doubtful(service, lambda _id: service.signed(other, JIR_IN))
    assert found == ["answer_other_message"]


def test_finas_authorities_are_trusted_unless_others_are_named(service):
    found = doubtful(service, service.make, answer_ca="")
    assert found == ["answer_signer_untrusted"]


# -- refusals -------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["s002", "S003", "s004", "s005"])
def test_what_a_person_has_to_mend_stops_everything(service, code):
    service.refuse((code, "Neispravno."))
    with pytest.raises(AuthenticationError, match="Neispravno") as caught:
        service.submit()
    assert caught.value.code == code.lower()


def test_an_error_of_theirs_is_tried_again(service):
    service.refuse(("s006", "Sistemska pogreška."))
    with pytest.raises(TransientError, match="sent again later"):
        service.submit()


def test_a_message_against_the_schema_is_refused(service):
    service.refuse(("s001", "Poruka nije u skladu s XML shemom : IznosUkupno"))
    outcome, _envelope = service.submit()
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["s001"]
    assert "IznosUkupno" in outcome.errors[0].text


def test_restrictive_errors_are_taken_apart(service):
    service.refuse(("s013", "Račun sadrži restriktivne pogreške: 180, v166,999"))
    outcome, _envelope = service.submit()
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["180", "166", "999"]
    texts = [one.text for one in outcome.errors]
    assert "customer's OIB" in texts[0] and "sum" in texts[1]
    assert "refused" in texts[2]
    assert outcome.uid == ""


def test_an_unknown_code_is_shown_as_it_came(service):
    service.refuse(("s777", "Novo."))
    outcome, _envelope = service.submit()
    assert outcome.errors[0].text == "The authority refused it (s777 Novo.)."


def test_an_unsigned_refusal_is_believed_with_a_warning(service):
    service.status = "500 Internal Server Error"
    service.make = lambda message_id: answer(message_id, refusal(("s001", "x")))
    outcome, _envelope = service.submit()
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

FAULT = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b"<s:Fault><faultcode>s:Server</faultcode><faultstring>down</faultstring>"
    b"</s:Fault></s:Body></s:Envelope>"
)
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
def test_garbage_may_hide_a_registration(service, content, status):
    service.make, service.status = lambda _id: content, status
    with pytest.raises(AmbiguousError):
        service.submit()


def test_a_huge_answer_is_not_read(service):
    service.make = lambda _id: answer("x", f"<a>{'b' * 300_000}</a>")
    with pytest.raises(AmbiguousError):
        service.submit()


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
def test_who_stands_before_cis(service, status, media_type, error):
    service.status, service.media_type = status, media_type
    with pytest.raises(error):
        service.submit()


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


def report_of(service, given=None):
    return dispatch.send(
        service.authority(),
        [given or document()],
        dispatch.Report(),
        give_up_at=time.monotonic() + 60,
        signer=key_of(company()),
    )


def test_a_unit_of_work_ends_in_a_report(service):
    assert report_of(service).outcomes[5].uid == JIR
    service.make = lambda _id: FAULT
    assert report_of(service).outcomes[5].status is Status.UNKNOWN
    given = document()
    spoilt = given.content.replace(b"NacinPlac>G", b"NacinPlac>C")
    report = report_of(service, document(content=spoilt))
    assert report.outcomes[5].status is Status.INVALID
    assert codes(report.outcomes[5].errors)[0] == "schema"


def test_without_a_key_nothing_was_sent(service):
    report = dispatch.send(
        service.authority(),
        [document()],
        dispatch.Report(),
        give_up_at=time.monotonic() + 60,
    )
    assert isinstance(report.error, AuthenticationError)
    assert service.server.requests == [] and report.outcomes == {}


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
def test_a_change_is_made(service, change, name, code, kept):
    service.make = lambda message_id: service.signed(
        message_id, success(code), name=f"{name}Odgovor"
    )
    outcome = service.authority().change(registered(), change, key_of(company()))
    assert (outcome.status, outcome.uid) == (Status.VALID, JIR)
    assert outcome.authority_ids == kept
    assert outcome.warnings == ()


def test_a_change_is_refused(service):
    service.status = "500 Internal Server Error"
    service.make = lambda message_id: service.signed(
        message_id, refusal(("s008", "Ne postoji.")), name="PromijeniNacPlacOdgovor"
    )
    with pytest.raises(AuthorityError, match="differ") as caught:
        service.authority().change(
            registered(), changes.new_payment("K"), key_of(company())
        )
    assert caught.value.code == "s008" and not caught.value.splittable


def test_the_test_system_checks_a_receipt(service):
    for pair, found in ((("v100", "OK"), []), (("v166", "Ne."), ["166"])):
        service.make = lambda message_id, pair=pair: service.signed(
            message_id, refusal(pair), name="ProvjeraOdgovor"
        )
        problems = service.authority().test_check(document(), key_of(company()))
        assert codes(problems) == found


def test_only_the_test_system_checks_receipts():
    with pytest.raises(AuthorityError):
        authority(environment="production").test_check(document(), key_of(company()))


def echo_of(text):
    echo = f'<t:EchoResponse xmlns:t="{F73}">{text}</t:EchoResponse>'
    head, foot = FAULT.partition(b"<s:Fault>")[0], b"</s:Body></s:Envelope>"
    return head + echo.encode() + foot


def test_the_probe_asks_for_an_echo(service):
    service.make = lambda _id: echo_of(
        "Request: 'account_ereceipt 27.11.2026T11:00:05'. Response: now"
    )
    assert service.authority().probe() == []
    assert service.exchanges[0].purpose == "probe"
    service.make = lambda _id: echo_of("hello")
    assert codes(service.authority().probe()) == ["probe_echo"]
    service.make = lambda _id: b"hello"
    [problem] = service.authority().probe()
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
