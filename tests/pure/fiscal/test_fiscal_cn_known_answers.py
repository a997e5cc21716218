"""Known answers: signatures, QR codes, files of others, and the samples of calls."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from cn_kit import (
    BUYER,
    GOODS,
    SELLER,
    SERVICE,
    VECTORS,
    authority,
    back,
    document,
    line,
    receipt,
    samples,
    xml,
)

from fiscal.cn_nuonuo.answers import outcome_of, rows_of
from fiscal.cn_nuonuo.callbacks import TAKEN, read_hint
from fiscal.cn_nuonuo.fapiao import thaw
from fiscal.cn_nuonuo.ofd import read_ofd
from fiscal.cn_nuonuo.qr import FaceQr, qr_text, read_qr
from fiscal.cn_nuonuo.signature import Stamp, sign
from fiscal.cn_nuonuo.voucher import read_xml
from fiscal.contract import Status

KNOWN = json.loads((VECTORS / "nuonuo_vectors.json").read_text("utf-8"))
SAMPLE_LINES = (
    line(
        "190.00",
        discount="10.00",
        quantity=Decimal(2),
        unit_name="台",
        data={"spec": "T-1"},
    ),
    line("50.00", "6", description="测试服务", item_code=SERVICE),
)


@pytest.mark.parametrize("known", KNOWN["signature"])
def test_signature(known):
    stamp = Stamp(known["senid"], known["nonce"], known["timestamp"])
    body = known["body"].encode()
    assert sign(known["secret"], known["appkey"], stamp, body) == known["sign"]
    assert sign(known["secret"], known["appkey"], stamp, body + b" ") != known["sign"]


def test_qr_codes():
    special, ordinary = map(read_qr, KNOWN["face_qr"])
    assert special == FaceQr(
        "81", "24112000000048542163", Decimal("4449.00"), date(2024, 5, 28), "B2B6"
    )
    assert (ordinary.kind, ordinary.total) == ("82", Decimal(112))
    assert qr_text(special) == KNOWN["face_qr"][0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01,31",
        "01,10,044001900111,12345678,100.00,20190501,12345678901234567890,ABCD,",
        "01,31,,2411200000004854216,4449.00,20240528,,B2B6",
        "01,31,,24112000000048542163,x,20240528,,B2B6",
        "01,31,,24112000000048542163,1.00,20241328,,B2B6",
        "http://example.com/01,31,,24112000000048542163,1,20240528,,B2B6",
    ],
)
def test_other_qr_codes(text):
    with pytest.raises(ValueError):
        read_qr(text)


def test_the_sample_order():
    """A receipt like that of the sample becomes its very body."""
    made = receipt(*SAMPLE_LINES, data={"remark": ""})
    envelope = authority(settings={"callback_url": "https://odoo.example/x"}).envelope(
        [document(made)]
    )
    wanted = samples("blue_request")["order"]
    order = json.loads(envelope.content)["order"]
    for name in ("specificFactor", "showBankAccountType"):
        assert order.pop(name) == "0"
    for name in ("orderNo", "callBackUrl", "remark"):
        wanted.pop(name)
        order.pop(name, None)
    assert order == wanted


def test_the_sample_red_request():
    made = document(back(*SAMPLE_LINES))
    body = json.loads(authority().envelope([made]).content)
    wanted = samples("red_confirm_apply")
    assert wanted["redReason"] == "2"
    for name in ("orderNo", "billId", "billTime"):
        wanted.pop(name, None)
        assert body.pop(name)
    del wanted["callbackUrl"]
    # returned is the bureau's 02 and Nuonuo's 1; issued wrongly is 01 and 2
    assert body == {**wanted, "redReason": "1"}
    wrongly = document(back(*SAMPLE_LINES, reason="01"))
    assert json.loads(authority().envelope([wrongly]).content)["redReason"] == "2"


def test_the_sample_answers():
    made = document(receipt(*SAMPLE_LINES))
    fapiao = thaw(made.content)
    done = rows_of(samples("query_response_done")["result"])
    outcome = outcome_of(made, fapiao, done)
    assert (outcome.status, outcome.uid) == (Status.VALID, "26312000000000000101")
    assert outcome.warnings == ()
    assert (
        authority().link(replace(made, authority_ids=outcome.authority_ids))
        == "01,32,,26312000000000000101,267.70,20261001,,0000"
    )
    failed = rows_of(samples("query_response_failed")["result"])
    (error,) = outcome_of(made, fapiao, failed).errors
    assert error.code == "credit_line"


def test_the_sample_call_back():
    form = samples("callback_form")
    hint = read_hint(urlencode(form).encode())
    assert (hint.topic, hint.order_no) == ("fapiao", "S00042-1")
    assert (hint.serial, hint.seller) == ("26100109300001000001", SELLER)
    assert json.loads(TAKEN) == samples("callback_reply")


XML_FILES = {
    "mof-official-gd-special": (
        "23440000000000100001", date(2023, 2, 23), "81", "2.00", "0.12", "2.12", False
    ),
    "mit-demo-blue-special": (
        "01234567890123456789", date(2024, 1, 24), "81",
        "15841.58", "158.42", "16000.00", False,
    ),
    "own-synthetic-multirate-discount-ordinary": (
        "26310000000000000101", date(2026, 10, 1), "82",
        "290.00", "32.20", "322.20", False,
    ),
    "own-synthetic-red-full": (
        "26310000000000000202", date(2026, 10, 1), "82",
        "-290.00", "-32.20", "-322.20", True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", XML_FILES)
def test_xml_files(name):
    said = read_xml(xml(name))
    number, day, kind, net, tax, total, red = XML_FILES[name]
    assert (said.number, said.day, said.kind, said.red) == (number, day, kind, red)
    assert (said.net, said.tax, said.total) == (
        Decimal(net), Decimal(tax), Decimal(total),
    )  # fmt: skip
    assert sum(one.net for one in said.lines) == said.net
    assert sum(one.tax for one in said.lines) == said.tax


def test_xml_parties_and_lines():
    said = read_xml(xml("own-synthetic-red-full"))
    assert (said.seller_id, said.buyer_id) == (SELLER, BUYER)
    assert said.buyer_name == "测试购买有限公司"
    assert said.blue_number == "26310000000000000101"
    first, discount, *_rest = said.lines
    assert (first.name, first.code, first.unit) == ("*计算机*测试设备", GOODS, "台")
    assert (first.quantity, first.price) == (Decimal(-2), Decimal(100))
    assert (discount.quantity, discount.net) == (None, Decimal("10.00"))


def test_ofd_file():
    said = read_ofd((VECTORS / "ofd" / "testca-legacy-signed-valid.ofd").read_bytes())
    assert (said.number, said.day) == ("99999951", date(2020, 10, 10))
    assert (said.net, said.tax, said.total) == (Decimal(300), None, Decimal(318))
    assert said.seller_id == "91500106MA2CE71F65"
    assert said.buyer_id == "9150010807MGZHI002"
    assert said.buyer_name == "科游迈利有限公司"
