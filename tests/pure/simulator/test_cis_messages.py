"""Receipts that CIS's simulator takes, and how it answers."""

import re
from datetime import datetime

import cis_kit
import pytest
import xmlsec
from cis_kit import F73, PRODUCTION, ZAGREB, enveloped, message, signed, verify
from lxml import etree

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def test_a_receipt_gets_its_jir(cis, cis_till):
    values = cis_till.receipt()
    identity = "84bed434-d2bd-41a6-871f-1717580d21bb"
    reply = cis_till.send(values, message_id=identity)
    assert reply.status == 200
    assert UUID.fullmatch(reply.jir)
    assert reply.codes == []
    assert reply.root.tag == f"{{{F73}}}RacunOdgovor"
    assert reply.texts("IdPoruke") == [identity]
    (text,) = reply.texts("DatumVrijeme")
    processed = datetime.strptime(text, "%d.%m.%YT%H:%M:%S").replace(tzinfo=ZAGREB)
    assert abs((processed - cis_till.now()).total_seconds()) < 5
    (row,) = cis.registered()
    assert row["jir"] == reply.jir
    assert row["number"] == "1/POSL1/12"
    assert row["oib"] == cis_kit.OIB
    assert row["environment"] == "test"
    assert row["total"] == "125.00"
    assert row["handed_over"] == 1
    assert row["deliveries"][0]["idPoruke"] == identity
    assert cis.registered(jir=reply.jir, number="1/POSL1/12") == [row]
    assert cis.registered(number="2/POSL1/12") == []
    assert cis.registered(environment="production") == []
    assert cis.refusals() == []


def test_every_part_of_a_receipt(cis, cis_till):
    values = cis_till.receipt(
        Pdv=[
            cis_kit.tax("25.00", "100.00", "25.00"),
            cis_kit.tax("13.00", "10.00", "1.30"),
            cis_kit.tax("0.00", "10.00", "0.00"),
        ],
        Pnp=[cis_kit.tax("3.00", "10.00", "0.30")],
        IznosOslobPdv="12.00",
        IznosMarza="13.00",
        IznosNePodlOpor="2.00",
        Naknade=[("Naknada", [("NazivN", "Povratna naknada"), ("IznosN", "1.00")])],
        IznosUkupno="161.60",
        NacinPlac="O",
        NakDost="true",
        ParagonBrRac="123/458/5",
        OibPrimateljaRacuna=cis_kit.BUYER,
    )
    assert cis_till.check(values) == ["v100"]
    assert UUID.fullmatch(cis_till.send(values).jir)
    (row,) = cis.registered()
    assert row["buyer"] == cis_kit.BUYER
    assert row["warnings"] == []
    assert row["deliveries"][0]["late"] is True


@pytest.mark.parametrize(("sha", "method"), [("256", SHA256), ("1", SHA1)])
def test_the_answer_is_signed_by_the_method_of_the_request(cis, cis_till, sha, method):
    cis_till.path = PRODUCTION  # where both are taken in December 2026
    reply = cis_till.send(cis_till.receipt(), sha=sha)
    signature = reply.root[-1]
    assert signature[0][1].get("Algorithm") == method
    canonical = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    transforms = [node.get("Algorithm") for node in signature[0][2][0]]
    assert signature[0][0].get("Algorithm") == canonical
    assert transforms == [f"{cis_kit.DS}enveloped-signature", canonical]
    assert re.fullmatch(r"G0x[0-9a-f]+-4D", reply.root.get("Id"))
    signers = cis.authority()["signers"]
    verify(reply.data, signers["production"])
    with pytest.raises(xmlsec.Error):
        verify(reply.data, signers["test"])
    with pytest.raises(xmlsec.Error):
        verify(reply.data.replace(reply.jir.encode(), b"0" * 36), signers["production"])


def test_a_refusal_is_http_500_with_greske_and_is_signed(cis, cis_till):
    reply = cis_till.send(cis_till.receipt(OibOper=cis_kit.BAD_OIB))
    assert reply.status == 500
    assert reply.codes == ["s013"]
    assert reply.texts("Jir") == []
    assert reply.texts("PorukaGreske")[0].endswith(": 179")
    verify(reply.data, cis.authority()["signers"]["test"])
    assert cis.registered() == []
    (row,) = cis.refusals()
    assert row["number"] == "1/POSL1/12"
    assert row["errors"][0][0] == "s013"


def test_how_the_authority_breaks_its_own_schema(cis, cis_till):
    values = cis_till.receipt()
    reply = cis_till.send(values, "provjera")
    assert reply.status == 200
    assert reply.codes == ["v100"]
    assert reply.texts("SpecNamj") == [""]
    assert reply.root.get(f"{{{XSI}}}schemaLocation").startswith(F73)
    cis_till.send(values)
    change = {**values, "PromijenjeniNacinPlac": "K"}
    assert cis_till.send(change, "promijeniNacPlac").codes == ["P001"]
    cis.settings(
        upper_case_p001=False,
        empty_special_purpose=False,
        schema_location=False,
        check_status=500,
    )
    reply = cis_till.send(values, "provjera")
    assert reply.status == 500
    assert reply.texts("SpecNamj") == []
    assert reply.root.get(f"{{{XSI}}}schemaLocation") is None
    assert cis_till.send(change, "promijeniNacPlac").codes == ["p001"]


def test_provjera_registers_nothing_and_is_not_in_production(cis, cis_till):
    values = cis_till.receipt()
    reply = cis_till.send(values, "provjera")
    assert reply.texts("IznosUkupno") == ["125.00"]
    verify(reply.data, cis.authority()["signers"]["test"])
    assert cis.registered() == []
    cis_till.path = PRODUCTION
    reply = cis_till.send(values, "provjera")
    assert reply.status == 500
    assert "no operation" in reply.fault


def test_both_environments_have_their_own_books(cis, cis_till):
    values = cis_till.receipt()
    one = cis_till.send(values).jir
    cis_till.path = PRODUCTION
    two = cis_till.send(values).jir
    assert one != two
    environments = [row["environment"] for row in cis.registered()]
    assert environments == ["test", "production"]


def test_echo(cis, cis_till):
    reply = cis_till.echo("proizvoljan tekst")
    assert reply.status == 200
    assert reply.root.tag == f"{{{F73}}}EchoResponse"
    assert reply.root.text == "proizvoljan tekst"
    cis.settings(echo="wrapped")
    assert cis_till.echo("š<&").root.text.startswith("Request: 'š<&'. Response: '2026")


WRONG_VALUES = [
    ({"IznosUkupno": "7000000008000990.99"}, "IznosUkupno"),
    ({"IznosUkupno": "125,00"}, "IznosUkupno"),
    ({"IznosUkupno": "125.0"}, "IznosUkupno"),
    ({"NacinPlac": "C"}, "NacinPlac"),
    ({"OibOper": "6676531376"}, "OibOper"),
    ({"ZastKod": "D3CB1C2B868C9DB2A637226D60A01213"}, "ZastKod"),
    ({"NakDost": None}, "OibPrimateljaRacuna|Signature|NakDost"),
    ({"DatVrijeme": "02.12.2026 12:00:00"}, "DatVrijeme"),
    ({"DatVrijeme": "31.02.2026T12:00:00"}, "no moment"),
    ({"DatVrijeme": "02.12.2026T25:00:00"}, "no moment"),
    ({"SpecNamj": ""}, "SpecNamj"),
    ({"Pdv": []}, "Pdv"),
    ({"PromijenjeniNacinPlac": "K"}, "PromijenjeniNacinPlac"),
]


@pytest.mark.parametrize(("changes", "words"), WRONG_VALUES)
def test_s001_what_the_schema_or_the_calendar_does_not_have(
    cis, cis_till, changes, words
):
    reply = cis_till.send(cis_till.receipt(**changes))
    assert (reply.status, reply.codes) == (500, ["s001"])
    (text,) = reply.texts("PorukaGreske")
    assert re.search(words, text)
    assert len(text) <= 500
    assert cis.registered() == []


def test_s001_in_the_head(cis, cis_till):
    reply = cis_till.send(cis_till.receipt(), message_id="84BED434-" + "0" * 27)
    assert reply.codes == ["s001"]
    reply = cis_till.send(cis_till.receipt(), message_id="x" * 60)
    assert reply.codes == ["s001"]
    assert reply.texts("IdPoruke") == [""]
    root = message("racuni", ("Racun", cis_till.receipt()), sent=cis_till.now())
    root[0][1].text = "02.13.2026T12:00:00"
    reply = cis_till.post("racuni", enveloped(signed(root, cis_till.seal)))
    assert reply.codes == ["s001"]


def envelope(inner: str, prefix: str = "") -> bytes:
    return (
        f'{prefix}<s:Envelope xmlns:s="{cis_kit.SOAP}" xmlns:t="{F73}">{inner}'
        "</s:Envelope>"
    ).encode()


ECHO = "<t:EchoRequest>x</t:EchoRequest>"
NO_REQUESTS = [
    b"",
    b"no XML",
    b"<a>",
    b"<a/>",
    envelope(""),
    envelope("<s:Body/>"),
    envelope(f"<s:Body>{ECHO}{ECHO}</s:Body>"),
    envelope(f"<s:Body>{ECHO}</s:Body><s:Body/>"),
    envelope(f"<s:Body>{ECHO}</s:Body><s:Header/>"),
    envelope(f"<s:Body>{ECHO}</s:Body>{ECHO}"),
    envelope("<s:Body><EchoRequest>x</EchoRequest></s:Body>"),
    envelope("<s:Body><t:PoslovniProstorZahtjev/></s:Body>"),
    envelope(f'<s:Header><x s:mustUnderstand="1"/></s:Header><s:Body>{ECHO}</s:Body>'),
    envelope(f"<s:Body>{ECHO}</s:Body>").replace(
        cis_kit.SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"
    ),
    envelope(f"<s:Body>{ECHO}</s:Body>", "<!DOCTYPE x>"),
    envelope(
        "<s:Body><t:EchoRequest>&b;</t:EchoRequest></s:Body>",
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>',
    ),
    envelope(
        "<s:Body><t:EchoRequest>&f;</t:EchoRequest></s:Body>",
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
    ),
    envelope(f"<s:Body>{ECHO}</s:Body>").decode().encode("utf-16"),
]


@pytest.mark.parametrize("data", NO_REQUESTS)
def test_what_is_no_request_is_answered_by_a_soap_fault(cis, cis_till, data):
    reply = cis_till.post("echo", data)
    assert reply.status == 500
    assert reply.root.tag == f"{{{cis_kit.SOAP}}}Fault"
    assert reply.fault
    assert cis_till.echo("still there").status == 200


def test_calls_by_wrong_headers(cis, cis_till):
    def echo(**headers):
        return cis_till.post("echo", envelope(f"<s:Body>{ECHO}</s:Body>"), **headers)

    assert echo().status == 200
    action = f"{cis_kit.ACTION}echo"
    for value in (None, action, '""', f'"{cis_kit.ACTION}racuni"', '"'):
        assert "SOAPAction" in echo(SOAPAction=value).fault
    cis.settings(soap_action="ignored")
    assert echo(SOAPAction=None).status == 200
    for kind in ("application/json", "text/xml; charset=windows-1250", None):
        assert echo(**{"Content-Type": kind}).status == 415


def test_addresses_methods_and_sizes(cis, cis_till):
    answer = cis_till.session.get(cis_till.url + cis_till.path, timeout=10)
    assert answer.status_code == 405
    cis_till.path = "/FiskalizacijaServiceTest/"
    assert cis_till.post("echo", b"").status == 404
    cis_till.path = cis_kit.TEST
    assert cis_till.post("echo", b" " * (1024 * 1024 + 1)).status == 413
    counts = cis.requests()["statuses"]["none"]
    assert counts == {"405": 1, "404": 1, "413": 1}


def test_the_hours_of_rest_of_the_test_environment(cis, cis_till):
    cis.settings(service_windows=True)
    offset = cis.settings()["clock_offset"]
    hour = 3600.0
    for moved, path, status in (
        (0, cis_kit.TEST, 200),
        (4 * hour, cis_kit.TEST, 503),  # Wednesday, 16 in Zagreb
        (4 * hour, PRODUCTION, 200),
        ((4 * 24 - 1) * hour, cis_kit.TEST, 503),  # Sunday, 11
        ((3 * 24 + 4) * hour, cis_kit.TEST, 200),  # Saturday, 16
    ):
        cis.settings(clock_offset=offset + moved)
        cis_till.path = path
        assert cis_till.echo("x").status == status


def test_white_space_and_other_prefixes_are_taken(cis, cis_till):
    root = message("racuni", ("Racun", cis_till.receipt()), sent=cis_till.now())
    text = etree.tostring(root, pretty_print=True).replace(b"tns", b"f73")
    reply = cis_till.post(
        "racuni", enveloped(signed(etree.fromstring(text), cis_till.seal))
    )
    assert UUID.fullmatch(reply.jir)
