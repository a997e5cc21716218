"""For each rule about an order: one that is accepted and one that is refused."""

import pytest
from nuonuo_kit import SELLER, line, order

GOOD = "E0000"


def codes(nuonuo):
    """The codes and paths of the last refusal."""
    return [(code, path) for code, path, _detail in nuonuo.refusals()[-1]["problems"]]


REQUIRED = (
    ["buyerName", "orderNo", "invoiceDate", "clerk"],
    ["goodsName", "withTaxFlag", "taxRate"],
)


@pytest.mark.parametrize("name", REQUIRED[0])
def test_required_fields(nuonuo, seller, name):
    assert seller.send(order()).code == GOOD
    for value in (None, "", "  "):
        assert seller.send(order(**{name: value})).code == "E4000"
        assert ("E4000", name) in codes(nuonuo)


@pytest.mark.parametrize("name", REQUIRED[1])
def test_required_fields_of_a_line(nuonuo, seller, name):
    assert seller.send(order(line(**{name: None}))).code == "E4000"
    assert ("E4000", f"invoiceDetail[0].{name}") in codes(nuonuo)


# fields whose content no other rule limits
FREE = {
    "buyerName": 100,
    "buyerAccount": 100,
    "salerTel": 20,
    "salerAddress": 80,
    "salerAccount": 100,
    "orderNo": 20,
    "payee": 20,
    "checker": 20,
    "callBackUrl": 255,
    "departmentId": 32,
    "clerkId": 32,
    "buyerManagerName": 16,
    "managerCardNo": 20,
    "bField1": 255,
    "bField3": 255,
}
FREE_LINE = {
    "goodsName": 90,
    "selfCode": 16,
    "unit": 20,
    "specType": 40,
    "dField1": 255,
    "dField5": 255,
}


@pytest.mark.parametrize(("name", "longest"), FREE.items())
def test_lengths(nuonuo, seller, name, longest):
    assert seller.send(order(**{name: "长" * longest})).code == GOOD
    assert seller.send(order(**{name: "长" * (longest + 1)})).code == "E4000"
    assert codes(nuonuo) == [("E4000", name)]


@pytest.mark.parametrize(("name", "longest"), FREE_LINE.items())
def test_lengths_in_a_line(nuonuo, seller, name, longest):
    assert seller.send(order(line(**{name: "长" * longest}))).code == GOOD
    assert seller.send(order(line(**{name: "长" * (longest + 1)}))).code == "E4000"
    assert codes(nuonuo) == [("E4000", f"invoiceDetail[0].{name}")]


def test_lengths_by_switches(nuonuo, seller):
    nuonuo.settings(order_number_length=64, length_unit="gbk")
    assert seller.send(order(orderNo="9" * 64)).code == GOOD
    assert seller.send(order(orderNo="9" * 65)).code == "E4000"
    assert seller.send(order(buyerName="长" * 50)).code == GOOD
    assert seller.send(order(buyerName="长" * 51)).code == "E4000"


# rule: what is accepted, what is refused, with which code, about what
RULES = {
    "blue": ({}, {"invoiceType": "2"}, "E9101", "invoiceType"),
    "kind": (
        {"invoiceLine": "bs"},
        {"invoiceLine": "p"},
        "E4000",
        "invoiceLine",
    ),
    "kind is said": ({}, {"invoiceLine": None}, "E4000", "invoiceLine"),
    "kind is the seller's": (
        {"invoiceLine": "bs"},
        {"invoiceLine": "es"},
        "E9338",
        "invoiceLine",
    ),
    "special needs a number": (
        {"invoiceLine": "pc", "buyerTaxNum": None},
        {"invoiceLine": "bs", "buyerTaxNum": None},
        "E4000",
        "buyerTaxNum",
    ),
    "buyer's number": (
        {"buyerTaxNum": "110101TRDX8RQU1"},
        {"buyerTaxNum": "9131-abc"},
        "E4000",
        "buyerTaxNum",
    ),
    "natural person": (
        {"naturalPersonFlag": "1"},
        {"naturalPersonFlag": "1", "invoiceLine": "bs"},
        "E4000",
        "naturalPersonFlag",
    ),
    "natural person's flag": (
        {"naturalPersonFlag": "0"},
        {"naturalPersonFlag": "2"},
        "E4000",
        "naturalPersonFlag",
    ),
    "check of the number": (
        {"taxNumVerifyFlag": "0"},
        {"taxNumVerifyFlag": "2"},
        "E4000",
        "taxNumVerifyFlag",
    ),
    "check of the name": (
        {"naturalPersonVerifyFlag": "0"},
        {"naturalPersonVerifyFlag": "2"},
        "E4000",
        "naturalPersonVerifyFlag",
    ),
    "address and telephone": (
        {"buyerAddress": "长" * 60, "buyerTel": "1" * 40},
        {"buyerAddress": "长" * 60, "buyerTel": "1" * 41},
        "E4000",
        "buyerAddress",
    ),
    "SMS": (
        {"pushMode": "1", "buyerPhone": "15858585858"},
        {"pushMode": "1"},
        "E4000",
        "buyerPhone",
    ),
    "SMS by default": (
        {"pushMode": None, "buyerPhone": "15858585858"},
        {"pushMode": None},
        "E4000",
        "buyerPhone",
    ),
    "mail": (
        {"pushMode": "0", "email": "a@example.com"},
        {"pushMode": "0"},
        "E4000",
        "email",
    ),
    "both": (
        {"pushMode": "2", "email": "a@example.com", "buyerPhone": "158"},
        {"pushMode": "2", "email": "a@example.com"},
        "E4000",
        "buyerPhone",
    ),
    "push mode": ({"pushMode": "-1"}, {"pushMode": "3"}, "E4000", "pushMode"),
    "mail's length": (
        {"email": "a" * 50},
        {"email": "a" * 51},
        "E9104",
        "email",
    ),
    "copies": (
        {"buyerPhone": "1", "ccPhone": "1,2,3,4,5"},
        {"buyerPhone": "1", "ccPhone": "1,2,3,4,5,6"},
        "E4000",
        "ccPhone",
    ),
    "copies beside the main one": (
        {"email": "a", "ccEmail": "b"},
        {"ccEmail": "b"},
        "E4000",
        "ccEmail",
    ),
    "remark": ({"remark": "长" * 200}, {"remark": "长" * 201}, "E4000", "remark"),
    "accounts shown": (
        {"showBankAccountType": "3"},
        {"showBankAccountType": "4"},
        "E4000",
        "showBankAccountType",
    ),
    "time of the order": (
        {"invoiceDate": "2026-02-28 23:59:59"},
        {"invoiceDate": "2026-02-30 00:00:00"},
        "E4000",
        "invoiceDate",
    ),
    "form of the time": ({}, {"invoiceDate": "2026-2-3 0:0:0"}, "E4000", "invoiceDate"),
    "extension": (
        {"extensionNumber": "0"},
        {"extensionNumber": "a"},
        "E4000",
        "extensionNumber",
    ),
    "reason of a rate": (
        {"surveyAnswerType": "3"},
        {"surveyAnswerType": "4"},
        "E4000",
        "surveyAnswerType",
    ),
    "agent's card": (
        {"managerCardType": "201"},
        {"managerCardType": "209"},
        "E4000",
        "managerCardType",
    ),
    "proxy": (
        {"proxyInvoiceFlag": "0"},
        {"proxyInvoiceFlag": "1"},
        "E9107",
        "proxyInvoiceFlag",
    ),
    "list": ({"listFlag": "0"}, {"listFlag": "1"}, "E4000", "listFlag"),
    "red letter's fields": ({}, {"billInfoNo": "1403"}, "E9102", "billInfoNo"),
    "business": (
        {"specificFactor": "0"},
        {"specificFactor": "31"},
        "E4000",
        "specificFactor",
    ),
    "paper's kind": ({}, {"paperInvoiceType": "1130"}, "E4000", "paperInvoiceType"),
    "purchase from farmers": (
        {"specificFactor": "16", "certificateType": "201"},
        {"specificFactor": "16"},
        "E4000",
        "certificateType",
    ),
    "elements": (
        {
            "additionalElementName": "模板",
            "additionalElementList": [{"elementName": "a", "elementValue": "b"}],
        },
        {"additionalElementList": [{"elementName": "a", "elementValue": "b"}]},
        "E4000",
        "additionalElementName",
    ),
    "elements' number": (
        {
            "additionalElementName": "模板",
            "additionalElementList": [{"elementName": "a", "elementValue": "b"}] * 10,
        },
        {
            "additionalElementName": "模板",
            "additionalElementList": [{"elementName": "a", "elementValue": "b"}] * 11,
        },
        "E4000",
        "additionalElementList",
    ),
    "elements are there": (
        {},
        {"additionalElementName": "模板"},
        "E4000",
        "additionalElementList",
    ),
    "fields known": ({}, {"salerName": "x"}, "E4000", "salerName"),
    "text": ({}, {"bField1": 5}, "E4000", "bField1"),
    "no lists for text": ({}, {"bField1": ["a"]}, "E4000", "bField1"),
    "other vehicles": (
        {},
        {"vehicleInfo": {"vehicleType": "轿车"}},
        "E4000",
        "vehicleInfo",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_rules(nuonuo, seller, rule):
    accepted, refused, code, path = RULES[rule]
    assert seller.send(order(**accepted)).code == GOOD
    reply = seller.send(order(**refused))
    assert reply.code == code
    assert (code, path) in codes(nuonuo)
    assert path in reply.describe


# rules that are switched off one by one
SWITCHES = [
    ({"buyer_number_form": "ignored"}, {"buyerTaxNum": "9131-abc"}),
    ({"unknown_fields": "ignored"}, {"salerName": "x"}),
    ({"value_types": "any"}, {"bField1": 5}),
    ({"stray_nodes": "ignored"}, {"vehicleInfo": {"vehicleType": "轿车"}}),
]


@pytest.mark.parametrize(("switch", "changes"), SWITCHES)
def test_switches(nuonuo, seller, switch, changes):
    assert seller.send(order(**changes)).code == "E4000"
    nuonuo.settings(**switch)
    assert seller.send(order(**changes)).code == GOOD


def test_a_natural_persons_number_by_switch(nuonuo, seller):
    changes = {"naturalPersonFlag": "1", "buyerTaxNum": None}
    assert seller.send(order(**changes)).code == GOOD
    nuonuo.settings(natural_person_number="required")
    assert seller.send(order(**changes)).code == "E4000"


def test_what_the_seller_has_set_may_be_left_out(nuonuo, seller):
    made = order(salerTel=None, salerAddress=None)
    assert seller.issued(nuonuo, made)["salerTel"] == "021-00000000"
    nuonuo.register(companies=[{"tax_number": SELLER, "telephone": "", "address": ""}])
    assert seller.send(order()).code == GOOD
    assert seller.send(order(salerTel=None, salerAddress=None)).code == "E4000"
    wanted = [("E4000", "salerTel"), ("E4000", "salerAddress")]
    assert codes(nuonuo) == wanted
