"""No secret survives in what is kept, in whatever encoding it stands."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.contract import Connection
from fiscal.transport import Redactor

SECRET = 'pä ss/+"word&1'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET).replace("/", "\\/"),
        quote_plus(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        base64.b64encode(SECRET.encode()).decode(),
        f"before {SECRET} after",
    ],
)
def test_given_secrets_are_masked_in_every_encoding(text):
    masked = Redactor([SECRET]).text(text)
    assert "word" not in masked and "***" in masked
    assert masked.startswith("before") is text.startswith("before")


@given(st.text(min_size=4).filter(lambda text: "*" not in text), st.text(), st.text())
def test_any_secret_is_masked(secret, before, after):
    text = f"{before}{secret}{after}".encode("utf-8", "replace")
    assert secret.encode("utf-8", "replace") not in Redactor([secret]).body(text)


def test_fields_are_masked_by_name_whatever_they_hold():
    redact = Redactor()
    body = json.dumps(
        {"access_token": "x", "a": {"Client_Secret": 'q"z', "uuid": "kept"}}
    )
    assert json.loads(redact.body(body.encode())) == {
        "access_token": "***",
        "a": {"Client_Secret": "***", "uuid": "kept"},
    }
    form = urlencode({"grant_type": "kept", "client_secret": "x", "password": "y z"})
    assert redact.body(form.encode()) == (
        b"grant_type=kept&client_secret=***&password=***"
    )
    assert redact.text("https://h/p?apikey=1&x=2#f") == "https://h/p?apikey=***&x=2#f"
    assert redact.headers(
        {"Authorization": "Bearer x", "presharedkey": "", "COOKIE": "c", "Accept": "a"}
    ) == {
        "Authorization": "***",
        "presharedkey": "***",
        "COOKIE": "***",
        "Accept": "a",
    }


def test_the_longer_secret_wins():
    assert Redactor(["secret", "secret-two"]).text("secret-two") == "***"


def test_words_that_are_too_short_are_not_masked():
    assert Redactor(["1", "abc"]).text("1 abc") == "1 abc"


@given(st.binary())
def test_what_has_no_secret_stays_as_it_is(content):
    assert Redactor(["correct horse battery staple"]).body(content) in (
        content,
        Redactor().body(content),
    )


def test_a_connection_shows_no_credential():
    connection = Connection("test", credentials={"client_secret": "hush-hush"})
    assert "hush" not in repr(connection)
