"""Invoices of special business: for each rule one accepted and one refused."""

import pytest
from nuonuo_kit import discounted, line, order

GOOD = "E0000"
PRICED = {"price": "100", "num": "2"}
BUILDING = {
    "buildingAddress": "浙江省杭州市西湖区",
    "itemName": "宇宙城",
    "crossCityFlag": "0",
}
TRANSPORT = {
    "transportTool": "1",
    "transportToolNum": "浙A12345",
    "origin": "上海",
    "destination": "北京",
    "goodsName": "零配件",
}
RENT = {
    "realPropertyAddress": "浙江省杭州市西湖区",
    "detailAddress": "文一西路1号",
    "rentStartDate": "2026-01-01",
    "rentEndDate": "2026-01-01",
    "crossCityFlag": "0",
    "unit": "2",
}
SALE = {
    "realPropertyAddress": "浙江省杭州市西湖区",
    "detailAddress": "文一西路1号",
    "crossCityFlag": "1",
    "unit": "7",
}
TRAVEL = {
    "traveller": "张三",
    "travelDate": "2026-01-01",
    "travellerCardType": "201",
    "travellerCardNo": "110101199001010000",
    "travelPlace": "杭州",
    "arrivePlace": "北京",
    "vehicleType": "2",
    "vehicleLevel": "二等座",
}
NODES = {
    "3": ("invoiceBuildingInfo", BUILDING),
    "4": ("invoiceGoodsTransports", TRANSPORT),
    "5": ("realPropertySellInfo", SALE),
    "6": ("realPropertyRentInfo", RENT),
    "9": ("invoiceTravellerTransportInfoList", TRAVEL),
}
MANY = ("4", "9")


def special(factor, *lines, **changes):
    """An order of special business; None takes a field of its node away."""
    name, values = NODES[factor]
    node = {
        key: value for key, value in {**values, **changes}.items() if value is not None
    }
    return order(
        *lines, specificFactor=factor, **{name: [node] if factor in MANY else node}
    )


# factor, change of the node, the code, the last part of the path
NODE_RULES = [
    *[("3", {name: None}, "E4000", name) for name in BUILDING],
    ("3", {"detailedAddress": "长" * 112}, "E4000", "invoiceBuildingInfo"),
    ("3", {"crossCityFlag": "2"}, "E4000", "crossCityFlag"),
    ("3", {"itemName": "长" * 81}, "E4000", "itemName"),
    ("4", {"transportTool": "6"}, "E9797", "transportTool"),
    ("4", {"transportToolNum": None}, "E9798", "transportToolNum"),
    ("4", {"origin": None}, "E9799", "origin"),
    ("4", {"destination": "长" * 81}, "E9800", "destination"),
    ("4", {"goodsName": None}, "E9801", "goodsName"),
    *[("5", {name: None}, "E4000", name) for name in SALE],
    ("5", {"detailAddress": "1号"}, "E4000", "detailAddress"),
    ("5", {"unit": "8"}, "E4000", "unit"),
    ("5", {"price": "100.00"}, "E4000", "taxAmount"),
    ("5", {"price": "x", "taxAmount": "1"}, "E4000", "price"),
    *[("6", {name: None}, "E4000", name) for name in RENT],
    ("6", {"detailAddress": "路" * 112}, "E4000", "realPropertyRentInfo"),
    ("6", {"rentStartDate": "2026-01-02"}, "E4000", "rentStartDate"),
    ("6", {"rentEndDate": "2026-1-1"}, "E4000", "rentEndDate"),
    *[("9", {name: None}, "E4000", name) for name in TRAVEL],
    ("9", {"vehicleType": "8"}, "E4000", "vehicleType"),
    ("9", {"vehicleLevel": "经济舱"}, "E4000", "vehicleLevel"),
    ("9", {"travelDate": "2026/01/01"}, "E4000", "travelDate"),
    ("9", {"travellerCardType": "209"}, "E4000", "travellerCardType"),
]


@pytest.mark.parametrize(("factor", "change", "code", "name"), NODE_RULES)
def test_nodes(nuonuo, seller, factor, change, code, name):
    assert seller.send(special(factor, line())).code == GOOD
    assert seller.send(special(factor, line(), **change)).code == code
    paths = [
        path.rpartition(".")[2]
        for _code, path, _text in nuonuo.refusals()[-1]["problems"]
    ]
    assert name in paths


ACCEPTED = [
    ("3", {"detailedAddress": "长" * 111}),
    ("5", {"price": "100.00", "taxAmount": "90.00"}),
    ("6", {"detailAddress": "路" * 111}),
    ("6", {"rentEndDate": "2027-01-01"}),
    ("9", {"vehicleType": "5", "vehicleLevel": None}),
    ("9", {"vehicleType": "1", "vehicleLevel": "头等舱"}),
]


@pytest.mark.parametrize(("factor", "change"), ACCEPTED)
def test_nodes_at_the_edge(nuonuo, seller, factor, change):
    assert seller.send(special(factor, line(), **change)).code == GOOD


@pytest.mark.parametrize("factor", NODES)
def test_business_and_its_node(nuonuo, seller, factor):
    name, _values = NODES[factor]
    without = special(factor, line()) | {name: None}
    if factor == "9":  # its list may be empty
        assert seller.send(without).code == GOOD
    else:
        assert seller.send(without).code == ("E9796" if factor == "4" else "E4000")
    stray = special(factor, line()) | {"specificFactor": "0"}
    assert seller.send(stray).code == "E4000"
    nuonuo.settings(stray_nodes="ignored")
    assert seller.send({**stray, "orderNo": "stray"}).code == GOOD


@pytest.mark.parametrize(
    ("factor", "change"),
    [
        ("3", {"unit": "项"}),
        ("3", {"specType": "a"}),
        ("3", PRICED),
        ("5", {"unit": "套"}),
        ("6", {"specType": "a"}),
    ],
)
def test_columns_that_stay_empty(nuonuo, seller, factor, change):
    assert seller.send(special(factor, line(**change))).code == "E4000"
    if factor != "3":
        assert seller.send(special(factor, line(**PRICED))).code == GOOD


@pytest.mark.parametrize("factor", ["3", "5", "6"])
def test_business_of_one_line(nuonuo, seller, factor):
    assert seller.send(special(factor, line(), line())).code == "E4000"


def test_rows_of_freight(nuonuo, seller):
    made = special("4", line())
    for count, code in ((0, "E9796"), (2000, GOOD), (2001, "E9796")):
        rows = {"invoiceGoodsTransports": [TRANSPORT] * count}
        assert seller.send({**made, **rows, "orderNo": f"F{count}"}).code == code


VOUCHER = {
    "detailIndex": "1",
    "voucherType": "01",
    "allElectronicInvoiceNumber": "26312000000000000101",
    "invoiceTime": "2026-04-13",
    "taxtotal": "100.14",
    "differenceTaxtotal": "100.00",
    "voucherSource": "1",
}


def differential(*vouchers, tax="13.00", **changes):
    made = order(line(tax=tax), differenceVoucherInfoList=list(vouchers))
    return made | {"invoiceDifferenceType": "02"} | changes


def voucher(**changes):
    return {
        name: value
        for name, value in {**VOUCHER, **changes}.items()
        if value is not None
    }


OTHER = {"allElectronicInvoiceNumber": None, "invoiceTime": None}
# accepted, refused, about what
VOUCHERS = [
    ({}, {"allElectronicInvoiceNumber": None}, "allElectronicInvoiceNumber"),
    ({}, {"allElectronicInvoiceNumber": "1"}, "allElectronicInvoiceNumber"),
    ({}, {"invoiceTime": None}, "invoiceTime"),
    ({}, {"invoiceTime": "20260413"}, "invoiceTime"),
    (
        {"voucherType": "02", "invoiceCode": "1", "invoiceNumber": "2"},
        {"voucherType": "02", "invoiceNumber": "2"},
        "invoiceCode",
    ),
    (
        {"voucherType": "04", "invoiceCode": "1", "invoiceNumber": "2"},
        {"voucherType": "04", "invoiceCode": "1"},
        "invoiceNumber",
    ),
    ({"voucherType": "05", **OTHER}, {"voucherType": "10"}, "voucherType"),
    ({"voucherType": "08", "remark": "a", **OTHER}, {"voucherType": "08"}, "remark"),
    ({"taxtotal": "100.00"}, {"taxtotal": "99.99"}, "differenceTaxtotal"),
    ({}, {"taxtotal": None}, "taxtotal"),
    ({}, {"detailIndex": "2"}, "detailIndex"),
    ({"voucherSource": "3"}, {"voucherSource": "4"}, "voucherSource"),
]


@pytest.mark.parametrize(("accepted", "refused", "name"), VOUCHERS)
def test_vouchers(nuonuo, seller, accepted, refused, name):
    assert seller.send(differential(voucher(**accepted))).code == GOOD
    assert seller.send(differential(voucher(**refused))).code == "E4000"
    paths = [
        path.rpartition(".")[2]
        for _code, path, _text in nuonuo.refusals()[-1]["problems"]
    ]
    assert name in paths


def test_differential_invoices(nuonuo, seller):
    assert seller.send(differential()).code == "E4000"
    undifferential = differential(voucher(), tax="26.00", invoiceDifferenceType=None)
    assert seller.send(undifferential).code == "E4000"
    assert seller.send(differential(voucher(), tax="13.07")).code == "E9131"
    two = [voucher(), voucher(detailIndex="2")]
    assert seller.send(differential(*two, tax="0.00")).code == GOOD
    two[1]["voucherSource"] = "2"
    assert seller.send(differential(*two, tax="0.00")).code == "E4000"
    assert seller.send(order(invoiceDifferenceType="01")).code == "E4000"
    plain = {"invoiceDifferenceType": "02", "differenceVoucherInfoList": [voucher()]}
    assert seller.send(order(*discounted(), **plain)).code == "E4000"
    assert seller.send(order(line(), line(), **plain)).code == "E4000"


def test_differential_tax_by_switch(nuonuo, seller):
    assert seller.send(differential(voucher(), tax="13.06")).code == GOOD
    assert seller.send(differential(voucher(), tax="1.00")).code == "E9131"
    nuonuo.settings(differential_tax="ignored")
    assert seller.send(differential(voucher(), tax="1.00")).code == GOOD
    nuonuo.settings(differential_single_line=False)
    two = differential(voucher()) | {"invoiceDetail": [line(), line()]}
    assert seller.send(two).code == GOOD


def test_the_sum_of_tax_differences_knows_the_deduction(nuonuo, seller):
    """A tax that is right for what the deduction leaves is 13.00 off the whole."""

    def warnings(made):
        assert seller.send(made).code == GOOD
        return nuonuo.orders(made["orderNo"])[0]["warnings"]

    assert warnings(differential(voucher())) == []
    nuonuo.settings(tax_total="refused", tax_tolerance="9")
    assert warnings(differential(voucher(), tax="14.27")) == []
    assert seller.send(differential(voucher(), tax="14.28")).code == "E9131"
    nuonuo.settings(differential_tax="ignored")
    assert warnings(differential(voucher(), tax="1.00")) == []
