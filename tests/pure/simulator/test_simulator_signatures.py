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
    codes,
    found,
    invoice,
    signed,
    signed_text,
    unsigned,
    with_signature,
)
from signature_cases import (
    ACCEPTED,
    ATTACHED,
    FORMAT,
    PROFILE,
    by,
    good,
    two_signers,
)
from signature_kit import b64

from simulator.eg_eta import App
from simulator.eg_eta.invoices import profile
from simulator.eg_eta.invoices.signatures import Trust, check
from simulator.openssl import OpenSslMissingError

VECTORS = Path(__file__).parent / "vectors"
STEP = "Step-03.ITIDA Signature Validator"


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
