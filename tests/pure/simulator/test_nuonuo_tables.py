"""The simulator's tables of fields against the platform's own."""

import json
from pathlib import Path

import pytest
from nuonuo_kit import order

from simulator.cn_nuonuo import fields
from simulator.cn_nuonuo.settings import Settings

VECTORS = Path(__file__).parent / "vectors" / "nuonuo"
# Names that the copy of the tables cut off, or that the table itself corrects.
_RIGHT = {
    "realPropertyContractNumbe": "realPropertyContractNumber",
    "allElectronicInvoiceNumbe": "allElectronicInvoiceNumber",
    "invoiceTravellerTransport": "invoiceTravellerTransportInfoList",
}


def table(file: str) -> dict[str, dict[str, list[str]]]:
    """Rows of a table by the object that they are in, the outermost one first."""
    made: dict[str, dict[str, list[str]]] = {}
    inside = [""]
    last = ""
    text = (VECTORS / file).read_text(encoding="utf-8-sig")
    for row in text.splitlines():
        cells = row.split("\t")
        if cells[0] == "[":
            inside.append(last)
        elif cells[0] == "]":
            inside.pop()
        elif cells[0]:
            last = _RIGHT.get(cells[0], cells[0])
            made.setdefault(inside[-1], {})[last] = cells
    return made


# Required only under a condition that orders.py and special.py look at, or by the
# table's words on 数电 invoices; "true": the table says so nevertheless.
CONDITIONAL = {
    "order": {"buyerPhone", "email"},
    "invoiceDetail": {f"dField{number}" for number in range(1, 6)},
    "invoiceTravellerTransportInfoList": {"vehicleLevel"},
}
# Required by the words of the description.
BY_WORDS = {
    "differenceVoucherInfoList": {
        *("detailIndex", "voucherType", "taxtotal", "differenceTaxtotal"),
        "voucherSource",
    },
    "additionalElementList": {"elementName"},
}
OWN = {"order": fields.ORDER, "invoiceDetail": fields.LINE, **fields.NODES}
NODES = {*fields.NODES, *fields.STRANGE_NODES, "invoiceDetail"}


@pytest.mark.parametrize("name", OWN)
def test_fields_of_orders(name):
    rows = table("requestBillingNew.request.txt")[name]
    own = OWN[name]
    assert own.keys() == rows.keys() - NODES
    for field, cells in rows.items():
        if field in NODES:
            continue
        required = cells[2] == "Y" and field not in CONDITIONAL.get(name, ())
        required = required or field in BY_WORDS.get(name, ())
        longest = int(cells[4]) if len(cells) > 4 and cells[4] else 0
        longest = 255 if field == "callBackUrl" else longest  # by a newer table
        assert own[field] == (field, required, longest)


def test_results_have_the_tables_fields(nuonuo, seller):
    """For an electronic blue invoice without special business."""
    rows = table("queryInvoiceResult.response.txt")
    others = {
        *("vehicleInfo", "secondHandCarInfo", *fields.NODES),
        *("oldInvoiceCode", "oldInvoiceNo", "oldEleInvoiceNumber"),
        *("invalidTime", "invalidSource", "invalidReason", "specificReason"),
        "invoiceItems",
    }
    row = seller.issued(nuonuo)
    assert rows["result"].keys() - others - row.keys() == set()
    assert row.keys() <= rows["result"].keys()
    assert rows["invoiceItems"].keys() == row["invoiceItems"][0].keys()


@pytest.mark.parametrize(
    ("method", "body"), [("getCreditLine", "0"), ("getQrCode", "2")]
)
def test_people_have_the_tables_fields(nuonuo, seller, method, body):
    seller.call(method, {"queryType": body})
    nuonuo.settings(clock_offset=10)
    answer = seller.call(method, {"queryType": str(int(body) + 1)}).result
    assert answer.keys() == table(f"{method}.response.txt")["result"].keys()


def test_every_switch_is_settled_by_its_default(nuonuo):
    """Choices and checks are about settings that there are, and allow the default."""
    settings = Settings()
    for name, known in Settings.CHOICES.items():
        assert getattr(settings, name) in known
    for name, check in Settings.CHECKS.items():
        assert check(getattr(settings, name))
    assert nuonuo.settings(**settings.as_dict()) == settings.as_dict()


def test_the_sample_order(nuonuo, seller):
    """The sample payload of the spec, for the simulator's own seller."""
    sample = json.loads((VECTORS / "sample_payloads.json").read_text())
    order_ = sample["blue_request"]["order"] | {"salerTaxNum": order()["salerTaxNum"]}
    order_ = {name: value for name, value in order_.items() if name != "callBackUrl"}
    row = seller.issued(nuonuo, order_)
    wanted = sample["query_response_done"]["result"][0]
    for name in ("orderNo", "status", "exTaxAmount", "taxAmount", "orderAmount"):
        assert row[name] == wanted[name]
    assert wanted.keys() <= row.keys()
