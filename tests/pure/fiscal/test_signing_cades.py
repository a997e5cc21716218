"""Signatures over ETA's published invoice: our shape, OpenSSL's verdict, and what is
found to be wrong with them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from hashlib import sha256

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from signing_kit import (
    DOCUMENT,
    NOW,
    RIN,
    TEXT,
    VECTORS,
    issuing,
    make,
    openssl,
    openssl_accepts,
    root,
    rsa_key,
    seal,
)

from fiscal.contract import AuthenticationError
from fiscal.eg_eta.canonical import canonical_text
from fiscal.signing import asn1
from fiscal.signing.cades import (
    DIGESTED_DATA,
    MOST_BYTES,
    check,
    describe,
    sign_detached,
)
from fiscal.signing.errors import KeyUnusable
from fiscal.signing.software import SoftwareKey

SIGNED_AT = datetime(2026, 8, 3, 12, 30, 15, 987654, tzinfo=timezone.utc)


class Recorder:
    """A signer that remembers what it was shown."""

    def __init__(self, made):
        self.key = SoftwareKey(made.key, [one.info for one in made.chain])
        self.shown = []

    def certificate_chain(self):
        return self.key.certificate_chain()

    def sign(self, data, document, digest="sha256"):
        self.shown.append((data, document))
        return self.key.sign(data, document, digest)


def signer(made=None):
    made = made or seal()
    return SoftwareKey(made.key, [one.info for one in made.chain])


def signed(**options):
    return sign_detached(TEXT, signer(), SIGNED_AT, **options)


def vector(name):
    return (VECTORS / "cades" / name).read_bytes()


def codes(cms, data=TEXT, certificate=None):
    problems = check(cms, data, certificate)
    for problem in problems:
        assert problem.text.endswith(".") and "%(" not in problem.text
    return [problem.code for problem in problems]


def changed(cms, change):
    """Return the signature with its parts changed by ``change(signed_data)``."""
    content = asn1_cms.ContentInfo.load(cms)
    data = content["content"]
    change(data)
    again = asn1_cms.ContentInfo({"content_type": "signed_data", "content": data})
    return again.dump(force=True)


# -- signing ---------------------------------------------------------------------------


@pytest.mark.parametrize("with_issuer", [False, True])
def test_openssl_accepts_it(tmp_path, with_issuer):
    cms = signed(with_issuer=with_issuer)
    assert openssl_accepts(cms, TEXT, tmp_path, seal())
    assert not openssl_accepts(cms, TEXT + b" ", tmp_path, seal())
    assert codes(cms, certificate=seal().der) == []


def test_what_is_signed_is_the_canonical_text():
    assert canonical_text(DOCUMENT).encode() == TEXT


def test_it_has_the_shape_of_the_profile():
    cms = signed()
    content = asn1_cms.ContentInfo.load(cms, strict=True)
    assert content["content_type"].native == "signed_data"
    data = content["content"]
    assert data["version"].native == "v3"
    assert [a.dump().hex() for a in data["digest_algorithms"]] == [_BARE_SHA256]
    assert data["encap_content_info"]["content_type"].dotted == DIGESTED_DATA
    assert data["encap_content_info"].dump().hex() == "300b06092a864886f70d010705"
    (info,) = data["signer_infos"]
    assert info["version"].native == "v1"
    assert info["digest_algorithm"].dump().hex() == _BARE_SHA256
    assert info["signature_algorithm"]["algorithm"].dotted == "1.2.840.113549.1.1.1"
    assert isinstance(info["unsigned_attrs"], core.Void)
    attributes = {a["type"].native: a["values"][0] for a in info["signed_attrs"]}
    assert set(attributes) == {
        "content_type",
        "signing_time",
        "message_digest",
        "signing_certificate_v2",
    }
    assert attributes["content_type"].dotted == DIGESTED_DATA
    assert attributes["message_digest"].native == sha256(TEXT).digest()
    # UTCTime, whole seconds
    assert attributes["signing_time"].dump() == b"\x17\x0d260803123015Z"
    (essence,) = attributes["signing_certificate_v2"]["certs"]
    # no algorithm: the hash comes first
    assert essence.contents[:2] == b"\x04\x20"
    assert essence["cert_hash"].native == sha256(seal().der).digest()
    assert essence["issuer_serial"]["serial_number"].native == seal().info.serial
    (name,) = essence["issuer_serial"]["issuer"]
    assert name.name == "directory_name"
    assert name.chosen.untag().dump() == issuing().certificate.subject.public_bytes()


_BARE_SHA256 = "300b0609608648016503040201"


def test_it_is_der():
    """Encoded anew, to the byte the same; and the set of attributes is sorted."""
    cms = signed()
    assert asn1_cms.ContentInfo.load(cms).dump(force=True) == cms
    attributes = asn1_cms.ContentInfo.load(cms)["content"]["signer_infos"][0][
        "signed_attrs"
    ]
    encoded = [attribute.dump() for attribute in attributes]
    assert encoded == sorted(encoded)


def _shape(cms):
    """Types and tags of everything but the certificates."""
    content = asn1_cms.ContentInfo.load(cms)["content"]
    info = content["signer_infos"][0]
    return (
        content["version"].native,
        content["digest_algorithms"].dump(),
        content["encap_content_info"].dump(),
        [one.name for one in content["certificates"]],
        info["version"].native,
        info["sid"].name,
        info["digest_algorithm"].dump(),
        sorted(a["type"].dotted for a in info["signed_attrs"]),
        info["signature_algorithm"]["algorithm"].dotted,
        len(info["signature"].native),
    )


@pytest.mark.parametrize(
    "name", ["good.der", "sdk_demo_user1.der", "sdk_demo_user2.der"]
)
def test_it_is_shaped_like_the_known_good_ones(name):
    assert _shape(signed()) == _shape(vector(name))


def test_the_root_never_travels_along():
    assert [c.der for c in describe(signed()).certificates] == [seal().der]
    with_issuer = describe(signed(with_issuer=True))
    assert {c.der for c in with_issuer.certificates} == {seal().der, issuing().der}
    direct = make("Company", root(), key=rsa_key(), vateg=f"VATEG-{RIN}")
    cms = sign_detached(TEXT, signer(direct), SIGNED_AT, with_issuer=True)
    assert [c.der for c in describe(cms).certificates] == [direct.der]


def test_the_signer_is_shown_the_document():
    recorder = Recorder(seal())
    cms = sign_detached(TEXT, recorder, SIGNED_AT, document=DOCUMENT)
    assert recorder.shown == [(describe(cms).signed, DOCUMENT)]
    sign_detached(TEXT, recorder, SIGNED_AT)
    assert recorder.shown[-1][1] == TEXT


def test_any_zone_is_written_as_utc():
    cairo = timezone(timedelta(hours=3))
    cms = sign_detached(TEXT, signer(), SIGNED_AT.astimezone(cairo))
    assert describe(cms).signing_time == SIGNED_AT.replace(microsecond=0)
    with pytest.raises(ValueError, match="zone"):
        sign_detached(TEXT, signer(), SIGNED_AT.replace(tzinfo=None))


def test_a_signature_that_does_not_fit_the_certificate_never_leaves():
    wrong = SoftwareKey(rsa_key("another"), [seal().info])
    with pytest.raises(KeyUnusable, match="does not fit") as caught:
        sign_detached(TEXT, wrong, SIGNED_AT)
    assert isinstance(caught.value, AuthenticationError)


def test_without_the_asn1_library(monkeypatch):
    monkeypatch.setattr(asn1, "cms", None)
    with pytest.raises(KeyUnusable, match="pip install asn1crypto"):
        signed()
    with pytest.raises(KeyUnusable, match="pip install asn1crypto"):
        check(b"", TEXT)


# -- describing ------------------------------------------------------------------------


def test_a_signature_is_described():
    info = describe(signed())
    assert info.content_type == DIGESTED_DATA
    assert info.digest == sha256(TEXT).digest()
    assert info.signing_time == SIGNED_AT.replace(microsecond=0)
    assert info.signer == seal().info and info.signer.rin == RIN
    assert not info.attached and info.signers == 1


def test_the_authoritys_samples_are_described():
    info = describe(vector("sdk_demo_user1.der"))
    assert info.signing_time == datetime(2020, 9, 10, 18, 16, 10, tzinfo=timezone.utc)
    assert info.signer.rin == "313717919"
    assert info.certificate_hash == bytes.fromhex(info.signer.fingerprint)


@pytest.mark.parametrize("cms", [b"", b"\x30", b"hello", b"\x30\x80\x00\x00", bytes(9)])
def test_what_is_no_signature(cms):
    assert codes(cms) == ["signature_form"]
    with pytest.raises(ValueError, match="."):
        describe(cms)


def test_an_absurd_size_is_not_read():
    assert codes(signed() + bytes(MOST_BYTES)) == ["signature_form"]


def test_every_cut_signature_is_refused():
    cms = signed()
    for length in range(0, len(cms), 61):
        assert codes(cms[:length]) == ["signature_form"]


# -- checking --------------------------------------------------------------------------


def test_known_answers():
    leaf = x509.load_pem_x509_certificate(vector("leaf.pem"))
    der = leaf.public_bytes(serialization.Encoding.DER)
    assert codes(vector("good.der"), certificate=der) == []
    assert codes(vector("bad_digest.der")) == ["signature_digest"]
    assert codes(vector("bad_econtent_data.der")) == ["signature_content_type"]
    for name in ("sdk_demo_user1.der", "sdk_demo_user2.der"):
        assert codes(vector(name)) == ["signature_digest"]


def test_another_text():
    cms = signed()
    assert codes(cms, TEXT.replace(b'"1"', b'"2"', 1)) == ["signature_digest"]
    assert codes(cms, TEXT + b"\n") == ["signature_digest"]
    assert codes(cms, b"\xef\xbb\xbf" + TEXT) == ["signature_digest"]


def test_another_signer():
    assert codes(signed(), certificate=issuing().der) == ["signature_other_certificate"]


def test_every_changed_byte_of_the_signed_part_is_found():
    cms = signed()
    for part in (describe(cms).signature, describe(cms).digest):
        start = cms.index(part)
        for at in range(start, start + len(part), 5):
            broken = cms[:at] + bytes([cms[at] ^ 1]) + cms[at + 1 :]
            assert "signature_wrong" in codes(broken)


def _content_type_data(data):
    data["encap_content_info"]["content_type"] = "1.2.840.113549.1.7.1"


def _without_certificates(data):
    data["certificates"] = []


def _other_certificate(data):
    other = asn1_cms.CertificateChoices.load(issuing().der)
    data["certificates"] = [other]


def _two_signers(data):
    info = data["signer_infos"][0].dump()
    again = asn1_cms.SignerInfo.load(info)
    again["version"] = "v3"
    data["signer_infos"] = [asn1_cms.SignerInfo.load(info), again]


def _no_signer(data):
    data["signer_infos"] = []


def _another_algorithm(data):
    data["signer_infos"][0]["digest_algorithm"] = {"algorithm": "sha1"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_content_type_data, "signature_content_type"),
        (_without_certificates, "signature_certificate_missing"),
        (_other_certificate, "signature_certificate_missing"),
        (_two_signers, "signature_signers"),
        (_no_signer, "signature_form"),
        (_another_algorithm, "signature_digest_algorithm"),
    ],
)
def test_each_way_of_being_wrong_has_its_sentence(change, code):
    assert codes(changed(signed(), change)) == [code]


def test_the_document_inside(tmp_path):
    """OpenSSL makes it, the way our own signatures are made but for one option."""
    (tmp_path / "signer.pem").write_bytes(seal().pem + seal().key_pem())
    (tmp_path / "content").write_bytes(TEXT)
    command = ["cms", "-sign", "-cades", "-nosmimecap", "-md", "sha256", "-binary"]
    command += ["-econtent_type", DIGESTED_DATA, "-signer", "signer.pem"]
    command += ["-in", "content", "-outform", "DER", "-out", "cms"]
    assert not openssl(*command, folder=tmp_path)
    assert codes((tmp_path / "cms").read_bytes()) == []
    assert not openssl(*command, "-nodetach", folder=tmp_path)
    assert codes((tmp_path / "cms").read_bytes()) == ["signature_attached"]


def _resigned(change):
    """Return a signature whose attributes were changed *before* it was made."""
    content = asn1_cms.ContentInfo.load(signed())
    info = content["content"]["signer_infos"][0]
    attributes = change([a for a in info["signed_attrs"]])
    info["signed_attrs"] = asn1_cms.CMSAttributes(attributes)
    bytes_to_sign = info["signed_attrs"].untag().dump()
    key = seal().key
    info["signature"] = key.sign(bytes_to_sign, padding.PKCS1v15(), hashes.SHA256())
    return content.dump(force=True)


@pytest.mark.parametrize(
    "missing", ["signing_time", "message_digest", "signing_certificate_v2"]
)
def test_missing_attributes(missing):
    cms = _resigned(lambda all: [a for a in all if a["type"].native != missing])
    found = codes(cms)
    assert "signature_attributes" in found and "signature_wrong" not in found


def test_an_attribute_given_twice():
    cms = _resigned(lambda all: [*all, all[0]])
    assert codes(cms) == ["signature_form"]


def test_the_certificate_is_bound():
    def rebind(attributes):
        for attribute in attributes:
            if attribute["type"].native == "signing_certificate_v2":
                essence = attribute["values"][0]["certs"][0]
                essence["cert_hash"] = bytes(32)
        return attributes

    assert codes(_resigned(rebind)) == ["signature_certificate_hash"]


def test_a_signature_by_another_key():
    key: rsa.RSAPrivateKey = rsa_key("another")

    def replace(data):
        info = data["signer_infos"][0]
        bytes_to_sign = info["signed_attrs"].untag().dump()
        info["signature"] = key.sign(bytes_to_sign, padding.PKCS1v15(), hashes.SHA256())

    assert codes(changed(signed(), replace)) == ["signature_wrong"]


def test_a_signer_with_the_algorithm_written_wrongly_is_read():
    """A signing program in wide use writes the attribute's own name there."""

    def miswrite(attributes):
        for attribute in attributes:
            if attribute["type"].native == "signing_certificate_v2":
                essence = attribute["values"][0]["certs"][0]
                essence["hash_algorithm"] = {"algorithm": "1.2.840.113549.1.9.16.2.47"}
        return attributes

    assert codes(_resigned(miswrite)) == []


def test_version_1_is_read():
    """Signatures that the authority accepted have it, though CMS says 3."""

    def change(data):
        data["version"] = "v1"

    assert codes(changed(signed(), change)) == []


def test_time_is_not_now():
    """The signing time is the caller's: it may be compared with the time of issue."""
    early = sign_detached(TEXT, signer(), NOW - timedelta(days=3))
    assert describe(early).signing_time == NOW - timedelta(days=3)
    assert codes(early) == []
