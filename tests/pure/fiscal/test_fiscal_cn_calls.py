"""Calls to the provider beside issuing and asking, and what it answers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from cn_kit import BLUE, SELLER, authority, codes, document, order_of

from fiscal.contract import AuthorityError, FiscalError, Status


def test_nothing_is_cancelled():
    with pytest.raises(AuthorityError) as caught:
        authority().cancel(document(), "why")
    assert "red letter" in str(caught.value)
    with pytest.raises(AuthorityError):
        authority().decline(document())


def test_trying_again(provider):
    provider.told("reInvoice", "ok")
    made = document()
    assert provider.authority().re_invoice(made).status is Status.ACCEPTED
    assert provider.calls == [("reInvoice", {"orderno": order_of(made)})]
    provider.told("reInvoice", code="E9613")
    with pytest.raises(AuthorityError) as caught:
        provider.authority().re_invoice(made)
    assert caught.value.code == "E9613"


def test_delivering_again(provider):
    own = provider.authority()
    issued = document(uid=BLUE)
    provider.told("deliveryInvoice")
    own.deliver(issued, email="a@example.com")
    assert provider.calls[0][1] == {
        **{"taxnum": SELLER, "invoiceNum": BLUE, "mail": "a@example.com"},
    }
    for one, to in ((issued, {}), (document(), {"phone": "1"})):
        with pytest.raises(AuthorityError):
            own.deliver(one, **to)
    provider.told("deliveryInvoice", code="E9999")
    with pytest.raises(AuthorityError):
        own.deliver(issued, phone="13800000000")


def test_the_session(provider):
    provider.told(
        "getCreditLine",
        {"requestStatus": "1", "availableCreditLine": "9000.12", "message": "OK"},
    )
    session = provider.authority().session()
    credit = session.credit_line()
    assert (credit.available, credit.progress) == (Decimal("9000.12"), "done")
    provider.told("getCertificationStatus", {"certificationStatus": "1"})
    assert session.login().good and session.person().good
    provider.told("getQrCode", {"status": "1", "qrCodeType": "2", "qrCode": "q" * 900})
    code = session.qr("login")
    assert (code.progress, code.kind, len(code.text)) == ("done", "2", 900)
    session.refresh_qr("person")
    session.send_message()
    assert session.message_sent().progress == "done"
    provider.told("verifyComplete", {"status": "2", "message": "失败"})
    session.scanned()
    session.submit_message("123456")
    assert session.scan_result().progress == "failed"
    assert session.message_result().words == "失败"
    assert [(m, b["queryType"]) for m, b in provider.calls] == [
        *(("getCreditLine", "1"), ("getCertificationStatus", "2")),
        *(("getCertificationStatus", "1"), ("getQrCode", "3"), ("getQrCode", "0")),
        *(("getQrCode", "4"), ("getQrCode", "5"), ("verifyComplete", "0")),
        *(("verifyComplete", "2"), ("verifyComplete", "1"), ("verifyComplete", "3")),
    ]
    provider.told("getCreditLine", code="E9301")
    with pytest.raises(FiscalError):
        session.refresh_credit_line()


def test_probing(provider):
    provider.told("getCertificationStatus", {"certificationStatus": "1"})
    provider.told("getCreditLine", {"availableCreditLine": "1.00"})
    assert codes(provider.authority().probe()) == []
    provider.told("getCertificationStatus", {"certificationStatus": "0"})
    provider.told("getCreditLine", {"availableCreditLine": "0"})
    assert codes(provider.authority().probe()) == [
        *("probe_not_logged_in", "probe_credit_line"),
    ]
    provider.told("getCertificationStatus", code="070101")
    assert codes(provider.authority().probe()) == ["probe_api_070101"]
