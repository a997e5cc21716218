"""What certificates say, and what speaks against signing with them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from signing_kit import (
    NOW,
    RIN,
    VECTORS,
    ec_key,
    issuing,
    make,
    root,
    rsa_key,
    seal,
    usage,
)

from fiscal.signing.cades import describe
from fiscal.signing.certificate import (
    MOST_BYTES,
    is_warning,
    issued_by,
    order_chain,
    read_certificate,
    read_certificates,
)
from fiscal.signing.certificate_checks import check_certificate, check_chain


def codes(made, rin=RIN, now=NOW, chain=None, trusted=()):
    infos = [one.info for one in (made.chain if chain is None else chain)]
    problems = check_certificate(made.info, infos, rin, now, trusted)
    for problem in problems:
        assert problem.text.endswith(".") and "%(" not in problem.text
    return [problem.code for problem in problems]


# -- reading ---------------------------------------------------------------------------


def test_a_seal_is_read():
    info = seal().info
    assert info.common_name == "شركة النور"
    assert info.rin == RIN
    assert "Issuing CA" in info.issuer
    assert info.serial == seal().certificate.serial_number
    assert info.not_before == NOW - timedelta(days=100)
    assert info.not_after.tzinfo is timezone.utc
    assert (info.key_kind, info.key_bits) == ("RSA", 2048)
    assert info.key_usage == {"digital_signature", "content_commitment"}
    assert not info.self_signed and not info.authority
    assert len(info.fingerprint) == 64
    assert info.days_left(NOW) == 400
    assert info.days_left(NOW + timedelta(days=400, seconds=1)) == -1


def test_pem_and_der_are_the_same():
    assert read_certificate(seal().pem) == read_certificate(seal().der) == seal().info
    bundle = b"a comment\n" + seal().pem + b"\n" + root().pem
    assert read_certificates(bundle) == [seal().info, root().info]


def test_the_providers_own_demo_certificates_are_read():
    """Egypt Trust's write the name in T61String."""
    signer = describe((VECTORS / "cades/sdk_demo_user1.der").read_bytes()).signer
    assert signer.rin == "313717919"
    assert signer.common_name == "Test Sealing Demo user1"
    assert signer.key_usage == {"digital_signature", "content_commitment"}
    assert signer.not_after == datetime(2021, 3, 30, 23, 59, 59, tzinfo=timezone.utc)
    found = check_certificate(signer, [signer], "313717919", NOW)
    assert [problem.code for problem in found] == ["certificate_expired"]


@pytest.mark.parametrize(
    ("written", "rin"),
    [
        ("VATEG-674859545", RIN),
        ("vateg-674-859-545 ", RIN),
        ("VATEG 674859545", RIN),
        ("VATHR-674859545", None),
        ("674859545", None),
        ("VATEG-", None),
        (None, None),
    ],
)
def test_the_taxpayer_is_found(written, rin):
    assert make("x", vateg=written, key=rsa_key()).info.rin == rin


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x30\x03\x02\x01\x01",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        bytes(MOST_BYTES + 1),
    ],
)
def test_what_is_no_certificate_is_refused(data):
    with pytest.raises(ValueError, match="certificate|larger"):
        read_certificates(data)


def test_every_cut_certificate_is_refused():
    der = seal().der
    for length in range(0, len(der), 97):
        with pytest.raises(ValueError, match="certificate"):
            read_certificate(der[:length])


def test_one_means_one():
    with pytest.raises(ValueError, match="2 certificates"):
        read_certificate(seal().pem + root().pem)


# -- chains ----------------------------------------------------------------------------


def test_a_chain_is_put_in_order():
    unrelated = make("Other", key=rsa_key("other")).info
    others = [root().info, unrelated, issuing().info, seal().info]
    assert order_chain(seal().info, others) == [
        seal().info,
        issuing().info,
        root().info,
    ]
    assert order_chain(seal().info, [root().info]) == [seal().info]
    assert order_chain(root().info, others) == [root().info]


def test_a_name_alone_makes_no_issuer():
    impostor = make(
        "Issuing CA", root(), authority=True, key=rsa_key("impostor"), key_usage=None
    )
    assert issued_by(seal().info, issuing().info)
    assert not issued_by(seal().info, impostor.info)
    assert codes(seal(), chain=[seal(), impostor]) == ["certificate_chain_broken"]
    assert codes(seal(), chain=[seal(), root()]) == ["certificate_chain_broken"]


def test_chains_by_elliptic_curves_are_verified():
    ca = make("EC CA", authority=True, key=ec_key(), key_usage=usage("key_cert_sign"))
    leaf = make("Leaf", ca, vateg=f"VATEG-{RIN}", key=rsa_key())
    assert codes(leaf) == []
    assert ca.info.self_signed and ca.info.key_kind == "EC"


def test_issuers_must_be_allowed_to_issue_and_valid():
    plain = make("Not a CA", root(), key=rsa_key("plain"))
    leaf = make("Leaf", plain, vateg=f"VATEG-{RIN}", key=rsa_key())
    assert codes(leaf) == ["certificate_issuer_no_authority"]
    old = make(
        "Old CA",
        root(),
        authority=True,
        key=rsa_key("plain"),
        key_usage=usage("key_cert_sign"),
        end=NOW - timedelta(days=1),
    )
    leaf = make("Leaf", old, vateg=f"VATEG-{RIN}", key=rsa_key())
    assert codes(leaf) == ["certificate_issuer_expired"]


def test_trusted_authorities_are_optional():
    assert codes(seal(), trusted=[root().info]) == []
    assert codes(seal(), chain=[seal()], trusted=[issuing().info]) == []
    assert codes(seal(), chain=[seal()], trusted=[root().info]) == [
        "certificate_chain_untrusted"
    ]
    stranger = make("Stranger", authority=True, key=rsa_key("other")).info
    assert codes(seal(), trusted=[stranger]) == ["certificate_chain_untrusted"]
    assert check_chain([], NOW, [stranger]) == []


# -- checks ----------------------------------------------------------------------------


def test_a_good_seal_has_no_problem():
    assert codes(seal()) == []
    assert codes(seal(), rin="674-859-545") == []
    assert codes(seal(), rin="") == []


def test_another_companys_certificate_is_an_error():
    other = check_certificate(seal().info, [], "100000001", NOW)
    assert [problem.code for problem in other] == ["certificate_other_company"]
    assert not is_warning(other[0])
    assert "674859545" in other[0].text and "100000001" in other[0].text


def test_a_persons_certificate_is_a_warning():
    found = check_certificate(seal("Mona", None, key=rsa_key()).info, [], RIN, NOW)
    assert [problem.code for problem in found] == ["warning_certificate_person"]
    assert is_warning(found[0])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"start": NOW + timedelta(days=1)}, "certificate_not_yet_valid"),
        ({"end": NOW - timedelta(seconds=1)}, "certificate_expired"),
        ({"end": NOW + timedelta(days=30)}, "warning_certificate_expires"),
        ({"end": NOW + timedelta(days=31)}, None),
        ({"end": NOW}, "warning_certificate_expires"),
        ({"key_usage": usage("key_encipherment")}, "certificate_usage"),
        ({"key_usage": usage("digital_signature")}, "warning_certificate_usage"),
        ({"key_usage": usage("content_commitment")}, "warning_certificate_usage"),
        ({"key_usage": None}, None),
        ({"key": rsa_key("small", 1024)}, "certificate_key"),
        ({"key": ec_key()}, "certificate_key"),
        ({"authority": True}, "certificate_authority"),
    ],
)
def test_what_speaks_against_a_certificate(options, code):
    options = {"key": rsa_key(), **options}
    made = make("Company", issuing(), vateg=f"VATEG-{RIN}", **options)
    assert codes(made) == ([code] if code else [])


def test_a_certificate_issued_by_itself_is_a_warning():
    made = make("Company", vateg=f"VATEG-{RIN}", key=rsa_key())
    assert codes(made) == ["warning_certificate_self_signed"]


def test_everything_wrong_is_said_at_once():
    made = make(
        "Company",
        issuing(),
        vateg="VATEG-100000001",
        key=rsa_key("small", 1024),
        key_usage=usage("key_encipherment"),
        end=NOW - timedelta(days=1),
    )
    assert codes(made, chain=[made, root()]) == [
        "certificate_other_company",
        "certificate_usage",
        "certificate_expired",
        "certificate_key",
        "certificate_chain_broken",
    ]
