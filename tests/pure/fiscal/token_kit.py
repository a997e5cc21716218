"""What the tests of keys on tokens share."""

from __future__ import annotations

import pytest
from signing_kit import NOW, TEXT, seal
from softhsm_kit import PIN

from fiscal.signing.cades import check, sign_detached
from fiscal.signing.token import PinGate, TokenKey

WRONG = "999999"


def refused(kind, code, call, *arguments):
    """Expect an error that says what it should and no PIN; return its text."""
    with pytest.raises(kind) as caught:
        call(*arguments)
    assert type(caught.value) is kind and caught.value.code == code
    text = str(caught.value)
    assert text.endswith(".") and "%(" not in text
    assert PIN not in text and WRONG not in text
    return text


def signs(key):
    """Whether it makes good signatures with the seal."""
    return check(sign_detached(TEXT, key, NOW), TEXT, seal().der) == []


def opened(hsm, serial="", **options):
    """A key that is logged in."""
    key = TokenKey(hsm.module, serial, gate=PinGate(), **options)
    key.log_in(PIN)
    return key


def filled(hsm, fill):
    """The serial of a new token that ``fill(session)`` put something on."""
    serial = hsm.make_token()
    with hsm.writing(serial) as session:
        fill(session)
    return serial
