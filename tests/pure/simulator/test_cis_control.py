"""How CIS's simulator is ordered to misbehave, and what it tells."""

import json
import time
from datetime import datetime, timezone

import cis_kit
import pytest
import requests
import xmlsec
from cis_kit import F73, NOON, OIB, Seal, Till, verify
from lxml import etree
from test_simulator_process import failed, process, stop

from simulator.client import ControlError
from simulator.hr_cis import App
from simulator.hr_cis.client import CisControlClient
from simulator.hr_cis.registry import RegistryError
from simulator.server import running

IDENTITY = "84bed434-d2bd-41a6-871f-1717580d21bb"


@pytest.fixture
def signer(cis):
    return cis.authority()["signers"]["test"]


def send(till, number="1/POSL1/12"):
    return till.send(till.receipt(number), message_id=IDENTITY)


@pytest.mark.parametrize(
    ("kind", "taken"), [("drop_before", 0), ("drop_after", 1), ("truncated", 1)]
)
def test_no_answer(cis, cis_till, kind, taken):
    cis.fault("racuni", kind, times=1)
    with pytest.raises(requests.RequestException):
        send(cis_till)
    assert len(cis.registered()) == taken
    assert send(cis_till).jir
    (row,) = cis.registered()
    assert row["handed_over"] == taken + 1
    assert row["deliveries"][0]["jir"] == row["jir"]


def test_slow_and_deaf(cis, cis_till):
    cis.fault("racuni", "slow", seconds=0.4, times=1)
    started = time.monotonic()
    assert send(cis_till).jir
    assert time.monotonic() - started > 0.4
    cis.fault("racuni", "deaf", seconds=20, times=1)
    cis_till.timeout = 0.3
    with pytest.raises(requests.Timeout):
        send(cis_till, "2/POSL1/12")
    assert [row["number"] for row in cis.registered()] == ["1/POSL1/12"]


def test_answers_that_are_none(cis, cis_till):
    for kind in ("waf_html", "empty", "bad_json"):
        cis.fault("racuni", kind, times=1)
        reply = send(cis_till)
        assert reply.status == 200
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(reply.data)
    cis.fault("racuni", "wrong_shape", times=1)
    assert etree.fromstring(send(cis_till).data).tag == "answer"
    cis.fault("racuni", "huge", times=1, size=1000)
    assert len(send(cis_till).data) > 1000
    # a firewall answers in front of CIS, the others instead of its answer
    assert cis.registered()[0]["handed_over"] == 4
    assert send(cis_till).jir


@pytest.mark.parametrize("status", [403, 429, 500, 502, 503])
def test_http_errors_in_html(cis, cis_till, status):
    cis.fault("racuni", "status", status=status, times=1, seconds=7)
    reply = send(cis_till)
    assert reply.status == status
    assert reply.data.startswith(b"<html>")
    assert cis.registered() == []


def test_errors_of_the_service(cis, cis_till, signer):
    cis.fault("racuni", "system_error", times=1)
    reply = send(cis_till)
    assert (reply.status, reply.codes) == (500, ["s006"])
    verify(reply.data, signer)
    cis.fault("racuni", "refuse", code="s002", times=1)
    assert send(cis_till).codes == ["s002"]
    cis.fault("racuni", "refuse", code="s013", message="181, 185", times=1)
    (text,) = send(cis_till).texts("PorukaGreske")
    assert text.endswith(": 181, 185")
    cis.fault("racuni", "soap_fault", message="Internal Error", times=1)
    reply = send(cis_till)
    assert (reply.status, reply.fault) == (500, "Internal Error")
    assert cis.registered() == []


@pytest.mark.parametrize("kind", ["soap_fault", "system_error"])
def test_errors_although_the_receipt_was_taken(cis, cis_till, kind):
    cis.fault("racuni", kind, processed=True, times=1)
    assert send(cis_till).status == 500
    (row,) = cis.registered()
    assert send(cis_till).jir == row["jir"]


def test_an_answer_without_a_signature(cis, cis_till):
    cis.fault("racuni", "unsigned", times=1)
    reply = send(cis_till)
    assert reply.jir == cis.registered()[0]["jir"]
    assert b"Signature" not in reply.data


@pytest.mark.parametrize("kind", ["wrong_signature", "wrong_digest", "wrong_signer"])
def test_a_signature_that_does_not_hold(cis, cis_till, signer, kind):
    cis.fault("racuni", kind, times=1)
    reply = send(cis_till)
    with pytest.raises(xmlsec.Error):
        verify(reply.data, signer)
    assert reply.jir == cis.registered()[0]["jir"]


def embedded(reply) -> str:
    text = reply.root.findtext(f".//{{{cis_kit.DS}}}X509Certificate")
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("kind", "subject", "issuer"),
    [
        ("foreign_certificate", "fiskalcistest", "Stranger"),
        ("wrong_signer", "FISKAL 1", "Simulator Demo CA"),
    ],
)
def test_a_signature_of_somebody_else(cis, cis_till, kind, subject, issuer):
    cis.fault("racuni", kind, times=1)
    reply = send(cis_till)
    pem = embedded(reply)
    verify(reply.data, pem)  # it holds by itself
    certificate = cis_kit.x509.load_pem_x509_certificate(pem.encode())
    assert f"CN={subject}" in certificate.subject.rfc4514_string()
    assert f"CN={issuer}" in certificate.issuer.rfc4514_string()


def test_a_forged_answer_beside_the_signed_one(cis, cis_till):
    cis.fault("racuni", "wrapped", times=1)
    reply = send(cis_till)
    body = etree.fromstring(reply.data)[0]
    assert len(body) == 2
    jirs = [node.findtext(f"{{{F73}}}Jir") for node in body]
    assert jirs[1] == cis.registered()[0]["jir"] != jirs[0]


@pytest.mark.parametrize("kind", ["wrong_message_id", "no_jir", "upper_case"])
def test_signed_answers_with_odd_content(cis, cis_till, signer, kind):
    cis.fault("any", kind, times=1)
    values = cis_till.receipt()
    if kind == "upper_case":
        reply = cis_till.send(values, "provjera")
        assert reply.codes == ["V100"]
    else:
        reply = cis_till.send(values, message_id=IDENTITY)
        assert (reply.texts("IdPoruke") == [IDENTITY]) == (kind == "no_jir")
        assert bool(reply.texts("Jir")) == (kind != "no_jir")
        assert len(cis.registered()) == 1
    verify(reply.data, signer)


def test_rules_for_one_taxpayer_or_device(cis, cis_till):
    cis.fault("racuni", "system_error", serial="POSL1/13")
    cis.fault("racuni", "system_error", client=cis_kit.BUYER)
    assert send(cis_till).jir
    assert send(cis_till, "1/POSL1/13").codes == ["s006"]


def test_the_log_of_calls(cis, cis_till):
    send(cis_till)
    cis_till.echo("x")
    cis_till.send(cis_till.receipt(Oib=cis_kit.BUYER))
    seen = cis.requests()
    assert seen["counts"] == {"racuni": 2, "echo": 1}
    assert seen["statuses"]["racuni"] == {"200": 1, "500": 1}
    row = seen["rows"][-1]
    assert row["codes"] == ["s005"]
    assert (row["client"], row["serial"]) == (cis_kit.BUYER, "POSL1/12")


def test_overview_settings_and_reset(cis, cis_till):
    send(cis_till)
    cis_till.send(cis_till.receipt("1/POSL1/12", OibOper=cis_kit.BAD_OIB))
    seen = cis.overview()
    assert seen["simulator"] == "hr_cis"
    assert (seen["receipts"], seen["deliveries"], seen["refusals"]) == (1, 1, 1)
    assert seen["time"].startswith("2026-12-02T11:")
    cis.reset()
    seen = cis.overview()
    assert (seen["receipts"], seen["refusals"]) == (0, 0)
    assert seen["settings"]["clock_offset"] == 0
    assert len(seen["registry"]["trusted_cas"]) == 1  # its own


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (lambda cis: cis.settings(x=1), "no setting"),
        (lambda cis: cis.settings(repeat_jir="none"), "one of same, new"),
        (lambda cis: cis.settings(restrictive={"166": "soon"}), "form"),
        (lambda cis: cis.settings(sha1_until={"test": "2026-07-01"}), "form"),
        (lambda cis: cis.register(devices=[]), "Nobody reads"),
        (lambda cis: cis.register(trusted_cas=[{"pem": "x"}]), "no PEM"),
        (lambda cis: cis.register(trusted_cas=[{"x": "x"}]), "trusted_cas"),
        (lambda cis: cis.register(revoked=[{"serial": "x"}]), "decimal"),
        (lambda cis: cis.register(keys=[{"pem": "x"}]), "no private key"),
        (lambda cis: cis.call("POST", "certificates", {}), "'oib' is missing"),
        (lambda cis: cis.certificate(OIB, place="moon"), "place must be"),
        (lambda cis: cis.certificate(OIB, colour="red"), "colour"),
        (lambda cis: cis.certificate(OIB, not_before="soon"), "soon"),
        (lambda cis: cis.fault("racuni", "late_verdict"), "no kind"),
    ],
)
def test_orders_with_a_mistake(cis, order, words):
    with pytest.raises(ControlError, match=words):
        order(cis)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({}, None),
        ({"place": "identifier"}, None),
        ({"place": "vat_identifier"}, None),
        ({"bits": 3072}, None),
        ({"place": "none"}, "s003"),
        ({"not_after": "2026-12-01T00:00:00+00:00"}, "s002"),
        ({"not_before": "2026-12-03T00:00:00+00:00"}, "s002"),
    ],
)
def test_certificates_of_the_demonstration_authority(cis, cis_url, order, code):
    given = cis.certificate(OIB, password="tajna", **order)
    store = cis_kit.decoded(given["p12"], given["password"])
    seal = Seal(store.cert.certificate, store.key)
    assert seal.pem == given["pem"]
    till = Till(cis_url, seal, cis.settings()["clock_offset"])
    reply = till.send(till.receipt())
    assert reply.codes == ([code] if code else [])
    cis.revoke(given["serial"])
    assert till.send(till.receipt()).codes == ["s002"]


def test_private_keys_are_not_told(cis):
    cis.certificate(OIB)
    shown = json.dumps([cis.overview(), cis.call("GET", "registry")])
    assert "PRIVATE" not in shown
    assert cis.overview()["registry"]["keys"] == 1


def test_a_configuration(cis_ca):
    config = {
        "trusted_cas": [{"pem": cis_ca.pem}],
        "premises": [{"oib": OIB, "code": "POSL1"}],
        "settings": {"repeat_jir": "new"},
        "faults": [{"on": "echo", "kind": "system_error"}],
    }
    with running(App(config)) as url:
        cis = CisControlClient(url)
        cis.reset()
        seen = cis.overview()
        assert seen["settings"]["repeat_jir"] == "new"
        assert len(seen["registry"]["trusted_cas"]) == 2
        assert [rule["kind"] for rule in cis.faults()] == ["system_error"]
    with pytest.raises(RegistryError):
        App({"taxpayers": []})


def test_a_process_and_its_data_file(tmp_path):
    file = tmp_path / "data.json"
    arguments = ("hr_cis", "--data", str(file))
    with process(*arguments) as (child, url):
        cis = CisControlClient(url)
        offset = (NOON - datetime.now(timezone.utc)).total_seconds()
        cis.settings(clock_offset=offset)
        cis.register(premises=[{"oib": OIB, "code": "POSL1"}])
        till = Till(url, Seal.of(cis.certificate(OIB)), offset)
        values = till.receipt()
        jir = till.send(values).jir
        till.send({**values, "OibOper": cis_kit.BAD_OIB})
        before = cis.registered(), cis.refusals(), cis.authority()
        assert stop(child) == 0
    with process(*arguments) as (child, url):
        cis = CisControlClient(url)
        assert (cis.registered(), cis.refusals(), cis.authority()) == before
        till.url = url
        reply = till.send({**values, "NakDost": "true"})
        assert reply.jir == jir
        verify(reply.data, before[2]["signers"]["test"])
        change = {**values, "PromijenjeniNacinPlac": "K"}
        assert till.send(change, "promijeniNacPlac").codes == ["P001"]
        assert stop(child) == 0


def test_openssl_is_missing():
    done = failed("hr_cis", env={"PATH": "/nowhere"})
    assert done.returncode == 2
    assert "apt-get install openssl" in done.stderr
