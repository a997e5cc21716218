import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest
from simulator_kit import line, receipt, sums

from simulator.eg_eta import calculations
from simulator.eg_eta.settings import Settings

VECTORS = Path(__file__).parent / "vectors"


def faults(document: dict, **settings) -> dict[str, str]:
    chosen = Settings()
    chosen.update(settings)
    return {row.path: row.code for row in calculations.check(document, chosen)}


def discount(amount: str) -> dict:
    return {"amount": Decimal(amount), "description": "x"}


def tax(kind: str, subtype: str, amount: str, rate: str | None) -> dict:
    row = {"taxType": kind, "subType": subtype, "amount": Decimal(amount)}
    if rate is not None:
        row["rate"] = Decimal(rate)
    return row


def published() -> dict:
    """ETA's published invoice, rewritten as a receipt."""
    text = (VECTORS / "one-doc.json").read_text(encoding="utf-8-sig")
    invoice = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    lines = []
    for row in invoice["invoiceLines"]:
        lines.append(
            {
                "quantity": row["quantity"],
                "unitPrice": row["unitValue"]["amountEGP"],
                "totalSale": row["salesTotal"],
                "netSale": row["netTotal"],
                "total": row["total"],
                "valueDifference": row["valueDifference"],
                "commercialDiscountData": [{"amount": row["discount"]["amount"]}],
                "itemDiscountData": [{"amount": row["itemsDiscount"]}],
                "taxableItems": row["taxableItems"],
            }
        )
    return sums({"itemData": lines})


@pytest.mark.parametrize("exact", [True, False])
def test_the_published_invoice_adds_up(exact):
    document = published()
    assert {item["taxType"] for item in document["itemData"][0]["taxableItems"]} == {
        f"T{number}" for number in range(1, 21)
    }
    assert faults(document, exact_sums=exact) == {}


@pytest.mark.parametrize("number", range(20))
def test_every_tax_of_the_published_invoice_is_checked(number):
    document = published()
    item = document["itemData"][0]["taxableItems"][number]
    item["amount"] += 1
    found = faults(document)
    path = f"itemData[0].taxableItems[{number}].amount"
    kind = item["taxType"]
    assert "itemData[0].total" in found  # the line
    if kind in ("T3", "T6"):
        assert path not in found  # a fixed amount
        assert found["itemData[0].taxableItems[0].amount"] == "Rule42T1"
    else:
        assert found[path] == ("Rule42T1" if kind == "T1" else f"SIM-RULE-{kind}")


def test_known_receipt_of_the_documentation():
    """35 x 247.96 less 867.86, value difference 20, discounts 20 after tax."""
    document = sums(
        {
            "itemData": [
                {
                    "quantity": Decimal(35),
                    "unitPrice": Decimal("247.96000"),
                    "totalSale": Decimal("8678.60000"),
                    "netSale": Decimal("7810.74000"),
                    "total": Decimal("8887.04360"),
                    "commercialDiscountData": [discount("867.86000")],
                    "itemDiscountData": [discount("10"), discount("10")],
                    "valueDifference": Decimal(20),
                    "taxableItems": [tax("T1", "V009", "1096.30360", "14")],
                }
            ],
            "totalCommercialDiscount": Decimal("867.86"),
            "totalItemsDiscount": Decimal(20),
        }
    )
    assert faults(document) == {}
    assert document["totalAmount"] == Decimal("8887.0436")


LINE_CHANGES = [
    ("totalSale", "200.00001", {}),
    ("totalSale", "200.00002", {"itemData[0].totalSale": "SIM-TOTALSALE"}),
    ("netSale", "199.5", {"itemData[0].netSale": "SIM-NETSALE"}),
    ("total", "228.00002", {"itemData[0].total": "SF337"}),
    ("total", "228.4", {"itemData[0].total": "SF337"}),
]


@pytest.mark.parametrize(("name", "value", "found"), LINE_CHANGES)
def test_line_identities(name, value, found):
    document = receipt()
    document["itemData"][0][name] = Decimal(value)
    sums(document)
    assert found.items() <= faults(document).items()
    if not found:
        assert "itemData[0].totalSale" not in faults(document)
    assert faults(document, exact_sums=False) == {}


def test_loose_sums_allow_half_a_pound_and_no_more():
    document = receipt()
    document["totalAmount"] += Decimal("0.5")
    assert faults(document, exact_sums=False) == {}
    document["totalAmount"] += Decimal("0.00001")
    assert faults(document, exact_sums=False) == {"totalAmount": "SIM-TOTALAMOUNT"}


@pytest.mark.parametrize(
    ("amount", "good"), [("28.01", True), ("27.99", True), ("28.02", False)]
)
def test_taxes_to_a_piaster(amount, good):
    row = line()
    row["taxableItems"][0]["amount"] = Decimal(amount)
    row["total"] = Decimal(200) + Decimal(amount)
    found = faults(receipt([row]))
    assert found == ({} if good else {"itemData[0].taxableItems[0].amount": "Rule42T1"})


@pytest.mark.parametrize(
    "name", ["totalSales", "netAmount", "totalAmount", "totalCommercialDiscount"]
)
def test_totals(name):
    document = receipt()
    document["totalCommercialDiscount"] = Decimal(0)
    document["totalItemsDiscount"] = Decimal(0)
    assert faults(document) == {}
    document[name] += Decimal("0.01")
    assert faults(document) == {name: f"SIM-{name.upper()}"}


def test_tax_totals():
    document = receipt([line(), line(number=2)])
    assert document["taxTotals"] == [{"taxType": "T1", "amount": Decimal("56.00")}]
    rows = document["taxTotals"]
    rows[0]["amount"] -= Decimal("0.01")
    assert faults(document) == {"taxTotals[0].amount": "SIM-TAXTOTALS"}
    half = {"taxType": "T1", "amount": Decimal(28)}
    document["taxTotals"] = [half, dict(half)]
    assert faults(document)["taxTotals"] == "SIM-TAXTOTALS-TWICE"
    del document["taxTotals"]
    assert faults(document) == {"taxTotals": "SIM-TAXTOTALS"}
    document = receipt()
    document["taxTotals"].append({"taxType": "T4", "amount": Decimal(1)})
    assert faults(document) == {"taxTotals[1].amount": "SIM-TAXTOTALS"}


def test_a_tax_type_stands_once_in_a_line():
    row = line()
    row["taxableItems"] = [
        tax("T1", "V009", "14", "7"),
        tax("T1", "V010", "14", "7"),
    ]
    found = faults(receipt([row]))
    assert found == {"itemData[0].taxableItems[1].taxType": "SIM-TAXTYPE-TWICE"}


def test_discounts():
    row = line()
    row["commercialDiscountData"] = [discount("10"), discount("5")]
    row["additionalCommercialDiscount"] = discount("85")
    row["itemDiscountData"] = [discount("3")]
    row["additionalItemDiscount"] = discount("1")
    row["netSale"] = Decimal(100)
    row["taxableItems"] = [tax("T1", "V009", "14", "14"), tax("T4", "W002", "4.8", "5")]
    row["total"] = Decimal("105.2")  # 100 + 14 - 4.8 - 4
    document = receipt([row])
    document["extraReceiptDiscountData"] = [discount("0.2"), discount("0.1")]
    document["totalAmount"] = Decimal("104.9")
    document["totalCommercialDiscount"] = Decimal(100)
    document["totalItemsDiscount"] = Decimal(4)
    assert faults(document) == {}
    document["totalItemsDiscount"] = Decimal(3)  # without the additional one
    assert faults(document) == {}
    document["totalItemsDiscount"] = Decimal(2)
    assert faults(document) == {"totalItemsDiscount": "SIM-TOTALITEMSDISCOUNT"}


def test_a_discount_above_the_sale():
    row = line()
    row["commercialDiscountData"] = [discount("201")]
    row["netSale"] = Decimal(0)
    document = receipt([row])
    document["totalCommercialDiscount"] = Decimal(201)
    found = calculations.check(document, Settings())
    assert {item.code for item in found} >= {
        "SIM-DISCOUNT",
        "SIM-TOTALCOMMERCIALDISCOUNT",
    }


def test_fixed_amounts():
    row = line()
    row["taxableItems"] = [
        tax("T3", "Tbl02", "30", "0"),
        tax("T6", "ST02", "7", None),
        tax("T8", "RD02", "3", "0"),
        tax("T1", "V009", "33.6", "14"),  # 14 % of 200 + 30 + 7 + 3
    ]
    row["total"] = Decimal("273.6")
    assert faults(receipt([row])) == {}
    broken = copy.deepcopy(row)
    broken["taxableItems"][0]["rate"] = Decimal(5)
    path = "itemData[0].taxableItems[0].rate"
    assert faults(receipt([broken])) == {path: "SIM-FIXED-RATE"}
    broken = copy.deepcopy(row)
    broken["taxableItems"][2]["subType"] = "RD01"
    path = "itemData[0].taxableItems[2].amount"
    assert faults(receipt([broken])) == {path: "SIM-RULE-T8"}


def test_zero_rated_and_untaxed_lines():
    exempt = line(rate="0")
    exempt["taxableItems"][0]["subType"] = "V003"
    bare = line(number=2)
    del bare["taxableItems"]
    bare["total"] = bare["netSale"]
    assert faults(receipt([exempt, bare])) == {}
    exempt["taxableItems"][0]["amount"] = Decimal(1)
    exempt["total"] += 1
    found = faults(receipt([exempt, bare]))
    assert found == {"itemData[0].taxableItems[0].amount": "Rule42T1"}


def test_quantity_must_be_positive():
    found = faults(receipt([line("0")]))
    assert found == {"itemData[0].quantity": "SIM-QUANTITY"}


def test_prices_of_five_digits():
    row = line("3", "33.33333")
    assert row["totalSale"] == Decimal("99.99999")
    assert faults(receipt([row])) == {}
    row = line("0.33333", "99.99999")
    exact = row["totalSale"]  # ten digits
    row["totalSale"] = row["netSale"] = exact.quantize(Decimal("0.00001"))
    tax_amount = row["taxableItems"][0]["amount"]
    row["total"] = row["netSale"] + tax_amount
    assert faults(receipt([row])) == {}
