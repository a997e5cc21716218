"""Every way in which a signature can be wrong, refused with its code."""

import base64
import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invoice_kit import (
    BUYER,
    RIN,
    Pki,
    Signer,
    codes,
    found,
    invoice,
    openssl,
    signed,
    signed_text,
    unsigned,
    with_signature,
)
from signature_kit import (
    ATTRIBUTES,
    BODY,
    SIGNER,
    SIGNERS,
    at,
    attributes,
    b64,
    oid,
    replaced,
    resigned,
    tlv,
    with_value,
    without,
)

from simulator.eg_eta import App
from simulator.eg_eta.invoices import der, profile
from simulator.eg_eta.invoices.openssl import OpenSslMissingError
from simulator.eg_eta.invoices.signatures import Trust, check

VECTORS = Path(__file__).parent / "vectors"
STEP = "Step-03.ITIDA Signature Validator"
ID_DATA = "1.2.840.113549.1.7.1"
SHA256 = tlv(der.SEQUENCE, oid(profile.SHA256))
NULL = tlv(der.NULL)


@pytest.fixture(scope="session")
def people(pki):
    """Signers that are not the issuer's seal."""
    folder = pki.folder / "stranger"
    folder.mkdir()
    stranger = Pki(folder)
    vateg = f"CN=Seal/organizationIdentifier=VATEG-{RIN}"
    old = ("20200101000000Z", "20210101000000Z")
    later = ("20400101000000Z", "20410101000000Z")
    return {
        "seal": pki.seal,
        "buyer": pki.buyer,
        "person": pki.issue("person", "CN=Person"),
        "expired": pki.issue("expired", vateg, days=old),
        "not yet": pki.issue("later", vateg, days=later),
        "other ca": stranger.seal,
        "self-signed": pki.self_signed("self", "digitalSignature,nonRepudiation"),
        "under root": pki.issue("under-root", vateg, by=pki.root),
        "weak": pki.issue("weak", vateg, key=("-newkey", "rsa:1024")),
        "no repudiation": pki.issue("sign-only", vateg, usage="digitalSignature"),
        "no usage": pki.issue("no-usage", vateg, usage=""),
        "curve": pki.issue(
            "curve", vateg, key=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        ),
    }


def good(text: bytes, people: dict[str, Signer], *options, **more) -> bytes:
    return people["seal"].sign(text, *options, **more)


def bent(change):
    """A case that changes attributes and signs again."""
    return lambda text, people: b64(
        resigned(good(text, people), people["seal"], change)
    )


def patched(path, new):
    """A case that replaces a part that is not signed."""
    return lambda text, people: b64(replaced(good(text, people), path, new))


def made(*options, **more):
    """A case made by openssl with other options."""
    return lambda text, people: b64(good(text, people, *options, **more))


def by(name):
    """A case signed by somebody else."""
    return lambda text, people: b64(people[name].sign(text))


def indefinite(text, people):
    data = good(text, people)
    content = at(data).content
    return b64(b"\x30\x80" + content + b"\x00\x00")


def long_length(text, people):
    data = good(text, people)
    assert data[1] == 0x82
    return b64(data[:1] + b"\x83\x00" + data[2:])


def stretched_integer(text, people):
    return b64(replaced(good(text, people), (*BODY, 0), b"\x02\x02\x00\x03"))


def flipped(place):
    """A case with one bit of the DER changed, at an index from the end."""

    def case(text, people):
        data = bytearray(good(text, people))
        data[place] ^= 1
        return b64(bytes(data))

    return case


def later_signing_time(text, people):
    data = good(text, people)
    row = attributes(data)[profile.SIGNING_TIME]
    index = list(attributes(data)).index(profile.SIGNING_TIME)
    return b64(replaced(data, (*ATTRIBUTES, index), row[:-4] + b"777Z"))


def essence(people, *, algorithm=b"", digest=None, serial=None, name_tag=0xA4):
    """The value of signing-certificate-v2, in parts."""
    certificate = openssl("x509", "-in", people["seal"].certificate, "-outform", "DER")
    fields = at(certificate, 0).children
    issuer = tlv(der.SEQUENCE, tlv(name_tag, fields[3].raw))
    number = fields[1].raw if serial is None else tlv(der.INTEGER, bytes([serial]))
    hashed = digest or hashlib.sha256(certificate).digest()
    identifier = tlv(
        der.SEQUENCE,
        algorithm,
        tlv(der.OCTETS, hashed),
        tlv(der.SEQUENCE, issuer, number),
    )
    return tlv(der.SEQUENCE, tlv(der.SEQUENCE, identifier))


def essential(**parts):
    """A case with another signing-certificate-v2."""

    def case(text, people):
        name = profile.SIGNING_CERTIFICATE_V2
        change = with_value(name, essence(people, **parts))
        return b64(resigned(good(text, people), people["seal"], change))

    return case


def unsigned_attribute(text, people):
    data = good(text, people)
    signer = at(data, *SIGNER)
    stamp = tlv(der.SEQUENCE, oid("1.2.840.113549.1.9.16.2.14"), tlv(der.SET, NULL))
    return b64(replaced(data, SIGNER, tlv(0x30, signer.content, tlv(0xA1, stamp))))


def two_signers(first, second):
    """A case with two signers in this order, whatever DER says of sets."""

    def case(text, people):
        one, two = people[first].sign(text), people[second].sign(text)
        data = replaced(
            one, SIGNERS, tlv(der.SET, at(one, *SIGNER).raw, at(two, *SIGNER).raw)
        )
        both = tlv(0xA0, at(one, *BODY, 3).content, at(two, *BODY, 3).content)
        return b64(replaced(data, (*BODY, 3), both))

    return case


FORMAT = {
    "a placeholder": lambda text, people: "<Signature Value>",
    "lines": lambda text, people: b64(good(text, people))[:64] + "\r\n" + "A" * 64,
    "url alphabet": lambda text, people: "-_" * 500,
    "no padding": lambda text, people: b64(good(text, people) + b"x").rstrip("=")[:-1],
    "hex": lambda text, people: good(text, people).hex(),
    "pem": lambda text, people: b64(
        b"-----BEGIN CMS-----\n" + base64.encodebytes(good(text, people))
    ),
    "garbage": lambda text, people: b64(b"garbage"),
    "cut off": lambda text, people: b64(good(text, people)[:-10]),
    "something after it": lambda text, people: b64(good(text, people) + b"\x00"),
    "indefinite length (BER)": indefinite,
    "length not shortest (BER)": long_length,
    "integer not shortest (BER)": stretched_integer,
    "a certificate": lambda text, people: b64(
        openssl("x509", "-in", people["seal"].certificate, "-outform", "DER")
    ),
    "cms, not signed": lambda text, people: b64(
        openssl("cms", "-data_create", "-outform", "DER", stdin=text)
    ),
    "cms, enveloped": lambda text, people: b64(
        openssl(
            "cms",
            "-encrypt",
            *("-outform", "DER", "-aes128", people["buyer"].certificate),
            stdin=text,
        )
    ),
    "a part left out": lambda text, people: b64(
        tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xA0, tlv(0x30, tlv(2, b"\x03"))))
    ),
}
ATTACHED = {
    "id-data, detached": made(content_type=ID_DATA),
    "id-data by default": made(content_type=""),
    "content inside": made("-nodetach"),
    "id-data and content inside": made("-nodetach", content_type=ID_DATA),
    "certificates only": lambda text, people: b64(
        openssl(
            "crl2pkcs7",
            *("-nocrl", "-outform", "DER", "-certfile", people["seal"].certificate),
        )
    ),
}
PROFILE = {
    "plain cms": (made(form=()), "missing: signing-certificate-v2"),
    "no signed attributes": (
        lambda text, people: b64(_without_attributes(good(text, people))),
        "missing: contentType, signingTime, messageDigest",
    ),
    "no contentType": (bent(without(profile.CONTENT_TYPE)), "missing: contentType"),
    "no signingTime": (bent(without(profile.SIGNING_TIME)), "missing: signingTime"),
    "no messageDigest": (bent(without(profile.MESSAGE_DIGEST)), "missing: messageD"),
    "no signing-certificate-v2": (
        bent(without(profile.SIGNING_CERTIFICATE_V2)),
        "missing: signing-certificate-v2",
    ),
    "another contentType": (
        bent(with_value(profile.CONTENT_TYPE, oid(ID_DATA))),
        "contentType is not the content's",
    ),
    "signingTime is text": (
        bent(with_value(profile.SIGNING_TIME, tlv(0x0C, b"now"))),
        "signingTime is no time",
    ),
    "messageDigest is no octets": (
        bent(with_value(profile.MESSAGE_DIGEST, NULL)),
        "messageDigest has another type",
    ),
    "messageDigest twice": (
        bent(lambda rows: [*rows.values(), rows[profile.MESSAGE_DIGEST]]),
        "stands there twice",
    ),
    "two values": (
        bent(with_value(profile.SIGNING_TIME, NULL, NULL)),
        "signingTime must have one value",
    ),
    "signing-certificate-v2 is empty": (
        bent(with_value(profile.SIGNING_CERTIFICATE_V2, tlv(der.SEQUENCE))),
        "another shape",
    ),
    "another certificate's hash": (essential(digest=b"x" * 32), "about another"),
    "sha-1 of the certificate": (essential(digest=b"x" * 20), "about another"),
    "another serial number": (essential(serial=7), "another serial number"),
    "sha-1": (made(digest="sha1", form=("-nosmimecap",)), "must be SHA-256"),
    "sha-1 in cades": (made(digest="sha1"), "must be SHA-256"),
    "sha-512": (made(digest="sha512"), "must be SHA-256"),
    "digestAlgorithms with NULL": (
        patched((*BODY, 1), tlv(der.SET, tlv(der.SEQUENCE, oid(profile.SHA256), NULL))),
        "digestAlgorithms must be SHA-256 without parameters",
    ),
    "digestAlgorithm with NULL": (
        patched((*SIGNER, 2), tlv(der.SEQUENCE, oid(profile.SHA256), NULL)),
        "digestAlgorithm must be SHA-256 without parameters",
    ),
    "version 7": (patched((*BODY, 0), tlv(der.INTEGER, b"\x07")), "no such version"),
    "a curve": (by("curve"), "is not RSA"),
    "pss": (made("-keyopt", "rsa_padding_mode:pss"), "is not RSA"),
    "signer by key id": (made("-keyid"), "not named by issuer"),
    "signer info of version 3": (
        patched((*SIGNER, 0), tlv(der.INTEGER, b"\x03")),
        "is not 1",
    ),
    "no certificate": (made("-nocerts"), "certificate is not included"),
    "unsigned attributes (CAdES-T)": (unsigned_attribute, "unsigned attributes"),
    "nobody signed": (patched(SIGNERS, tlv(der.SET)), "nobody signed"),
    "signature changed": (flipped(-1), "does not hold"),
    "signingTime changed": (later_signing_time, "does not hold"),
}
DIGEST = {
    "another text": lambda text: text + b" ",
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "a line's end": lambda text: text + b"\n",
    "utf-16": lambda text: text.decode().encode("utf-16"),
    "arabic escaped": lambda text: json.dumps(text.decode())[1:-1].encode(),
    "names as they are": lambda text: text.replace(b"ISSUER", b"issuer", 1),
    "a number without its zeros": lambda text: text.replace(b'"100"', b'"100.0"', 1),
    "the digest in its place": lambda text: hashlib.sha256(text).digest(),
    "nothing": lambda text: b"",
}
CERTIFICATE = (
    "expired",
    "not yet",
    "other ca",
    "self-signed",
    "weak",
    "no repudiation",
    "no usage",
)


def _without_attributes(data):
    signer = at(data, *SIGNER)
    rest = [child.raw for number, child in enumerate(signer.children) if number != 3]
    return replaced(data, SIGNER, tlv(der.SEQUENCE, *rest))


def refused(erp, control, document, value, words=""):
    """The code of the one fault that the signature has."""
    document = {**document, "signatures": [{"signatureType": "I", "value": value}]}
    (details,) = erp.verdicts(control, document)
    assert details["status"] == "Invalid"
    assert set(found(details)) == {STEP}, found(details)
    (step,) = (
        row
        for row in details["validationResults"]["validationSteps"]
        if row["name"] == STEP
    )
    assert (step["stepId"], step["status"]) == (4, "Invalid")
    assert step["error"]["errorCode"] == "Err03"
    assert step["error"]["error"] == "Invalid Digital Signature"
    (inner,) = step["error"]["innerError"]
    assert words in inner["error"]
    return inner["errorCode"]


@pytest.mark.parametrize("case", FORMAT)
def test_what_is_no_signature_at_all(erp, trusting, people, case):
    document = invoice()
    value = FORMAT[case](signed_text(document), people)
    assert refused(erp, trusting, document, value) == "4040"


@pytest.mark.parametrize("case", ATTACHED)
def test_attached_signatures(erp, trusting, people, case):
    document = invoice()
    value = ATTACHED[case](signed_text(document), people)
    assert refused(erp, trusting, document, value) == "4062"


@pytest.mark.parametrize("case", PROFILE)
def test_other_forms_than_cades_bes(erp, trusting, people, case):
    document = invoice()
    bend, words = PROFILE[case]
    value = bend(signed_text(document), people)
    assert refused(erp, trusting, document, value, words) == "ISFX306"


def test_a_root_that_is_included(erp, trusting, people, pki):
    document = invoice()
    value = b64(good(signed_text(document), people, "-certfile", pki.root.certificate))
    assert refused(erp, trusting, document, value) == "ISFX306"


@pytest.mark.parametrize("case", DIGEST)
def test_another_text_than_the_one_sent(erp, trusting, people, case):
    document = invoice()
    value = b64(people["seal"].sign(DIGEST[case](signed_text(document))))
    assert refused(erp, trusting, document, value) == "4043"


def test_a_document_changed_after_signing(erp, trusting, pki):
    document = signed(invoice(number="INV-1"), pki.seal)
    document["internalID"] = "INV-2"
    (details,) = erp.verdicts(trusting, document)
    assert codes(details) == {"4043"}


def test_the_order_of_properties_is_signed(erp, trusting, pki):
    document = signed(invoice(), pki.seal)
    moved = {"internalID": document.pop("internalID"), **document}
    (details,) = erp.verdicts(trusting, moved)
    assert codes(details) == {"4043"}


def test_references_are_signed(erp, trusting, pki):
    """The old mistake of signers on credit notes: arrays of texts left out."""
    reference = "5Z40TP7SXAKADVH8WX71PXNE10"
    note = invoice(kind="C", references=[reference])
    text = signed_text(note).replace(
        b'"REFERENCES""REFERENCES""5Z40TP7SXAKADVH8WX71PXNE10"', b""
    )
    (details,) = erp.verdicts(trusting, with_signature(note, pki.seal.sign(text)))
    assert found(details)[STEP] == {"4043"}


@pytest.mark.parametrize("name", CERTIFICATE)
def test_certificates_that_are_not_good(erp, trusting, people, name):
    document = invoice()
    value = by(name)(signed_text(document), people)
    assert refused(erp, trusting, document, value) == "ISFX303"


def test_nobody_is_trusted(erp, control, pki):
    document = invoice()
    value = b64(pki.seal.sign(signed_text(document)))
    assert refused(erp, control, document, value) == "ISFX303"


def test_the_issuing_authority_is_missing(erp, control, pki):
    """Only the root is trusted, and the certificate between is not sent."""
    control.register(trusted_cas=[{"pem": pki.root.pem}])
    document = invoice()
    value = b64(pki.seal.sign(signed_text(document)))
    assert refused(erp, control, document, value) == "ISFX303"
    more = ("-certfile", pki.ca.certificate)
    whole = invoice(number="INV-2")
    der_ = pki.seal.sign(signed_text(whole), *more)
    erp.valid(control, with_signature(whole, der_))


def test_a_certificate_expires_by_the_simulators_clock(erp, trusting, pki):
    trusting.settings(clock_offset=11 * 365 * 86400, document_days=-1)
    document = invoice()
    value = b64(pki.seal.sign(signed_text(document)))
    assert refused(erp, trusting, document, value) == "ISFX303"


@pytest.mark.parametrize("name", ["buyer", "person"])
def test_somebody_elses_certificate(erp, trusting, people, name):
    document = invoice()
    value = by(name)(signed_text(document), people)
    assert refused(erp, trusting, document, value) == "ISFX305"


def test_a_person_is_authorised_for_one_taxpayer(erp, trusting, people):
    person = people["person"]
    trusting.register(taxpayers=[{"rin": BUYER, "name": "Buyer"}])
    trusting.register(signers=[{"rin": BUYER, "pem": person.pem}])
    document = invoice()
    value = b64(person.sign(signed_text(document)))
    assert refused(erp, trusting, document, value) == "ISFX305"
    trusting.register(signers=[{"rin": RIN, "pem": person.pem}])
    erp.valid(trusting, signed(invoice(number="INV-2"), person))


def test_the_first_signer_counts(erp, trusting, people):
    document = invoice()
    text = signed_text(document)
    value = two_signers("buyer", "seal")(text, people)
    assert refused(erp, trusting, document, value) == "ISFX305"
    document = invoice(number="INV-2")
    value = two_signers("seal", "buyer")(signed_text(document), people)
    document["signatures"] = [{"signatureType": "I", "value": value}]
    erp.valid(trusting, document)


def bassem(people):
    """A signer in wide use writes the attribute's own name as hash algorithm."""
    return tlv(der.SEQUENCE, oid(profile.SIGNING_CERTIFICATE_V2))


ACCEPTED = {
    "the issuing authority included": lambda text, people: b64(
        good(text, people, "-certfile", people["ca"].certificate)
    ),
    "version 1": patched((*BODY, 0), tlv(der.INTEGER, b"\x01")),
    "sha256WithRSA": patched(
        (*SIGNER, 4), tlv(der.SEQUENCE, oid("1.2.840.113549.1.1.11"), NULL)
    ),
    "no parameters of the signature": patched(
        (*SIGNER, 4), tlv(der.SEQUENCE, oid("1.2.840.113549.1.1.1"))
    ),
    "attributes in another order": bent(lambda rows: list(rows.values())[::-1]),
    "one attribute more": bent(
        lambda rows: [
            *rows.values(),
            tlv(
                der.SEQUENCE,
                oid("1.2.840.113549.1.9.15"),
                tlv(der.SET, tlv(der.SEQUENCE)),
            ),
        ]
    ),
    "hash algorithm spelled out": essential(algorithm=SHA256),
    "hash algorithm of a known signer": lambda text, people: essential(
        algorithm=bassem(people)
    )(text, people),
    "issuer tagged as in ETA's sample": essential(name_tag=0xA0),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_forms_that_are_accepted(erp, trusting, people, pki, case):
    document = invoice()
    value = ACCEPTED[case](signed_text(document), {**people, "ca": pki.ca})
    document["signatures"] = [{"signatureType": "I", "value": value}]
    erp.valid(trusting, document)


def test_a_service_provider_may_sign_too(erp, trusting, people):
    document = invoice()
    text = signed_text(document)
    rows = [
        {"signatureType": kind, "value": by(name)(text, people)}
        for kind, name in (("S", "buyer"), ("I", "seal"))
    ]
    (uuid,) = erp.valid(trusting, {**document, "signatures": rows})
    names = [row["signedBy"] for row in erp.details(uuid)["signatures"]]
    assert [BUYER in names[0], RIN in names[1]] == [True, True]


@pytest.mark.parametrize("kinds", ["S", "II"])
def test_one_signature_is_the_issuers(erp, trusting, people, kinds):
    document = invoice()
    value = by("seal")(signed_text(document), people)
    rows = [{"signatureType": kind, "value": value} for kind in kinds]
    (details,) = erp.verdicts(trusting, {**document, "signatures": rows})
    assert found(details) == {STEP: {"ISFX306"}}


def test_version_0_9_is_not_checked(erp, control):
    document = unsigned(invoice(number="1"))
    erp.valid(control, document)
    document = unsigned(invoice(number="2"))
    document["signatures"] = [{"signatureType": "I", "value": "<Signature Value>"}]
    erp.valid(control, document)


@pytest.mark.parametrize(
    ("name", "code"),
    [("good", ""), ("bad_digest", "4043"), ("bad_econtent_data", "4062")],
)
def test_known_answers(name, code):
    """Over ETA's own canonical text of its published invoice."""
    text = (VECTORS / "one-doc-serialized.json.txt").read_bytes()
    value = (VECTORS / f"{name}.b64").read_text().strip()
    trust = Trust(((VECTORS / "ca.pem").read_text(),))
    moment = datetime(2027, 1, 1, tzinfo=timezone.utc)
    if not code:
        assert "VATEG-113317713" in check(value, text, "113317713", trust, moment)
        return
    with pytest.raises(profile.SignatureError) as caught:
        check(value, text, "113317713", trust, moment)
    assert caught.value.code == code


def test_openssl_is_missing(monkeypatch, erp, control):
    assert erp.bearer
    monkeypatch.setenv("PATH", "/nowhere")
    document = invoice()
    document["signatures"] = [{"signatureType": "I", "value": "AAAA"}]
    answer = erp.call("POST", "v1/documentsubmissions", {"documents": [{}]})
    assert answer.status_code == 202  # nothing to check
    with pytest.raises(AssertionError, match="apt-get install openssl"):
        erp.submit(document)
    assert control.call("GET", "documents") == []
    with pytest.raises(OpenSslMissingError, match="apt-get install openssl"):
        App({"trusted_cas": [{"pem": ""}]})


@settings(deadline=None, max_examples=300)
@given(
    place=st.integers(min_value=0, max_value=10_000),
    octet=st.integers(min_value=0, max_value=255),
    cut=st.booleans(),
)
def test_whatever_is_sent_is_judged(place, octet, cut):
    """One octet changed, or the rest cut off: a code, never an accident."""
    text = (VECTORS / "one-doc-serialized.json.txt").read_bytes()
    data = bytearray(base64.b64decode((VECTORS / "good.b64").read_text()))
    index = place % len(data)
    changed = data[index] != octet or cut
    data[index] = octet
    value = b64(bytes(data[:index] if cut else data))
    moment = datetime(2027, 1, 1, tzinfo=timezone.utc)
    trust = Trust(((VECTORS / "ca.pem").read_text(),))
    try:
        check(value, text, "113317713", trust, moment)
    except profile.SignatureError as error:
        assert error.code in {"4040", "4043", "4062", "ISFX303", "ISFX305", "ISFX306"}
    else:
        # the version of the SignedData, and sha256WithRSA instead of RSA
        assert not changed or index == 25 or (index, octet) == (1411, 11)
