"""Which certificate of a token is meant, and which of its keys belongs to it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from signing_kit import NOW, RIN, issuing, make, root, rsa_key, seal, usage
from softhsm_kit import PIN, needs_softhsm, put_certificate, put_key
from token_kit import filled, opened, refused, signs

from fiscal.signing import pkcs11_module as module_file
from fiscal.signing.errors import KeyUnusable, PinNeeded
from fiscal.signing.pkcs11_module import attribute
from fiscal.signing.token import PinGate, TokenKey

pytestmark = needs_softhsm


def test_a_key_that_belongs_to_nothing(hsm):
    def fill(session):
        put_key(session, rsa_key("orphan"), b"\x09")
        put_certificate(session, seal(), b"\x01")
        put_key(session, seal().key, b"\x01")
        put_key(session, rsa_key("orphan 2"), b"")

    assert signs(opened(hsm, filled(hsm, fill)))


@pytest.mark.parametrize(
    ("of_certificate", "of_key"), [(b"", b""), (b"\x01", b""), (b"\x01", b"\x02")]
)
def test_ids_that_do_not_pair(hsm, of_certificate, of_key):
    """The keys' moduli do."""

    def fill(session):
        put_key(session, rsa_key("orphan"), of_certificate)
        put_certificate(session, seal(), of_certificate)
        put_key(session, seal().key, of_key)

    assert signs(opened(hsm, filled(hsm, fill)))


def test_two_keys_for_one_certificate(hsm):
    """One of them makes signatures that do not fit, and looks just like the other."""
    modulus = seal().key.public_key().public_numbers().n.to_bytes(256, "big")

    def fill(session):
        put_certificate(session, seal())
        put_key(session, rsa_key("orphan"), MODULUS=modulus)
        put_key(session, seal().key)
        put_key(session, rsa_key("orphan"), MODULUS=modulus)

    assert signs(opened(hsm, filled(hsm, fill)))


def test_two_keys_of_which_one_may_not_sign(hsm):
    def fill(session):
        put_certificate(session, seal())
        put_key(session, seal().key, SIGN=False)
        put_key(session, seal().key, b"\x02")

    assert signs(opened(hsm, filled(hsm, fill)))


def test_no_key_for_the_certificate(hsm):
    def fill(session):
        put_certificate(session, seal())
        put_key(session, rsa_key("orphan"))

    key = TokenKey(hsm.module, filled(hsm, fill), gate=PinGate())
    text = refused(KeyUnusable, "token_no_key", key.log_in, PIN)
    assert "شركة النور" in text
    assert isinstance(key.hindrance(), PinNeeded)


def test_a_key_that_wants_the_pin_each_time(hsm):
    def fill(session):
        put_certificate(session, seal())
        put_key(session, seal().key, ALWAYS_AUTHENTICATE=True)

    key = TokenKey(hsm.module, filled(hsm, fill), gate=PinGate())
    refused(KeyUnusable, "token_pin_each_time", key.log_in, PIN)


def test_a_key_that_does_not_say_whether_it_signs(hsm, token, monkeypatch):
    """python-pkcs11 gives such a key no method to sign."""
    from pkcs11 import _pkcs11

    original = module_file.attribute
    monkeypatch.setattr(
        "fiscal.signing.token.attribute",
        lambda raw, name: None if name == "SIGN" else original(raw, name),
    )
    key = TokenKey(hsm.module, token, gate=PinGate())
    found = key._candidates

    def bare():
        for raw in found():
            yield _able(_pkcs11.Object(raw.wrapper))

    from fiscal.signing.token import _able_to_sign as _able

    monkeypatch.setattr(key, "_candidates", bare)
    key.log_in(PIN)
    assert signs(key)


def test_several_certificates(hsm):
    """For log-ins, for encryption, the authority's, a person's: the seal is meant."""
    person = make("Mona", issuing(), key=rsa_key("mona"))
    login = make(
        "Login", issuing(), key=rsa_key("mona"), key_usage=usage("key_agreement")
    )

    def fill(session):
        for identity, made in enumerate((root(), issuing(), login, person, seal())):
            put_certificate(session, made, bytes([identity]))
        put_key(session, rsa_key("mona"), b"\x03")
        put_key(session, seal().key, b"\x04")

    serial = filled(hsm, fill)
    key = opened(hsm, serial)
    assert key.certificate_chain() == [seal().der, issuing().der, root().der]
    assert signs(key)
    key.log_out()
    chosen = opened(hsm, serial, fingerprint=person.info.fingerprint.upper())
    assert chosen.certificate == person.info
    chosen.log_out()
    other = TokenKey(hsm.module, serial, "00" * 32, gate=PinGate())
    refused(KeyUnusable, "token_no_certificate", other.log_in, PIN)


def test_certificates_between_which_a_person_has_to_choose(hsm):
    renewed = make(
        "شركة النور",
        issuing(),
        key=seal().key,
        vateg=f"VATEG-{RIN}",
        end=NOW + timedelta(days=800),
    )

    def fill(session):
        put_certificate(session, seal())
        put_certificate(session, renewed)
        put_key(session, seal().key)

    key = TokenKey(hsm.module, filled(hsm, fill), gate=PinGate())
    text = refused(KeyUnusable, "token_several_certificates", key.log_in, PIN)
    assert renewed.info.fingerprint in text and seal().info.fingerprint in text


def test_objects_that_are_not_what_they_say(hsm):
    junk = dataclasses.replace(seal())

    class Junk:
        der = b"\x30\x03\x02\x01\x01"
        certificate = junk.certificate

    def fill(session):
        put_certificate(session, Junk)
        put_certificate(session, seal(), label="ختم")
        put_key(session, seal().key)

    assert signs(opened(hsm, filled(hsm, fill)))


def test_attributes_that_are_missing(hsm, token):
    with hsm.writing(token) as session:
        from pkcs11 import Attribute, ObjectClass

        (raw,) = list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}))
        assert attribute(raw, "MODULUS") is None
        assert attribute(raw, "LABEL") == ""
        (raw,) = list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
        assert attribute(raw, "PRIVATE_EXPONENT") is None
        assert attribute(raw, "URL") is None
