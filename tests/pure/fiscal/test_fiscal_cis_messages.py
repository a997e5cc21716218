"""What travels to CIS: signatures as others verify them, schema, late mark, changes."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import signxml
import zeep
from hr_kit import (
    BUYER,
    F73,
    ISSUED,
    NOW,
    OIB,
    ORGANIZATION,
    authority,
    business,
    codes,
    company,
    document,
    issue,
    key_of,
    line,
    needs_xmlsec,
    receipt,
    registered,
    root,
    tax,
    vat,
    xmlsec_accepts,
)
from lxml import etree
from zeep.transports import Transport

from fiscal.contract import AuthenticationError, AuthorityError
from fiscal.hr_cis import changes, soap
from fiscal.hr_cis.builder import OPERATIONS, PREFIXES, thaw
from fiscal.hr_cis.certificate import oib_of
from fiscal.signing.certificate import is_warning
from fiscal.signing.errors import KeyUnusable
from fiscal.xmltext import parse

SCHEMAS = Path(soap.__file__).parent / "schemas"
EVERYTHING = receipt(
    line("10.00", vat("25", "2.50"), tax("Pnp", "0.30", "3")),
    line("20.00", vat("13", "2.60")),
    line("7.77", tax("IznosOslobPdv")),
    line("5.00", tax("IznosNePodlOpor")),
    line("4.00", tax("IznosMarza")),
    line(
        "1.00", vat("5", "0.05"), tax("Naknade", "0.50", None, "Povratna <&> naknada")
    ),
)


def sent(base=None, signer=None, **changes_):
    return authority().envelope(
        [document(base, **changes_)], signer or key_of(company())
    )


def message_in(envelope):
    return parse(envelope.content)[0][0]


def member(envelope, path):
    return message_in(envelope).findtext(
        "/".join(f"tns:{name}" for name in path.split("/")), namespaces=PREFIXES
    )


# -- signature ------------------------------------------------------------------------


@needs_xmlsec
@pytest.mark.parametrize(
    "base", [receipt(), EVERYTHING, replace(EVERYTHING, kind="return")]
)
def test_xmlsec1_verifies_what_we_sign(base, tmp_path):
    content = sent(base).content
    assert xmlsec_accepts(content, tmp_path, "RacunZahtjev")
    stranger = issue("Somebody", authority=True)
    assert not xmlsec_accepts(content, tmp_path, "RacunZahtjev", stranger)
    changed = content.replace(b"<tns:OznSlijed>P", b"<tns:OznSlijed>N")
    assert changed != content
    assert not xmlsec_accepts(changed, tmp_path, "RacunZahtjev")


def test_signxml_verifies_what_we_sign():
    message = message_in(sent(EVERYTHING))
    alone = etree.fromstring(etree.tostring(message))
    found = signxml.XMLVerifier().verify(
        alone, x509_cert=company().pem.decode(), id_attribute="Id"
    )
    assert found.signed_xml.tag == f"{{{F73}}}RacunZahtjev"


def test_the_profile_of_the_signature():
    signature = message_in(sent())[-1]
    text = etree.tostring(signature).decode()
    assert re.findall('Algorithm="([^"]+)"', text) == [
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/04/xmlenc#sha256",
    ]
    certificate = company().certificate
    for name, value in (
        ("X509Certificate", base64.b64encode(company().der).decode()),
        ("X509IssuerName", "CN=Issuer of the tests,C=HR"),
        ("X509SerialNumber", str(certificate.serial_number)),
    ):
        assert f"<{name}>{value}</{name}>" in text
    assert signature.getnext() is None and "\n" not in text


def test_every_message_has_an_id_of_its_own():
    one, other = sent(), sent()
    assert one.message_id != other.message_id
    assert member(one, "Zaglavlje/IdPoruke") == one.message_id
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one.message_id)
    assert member(one, "Zaglavlje/DatumVrijeme") == "27.11.2026T11:00:05"


def test_the_receipt_travels_as_it_was_frozen():
    given = document(EVERYTHING)
    envelope = authority().envelope([given], key_of(company()))
    frozen = given.content.partition(b"?>\n")[2]
    inner = frozen.replace(f' xmlns:tns="{F73}"'.encode(), b"")
    assert inner in envelope.content


# -- late -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes_, late",
    [
        ({}, "false"),
        ({"attempt": 4}, "false"),
        ({"handed_over_at": ISSUED}, "true"),
        ({"handed_over_at": ISSUED, "authority_ids": {"late": "false"}}, "false"),
    ],
)
def test_late_is_what_the_customer_had_before(changes_, late):
    assert member(sent(**changes_), "Racun/NakDost") == late


def test_a_receipt_of_the_paper_book_is_always_late():
    envelope = sent(receipt(data={"paper_number": "12/2026 A"}))
    assert member(envelope, "Racun/NakDost") == "true"
    assert member(envelope, "Racun/ParagonBrRac") == "12/2026 A"


# -- keys -----------------------------------------------------------------------------


def test_without_a_key_nothing_is_issued_nor_sent():
    with pytest.raises(AuthenticationError, match="Choose one on the registration"):
        authority().build(receipt())
    with pytest.raises(AuthenticationError):
        authority().envelope([document()])


def test_another_companys_key_is_refused():
    other = key_of(company(BUYER))
    with pytest.raises(KeyUnusable, match=BUYER):
        authority().build(receipt(), other)
    with pytest.raises(KeyUnusable, match=BUYER):
        sent(signer=other)


def test_an_expired_certificate_issues_but_does_not_send():
    expired = key_of(company(end=NOW - timedelta(days=1)))
    assert re.fullmatch("[0-9a-f]{32}", authority().build(receipt(), expired).code)
    with pytest.raises(KeyUnusable, match="expired"):
        sent(signer=expired)


@pytest.mark.parametrize(
    "options, found",
    [
        ({}, OIB),
        ({"form": "HR{}"}, OIB),
        ({"oid": ORGANIZATION, "form": "TVRTKA D.O.O. HR{}"}, OIB),
        ({"oid": ORGANIZATION, "form": "TVRTKA D.O.O. {}"}, ""),
        ({"oib": "12345678901"}, ""),
    ],
)
def test_the_oib_in_a_certificate(options, found):
    assert oib_of(company(**options).info) == found


def test_what_speaks_against_a_key():
    cis = authority()
    [foreign] = cis.key_problems(key_of(company()))
    assert is_warning(foreign) and "Fina" in foreign.text
    person = key_of(issue("Ivan", root()))
    assert "certificate_no_oib" in codes(cis.key_problems(person))


# -- schema ---------------------------------------------------------------------------


def test_what_does_not_fit_the_schema_is_not_signed():
    given = document()
    spoilt = given.content.replace(b"NacinPlac>G", b"NacinPlac>C")
    with pytest.raises(AuthorityError) as caught:
        authority().envelope([replace(given, content=spoilt)], key_of(company()))
    assert caught.value.splittable
    assert codes(caught.value.errors)[0] == "schema"
    assert "NacinPlac" in caught.value.errors[0].text


def test_the_operations_are_those_of_the_authoritys_wsdl():
    places = {
        "wsdl": "http://schemas.xmlsoap.org/wsdl/",
        "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
    }
    wsdl = etree.parse(SCHEMAS / "wsdl" / "FiskalizacijaService-educ.wsdl")
    actions = {
        one.get("name"): one.find("soap:operation", places).get("soapAction")
        for one in wsdl.findall("wsdl:binding/wsdl:operation", places)
    }
    for name, operation in OPERATIONS.items():
        assert soap.headers(operation)["SOAPAction"] == f'"{actions[name]}"'


class NoNetwork(Transport):
    """Reads files and refuses everything else."""

    def _load_remote_data(self, url):
        raise AssertionError(f"{url} would be fetched")

    def post(self, address, message, headers):
        raise AssertionError(f"{address} would be called")


def test_a_soap_library_reads_our_message_from_the_wsdl():
    """zeep, from the shipped files alone, finds every member that we wrote."""
    wsdl = SCHEMAS / "wsdl" / "FiskalizacijaService-educ.wsdl"
    client = zeep.Client(str(wsdl), transport=NoNetwork())
    element = client.get_element(f"{{{F73}}}RacunZahtjev")
    read = element.parse(message_in(sent(EVERYTHING)), client.wsdl.types)
    assert read.Id == "RacunZahtjev"
    assert str(read.Racun.IznosUkupno) == "53.72"
    assert [row.Stopa for row in read.Racun.Pdv.Porez] == ["25.00", "13.00", "5.00"]
    assert read.Racun.Naknade.Naknada[0].NazivN == "Povratna <&> naknada"


# -- changes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, name, last",
    [
        (
            changes.new_payment("K"),
            "PromijeniNacPlacZahtjev",
            "<PromijenjeniNacinPlac>K</PromijenjeniNacinPlac>",
        ),
        (
            changes.new_data("K", f"HR{BUYER}"),
            "PromijeniPodatkeRacunaZahtjev",
            "<PromijenjeniNacinPlac>K</PromijenjeniNacinPlac>"
            f"<PromijenjeniOibPrimateljaRacuna>{BUYER}"
            "</PromijenjeniOibPrimateljaRacuna>",
        ),
        (
            changes.new_data("G", ""),
            "PromijeniPodatkeRacunaZahtjev",
            "<PromijenjeniNacinPlac>G</PromijenjeniNacinPlac>"
            "<PromijenjeniOibPrimateljaRacuna/>",
        ),
        (
            changes.tip(Decimal("2"), "T"),
            "NapojnicaZahtjev",
            "<Napojnica><iznosNapojnice>2.00</iznosNapojnice>"
            "<nacinPlacanjaNapojnice>T</nacinPlacanjaNapojnice></Napojnica>",
        ),
    ],
)
@needs_xmlsec
def test_changes_carry_the_receipt_and_what_is_new(change, name, last, tmp_path):
    given = registered(business(EVERYTHING))
    envelope = authority()._signed(
        OPERATIONS[change.action], [given], key_of(company()), change
    )
    assert xmlsec_accepts(envelope.content, tmp_path, name)
    inner = etree.tostring(message_in(envelope)[1]).decode().replace("tns:", "")
    original = etree.tostring(thaw(given.content)[0]).decode().replace("tns:", "")
    body = original.partition(">")[2].removesuffix("</Racun>")
    assert inner.partition(">")[2] == f"{body}{last}</Racun>"


@pytest.mark.parametrize(
    "change, given, found",
    [
        (changes.new_payment("X"), {}, ["payment_method_unknown"]),
        (changes.new_payment("K"), {"uid": ""}, ["not_registered"]),
        (changes.new_data("K", "123"), {}, ["180"]),
        (changes.tip(Decimal("-1"), "G"), {}, ["tip_unusable"]),
        (changes.tip(Decimal("1.001"), "G"), {}, ["tip_unusable"]),
        (
            changes.new_data("X", "123"),
            {"uid": "", "issued_at": ISSUED - timedelta(days=1)},
            ["too_late", "payment_method_unknown", "180", "not_registered"],
        ),
    ],
)
def test_hopeless_changes_are_not_sent(change, given, found):
    with pytest.raises(AuthorityError) as caught:
        authority().change(replace(registered(), **given), change, key_of(company()))
    assert codes(caught.value.errors) == found


@pytest.mark.parametrize("days, fits", [(2, True), (3, False)])
def test_a_tip_is_taken_for_two_days(days, fits):
    given = replace(registered(), issued_at=ISSUED - timedelta(days=days))
    change = changes.tip(Decimal(1), "G")
    if fits:
        changes.refuse_hopeless(change, given, NOW)
    else:
        with pytest.raises(AuthorityError, match="within 2 days"):
            changes.refuse_hopeless(change, given, NOW)
