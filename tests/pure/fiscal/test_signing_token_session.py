"""A token's session: it ends when the token is taken out, is shared by threads, and is
not inherited by a child process."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from signing_kit import seal
from softhsm_kit import PIN, needs_softhsm, put_certificate, put_key
from token_kit import opened, refused, signs

from fiscal.signing.errors import KeyAway, PinNeeded

pytestmark = needs_softhsm
ROOT = Path(__file__).parents[3]


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
    key._module.look_again()
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

            def fail(raw, data, error=error):
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
from fiscal.signing.pkcs11_module import pkcs11_module
from fiscal.signing.token import TokenKey

path, serial, pin = sys.argv[1:]
key = TokenKey(pkcs11_module(path), serial)
key.log_in(pin)
inside, leave = threading.Event(), threading.Event()

def hold():
    with key._module.entered():
        inside.set()
        leave.wait(60)

threading.Thread(target=hold, daemon=True).start()
inside.wait(60)
child = os.fork()  # while another thread has the module
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
