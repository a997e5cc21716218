"""For each rule about lines and special business: one accepted and one refused."""

from decimal import Decimal

import pytest
from nuonuo_kit import GOODS, SELLER, SERVICE, discounted, line, order

GOOD = "E0000"


def send(nuonuo, seller, *lines, **changes):
    """The code that is answered, with all problems' codes and paths."""
    reply = seller.send(order(*lines, **changes))
    if reply.code == GOOD:
        return GOOD, []
    problems = nuonuo.refusals()[-1]["problems"]
    return reply.code, [(code, path) for code, path, _detail in problems]


P = "invoiceDetail[0]"
PRICED = {"price": "100", "num": "2"}
# rule: lines accepted, lines refused, the code, the path
RULES = {
    "price and num come together": (
        [line(**PRICED)],
        [line(price="100")],
        "E4000",
        f"{P}.price",
    ),
    "without price all amounts": ([line()], [line(tax=None) | {"tax": ""}], "E9123", P),
    "with price none is needed": (
        [
            line(**PRICED)
            | {"tax": "", "taxExcludedAmount": "", "taxIncludedAmount": ""}
        ],
        [line() | {"taxExcludedAmount": ""}],
        "E9123",
        P,
    ),
    "decimals of a price": (
        [line(price="66.66666667", num="3")],
        [line(price="66.666666667", num="3")],
        "E4000",
        f"{P}.price",
    ),
    "num is a number": (
        [line(**PRICED)],
        [line(price="100", num="1e2")],
        "E4000",
        f"{P}.num",
    ),
    "num is positive": (
        [line(**PRICED)],
        [line(price="100", num="-2")],
        "E9111",
        f"{P}.num",
    ),
    "price is positive": (
        [line(**PRICED)],
        [line(price="-100", num="2")],
        "E4000",
        f"{P}.price",
    ),
    "amount is a number": (
        [line()],
        [line() | {"taxExcludedAmount": "1,000.00"}],
        "E9125",
        f"{P}.taxExcludedAmount",
    ),
    "amount has two decimals": (
        [line() | {"taxExcludedAmount": "200"}],
        [line() | {"taxExcludedAmount": "200.001"}],
        "E9124",
        f"{P}.taxExcludedAmount",
    ),
    "tax is a number": ([line()], [line() | {"tax": "x"}], "E9127", f"{P}.tax"),
    "tax has two decimals": (
        [line()],
        [line() | {"tax": "26.001"}],
        "E9126",
        f"{P}.tax",
    ),
    "total is a number": (
        [line()],
        [line() | {"taxIncludedAmount": "x"}],
        "E9129",
        f"{P}.taxIncludedAmount",
    ),
    "total has two decimals": (
        [line()],
        [line() | {"taxIncludedAmount": "226.001"}],
        "E9128",
        f"{P}.taxIncludedAmount",
    ),
    "the sum is exact": (
        [line()],
        [line() | {"taxIncludedAmount": "226.01"}],
        "E9130",
        f"{P}.taxIncludedAmount",
    ),
    "tax up to six cents more": (
        [line(tax="26.06")],
        [line(tax="26.07")],
        "E9131",
        f"{P}.tax",
    ),
    "tax up to six cents less": (
        [line(tax="25.94")],
        [line(tax="25.93")],
        "E9131",
        f"{P}.tax",
    ),
    "a cent between price and amount": (
        [line("200.01", price="100", num="2")],
        [line("200.02", price="100", num="2")],
        "E4000",
        f"{P}.price",
    ),
    "price with tax": (
        [line(price="113", num="2", withTaxFlag="1")],
        [line(price="100", num="2", withTaxFlag="1")],
        "E4000",
        f"{P}.price",
    ),
    "tax flag": ([line()], [line(withTaxFlag="2")], "E4000", f"{P}.withTaxFlag"),
    "rates": ([line(rate="0.06")], [line(rate="0.07")], "E4000", f"{P}.taxRate"),
    "rate is a number": (
        [line()],
        [line() | {"taxRate": "13%"}],
        "E4000",
        f"{P}.taxRate",
    ),
    "policy": (
        [line(rate="0", favouredPolicyFlag="03")],
        [line(rate="0", favouredPolicyFlag="19")],
        "E4000",
        f"{P}.favouredPolicyFlag",
    ),
    "policy's rate": (
        [line(rate="0.03", favouredPolicyFlag="08")],
        [line(favouredPolicyFlag="08")],
        "E4000",
        f"{P}.favouredPolicyFlag",
    ),
    "no flag of zero rates": (
        [line(rate="0")],
        [line(rate="0", zeroRateFlag="3")],
        "E4000",
        f"{P}.zeroRateFlag",
    ),
    "no name of policies": (
        [line()],
        [line(favouredPolicyName="免税")],
        "E4000",
        f"{P}.favouredPolicyName",
    ),
    "no deduction": (
        [line(deduction="0")],
        [line(deduction="10")],
        "E4000",
        f"{P}.deduction",
    ),
    "property": (
        [line(invoiceLineProperty=None)],
        [line(invoiceLineProperty="3")],
        "E4000",
        f"{P}.invoiceLineProperty",
    ),
    "amounts are positive": ([line()], [line("-200.00")], "E4000", P),
    "amounts are not zero": (
        [line("0.01", tax="0.00")],
        [line("0.00", tax="0.00")],
        "E4000",
        P,
    ),
    "discount": (discounted(), [line(), discounted()[1]], "E9110", "invoiceDetail[1]"),
    "discount is not first": (discounted(), discounted()[::-1], "E9110", P),
    "discount is directly after": (
        [*discounted(), line()],
        [discounted()[0], line(), discounted()[1]],
        "E9110",
        "invoiceDetail[2]",
    ),
    "one discount a line": (
        [*discounted(), *discounted()],
        [*discounted(), discounted()[1]],
        "E9110",
        "invoiceDetail[2]",
    ),
    "discounted has a discount": (discounted(), discounted()[:1], "E9110", P),
    "discount's name": (
        discounted(),
        discounted(goodsName="折扣"),
        "E9105",
        "invoiceDetail[1].goodsName",
    ),
    "discount's rate": (
        discounted(),
        discounted(rate="0.06"),
        "E9112",
        "invoiceDetail[1].taxRate",
    ),
    "discount's code": (
        discounted(),
        discounted(goodsCode=SERVICE),
        "E4000",
        "invoiceDetail[1].goodsCode",
    ),
    "discount's size": (
        discounted(off="200.00") + [line()],
        discounted(off="200.01") + [line()],
        "E9108",
        "invoiceDetail[1]",
    ),
    "discount is negative": (
        discounted(),
        [discounted()[0], line("10.00", invoiceLineProperty="1")],
        "E4000",
        "invoiceDetail[1]",
    ),
    "discount has no quantity": (
        discounted(),
        discounted(price="10", num="-1"),
        "E4000",
        "invoiceDetail[1].num",
    ),
    "the total is positive": (
        discounted(off="199.99"),
        discounted(off="200.00"),
        "E4000",
        "invoiceDetail",
    ),
    "code of goods": (
        [line()],
        [line(goodsCode="109051103")],
        "E9121",
        f"{P}.goodsCode",
    ),
    "digits only": (
        [line()],
        [line(goodsCode="10905110300000000０0")],
        "E9121",
        f"{P}.goodsCode",
    ),
    "name of goods": ([line()], [line(goodsCode=None)], "E9138", f"{P}.goodsCode"),
}


@pytest.mark.parametrize("rule", RULES)
def test_rules(nuonuo, seller, rule):
    accepted, refused, code, path = RULES[rule]
    assert send(nuonuo, seller, *accepted) == (GOOD, [])
    first, problems = send(nuonuo, seller, *refused)
    assert (code, path) in problems
    assert first == problems[0][0]


def test_how_many_lines(nuonuo, seller):
    nuonuo.register(companies=[{"tax_number": SELLER, "single_limit": "9999999.00"}])
    assert send(nuonuo, seller, *[line("1.00")] * 2000)[0] == GOOD
    assert send(nuonuo, seller, *[line("1.00")] * 2001) == (
        "E4000",
        [("E4000", "invoiceDetail")],
    )
    for none in (None, []):
        reply = send(nuonuo, seller, invoiceDetail=none)
        assert reply[0] == "E9122"


def test_names_that_are_matched(nuonuo, seller):
    nuonuo.register(companies=[{"tax_number": SELLER, "goods": {"测试设备": GOODS}}])
    made = order(line(goodsCode=None))
    (item,) = seller.issued(nuonuo, made)["invoiceItems"]
    assert (item["itemCode"], item["itemCodeAbb"]) == (GOODS, "计算机")
    nuonuo.settings(goods_matching=False)
    assert send(nuonuo, seller, line(goodsCode=None))[0] == "E9121"


# every line 0.05 off: 25 of them stay within 1.27, 26 do not
OFF = line(tax="26.05")


def test_the_sum_of_tax_differences_warns(nuonuo, seller):
    for count, warnings in ((25, 0), (26, 1)):
        made = order(*[OFF] * count)
        assert seller.send(made).code == GOOD
        (row,) = nuonuo.orders(made["orderNo"])
        assert len(row["warnings"]) == warnings
    assert "1.30" in row["warnings"][0]


def test_the_sum_of_tax_differences_refuses_by_switch(nuonuo, seller):
    nuonuo.settings(tax_total="refused")
    assert send(nuonuo, seller, *[OFF] * 25)[0] == GOOD
    assert send(nuonuo, seller, *[OFF] * 26) == ("E9131", [("E9131", "invoiceDetail")])


SWITCHES = [
    ({"price_check": "ignored"}, [line("200.02", price="100", num="2")]),
    ({"price_check": "warning"}, [line("200.02", price="100", num="2")]),
    ({"price_tolerance": "0.02"}, [line("200.02", price="100", num="2")]),
    ({"tax_tolerance": "0.07"}, [line(tax="26.07")]),
    ({"policy_rates": "ignored"}, [line(favouredPolicyFlag="08")]),
    ({"discount_quantity": "ignored"}, discounted(price="10", num="-1")),
    ({"rates": ["0.07"]}, [line(rate="0.07")]),
]


@pytest.mark.parametrize(("switch", "lines"), SWITCHES)
def test_switches(nuonuo, seller, switch, lines):
    assert send(nuonuo, seller, *lines)[0] != GOOD
    nuonuo.settings(**switch)
    assert send(nuonuo, seller, *lines)[0] == GOOD


def test_prices_are_positive_whatever_the_amount(nuonuo, seller):
    nuonuo.settings(price_check="ignored")
    assert send(nuonuo, seller, line(price="1", num="2"))[0] == GOOD
    for price in ("0", "-100"):
        refused = send(nuonuo, seller, line(price=price, num="2"))
        assert refused == ("E4000", [("E4000", f"{P}.price")])


def test_codes_that_are_known(nuonuo, seller):
    other = line(goodsCode="1" * 19)
    assert send(nuonuo, seller, other)[0] == GOOD
    nuonuo.settings(unknown_goods_codes="refused")
    assert send(nuonuo, seller, other)[0] == "E9121"
    assert send(nuonuo, seller, line())[0] == GOOD


def test_amounts_that_are_left_out_are_computed(nuonuo, seller):
    empty = {"tax": "", "taxExcludedAmount": "", "taxIncludedAmount": ""}
    with_tax = line(price="33.33", num="3", withTaxFlag="1") | empty
    without = line(price="33.33", num="3") | empty
    row = seller.issued(nuonuo, order(with_tax, without))
    taken = nuonuo.invoices(row["orderNo"])[0]["lines"]
    assert [kept["excl"] for kept in taken] == ["88.49", "99.99"]
    assert [kept["tax"] for kept in taken] == ["11.50", "13.00"]
    assert Decimal(row["orderAmount"]) == Decimal("212.98")
