"""Keys on tokens, tried with SoftHSM2 made to look like the tokens that Egypt's
providers hand out: places that are not numbered in a row, no labels, keys that belong
to nothing, two keys for one certificate."""

from __future__ import annotations

import struct

import pytest
from signing_kit import NOW, RIN, TEXT, openssl_accepts, seal
from softhsm_kit import PIN, SoftHsm, needs_softhsm, put_certificate, put_key
from token_kit import filled, opened, refused, signs

from fiscal.contract import TransientError
from fiscal.signing.cades import check, sign_detached
from fiscal.signing.errors import KeyAway, KeyUnusable, PinNeeded
from fiscal.signing.raw import verifies
from fiscal.signing.software import SoftwareKey
from fiscal.signing.token import PinGate, TokenKey

pytestmark = needs_softhsm


# -- what is there ---------------------------------------------------------------------


def test_openssl_accepts_what_a_token_signed(key, tmp_path):
    key.log_in(PIN)
    cms = sign_detached(TEXT, key, NOW)
    assert check(cms, TEXT, seal().der) == []
    assert openssl_accepts(cms, TEXT, tmp_path, seal())


def test_a_security_codes_hash_may_be_sha1(key):
    key.log_in(PIN)
    for digest in ("sha256", "sha1"):
        signature = key.sign(b"data", b"data", digest)
        assert verifies(seal().der, b"data", signature, digest)
        assert signature == SoftwareKey(seal().key, [seal().info]).sign(
            b"data", b"data", digest
        )


def test_places_that_are_not_numbered_in_a_row(hsm, token):
    other = hsm.make_token("other")
    slots = hsm.module.slots()
    ids = sorted(slot.id for slot in slots)
    assert len(ids) == 3 and any(b - a > 1 for a, b in zip(ids, ids[1:], strict=False))
    # The third is SoftHSM's empty place, with a token that nobody set up.
    assert {slot.token.serial for slot in slots if slot.token} == {token, other}


def test_certificates_are_seen_without_the_pin(hsm, token, logins):
    (found,) = [
        certificate
        for slot in hsm.module.slots()
        if slot.token
        for certificate in hsm.module.certificates(slot.token)
    ]
    assert found.info == seal().info
    assert (found.id, found.label) == (b"\x01", "")
    assert TokenKey(hsm.module, token).certificate.rin == RIN
    assert logins == []


def test_the_only_token_needs_no_serial(hsm, token):
    assert TokenKey(hsm.module).token().serial == token
    hsm.make_token("other")
    text = refused(
        KeyUnusable, "token_several", TokenKey(hsm.module, gate=PinGate()).log_in, PIN
    )
    assert "other" in text and "seal" in text
    assert signs(opened(hsm, token))


def test_no_token(hsm):
    key = TokenKey(hsm.module, "fedcba9876543210", gate=PinGate())
    text = refused(KeyAway, "token_absent", key.log_in, PIN)
    assert "fedcba9876543210" in text
    assert isinstance(key.hindrance(), TransientError)
    refused(KeyAway, "token_absent", key.certificate_chain)
    refused(KeyAway, "token_absent", TokenKey(hsm.module).log_in, PIN)


def test_a_token_without_a_certificate(hsm):
    hsm.make_token()
    key = TokenKey(hsm.module, gate=PinGate())
    refused(KeyUnusable, "token_no_certificate", key.log_in, PIN)
    assert isinstance(key.hindrance(), PinNeeded)


# -- mechanisms ------------------------------------------------------------------------


@pytest.fixture
def plain(tmp_path):
    """A token that does not hash."""
    made = SoftHsm(tmp_path, mechanisms="CKM_RSA_PKCS")
    with made.environment():
        serial = made.make_token()
        with made.writing(serial) as session:
            put_certificate(session, seal())
            put_key(session, seal().key)
        yield opened(made, serial)


def test_a_token_that_does_not_hash_itself(plain, tmp_path):
    assert not plain._hashes_itself
    cms = sign_detached(TEXT, plain, NOW)
    assert openssl_accepts(cms, TEXT, tmp_path, seal())


def test_a_token_that_says_it_hashes_and_does_not(hsm):
    def fill(session):
        from pkcs11 import Mechanism

        allowed = struct.pack("L", Mechanism.RSA_PKCS)
        put_certificate(session, seal())
        put_key(session, seal().key, ALLOWED_MECHANISMS=allowed)

    key = opened(hsm, filled(hsm, fill))
    assert key._hashes_itself
    assert signs(key) and not key._hashes_itself
