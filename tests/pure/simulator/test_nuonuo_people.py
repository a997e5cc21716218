"""Login, real-person check, credit line: refreshes, their limits, QR codes, SMS."""

import pytest
from nuonuo_kit import SELLER, line, order

from simulator.client import ControlError

UNDER_WAY, GOOD, BAD = "0", "1", "2"


@pytest.fixture
def at(nuonuo, seller):
    """Moves the clock of both sides to so many seconds from the start."""

    def move(seconds):
        nuonuo.settings(clock_offset=seconds)
        seller.offset = seconds

    return move


def ask(seller, method, kind, **body):
    return seller.call(method, {"queryType": kind, **body})


def test_the_state_of_login(nuonuo, seller):
    row = ask(seller, "getCertificationStatus", "2").result
    assert (row["certificationStatus"], row["loginType"]) == ("1", "1")
    assert row["eleAccount"] == "138****0000"
    nuonuo.account(SELLER, logged_in=False, login_type="2")
    row = ask(seller, "getCertificationStatus", "2").result
    assert (row["certificationStatus"], row["loginType"]) == ("0", "2")
    assert ask(seller, "getCertificationStatus", "3").code == "E4000"
    assert (
        ask(seller, "getCertificationStatus", "2", extensionNumber="9").code == "E4000"
    )


def test_the_state_of_the_real_person_check(nuonuo, seller, at):
    def read():
        row = ask(seller, "getCertificationStatus", "1").result
        return row["certificationStatus"]

    assert read() == "1"
    nuonuo.account(SELLER, real_person="2")
    assert read() == "1"  # it was not read anew
    assert ask(seller, "getCertificationStatus", "0").result == {}
    assert read() == "3"
    at(1)
    assert read() == "2"


# method, the refresh's type, seconds between two
REFRESHES = [
    ("getCertificationStatus", "0", 30),
    ("getCreditLine", "0", 30),
    ("getQrCode", "0", 60),
    ("getQrCode", "2", 60),
    ("getQrCode", "4", 60),
]


@pytest.mark.parametrize(("method", "kind", "pause"), REFRESHES)
def test_the_pause_between_refreshes(seller, at, method, kind, pause):
    codes = []
    for seconds in (0, pause - 2, pause + 1):
        at(seconds)
        codes.append(ask(seller, method, kind).code)
    assert codes == ["E0000", "E4000", "E0000"]


@pytest.mark.parametrize(("method", "kind", "pause"), REFRESHES)
def test_twenty_refreshes_a_day(nuonuo, seller, at, method, kind, pause):
    nuonuo.settings(
        qr_refresh_seconds=0, credit_refresh_seconds=0, certification_refresh_seconds=0
    )
    codes = [ask(seller, method, kind).code for _call in range(21)]
    assert codes == ["E0000"] * 20 + ["E4000"]
    nuonuo.settings(token_seconds=1e9)
    seller.token = ""
    at(86400)
    assert ask(seller, method, kind).code == "E0000"


def test_questions_are_not_limited(seller):
    for _call in range(25):
        assert ask(seller, "getCertificationStatus", "1").code == "E0000"
        assert ask(seller, "getQrCode", "1").code == "E0000"
        assert ask(seller, "getCreditLine", "1").code == "E0000"


def test_accounts_are_limited_each(nuonuo, seller):
    accounts = [{"extension": "0"}, {"extension": "1", "account": "13900000001"}]
    nuonuo.register(companies=[{"tax_number": SELLER, "accounts": accounts}])
    assert ask(seller, "getQrCode", "2").code == "E0000"
    row = ask(seller, "getQrCode", "2", extensionNumber="1").result
    assert (row["extensionNumber"], row["account"]) == ("1", "139****0001")
    assert ask(seller, "getQrCode", "2", extensionNumber="1").code == "E4000"


def test_logging_in_by_qr_code(nuonuo, seller, at):
    nuonuo.account(SELLER, logged_in=False)
    assert ask(seller, "getQrCode", "3").result["status"] == BAD
    assert ask(seller, "getQrCode", "2").result["status"] == UNDER_WAY
    assert ask(seller, "getQrCode", "3").result["status"] == UNDER_WAY
    at(1)
    row = ask(seller, "getQrCode", "3").result
    assert (row["status"], row["qrCodeType"]) == (GOOD, "1")
    assert row["qrCode"].startswith("qrcode_id=")
    # nobody has scanned
    assert ask(seller, "verifyComplete", "0").result["status"] == UNDER_WAY
    at(2)
    assert ask(seller, "verifyComplete", "1").result["status"] == BAD
    nuonuo.scan(SELLER)
    assert ask(seller, "verifyComplete", None).result["status"] == UNDER_WAY
    at(3)
    row = ask(seller, "verifyComplete", "1").result
    assert (row["status"], row["loginType"]) == (GOOD, "1")
    state = ask(seller, "getCertificationStatus", "2").result
    assert state["certificationStatus"] == "1"


def test_a_qr_code_lives_five_minutes(nuonuo, seller, at):
    nuonuo.account(SELLER, logged_in=False)
    ask(seller, "getQrCode", "2")
    at(298)
    assert ask(seller, "getQrCode", "3").result["status"] == GOOD
    at(302)
    assert ask(seller, "getQrCode", "3").result["status"] == BAD
    with pytest.raises(ControlError, match="no good QR code"):
        nuonuo.scan(SELLER)


def test_a_real_person_scans(nuonuo, seller, at):
    nuonuo.account(SELLER, real_person="2")
    made = order(line())
    seller.send(made)
    nuonuo.settle()
    assert "实人认证" in seller.one(made["orderNo"])["failCause"]
    ask(seller, "getQrCode", "0")
    at(1)
    row = ask(seller, "getQrCode", "1").result
    assert (row["status"], row["qrCodeType"]) == (GOOD, "4")
    nuonuo.scan(SELLER, "person")
    ask(seller, "getCertificationStatus", "0")
    at(2)
    state = ask(seller, "getCertificationStatus", "1").result
    assert state["certificationStatus"] == "1"
    assert seller.call("reInvoice", {"orderno": made["orderNo"]}).code == "E0000"
    nuonuo.settle()
    assert seller.one(made["orderNo"])["status"] == "2"


def test_logging_in_by_sms(nuonuo, seller, at):
    nuonuo.account(SELLER, logged_in=False, login_type="2")
    assert ask(seller, "getQrCode", "4").result["status"] == UNDER_WAY
    at(1)
    assert ask(seller, "getQrCode", "5").result["status"] == GOOD
    code = nuonuo.sms(SELLER)
    assert ask(seller, "verifyComplete", "2").code == "E4000"
    wrong = f"{(int(code) + 1) % 10**6:06}"
    ask(seller, "verifyComplete", "2", verifyCode=wrong)
    at(2)
    assert ask(seller, "verifyComplete", "3").result["status"] == BAD
    ask(seller, "verifyComplete", "2", verifyCode=code)
    at(3)
    row = ask(seller, "verifyComplete", "3").result
    assert (row["status"], row["loginType"]) == (GOOD, "2")


def test_the_credit_line(nuonuo, seller, at):
    seller.issued(nuonuo)
    assert ask(seller, "getCreditLine", "1").result["requestStatus"] == BAD
    assert ask(seller, "getCreditLine", "0").result == {}
    assert ask(seller, "getCreditLine", "1").result["requestStatus"] == UNDER_WAY
    at(1)
    row = ask(seller, "getCreditLine", "1").result
    assert row["requestStatus"] == GOOD
    assert (row["totalCreditLine"], row["usedCreditLine"]) == ("1000000.00", "200.00")
    assert row["availableCreditLine"] == "999800.00"
    assert (row["invoicedBlueCount"], row["invoicedAmount"]) == (1, "200.00")
    assert row["invoicedTax"] == "26.00"
    seller.issued(nuonuo)
    row = ask(seller, "getCreditLine", "1").result
    assert row["usedCreditLine"] == "200.00"  # what was read
    at(32)
    ask(seller, "getCreditLine", "0")
    at(33)
    row = ask(seller, "getCreditLine", "1").result
    assert row["usedCreditLine"] == "400.00"
