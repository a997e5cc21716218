"""Tokens: few, shared, counted, and given up when they are refused."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from cn_kit import KEY, NOW, SECRET, SELLER, Provider, codes, document
from crooked_server import response

from fiscal.contract import AuthenticationError, KeptToken, TransientError
from fiscal.transport import TOKENS, MemoryTokenStore


@pytest.fixture
def provider():
    with Provider() as made:
        made.told("queryInvoiceResult", [])
        yield made


def call(provider, **changes):
    return provider.authority(**changes).query([document()])


def form(provider):
    return {name: one[0] for name, one in parse_qs(provider.forms[-1]).items()}


def test_asked_for_once(provider):
    call(provider)
    call(provider)
    assert form(provider) == {
        **{"client_id": "app-key-1", "client_secret": SECRET},
        "grant_type": "client_credentials",
    }
    # another process has the store, and nothing else
    TOKENS.clear()
    call(provider)
    assert len(provider.forms) == 1


def test_companies_share_their_applications_token(provider):
    """Its budget is the application's."""
    call(provider)
    call(provider, identity="another", seller_id="91310000TEST000009")
    assert len(provider.forms) == 1
    call(provider, credentials={"app_key": "app-key-2", "app_secret": "x"})
    assert len(provider.forms) == 2


def test_renewed_before_its_end(provider):
    call(provider)
    provider.later(hours=23)
    call(provider)
    assert len(provider.forms) == 1
    provider.later(minutes=56)
    call(provider)
    assert len(provider.forms) == 2


@pytest.mark.parametrize("life", [None, "x", 0, -1, float("inf"), "86400"])
def test_a_life_that_is_not_told(provider, life):
    provider.token["expires_in"] = life
    call(provider)
    provider.later(hours=23)
    call(provider)
    assert len(provider.forms) == 1


class Store:
    """A store as a database is one: what was written stays, whatever happens."""

    def __init__(self):
        self.written = []
        self.token = KeptToken()
        self._lock = threading.Lock()

    @contextmanager
    def holding(self, key):
        assert SECRET not in key and KEY not in key
        with self._lock:
            yield self

    def kept(self):
        return self.token

    def keep(self, token):
        self.written.append(token)
        self.token = token


def test_counted_before_it_is_asked_for(provider):
    provider.token_status = "500 Internal Server Error"
    store = Store()
    with pytest.raises(TransientError):
        call(provider, tokens=store)
    assert [one.asked_at for one in store.written] == [(NOW,)]
    provider.token_status = "200 OK"
    call(provider, tokens=store)
    assert store.token.asked_at == (NOW, NOW)
    assert store.token.value == "token-1"
    assert "token-1" not in repr(store.token)


def test_the_budget(provider):
    spent = tuple(NOW for _index in range(50))
    provider.store = Store()
    provider.store.token = KeptToken(asked_at=spent)
    with pytest.raises(AuthenticationError) as caught:
        call(provider)
    assert caught.value.code == "token_budget"
    assert "50 access tokens in 30 days" in str(caught.value)
    assert "2026-10-31 01:30:05 UTC" in str(caught.value)
    assert provider.forms == []
    assert codes(provider.authority().probe()) == ["probe_token_token_budget"]
    provider.later(days=29, hours=23)
    with pytest.raises(AuthenticationError):
        call(provider)
    provider.later(hours=1)
    call(provider)
    assert len(provider.store.token.asked_at) == 1


def test_fifty_tokens(provider):
    provider.store = Store()
    provider.token["expires_in"] = 60
    for _index in range(50):
        call(provider)
        provider.later(minutes=1)
    with pytest.raises(AuthenticationError):
        call(provider)
    assert len(provider.forms) == 50
    assert provider.authority()._client().tokens.left() == 0


REFUSED = {"code": "070301", "describe": "token过期"}
FOUND = {"code": "E0000", "describe": "", "result": []}


def test_a_refused_token_is_given_up(provider):
    call(provider)
    provider.later(minutes=11)
    provider.answers["queryInvoiceResult"] = [REFUSED, FOUND]
    call(provider)
    assert len(provider.forms) == 2


@pytest.mark.parametrize("refusal", [REFUSED, response(b"{}", "401 Unauthorized")])
def test_a_new_token_is_not_given_up(provider, refusal):
    """Else each call would spend one more."""
    provider.answers["queryInvoiceResult"] = refusal
    for _index in range(5):
        with pytest.raises(AuthenticationError) as caught:
            call(provider)
        assert caught.value.code == "token_refused"
    assert len(provider.forms) == 1


def test_what_another_process_renewed_is_used(provider):
    call(provider)
    with provider.store.holding(next(iter(provider.store._places))) as slot:
        slot.keep(replace(slot.kept(), value="token-2"))
    provider.answers["queryInvoiceResult"] = [REFUSED, FOUND]
    call(provider)
    assert len(provider.forms) == 1
    assert provider.heads[-1][1]["accessToken"] == "token-2"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *(("070304", "070304"), ("070305", "070305"), ("070306", "token_budget")),
        *(("070307", "070307"), ("070315", "070315"), ("070399", "070399")),
    ],
)
@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request"])
def test_no_token_is_given(provider, code, expected, status):
    provider.token = {"error": code, "error_description": "说明"}
    provider.token_status = status
    with pytest.raises(AuthenticationError) as caught:
        call(provider)
    assert caught.value.code == expected
    assert "说明" in str(caught.value)


def test_credentials_are_missing(provider):
    with pytest.raises(AuthenticationError) as caught:
        call(provider, credentials={"app_key": "x"})
    assert caught.value.code == "credentials_missing"
    assert provider.forms == []


ISV = {"settings": {"application": "isv"}}


def test_an_application_of_others(provider):
    with pytest.raises(AuthenticationError) as caught:
        call(provider, **ISV)
    assert caught.value.code == "not_authorized"
    provider.token |= {"refresh_token": "r:1", "userId": "user-1"}
    provider.authority(**ISV).authorize("code-1", "https://odoo.example/back")
    assert form(provider) == {
        **{"client_id": "app-key-1", "client_secret": SECRET, "code": "code-1"},
        **{"grant_type": "authorization_code", "taxNum": SELLER},
        "redirect_uri": "https://odoo.example/back",
    }
    call(provider, **ISV)
    assert len(provider.forms) == 1
    provider.token["refresh_token"] = "r:2"
    provider.later(days=1)
    call(provider, **ISV)
    assert form(provider) == {
        **{"client_id": "user-1", "client_secret": SECRET},
        **{"grant_type": "refresh_token", "refresh_token": "r:1"},
    }
    provider.later(days=1)
    call(provider, **ISV)
    assert form(provider)["refresh_token"] == "r:2"
    with pytest.raises(AuthenticationError):
        call(provider, **ISV, seller_id="91310000TEST000009")
    for secret in ("r:1", "r:2", "code-1"):
        assert secret not in repr(provider.exchanges)


def test_threads_share_one_token():
    store, seen = MemoryTokenStore(), []

    def work():
        with store.holding("a") as slot:
            seen.append(slot.kept().value)
            slot.keep(KeptToken(value=slot.kept().value + "x"))

    threads = [threading.Thread(target=work) for _index in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(seen) == ["x" * n for n in range(20)]
    store.release()
    with store.holding("a") as slot:
        assert len(slot.kept().value) == 20
    store.clear()
    with store.holding("a") as slot:
        assert slot.kept() == KeptToken()
