"""A token's PIN: tried once, kept nowhere."""

from __future__ import annotations

import dataclasses

import pytest
from signing_kit import seal
from softhsm_kit import PIN, needs_softhsm, put_certificate, put_key
from token_kit import WRONG, refused, signs

from fiscal.contract import AuthenticationError
from fiscal.signing.errors import KeyAway, PinLocked, PinNeeded, PinRefused
from fiscal.signing.pkcs11_module import Pkcs11Module
from fiscal.signing.token import PinGate, TokenKey

pytestmark = needs_softhsm


def test_a_wrong_pin_is_tried_once(key, logins):
    text = refused(PinRefused, "pin_wrong", key.log_in, WRONG)
    assert "once" in text
    for _again in range(3):
        refused(PinNeeded, "pin_needed", key.sign, b"x", b"")
        refused(PinRefused, "pin_tried", key.log_in, WRONG)
    assert logins == [WRONG]
    key.log_in(PIN)
    assert logins == [WRONG, PIN] and signs(key)


def test_what_was_refused_holds_for_every_key_on_the_token(hsm, token, logins):
    gate = PinGate()
    first, second = (TokenKey(hsm.module, token, gate=gate) for _ in range(2))
    refused(PinRefused, "pin_wrong", first.log_in, WRONG)
    refused(PinRefused, "pin_tried", second.log_in, WRONG)
    other = hsm.make_token("other", WRONG)
    with hsm.writing(other, WRONG) as session:
        put_certificate(session, seal())
        put_key(session, seal().key)
    TokenKey(hsm.module, other, gate=gate).log_in(WRONG)
    assert logins == [WRONG, WRONG]


def test_a_pin_that_was_taken_may_have_been_mistyped_before(key):
    refused(PinRefused, "pin_wrong", key.log_in, WRONG)
    key.log_in(PIN)
    key.log_out()
    # The token counts from the start again; so do we.
    refused(PinRefused, "pin_wrong", key.log_in, WRONG)


def test_nobody_logs_in_by_himself(key, logins):
    for _try in range(3):
        refused(PinNeeded, "pin_needed", key.sign, b"x", b"")
    assert isinstance(key.hindrance(), AuthenticationError)
    assert logins == []


def test_one_login_is_enough(key, logins):
    key.log_in(PIN)
    key.log_in(WRONG)
    assert signs(key) and signs(key) and logins == [PIN]


def test_the_pin_is_kept_nowhere(key):
    key.log_in(PIN)
    refused(PinRefused, "pin_wrong", (other := _other(key)).log_in, WRONG)
    for held in (key, other, key._gate, key._module, other._gate):
        seen = repr(held) + repr(vars(held))
        assert PIN not in seen and WRONG not in seen


def _other(key):
    key.log_out()
    return TokenKey(key._module, key._serial, gate=PinGate())


@pytest.mark.parametrize("pin", ["", "1", "1" * 300, "سر"])
def test_pins_that_cannot_be(key, pin):
    refused(PinRefused, "pin_wrong", key.log_in, pin)


def as_told_by_the_token(monkeypatch, **flags):
    original = Pkcs11Module.slots

    def told(self):
        return [
            dataclasses.replace(slot, token=dataclasses.replace(slot.token, **flags))
            if slot.token
            else slot
            for slot in original(self)
        ]

    monkeypatch.setattr(Pkcs11Module, "slots", told)


def test_a_locked_token_is_left_alone(key, logins, monkeypatch):
    as_told_by_the_token(monkeypatch, locked=True)
    refused(PinLocked, "pin_locked", key.log_in, PIN)
    assert isinstance(key.hindrance(), PinLocked)
    assert logins == []


def test_a_token_that_locks_in_that_moment(key, monkeypatch):
    from pkcs11.exceptions import PinLocked as RawPinLocked

    def lock(self, token, **login):
        raise RawPinLocked

    monkeypatch.setattr(Pkcs11Module, "open", lock)
    refused(PinLocked, "pin_locked", key.log_in, PIN)
    refused(PinRefused, "pin_tried", key.log_in, PIN)


def test_the_last_try_is_a_persons_decision(key, logins, monkeypatch):
    as_told_by_the_token(monkeypatch, last_try=True)
    refused(PinRefused, "pin_last_try", key.log_in, PIN)
    assert logins == []
    key.log_in(PIN, last_try=True)
    assert signs(key)


def test_a_token_that_fails_during_the_login_does_not_spend_the_pin(
    key, logins, monkeypatch
):
    from pkcs11.exceptions import DeviceError

    with monkeypatch.context() as patch:

        def fail(self, token, **login):
            raise DeviceError

        patch.setattr(Pkcs11Module, "open", fail)
        refused(KeyAway, "token_error", key.log_in, PIN)
    key.log_in(PIN)
    assert signs(key)
