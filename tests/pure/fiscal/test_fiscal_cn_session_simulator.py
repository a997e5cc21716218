"""Tokens, the session at the tax bureau and the probe, at the strict simulator."""

from __future__ import annotations

from decimal import Decimal

import pytest
from cn_kit import codes
from cn_rig import SELLER

from fiscal.contract import AuthenticationError


def test_one_token_for_all(desk):
    for _index in range(3):
        desk.issued()
    assert desk.control.token_calls("SIM00001") == 1


def test_a_token_that_ended(desk):
    desk.issued()
    desk.later(hours=25)
    desk.issued()
    assert desk.control.token_calls("SIM00001") == 2


def test_revoked_tokens(desk):
    desk.issued()
    desk.later(minutes=11)
    desk.control.revoke_tokens()
    desk.issued()
    assert desk.control.token_calls("SIM00001") == 2


def test_the_budget(desk):
    desk.control.settings(token_budget=1)
    desk.issued()
    desk.later(hours=25)
    with pytest.raises(AuthenticationError) as caught:
        desk.issued()
    assert caught.value.code == "token_budget"


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        ({"app_key": "SIM00002", "app_secret": "x"}, "070304"),
        ({"app_key": "SIM00001", "app_secret": "x"}, "070305"),
    ],
)
def test_wrong_credentials(desk, credentials, code):
    own = desk.authority(credentials=credentials, identity="wrong")
    assert codes(own.probe()) == [f"probe_token_{code}"]


def test_an_application_of_others(desk):
    desk.control.register(
        apps=[{"appkey": "ISV00001", "secret": "ISVSECRET", "kind": "isv"}]
    )
    isv = {
        "credentials": {"app_key": "ISV00001", "app_secret": "ISVSECRET"},
        "settings": {"application": "isv"},
        "identity": f"{desk.identity}-isv",
    }
    own = desk.authority(**isv)
    own.authorize(desk.control.authorize("ISV00001", SELLER), "https://x.example/")
    desk.own = own
    desk.issued()
    desk.later(hours=25)
    desk.issued()
    assert desk.control.token_calls("ISV00001") == 2


def test_the_probe(desk):
    assert codes(desk.own.probe()) == []
    desk.control.account(SELLER, logged_in=False)
    assert codes(desk.own.probe()) == ["probe_not_logged_in"]
    desk.control.register(
        companies=[
            {"tax_number": SELLER, "name": "测试销售有限公司", "credit_line": "0.00"}
        ]
    )
    desk.control.account(SELLER, logged_in=True)
    desk.own.session().refresh_credit_line()
    desk.later(seconds=2)
    assert codes(desk.own.probe()) == ["probe_credit_line"]


def test_logging_in(desk):
    desk.control.account(SELLER, logged_in=False)
    session = desk.own.session()
    assert not session.login().good
    session.refresh_qr("login")
    assert session.qr("login").progress == "running"
    desk.later(seconds=2)
    code = session.qr("login")
    assert (code.progress, bool(code.text)) == ("done", True)
    desk.control.scan(SELLER, "login")
    session.scanned()
    desk.later(seconds=2)
    assert session.scan_result().progress == "done"
    assert session.login().good


def test_logging_in_by_text_message(desk):
    desk.control.account(SELLER, logged_in=False)
    session = desk.own.session()
    session.send_message()
    desk.later(seconds=2)
    assert session.message_sent().progress == "done"
    session.submit_message(desk.control.sms(SELLER))
    desk.later(seconds=2)
    assert session.message_result().progress == "done"
    assert session.login().good


def test_the_credit_that_is_left(desk):
    desk.issued()
    session = desk.own.session()
    session.refresh_credit_line()
    desk.later(seconds=2)
    credit = session.credit_line()
    assert (credit.used, credit.total) == (Decimal("200.00"), Decimal("1000000.00"))
