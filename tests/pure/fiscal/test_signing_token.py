"""Keys on tokens, tried with SoftHSM2 made to look like the tokens that Egypt's
providers hand out: places that are not numbered in a row, no labels, keys that belong
to nothing, two keys for one certificate."""

from __future__ import annotations

import dataclasses
import os
import shutil
import struct
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from signing_kit import (
    NOW,
    RIN,
    TEXT,
    issuing,
    make,
    openssl_accepts,
    root,
    rsa_key,
    seal,
    usage,
)
from softhsm_kit import PIN, SoftHsm, needs_softhsm, put_certificate, put_key

from fiscal.contract import AuthenticationError, TransientError
from fiscal.signing import library as library_module
from fiscal.signing.cades import check, sign_detached
from fiscal.signing.errors import (
    KeyAway,
    KeyUnusable,
    PinLocked,
    PinNeeded,
    PinRefused,
)
from fiscal.signing.library import Library, attribute, library
from fiscal.signing.raw import verifies
from fiscal.signing.software import SoftwareKey
from fiscal.signing.token import PinGate, TokenKey

pytestmark = needs_softhsm
WRONG = "999999"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def hsm(tmp_path):
    made = SoftHsm(tmp_path)
    with made.environment():
        yield made


@pytest.fixture
def token(hsm):
    """The serial of a token with a seal and its key."""
    serial = hsm.make_token()
    with hsm.writing(serial) as session:
        put_certificate(session, seal())
        put_key(session, seal().key)
    return serial


@pytest.fixture
def key(hsm, token):
    return TokenKey(hsm.library, token, gate=PinGate())


@pytest.fixture
def logins(monkeypatch):
    """The PINs that reached a token."""
    pins = []
    original = Library.open

    def watched(self, token, **login):
        if login:
            pins.append(login["user_pin"])
        return original(self, token, **login)

    monkeypatch.setattr(Library, "open", watched)
    return pins


def refused(kind, code, call, *arguments):
    with pytest.raises(kind) as caught:
        call(*arguments)
    assert type(caught.value) is kind and caught.value.code == code
    text = str(caught.value)
    assert text.endswith(".") and "%(" not in text
    assert PIN not in text and WRONG not in text
    return text


def signs(key):
    return check(sign_detached(TEXT, key, NOW), TEXT, seal().der) == []


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
    slots = hsm.library.slots()
    ids = sorted(slot.id for slot in slots)
    assert len(ids) == 3 and any(b - a > 1 for a, b in zip(ids, ids[1:], strict=False))
    # The third is SoftHSM's empty place, with a token that nobody set up.
    assert {slot.token.serial for slot in slots if slot.token} == {token, other}


def test_certificates_are_seen_without_the_pin(hsm, token, logins):
    (found,) = [
        certificate
        for slot in hsm.library.slots()
        if slot.token
        for certificate in hsm.library.certificates(slot.token)
    ]
    assert found.info == seal().info
    assert (found.id, found.label) == (b"\x01", "")
    assert TokenKey(hsm.library, token).certificate.rin == RIN
    assert logins == []


def test_the_only_token_needs_no_serial(hsm, token):
    assert TokenKey(hsm.library).token().serial == token
    hsm.make_token("other")
    text = refused(
        KeyUnusable, "token_several", TokenKey(hsm.library, gate=PinGate()).log_in, PIN
    )
    assert "other" in text and "seal" in text
    assert signs(opened(hsm, token))


def opened(hsm, serial="", **options):
    key = TokenKey(hsm.library, serial, gate=PinGate(), **options)
    key.log_in(PIN)
    return key


def test_no_token(hsm):
    key = TokenKey(hsm.library, "fedcba9876543210", gate=PinGate())
    text = refused(KeyAway, "token_absent", key.log_in, PIN)
    assert "fedcba9876543210" in text
    assert isinstance(key.hindrance(), TransientError)
    refused(KeyAway, "token_absent", key.certificate_chain)
    refused(KeyAway, "token_absent", TokenKey(hsm.library).log_in, PIN)


def test_a_token_without_a_certificate(hsm):
    hsm.make_token()
    key = TokenKey(hsm.library, gate=PinGate())
    refused(KeyUnusable, "token_no_certificate", key.log_in, PIN)
    assert isinstance(key.hindrance(), PinNeeded)


# -- pairing ---------------------------------------------------------------------------


def filled(hsm, fill):
    serial = hsm.make_token()
    with hsm.writing(serial) as session:
        fill(session)
    return serial


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

    key = TokenKey(hsm.library, filled(hsm, fill), gate=PinGate())
    text = refused(KeyUnusable, "token_no_key", key.log_in, PIN)
    assert "شركة النور" in text
    assert isinstance(key.hindrance(), PinNeeded)


def test_a_key_that_wants_the_pin_each_time(hsm):
    def fill(session):
        put_certificate(session, seal())
        put_key(session, seal().key, ALWAYS_AUTHENTICATE=True)

    key = TokenKey(hsm.library, filled(hsm, fill), gate=PinGate())
    refused(KeyUnusable, "token_pin_each_time", key.log_in, PIN)


def test_a_key_that_does_not_say_whether_it_signs(hsm, token, monkeypatch):
    """python-pkcs11 gives such a key no method to sign."""
    from pkcs11 import _pkcs11

    original = library_module.attribute
    monkeypatch.setattr(
        "fiscal.signing.token.attribute",
        lambda raw, name: None if name == "SIGN" else original(raw, name),
    )
    key = TokenKey(hsm.library, token, gate=PinGate())
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
    other = TokenKey(hsm.library, serial, "00" * 32, gate=PinGate())
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

    key = TokenKey(hsm.library, filled(hsm, fill), gate=PinGate())
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


# -- PIN -------------------------------------------------------------------------------


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
    first, second = (TokenKey(hsm.library, token, gate=gate) for _ in range(2))
    refused(PinRefused, "pin_wrong", first.log_in, WRONG)
    refused(PinRefused, "pin_tried", second.log_in, WRONG)
    other = hsm.make_token("other", WRONG)
    with hsm.writing(other, WRONG) as session:
        put_certificate(session, seal())
        put_key(session, seal().key)
    TokenKey(hsm.library, other, gate=gate).log_in(WRONG)
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
    for held in (key, other, key._gate, key._library, other._gate):
        seen = repr(held) + repr(vars(held))
        assert PIN not in seen and WRONG not in seen


def _other(key):
    key.log_out()
    return TokenKey(key._library, key._serial, gate=PinGate())


@pytest.mark.parametrize("pin", ["", "1", "1" * 300, "سر"])
def test_pins_that_cannot_be(key, pin):
    refused(PinRefused, "pin_wrong", key.log_in, pin)


def as_told_by_the_token(monkeypatch, **flags):
    original = Library.slots

    def told(self):
        return [
            dataclasses.replace(slot, token=dataclasses.replace(slot.token, **flags))
            if slot.token
            else slot
            for slot in original(self)
        ]

    monkeypatch.setattr(Library, "slots", told)


def test_a_locked_token_is_left_alone(key, logins, monkeypatch):
    as_told_by_the_token(monkeypatch, locked=True)
    refused(PinLocked, "pin_locked", key.log_in, PIN)
    assert isinstance(key.hindrance(), PinLocked)
    assert logins == []


def test_a_token_that_locks_in_that_moment(key, monkeypatch):
    from pkcs11.exceptions import PinLocked as RawPinLocked

    def lock(self, token, **login):
        raise RawPinLocked

    monkeypatch.setattr(Library, "open", lock)
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

        patch.setattr(Library, "open", fail)
        refused(KeyAway, "token_error", key.log_in, PIN)
    key.log_in(PIN)
    assert signs(key)


# -- a token that is taken out ---------------------------------------------------------


@pytest.fixture
def unplug(hsm, token, tmp_path):
    """Takes the token out, and puts it back."""
    away = tmp_path / "away"

    def take(out=True):
        if out:
            shutil.move(hsm.folder_of(token), away)
        else:
            shutil.move(away, hsm.tokens / "back")

    return take


def test_taken_out_in_mid_run(key, unplug, logins):
    key.log_in(PIN)
    assert signs(key)
    unplug()
    text = refused(KeyAway, "token_removed", key.sign, b"x", b"")
    assert "PIN" in text
    refused(KeyAway, "token_absent", key.sign, b"x", b"")
    assert isinstance(key.hindrance(), KeyAway)
    # The certificate is known: nothing that only looks at it has to wait.
    assert key.certificate == seal().info
    unplug(False)
    refused(PinNeeded, "pin_needed", key.sign, b"x", b"")
    assert logins == [PIN]
    key.log_in(PIN)
    assert signs(key) and logins == [PIN, PIN]


def test_taken_out_and_noticed_by_asking(key, unplug):
    key.log_in(PIN)
    assert key.hindrance() is None
    unplug()
    assert key.hindrance().code == "token_removed"
    assert key.hindrance().code == "token_absent"


def test_taken_out_before_it_was_ever_read(key, unplug):
    unplug()
    key._library.look_again()
    refused(KeyAway, "token_absent", key.certificate_chain)
    unplug(False)
    assert key.certificate == seal().info


def test_another_token_goes_on(hsm, key, unplug):
    other = hsm.make_token("other")
    with hsm.writing(other) as session:
        put_certificate(session, seal())
        put_key(session, seal().key)
    stays = opened(hsm, other)
    key.log_in(PIN)
    unplug()
    refused(KeyAway, "token_removed", key.sign, b"x", b"")
    refused(KeyAway, "token_absent", key.log_in, PIN)
    assert signs(stays)


def test_somebody_logs_out(hsm, token, key):
    key.log_in(PIN)
    other = opened(hsm, token)  # shares the login
    assert signs(other)
    key.log_out()
    text = refused(PinNeeded, "pin_needed", other.sign, b"x", b"")
    assert "again" in text
    other.log_in(PIN)
    assert signs(other)


def test_a_device_error_keeps_the_session(key, monkeypatch):
    from pkcs11.exceptions import DeviceError, GeneralError

    key.log_in(PIN)
    for error in (DeviceError, GeneralError):
        with monkeypatch.context() as patch:

            def fail(raw, data, digest, error=error):
                raise error

            patch.setattr(key, "_sign", fail)
            text = refused(KeyAway, "token_error", key.sign, b"x", b"")
            assert error.__name__ in text
    assert signs(key)


# -- threads and processes -------------------------------------------------------------


def test_threads_take_turns(key):
    key.log_in(PIN)
    done = []
    threads = [
        threading.Thread(target=lambda: done.extend(signs(key) for _ in range(5)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True] * 20


_FORKING = """
import os, sys, threading
from fiscal.signing.errors import PinNeeded
from fiscal.signing.library import library
from fiscal.signing.token import TokenKey

path, serial, pin = sys.argv[1:]
key = TokenKey(library(path), serial)
key.log_in(pin)
inside, leave = threading.Event(), threading.Event()

def hold():
    with key._library.entered():
        inside.set()
        leave.wait(60)

threading.Thread(target=hold, daemon=True).start()
inside.wait(60)
child = os.fork()  # while another thread has the library
if not child:
    try:
        key.sign(b"x", b"")
    except PinNeeded:
        key.log_in(pin)
        os._exit(0 if len(key.sign(b"x", b"")) == 256 else 1)
    finally:
        os._exit(2)
leave.set()
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(status or len(key.sign(b"x", b"")) != 256)
"""


def test_a_child_process_is_not_logged_in(hsm, token):
    """In a process of its own: what other threads hold here would hang the child."""
    command = [sys.executable, "-c", _FORKING, hsm.path, token, PIN]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()


# -- libraries -------------------------------------------------------------------------


def test_a_library_is_loaded_once(hsm):
    assert library(hsm.path) is hsm.library


@pytest.mark.parametrize("content", [None, b"", b"hello"])
def test_a_path_that_leads_to_no_library(tmp_path, content):
    path = tmp_path / "vendor.so"
    if content is not None:
        path.write_bytes(content)
    assert str(path) in refused(KeyUnusable, "token_library", library, str(path))


def test_a_library_for_something_else():
    other = library_module.pkcs11.__path__[0]
    (path,) = [
        os.path.join(other, name)
        for name in os.listdir(other)
        if name.startswith("_pkcs11.") and name.endswith(".so")
    ]
    refused(KeyUnusable, "token_library", library, path)


def test_without_python_pkcs11(monkeypatch, tmp_path):
    monkeypatch.setattr(library_module, "pkcs11", None)
    text = refused(KeyUnusable, "library_missing", library, str(tmp_path / "x.so"))
    assert "pip install python-pkcs11" in text
