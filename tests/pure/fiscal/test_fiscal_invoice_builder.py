"""Building and reading invoices: ETA's form, member by member, and exact sums in EGP
whatever the currency."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from eta_samples import DEVICE, LINE, RIN, VECTORS
from invoice_samples import (
    ABROAD,
    EXPORT,
    OTHER_UUID,
    UUID,
    credit,
    invoice,
    invoicing,
    original,
)

from fiscal.contract import Address, Discount, Party, Receipt, TaxAmount
from fiscal.eg_eta.invoice.amounts import figures_in_pounds, taxable_fees
from fiscal.eg_eta.invoice.document_types import document_type

D = Decimal
BODIES = sorted(VECTORS.glob("eInvoicing_Submit_*.json"))


def built(receipt: Receipt, **settings_: Any) -> dict[str, Any]:
    return json.loads(invoicing(**settings_).build(receipt).content, parse_float=D)


def full(**changes: Any) -> Receipt:
    """A document with everything that one can have."""
    values: dict[str, Any] = {
        "device": replace(
            DEVICE,
            address=Address(
                "EG", "Cairo", "Nasr City", "16 St", "14", "11765", "1", "3", "Sq", "x"
            ),
        ),
        "buyer": replace(
            ABROAD,
            address=Address(
                "IE", "Leinster", "Dublin", "Main", "1", "D18", "2", "4", "Park", "y"
            ),
        ),
        "document_type": "EI",
        "currency": "EUR",
        "currency_rate": D("18.94"),
        "discounts": (Discount(D("0.5"), "Voucher"),),
        "data": {
            "service_delivery_date": date(2026, 2, 28),
            "purchase_order_reference": "P-1",
            "purchase_order_description": "Order",
            "sales_order_reference": "S-1",
            "sales_order_description": "Sale",
            "proforma_number": "PF-1",
            "references": (OTHER_UUID,),
            "payment": {
                "bank_name": "Bank",
                "bank_address": "Cairo",
                "bank_account": "1",
                "iban": "EG2",
                "swift_code": "X",
                "terms": "30 days",
            },
            "delivery": {
                "approach": "Truck",
                "packaging": "Box",
                "date_validity": datetime(2026, 3, 9, tzinfo=timezone.utc),
                "export_port": "Alexandria",
                "country_of_origin": "EG",
                "gross_weight": D("10.50"),
                "net_weight": D("9.5"),
                "terms": "CIF",
            },
        },
    }
    line = replace(
        LINE,
        description='قميص "L" \\ أزرق',
        quantity=D(5),
        gross=D(50),
        net=D("46.50"),
        discounts=(Discount(D("3.5"), "7 off", D(7)),),
        taxes=(
            replace(LINE.taxes[0], amount=D("6.65")),
            TaxAmount("T7", "Ent02", None, D(1), "fee"),
            TaxAmount("T4", "W002", D(-1), D("-0.46"), "withheld"),
        ),
        data={
            "item_discounts": (Discount(D("0.25"), "after"),),
            "weight_unit": "KGM",
            "weight_quantity": D("2.50"),
        },
    )
    return invoice(line, **{**values, **changes})


def test_an_export_to_the_byte():
    """Everything that a document can say, spelled out once."""
    receipt = full(kind="credit", original=original(buyer=None, returnable=None))
    eta = invoicing()
    assert eta.check(receipt) == []
    result = eta.build(receipt)
    assert result.content.decode() == (
        '{"issuer":{"address":{"branchID":"0","country":"EG","governate":"Cairo",'
        '"regionCity":"Nasr City","street":"16 St","buildingNumber":"14",'
        '"postalCode":"11765","floor":"1","room":"3","landmark":"Sq",'
        f'"additionalInformation":"x"}},"type":"B","id":"{RIN}","name":"شركة تجربة"}},'
        '"receiver":{"address":{"country":"IE","governate":"Leinster",'
        '"regionCity":"Dublin","street":"Main","buildingNumber":"1",'
        '"postalCode":"D18","floor":"2","room":"4","landmark":"Park",'
        '"additionalInformation":"y"},"type":"F","id":"IE1234567",'
        '"name":"Buyer Ltd"},"documentType":"EC","documentTypeVersion":"1.0",'
        '"dateTimeIssued":"2026-03-01T09:30:00Z","taxpayerActivityCode":"4711",'
        '"serviceDeliveryDate":"2026-02-28","internalID":"INV/2026/0001",'
        '"purchaseOrderReference":"P-1","purchaseOrderDescription":"Order",'
        '"salesOrderReference":"S-1","salesOrderDescription":"Sale",'
        f'"proformaInvoiceNumber":"PF-1","references":["{UUID}","{OTHER_UUID}"],'
        '"payment":{"bankName":"Bank","bankAddress":"Cairo","bankAccountNo":"1",'
        '"bankAccountIBAN":"EG2","swiftCode":"X","terms":"30 days"},'
        '"delivery":{"approach":"Truck","packaging":"Box",'
        '"dateValidity":"2026-03-09T00:00:00Z","exportPort":"Alexandria",'
        '"countryOfOrigin":"EG","grossWeight":10.5,"netWeight":9.5,"terms":"CIF"},'
        '"invoiceLines":[{"description":"قميص \\"L\\" \\\\ أزرق","itemType":"EGS",'
        f'"itemCode":"EG-{RIN}-0001","unitType":"EA","quantity":5,'
        '"weightUnitType":"KGM","weightQuantity":2.5,"internalCode":"P-1",'
        '"salesTotal":947,"total":1012.10625,"valueDifference":0,'
        '"totalTaxableFees":18.94,"netTotal":880.71,"itemsDiscount":4.735,'
        '"unitValue":{"currencySold":"EUR","amountEGP":189.4,"amountSold":10,'
        '"currencyExchangeRate":18.94},"discount":{"rate":7,"amount":66.29},'
        '"taxableItems":[{"taxType":"T1","amount":125.951,"subType":"V009",'
        '"rate":14},{"taxType":"T7","amount":18.94,"subType":"Ent02","rate":0},'
        '{"taxType":"T4","amount":8.75975,"subType":"W002","rate":1}]}],'
        '"totalDiscountAmount":66.29,"totalSalesAmount":947,"netAmount":880.71,'
        '"taxTotals":[{"taxType":"T1","amount":125.951},'
        '{"taxType":"T7","amount":18.94},{"taxType":"T4","amount":8.75975}],'
        '"totalAmount":1002.63625,"extraDiscountAmount":9.47,'
        '"totalItemsDiscountAmount":4.735}'
    )
    assert (result.uid, result.qr, result.signature) == ("", "", "")
    assert result.media_type == "application/json"


# -- against the published bodies ------------------------------------------------------


def shape(value: Any) -> Any:
    """Return what kind of value each member is, in order."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])]
    return "number" if isinstance(value, int | Decimal) else type(value).__name__


def published(path: Any) -> list[dict[str, Any]]:
    return json.loads(path.read_bytes(), parse_float=D)["documents"]


def pruned(shaped: Any, ours: Any) -> Any:
    """Return the published shape without what ours does not have."""
    if isinstance(shaped, dict):
        return {
            name: pruned(member, ours[name])
            for name, member in shaped.items()
            if name in ours
        }
    return [pruned(shaped[0], ours[0])] if isinstance(shaped, list) else shaped


def paths(shaped: Any, above: str = "") -> set[str]:
    if isinstance(shaped, list):
        return paths(shaped[0], f"{above}[]")
    if not isinstance(shaped, dict):
        return {above}
    return {p for n, m in shaped.items() for p in paths(m, f"{above}.{n}")}


FOREIGN = {".invoiceLines[].unitValue.amountSold"}
FOREIGN.add(".invoiceLines[].unitValue.currencyExchangeRate")
NOT_IN_ALL = FOREIGN | {
    ".serviceDeliveryDate",
    ".delivery.countryOfOrigin",
    ".references[]",
    ".invoiceLines[].weightUnitType",
    ".invoiceLines[].weightQuantity",
}


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem[-20:])
def test_every_published_member_is_ours_in_order_and_kind(path):
    (document,) = published(path)
    kind = document["documentType"]
    signatures = document.pop("signatures")
    assert list(signatures[0]) == ["signatureType", "value"]
    assert list(published(path)[0])[-1] == "signatures"
    commerce = {"I": "sale", "C": "credit", "D": "debit"}[kind[-1]]
    changes: dict[str, Any] = {"kind": commerce}
    changes["document_type"] = "EI" if kind.startswith("E") else "I"
    if commerce != "sale":
        changes["original"] = original(buyer=None, returnable=None)
    else:
        changes["data"] = {**full().data, "references": ()}
    ours = shape(built(full(**changes)))
    theirs = shape(document)
    assert theirs == pruned(theirs, ours), "a published member is missing"
    assert json.dumps(pruned(ours, theirs)) == json.dumps(theirs), "order or kind"
    assert paths(ours) - paths(theirs) <= NOT_IN_ALL
    if kind.startswith("E"):
        assert paths(ours) - paths(theirs) <= FOREIGN


def test_the_three_export_types_differ_only_in_what_notes_have():
    """ETA publishes a body for EI; EC and ED are its notes."""
    shapes = {}
    for commerce, code in (("sale", "EI"), ("credit", "EC"), ("debit", "ED")):
        note = commerce != "sale"
        data = full().data if note else {**full().data, "references": ()}
        about = original(buyer=None, returnable=None) if note else None
        document = built(full(kind=commerce, original=about, data=data))
        assert document["documentType"] == code
        shapes[code] = shape(document)
    assert shapes["EC"] == shapes["ED"]
    assert shapes["EC"].pop("references") == ["str"]
    assert json.dumps(shapes["EC"]) == json.dumps(shapes["EI"])


@pytest.mark.parametrize("path", [*BODIES, VECTORS / "one-doc.json"], ids=str)
def test_the_authoritys_samples_are_read(path):
    documents = json.loads(path.read_bytes().decode("utf-8-sig"), parse_float=D)
    for document in documents.get("documents", [documents]):
        content = json.dumps(document, default=float).encode()
        receipt = invoicing().parse(content)
        assert receipt.number == document["internalID"]
        assert (
            receipt.kind
            == {"I": "sale", "C": "credit", "D": "debit"}[document["documentType"][-1]]
        )
        assert receipt.data["total_egp"] == document["totalAmount"]
        assert receipt.buyer.id == document["receiver"]["id"]
        assert len(receipt.lines) == len(document["invoiceLines"])
        if receipt.original:
            assert receipt.original.uid == document["references"][0]


def test_the_official_amounts_come_out_of_the_official_formulas():
    """Every figure of ETA's two lines with all twenty taxes, from quantity, price and
    rates alone."""
    content = (VECTORS / "one-doc.json").read_bytes()
    receipt = invoicing().parse(content)
    assert (receipt.currency, receipt.currency_rate) == ("EUR", D("18.94"))
    document = json.loads(content.decode("utf-8-sig"), parse_float=D)
    found = figures_in_pounds(receipt, "Rounding")
    for amounts, line in zip(found.lines, document["invoiceLines"], strict=True):
        assert amounts.unit_price == line["unitValue"]["amountEGP"]
        assert amounts.sold_price == line["unitValue"]["amountSold"]
        assert amounts.total_sale == line["salesTotal"]
        assert amounts.net_sale == line["netTotal"]
        # published with two decimals, computed with five
        assert abs(taxable_fees(amounts) - line["totalTaxableFees"]) < D("0.05")
        assert abs(amounts.total - line["total"]) < D("0.1")
        for tax, row in zip(amounts.taxes, line["taxableItems"], strict=True):
            assert abs(tax.amount - row["amount"]) <= D("0.01"), row
    assert abs(found.total_amount - document["totalAmount"]) < D("0.1")


# -- types and parts -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_type", "kind", "code"),
    [
        ("", "sale", "I"),
        ("i", "credit", "C"),
        ("I", "return", "C"),
        ("D", "debit", "D"),
        ("EI", "sale", "EI"),
        ("ei", "return", "EC"),
        ("ED", "debit", "ED"),
        ("C", "sale", None),
        ("EC", "debit", None),
        ("S", "sale", None),
        ("I", "gift", None),
    ],
)
def test_types(given_type, kind, code):
    found = document_type(given_type, kind)
    assert (found and found.code) == code


def test_case_and_version_settings():
    document = built(invoice(), document_type_case="lower", document_version="0.9")
    assert document["documentType"] == "i"
    assert document["documentTypeVersion"] == "0.9"
    with pytest.raises(ValueError, match="document_version"):
        invoicing(document_version="2")


def test_what_a_document_does_not_have_is_left_out():
    document = built(invoice(data={"payment": {"iban": " "}, "delivery": {}}))
    for name in ("payment", "delivery", "references", "serviceDeliveryDate"):
        assert name not in document
    assert set(document["invoiceLines"][0]["unitValue"]) == {
        "currencySold",
        "amountEGP",
    }
    person = Party("person", address=Address("EG", "Cairo"))
    assert built(invoice(buyer=person))["receiver"] == {"type": "P"}


def test_a_credit_note_refers_to_its_invoice():
    assert built(credit())["references"] == [UUID]
    free = credit(original=original(uid=""))
    assert "references" not in built(free)


# -- foreign currency ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "gross", "net", "rate", "price", "egp", "sales", "off"),
    [
        # nothing is rounded: nothing is taken off
        ("5", "50", "50.00", "18.94", "10", "189.4", "947", "0"),
        # 10.99 x 48.73123 = 535.5562177, rounded up: the surplus is taken off
        ("1000", "10990", "10990.00", "48.73123", "10.99", "535.55622", "535556.22",
         "0.0023"),
        # 0.07 x 48.73123 = 3.4111861, rounded up though half a digit says down
        ("1000", "70", "70.00", "48.73123", "0.07", "3.41119", "3411.19", "0.0039"),
        # a net that the books rounded above quantity times price lifts the price
        ("1", "10.005", "10.01", "10", "10.01", "100.1", "100.1", "0"),
        ("3", "10", "10.00", "50", "3.33334", "166.667", "500.001", "0.001"),
    ],
)  # fmt: skip
def test_known_conversions(quantity, gross, net, rate, price, egp, sales, off):
    line = replace(
        LINE, quantity=D(quantity), gross=D(gross), net=D(net),
        taxes=(TaxAmount("T1", "V003", D(0), D(0), "exempt"),),
    )  # fmt: skip
    receipt = invoice(line, currency="USD", currency_rate=D(rate))
    (item,) = built(receipt)["invoiceLines"]
    value = item["unitValue"]
    assert (value["amountSold"], value["amountEGP"]) == (D(price), D(egp))
    assert (item["salesTotal"], item["discount"]["amount"]) == (D(sales), D(off))


def test_a_tax_is_that_of_the_formula_on_the_converted_net():
    """14 % of 0.33 USD is 0.05 in the books: 2.44 EGP instead of 2.25."""
    line = replace(
        LINE,
        quantity=D(1),
        gross=D("0.33"),
        net=D("0.33"),
        taxes=(replace(LINE.taxes[0], amount=D("0.05")),),
    )
    receipt = invoice(line, currency="USD", currency_rate=D("48.73123"))
    (item,) = built(receipt)["invoiceLines"]
    assert item["netTotal"] == D("16.08131")
    assert item["taxableItems"][0]["amount"] == D("2.25138")
    assert item["total"] == D("18.33269")


def test_times_are_written_in_utc():
    cairo = timezone(timedelta(hours=2))
    receipt = invoice(issued_at=datetime(2026, 3, 1, 10, 0, 7, 5, tzinfo=cairo))
    assert built(receipt)["dateTimeIssued"] == "2026-03-01T08:00:07Z"


def test_exports_are_good_as_they_are():
    assert invoicing().check(invoice(**EXPORT)) == []
