"""s002 to s005: what CIS's simulator refuses of signatures and certificates."""

import copy
import re
from datetime import timedelta

import cis_kit
import pytest
from cis_kit import DS, F73, OIB, PRODUCTION, certified, enveloped, message, signed
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")


def ds(name):
    return f".//{{{DS}}}{name}"


def request(till, **changes):
    root = message("racuni", ("Racun", till.receipt(**changes)), sent=till.now())
    return signed(root, till.seal)


def refused(cis, reply) -> str:
    """That it was s004, and why."""
    assert (reply.status, reply.codes) == (500, ["s004"]), reply.data
    assert cis.registered() == []
    return cis.refusals()[-1]["detail"]


def drop(name):
    def change(root):
        node = root.find(ds(name))
        node.getparent().remove(node)

    return change


def put(name, value, attribute="Algorithm", number=0):
    def change(root):
        root.findall(ds(name))[number].set(attribute, value)

    return change


def text(name, value):
    def change(root):
        root.find(ds(name)).text = value

    return change


def add(parent, name, **attributes):
    def change(root):
        etree.SubElement(root.find(ds(parent)), f"{{{DS}}}{name}", **attributes)

    return change


def inclusive_namespaces(root):
    tag = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
    etree.SubElement(root.findall(ds("Transform"))[1], tag, PrefixList="tns")


def twice(root):
    root.append(copy.deepcopy(root[-1]))


def not_last(root):
    root.insert(1, root[-1])


def comment_inside(root):
    root.find(ds("SignedInfo")).insert(0, etree.Comment("x"))


def swapped_transforms(root):
    transforms = root.find(ds("Transforms"))
    transforms.append(transforms[0])


def other_value(root):
    node = root.find(ds("SignatureValue"))
    node.text = node.text[:-8] + "AAAAAA=="


SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
BENT = [
    (drop("Signature"), "no signature"),
    (twice, "s001"),
    (not_last, "s001"),
    (drop("KeyInfo"), "Signature has not the parts"),
    (drop("X509IssuerSerial"), "X509Data has"),
    (drop("X509Certificate"), "X509Data has"),
    (add("X509Data", "X509Certificate"), "X509Data has"),
    (add("KeyInfo", "KeyName"), "KeyInfo has not the parts"),
    (add("Signature", "Object"), "Signature has not the parts"),
    (drop("Transform"), "Transforms has not the parts"),
    (drop("Transforms"), "Reference has not the parts"),
    (add("Transforms", "Transform", Algorithm="urn:x"), "Transforms has not"),
    (swapped_transforms, "Transforms are enveloped"),
    (put("Transform", cis_kit.EXCLUSIVE), "Transforms are enveloped"),
    (put("Transform", f"{cis_kit.EXCLUSIVE}WithComments", number=1), "Transforms are"),
    (
        put(
            "CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
        ),
        "CanonicalizationMethod is",
    ),
    (inclusive_namespaces, "Transform has not the parts"),
    (put("DigestMethod", SHA512), "methods are not taken"),
    (put("DigestMethod", f"{DS}sha1"), "methods are not taken"),
    (put("SignatureMethod", f"{DS}hmac-sha1"), "methods are not taken"),
    (put("Reference", "", "URI"), "Reference is not to"),
    (put("Reference", "#other", "URI"), "Reference is not to"),
    (text("DigestValue", "AAAA"), "It does not hold"),
    (other_value, "It does not hold"),
    (text("X509Certificate", "AAAA"), "No certificate can be read"),
    (text("X509SerialNumber", "1"), "X509IssuerSerial"),
    (text("X509IssuerName", "CN=Fina Demo CA 2020"), "X509IssuerSerial"),
    (text("X509IssuerName", "no name"), "X509IssuerSerial"),
    (comment_inside, "SignedInfo has not the parts"),
]


@pytest.mark.parametrize(("change", "words"), BENT)
def test_s004_what_departs_from_the_profile(cis, cis_till, change, words):
    root = request(cis_till)
    change(root)
    reply = cis_till.post("racuni", enveloped(root))
    if words == "s001":  # the schema has one signature, and it is last
        assert reply.codes == ["s001"]
    else:
        assert words in refused(cis, reply)


def test_s004_a_changed_value(cis, cis_till):
    data = enveloped(request(cis_till))
    for old, new in ((b"125.00", b"925.00"), (b"true", b"1"), (b">G<", b">K<")):
        assert data.count(old) == 1
        reply = cis_till.post("racuni", data.replace(old, new))
        assert "It does not hold" in refused(cis, reply)
    assert cis_till.post("racuni", data).jir


def test_s004_no_id_and_an_id_that_is_not_the_only_one(cis, cis_till):
    root = request(cis_till)
    del root.attrib["Id"]
    assert "Reference" in refused(cis, cis_till.post("racuni", enveloped(root)))
    data = enveloped(request(cis_till))
    header = b'<soapenv:Header><x Id="RacunZahtjev"/></soapenv:Header><soapenv:Body>'
    data = data.replace(b"<soapenv:Body>", header)
    assert "Reference" in refused(cis, cis_till.post("racuni", data))


def test_s004_a_signed_receipt_that_stands_elsewhere(cis, cis_till):
    """The signature of one message, moved into another or put beside it."""
    good, forged = request(cis_till), request(cis_till, IznosUkupno="1.00")
    wrapped = copy.deepcopy(forged)
    wrapped.remove(wrapped[-1])
    wrapped.append(copy.deepcopy(good[-1]))
    assert "not hold" in refused(cis, cis_till.post("racuni", enveloped(wrapped)))
    beside = copy.deepcopy(wrapped)
    beside.set("Id", "another")
    bare = copy.deepcopy(good)
    bare.remove(bare[-1])
    for inside, words in ((good, "more than one signature"), (bare, "Reference")):
        header = b"<soapenv:Header>%s</soapenv:Header>" % etree.tostring(inside)
        data = enveloped(beside).replace(b"<soapenv:Body>", header + b"<soapenv:Body>")
        assert words in refused(cis, cis_till.post("racuni", data))


def test_only_what_is_signed_is_read(cis, cis_till):
    """Comments are not signed; they do not split what is."""
    data = enveloped(request(cis_till))
    reply = cis_till.post("racuni", data.replace(b"125.00", b"12<!-- -->5.00"))
    assert reply.jir
    (row,) = cis.registered()
    assert row["total"] == "125.00"


def test_keys_that_are_not_rsa(cis, cis_till, cis_ca):
    root = request(cis_till)
    other = certified(cis_ca, key=ec.generate_private_key(ec.SECP256R1()))
    pem = "".join(other.pem.splitlines()[1:-1])
    root.find(ds("X509Certificate")).text = pem
    assert "not RSA" in refused(cis, cis_till.post("racuni", enveloped(root)))


@pytest.mark.parametrize(
    ("path", "day", "taken"),
    [
        (cis_kit.TEST, "2026-06-30", True),
        (cis_kit.TEST, "2026-07-01", False),
        (PRODUCTION, "2026-12-31", True),
        (PRODUCTION, "2027-01-01", False),
    ],
)
def test_s004_sha_1_from_its_last_day_on(cis, cis_till, path, day, taken):
    noon = cis_kit.datetime.fromisoformat(f"{day}T11:00:00+00:00")
    moved = (noon - cis_kit.NOON).total_seconds()
    cis_till.offset += moved
    cis.settings(clock_offset=cis_till.offset)
    cis_till.path = path
    reply = cis_till.send(cis_till.receipt(), sha="1")
    if taken:
        assert reply.jir
    else:
        assert "methods are not taken" in refused(cis, reply)
    assert cis_till.send(cis_till.receipt("2/POSL1/12")).jir


def test_s002_an_issuer_that_is_not_registered(cis, cis_till):
    stranger = certified(None, organization="Netko drugi")
    cis_till.seal = certified(stranger)
    assert cis_till.send(cis_till.receipt()).codes == ["s002"]
    cis_till.seal = certified(None)  # its own issuer
    assert cis_till.send(cis_till.receipt()).codes == ["s002"]
    cis.register(trusted_cas=[{"pem": stranger.pem}])
    cis_till.seal = certified(stranger)
    assert cis_till.send(cis_till.receipt()).jir


def test_s002_a_name_alone_makes_no_issuer(cis, cis_till, cis_ca):
    key = cis_kit.rsa.generate_private_key(65537, 2048)
    cis_till.seal = certified(certified(None, organization="Izdavatelj", key=key))
    assert cis_till.seal.certificate.issuer == cis_ca.certificate.subject
    assert cis_till.send(cis_till.receipt()).codes == ["s002"]


@pytest.mark.parametrize("days", [-701, 701])
def test_s002_before_and_after_its_time(cis, cis_till, days):
    cis_till.offset += timedelta(days=days).total_seconds()
    cis.settings(
        clock_offset=cis_till.offset,
        sha1_until={"test": "2040-01-01", "production": "2040-01-01"},
    )
    assert cis_till.send(cis_till.receipt()).codes == ["s002"]
    assert re.search("expired|not valid before", cis.refusals()[-1]["detail"])


def test_s002_a_revoked_certificate(cis, cis_till):
    assert cis_till.send(cis_till.receipt()).jir
    cis.revoke(str(cis_till.seal.certificate.serial_number))
    assert cis_till.send(cis_till.receipt("2/POSL1/12")).codes == ["s002"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"organization": "TVRTKA D.O.O."}, "no OIB"),
        ({"organization": f"TVRTKA {OIB}"}, "no OIB"),
        ({"usage": None}, "may be used for"),
        ({"usage": False}, "digitalSignature"),
    ],
)
def test_s003_what_a_certificate_must_have(cis, cis_till, cis_ca, values, words):
    cis_till.seal = certified(cis_ca, **values)
    assert cis_till.send(cis_till.receipt()).codes == ["s003"]
    assert words in cis.refusals()[-1]["detail"]


@pytest.mark.parametrize("mark", [f"HR{OIB}", f"VATHR-{OIB}"])
def test_the_oib_in_newer_certificates(cis, cis_till, cis_ca, mark):
    more = (x509.NameAttribute(ORGANIZATION_IDENTIFIER, mark),)
    cis_till.seal = certified(cis_ca, organization="TVRTKA D.O.O.", more=more)
    assert cis_till.send(cis_till.receipt()).jir


def test_s005_another_taxpayers_certificate(cis, cis_till):
    values = cis_till.receipt(Oib=cis_kit.BUYER)
    assert cis_till.send(values).codes == ["s005"]
    reply = cis_till.call(
        "dohvatiRadnoVrijeme",
        ("Oib", cis_kit.BUYER),
        ("OznPosPr", "POSL1"),
        ("VrstaRadnogVremena", "SVE"),
        ("OibOper", cis_kit.OPERATOR),
    )
    assert reply.codes == ["s005"]


def test_every_signed_operation_asks_for_a_signature(cis, cis_till):
    values = cis_till.receipt()
    tip = [("iznosNapojnice", "1.00"), ("nacinPlacanjaNapojnice", "G")]
    hours = (
        ("Oib", OIB),
        ("OznPosPr", "POSL1"),
        ("VrstaRadnogVremena", "SVE"),
        ("OibOper", cis_kit.OPERATOR),
    )
    means = {**values, "PromijenjeniNacinPlac": "K"}
    calls = {
        "provjera": [("Racun", values)],
        "promijeniNacPlac": [("Racun", means)],
        "promijeniPodatkeRacuna": [
            ("Racun", {**means, "PromijenjeniOibPrimateljaRacuna": ""})
        ],
        "napojnica": [("Racun", {**values, "Napojnica": tip})],
        "dohvatiRadnoVrijeme": hours,
    }
    for operation, parts in calls.items():
        root = message(operation, *parts, sent=cis_till.now())
        reply = cis_till.post(operation, enveloped(root))
        assert reply.codes == ["s004"], operation
        assert reply.root.tag == f"{{{F73}}}{cis_kit.STEMS[operation]}Odgovor"
