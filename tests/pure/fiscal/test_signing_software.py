"""Keys in files, and what is said of files that are of no use."""

from __future__ import annotations

import pickle
import subprocess
import threading
from datetime import timedelta

import pytest
from asn1crypto import cms, pkcs12
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from signing_kit import (
    NOW,
    PEM,
    Made,
    ec_key,
    issuing,
    make,
    root,
    rsa_key,
    seal,
)

from fiscal.contract import AuthenticationError
from fiscal.signing import asn1
from fiscal.signing.errors import KeyUnusable
from fiscal.signing.software import MOST_BYTES, SoftwareKey

FULL_CHAIN = [one.der for one in seal().chain]


def refusal(call, *arguments):
    with pytest.raises(KeyUnusable) as caught:
        call(*arguments)
    error = caught.value
    assert isinstance(error, AuthenticationError)
    for problem in error.problems:
        assert problem.text.endswith(".") and "%(" not in problem.text
        assert problem.text in str(error)
    assert "secret" not in str(error)
    return [problem.code for problem in error.problems]


def signs(key):
    signature = key.sign(b"data", b"document")
    seal().key.public_key().verify(
        signature, b"data", padding.PKCS1v15(), hashes.SHA256()
    )
    return True


# -- files that open -------------------------------------------------------------------


@pytest.mark.parametrize("others", [True, False])
def test_pkcs12(others):
    key = SoftwareKey.from_pkcs12(seal().p12(others=others), "secret")
    assert key.certificate_chain() == (FULL_CHAIN if others else FULL_CHAIN[:1])
    assert key.certificate == seal().info
    assert signs(key)


def test_pkcs12_without_a_password():
    assert signs(SoftwareKey.from_pkcs12(seal().p12(b"")))


@pytest.mark.parametrize("options", [["-legacy"], ["-nomac"], ["-certpbe", "NONE"]])
def test_pkcs12_as_other_programs_write_it(options, tmp_path):
    """Old algorithms (the way most providers' programs still write), no check sum."""
    (tmp_path / "all.pem").write_bytes(seal().key_pem() + seal().pem)
    command = ["openssl", "pkcs12", "-export", "-in", "all.pem", "-out", "key.p12"]
    subprocess.run(
        [*command, *options, "-passout", "pass:secret"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )
    key = SoftwareKey.from_pkcs12((tmp_path / "key.p12").read_bytes(), "secret")
    assert signs(key)


def test_pem_in_one_file_or_in_two():
    alone = seal().key_pem()
    together = b"".join(one.pem for one in [root(), issuing(), seal()]) + alone
    assert SoftwareKey.from_pem(together).certificate_chain() == FULL_CHAIN
    apart = SoftwareKey.from_pem(alone, certificates=seal().pem + issuing().pem)
    assert apart.certificate_chain() == FULL_CHAIN[:2]
    assert signs(SoftwareKey.from_pem(alone, certificates=seal().der))
    assert signs(SoftwareKey.from_pem(seal().key_pem(b"secret") + seal().pem, "secret"))


def test_key_that_was_proved_before():
    """It is the same key, and still has to fit its certificate."""
    kept = SoftwareKey.from_pem(seal().key_pem() + seal().pem).private_pem()
    assert signs(SoftwareKey.from_pem(kept, certificates=seal().pem, proved=True))
    with pytest.raises(KeyUnusable):
        SoftwareKey.from_pem(kept, certificates=issuing().pem, proved=True)


def test_pem_of_the_traditional_form():
    traditional = seal().key.private_bytes(
        PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.BestAvailableEncryption(b"secret"),
    )
    assert traditional.startswith(b"-----BEGIN RSA PRIVATE KEY-----")
    assert signs(SoftwareKey.from_pem(traditional + seal().pem, "secret"))


def test_the_form_is_recognised():
    assert signs(SoftwareKey.from_file(seal().p12(), "secret"))
    assert signs(SoftwareKey.from_file(seal().key_pem() + seal().pem, "unneeded"))


def test_a_renewed_certificate_of_the_same_key_is_preferred():
    old = make(
        "Old", issuing(), key=seal().key, end=NOW - timedelta(days=1), vateg="VATEG-1"
    )
    key = SoftwareKey.from_pem(seal().key_pem() + old.pem + seal().pem)
    assert key.certificate == seal().info


def test_threads_may_share_a_key():
    key = SoftwareKey.from_pem(seal().key_pem() + seal().pem)
    done = []
    threads = [
        threading.Thread(target=lambda: done.append(signs(key))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True] * 8


# -- files that do not -----------------------------------------------------------------


def test_a_wrong_password():
    assert refusal(SoftwareKey.from_pkcs12, seal().p12(), "x") == ["key_file_password"]
    assert refusal(SoftwareKey.from_pkcs12, seal().p12()) == ["key_file_password"]
    locked = seal().key_pem(b"secret") + seal().pem
    assert refusal(SoftwareKey.from_pem, locked, "x") == ["key_file_password"]
    assert refusal(SoftwareKey.from_pem, locked) == ["key_file_password"]


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", seal().der, seal().p12()[:-9], seal().p12() + b"x", b"\x30\x00"],
)
def test_what_is_no_key_file(data):
    assert refusal(SoftwareKey.from_pkcs12, data, "secret") == ["key_file_form"]


def test_a_damaged_pem():
    broken = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    assert refusal(SoftwareKey.from_pem, broken) == ["key_file_form"]
    pem = (
        seal().key_pem()
        + b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"
    )
    assert refusal(SoftwareKey.from_pem, pem) == ["key_file_certificates"]


def test_no_key():
    assert refusal(SoftwareKey.from_pem, seal().pem) == ["key_file_no_key"]
    from cryptography.hazmat.primitives.serialization import pkcs12 as writer

    certificates = writer.serialize_key_and_certificates(
        b"x",
        None,
        seal().certificate,
        None,
        serialization.BestAvailableEncryption(b"secret"),
    )
    found = refusal(SoftwareKey.from_pkcs12, certificates, "secret")
    assert found == ["key_file_no_key"]


def test_no_certificate():
    found = refusal(SoftwareKey.from_pem, seal().key_pem())
    assert found == ["key_file_no_certificate"]
    alone = seal().p12(certificate=False, others=False)
    found = refusal(SoftwareKey.from_pkcs12, alone, "secret")
    assert found == ["key_file_no_certificate"]


def test_a_key_of_another_certificate():
    other = Made(issuing().certificate, seal().key)
    pem = other.key_pem() + other.pem
    assert refusal(SoftwareKey.from_pem, pem) == ["key_file_other_certificate"]


def test_several_keys():
    pem = seal().key_pem() + root().key_pem() + seal().pem
    assert refusal(SoftwareKey.from_pem, pem) == ["key_file_several"]
    both = _merged(seal().p12(), root().p12())
    assert refusal(SoftwareKey.from_pkcs12, both, "secret") == ["key_file_several"]


def _merged(first, second):
    """A file with the contents of both, and the check sum of one."""
    one, two = pkcs12.Pfx.load(first), pkcs12.Pfx.load(second)
    safes = [*one.authenticated_safe, *two.authenticated_safe]
    whole = pkcs12.AuthenticatedSafe([cms.ContentInfo.load(s.dump()) for s in safes])
    content = {"content_type": "data", "content": whole.dump()}
    merged = pkcs12.Pfx(
        {"version": "v3", "auth_safe": content, "mac_data": one["mac_data"]}
    )
    return merged.dump()


@pytest.mark.parametrize("key", [rsa_key("small", 1024), ec_key()])
def test_another_kind_of_key(key):
    made = make("Company", issuing(), key=key)
    pem = made.key_pem() + made.pem
    assert refusal(SoftwareKey.from_pem, pem) == ["key_file_kind"]


def test_everything_wrong_is_said_at_once():
    pem = make("x", key=ec_key()).key_pem() + seal().pem
    found = refusal(SoftwareKey.from_pem, pem)
    assert found == ["key_file_kind", "key_file_other_certificate"]


@pytest.mark.parametrize("open_file", [SoftwareKey.from_pkcs12, SoftwareKey.from_pem])
def test_an_absurd_size(open_file):
    assert refusal(open_file, bytes(MOST_BYTES + 1)) == ["key_file_size"]


def test_a_file_made_to_keep_us_busy():
    pfx = pkcs12.Pfx.load(seal().p12())
    mac = pfx["mac_data"]
    mac["iterations"] = 2**31 - 1
    pfx["mac_data"] = mac
    slow = pfx.dump(force=True)
    assert refusal(SoftwareKey.from_pkcs12, slow, "secret") == ["key_file_slow"]


def test_without_the_asn1_library(monkeypatch):
    monkeypatch.setattr(asn1, "cms", None)
    found = refusal(SoftwareKey.from_pkcs12, seal().p12(), "secret")
    assert found == ["library_missing"]


# -- secrets ---------------------------------------------------------------------------


def test_nothing_secret_is_shown():
    key = SoftwareKey.from_pkcs12(seal().p12(), "secret")
    shown = repr(key) + str(key) + repr(key.certificate)
    number = seal().key.private_numbers().d
    assert "شركة النور" in shown
    assert "secret" not in shown and str(number) not in shown
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert not hasattr(key, "__dict__")
