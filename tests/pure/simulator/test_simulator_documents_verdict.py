"""The verdict on documents, step by step."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from invoice_kit import (
    BUYER,
    OTHER,
    RIN,
    address,
    export,
    found,
    invoice,
    item,
    put,
    totals,
    unsigned,
)
from simulator_kit import now_text

VECTORS = Path(__file__).parent / "vectors"
TAXPAYER = "Step-05.TaxpayerProfile Validator"
NATIONAL_ID = "Step-04.NationalID Validator"
SIMPLE = "Step-06.Simple Validator"
CODES = "Step-07.Code Field Validator"
REFERENCE = "Step-08.Document Reference Validator"
PERSON = {"type": "P", "id": "29001011234567", "name": "Person"}


def verdict(erp, control, document) -> dict[str, set[str]]:
    (details,) = erp.verdicts(control, unsigned(document))
    wrong = found(details)
    assert details["status"] == ("Invalid" if wrong else "Valid")
    assert details["validationResults"]["status"] == details["status"]
    return wrong


# ------------------------------------------------------------------------------
# Single fields
# ------------------------------------------------------------------------------

CASES = [
    ("issuer.type", "P", TAXPAYER, "SIM-ISSUER-TYPE"),
    ("issuer.address.branchID", "9", TAXPAYER, "SIM-BRANCH"),
    ("issuer.address.country", "SA", TAXPAYER, "SIM-COUNTRY"),
    ("issuer.address.country", "XX", CODES, "SIM-COUNTRY-CODE"),
    ("receiver.id", RIN, TAXPAYER, "SIM-RECEIVER-IS-ISSUER"),
    ("receiver.id", "12345678", SIMPLE, "SF306"),
    ("receiver.id", "", SIMPLE, "SIM-RECEIVER-ID"),
    ("receiver.name", " ", SIMPLE, "SIM-RECEIVER-NAME"),
    ("receiver.address", None, SIMPLE, "SIM-RECEIVER-ADDRESS"),
    ("receiver.address.governate", None, SIMPLE, "SIM-RECEIVER-ADDRESS"),
    ("receiver.address.country", "SA", SIMPLE, "SIM-RECEIVER-COUNTRY"),
    ("documentType", "Z", CODES, "SIM-DOCUMENT-TYPE"),
    ("dateTimeIssued", "2026-02-30T00:00:00Z", SIMPLE, "SIM-DATE"),
    ("serviceDeliveryDate", "2026-02-30", SIMPLE, "SIM-DATE"),
    ("taxpayerActivityCode", "0000", CODES, "SIM-ACTIVITY-CODE"),
    ("delivery", {"countryOfOrigin": "XX"}, CODES, "SIM-COUNTRY-CODE"),
    ("invoiceLines.0.itemType", "GPC", CODES, "SIM-ITEM-TYPE"),
    ("invoiceLines.0.itemCode", "0001", CODES, "SIM-EGS"),
    ("invoiceLines.0.itemCode", f"EG-{OTHER}-1", CODES, "CV302"),
    ("invoiceLines.0.unitType", "PIECE", CODES, "SIM-UNIT"),
    ("invoiceLines.0.taxableItems.0.taxType", "T99", CODES, "SIM-TAXTYPE"),
    ("invoiceLines.0.taxableItems.0.subType", "T1", CODES, "SIM-SUBTYPE"),
    ("invoiceLines.0.unitValue.currencySold", "XXZ", CODES, "SIM-CURRENCY"),
    ("invoiceLines.0.unitValue.amountSold", Decimal(1), SIMPLE, "SIM-RATE"),
    ("invoiceLines.0.quantity", Decimal(0), SIMPLE, "SIM-QUANTITY"),
    ("invoiceLines.0.salesTotal", Decimal("199.99"), SIMPLE, "SIM-SALESTOTAL"),
    ("invoiceLines.0.netTotal", Decimal("200.01"), SIMPLE, "SIM-NETTOTAL"),
    ("invoiceLines.0.discount.rate", Decimal(7), SIMPLE, "SIM-DISCOUNT-RATE"),
    ("invoiceLines.0.totalTaxableFees", Decimal(1), SIMPLE, "SIM-TAXABLEFEES"),
    ("invoiceLines.0.taxableItems.0.amount", Decimal("28.02"), SIMPLE, "Rule42T1"),
    ("invoiceLines.0.total", Decimal("228.01"), SIMPLE, "SF337"),
    ("totalSalesAmount", Decimal("200.01"), SIMPLE, "SIM-TOTALSALESAMOUNT"),
    ("totalDiscountAmount", Decimal("0.01"), SIMPLE, "SIM-TOTALDISCOUNTAMOUNT"),
    ("netAmount", Decimal("200.01"), SIMPLE, "SIM-NETAMOUNT"),
    (
        "totalItemsDiscountAmount",
        Decimal("0.01"),
        SIMPLE,
        "SIM-TOTALITEMSDISCOUNTAMOUNT",
    ),
    ("totalAmount", Decimal("228.01"), SIMPLE, "SIM-TOTALAMOUNT"),
    ("extraDiscountAmount", Decimal("1"), SIMPLE, "SIM-TOTALAMOUNT"),
    ("taxTotals", [], SIMPLE, "SIM-TAXTOTALS"),
]


@pytest.mark.parametrize(("path", "value", "step", "code"), CASES)
def test_a_wrong_field(erp, control, path, value, step, code):
    document = invoice()
    put(document, path, value)
    assert code in verdict(erp, control, document)[step]


def test_every_fault_at_once(erp, control):
    document = invoice()
    put(document, "issuer.address.branchID", "9")
    put(document, "invoiceLines.0.unitType", "PIECE")
    put(document, "totalAmount", Decimal("1"))
    assert verdict(erp, control, document) == {
        TAXPAYER: {"SIM-BRANCH"},
        SIMPLE: {"SIM-TOTALAMOUNT"},
        CODES: {"SIM-UNIT"},
    }


# ------------------------------------------------------------------------------
# Dates
# ------------------------------------------------------------------------------


def test_the_future(erp, control):
    document = invoice(dateTimeIssued=now_text(minutes=5))
    assert verdict(erp, control, document) == {SIMPLE: {"SIM-FUTURE"}}
    control.settings(clock_tolerance_seconds=600)
    assert not verdict(erp, control, invoice(number="2", dateTimeIssued=now_text()))


def test_the_day_of_issue(erp, control):
    document = invoice(dateTimeIssued=now_text(days=-2))
    assert verdict(erp, control, document) == {SIMPLE: {"SIM-LATE"}}
    control.settings(document_days=2)
    assert not verdict(erp, control, invoice(number="2", dateTimeIssued=now_text()))
    document = invoice(number="3", dateTimeIssued=now_text(days=-2))
    assert not verdict(erp, control, document)
    control.settings(document_days=-1)
    document = invoice(number="4", dateTimeIssued=now_text(days=-400))
    assert not verdict(erp, control, document)


def test_the_day_is_cairos():
    from datetime import datetime, timezone

    from simulator.eg_eta.invoices.parties import days_late

    issued = datetime(2026, 11, 24, 21, 59, tzinfo=timezone.utc)  # 23:59 in Cairo
    received = datetime(2026, 11, 24, 22, 1, tzinfo=timezone.utc)  # 00:01, next day
    assert days_late(issued, received) == 1
    assert days_late(received, datetime(2026, 11, 25, 21, 0, tzinfo=timezone.utc)) == 0


def test_a_late_submission_request(erp, control):
    number = control.grant_late_documents(RIN, 3)
    assert number.startswith(f"{RIN}-") and number.endswith("-1")
    document = unsigned(invoice(dateTimeIssued=now_text(days=-3)))
    (details,) = erp.verdicts(control, document)
    assert details["status"] == "Valid"
    assert details["lateSubmissionRequestNumber"] == number
    (today,) = erp.verdicts(control, unsigned(invoice(number="2")))
    assert today["lateSubmissionRequestNumber"] is None
    document = invoice(number="3", dateTimeIssued=now_text(days=-4))
    assert verdict(erp, control, document) == {SIMPLE: {"SIM-LATE"}}


# ------------------------------------------------------------------------------
# Receivers
# ------------------------------------------------------------------------------


def test_a_person_below_the_threshold_needs_no_name(erp, control):
    assert not verdict(erp, control, invoice(receiver={"type": "P"}))


def test_a_person_from_the_threshold_on_is_named(erp, control):
    lines = [item("1", "131578.95")]  # 150000.00 with tax
    document = invoice(lines, number="1", receiver={"type": "P"})
    assert document["totalAmount"] == Decimal("150000.00")
    assert verdict(erp, control, document) == {
        SIMPLE: {"SIM-RECEIVER-ID", "SIM-RECEIVER-NAME"}
    }
    assert not verdict(erp, control, invoice(lines, number="2", receiver=PERSON))
    control.settings(receiver_thresholds=[{"from": "2020-01-01", "amount": "200000"}])
    document = invoice(lines, number="3", receiver={"type": "P"})
    assert not verdict(erp, control, document)


@pytest.mark.parametrize(
    ("number", "step", "code"),
    [
        ("2900101123456", SIMPLE, "SF307"),
        ("2900101123456X", SIMPLE, "SF307"),
        ("19001011234567", NATIONAL_ID, "NI310"),
        ("29013011234567", NATIONAL_ID, "NI310"),
        ("30102301234567", NATIONAL_ID, "NI310"),
    ],
)
def test_national_ids(erp, control, number, step, code):
    document = invoice(receiver={**PERSON, "id": number})
    assert verdict(erp, control, document) == {step: {code}}


def test_foreigners_are_named_with_their_address(erp, control):
    document = invoice(receiver={"type": "F"})
    assert verdict(erp, control, document) == {
        SIMPLE: {"SIM-RECEIVER-ID", "SIM-RECEIVER-NAME", "SIM-RECEIVER-ADDRESS"}
    }


def test_receivers_that_are_not_registered(erp, control):
    control.settings(receivers_must_be_registered=True)
    assert verdict(erp, control, invoice()) == {TAXPAYER: {"TP302"}}
    control.register(taxpayers=[{"rin": BUYER, "name": "Buyer"}])
    assert not verdict(erp, control, invoice(number="2"))


def test_activities_of_the_taxpayer(erp, control):
    control.register(taxpayers=[{"rin": RIN, "name": "x", "activities": ["4711"]}])
    assert verdict(erp, control, invoice()) == {TAXPAYER: {"TP309"}}


# ------------------------------------------------------------------------------
# Arithmetic
# ------------------------------------------------------------------------------


def test_the_published_invoice(erp, control):
    """ETA's own sample: only what today's rules forbid is found."""
    text = (VECTORS / "one-doc.json").read_text()
    document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    document["issuer"]["id"] = RIN
    document["dateTimeIssued"] = now_text()
    document.pop("signatures", None)
    control.register(taxpayers=[{"rin": RIN, "name": "x", "branches": {"1": "x"}}])
    assert verdict(erp, control, document) == {CODES: {"SIM-SUBTYPE", "SIM-ITEM-TYPE"}}


def test_discounts_withholding_and_five_digits(erp, control):
    line = item("3", "33.33333", discount="9.99999")
    line["taxableItems"].append(
        {"taxType": "T4", "amount": Decimal("0.90"), "subType": "W002", "rate": 1}
    )
    line["taxableItems"][1]["rate"] = Decimal(1)
    line["itemsDiscount"] = Decimal("0.5")
    line["taxableItems"][1]["amount"] = Decimal("0.895")
    line["total"] += -Decimal("0.895") - Decimal("0.5")
    assert not verdict(erp, control, totals(invoice([line])))


def test_a_sign_in_value_difference(erp, control):
    line = item(valueDifference=Decimal("-10"))
    line["taxableItems"][0]["amount"] = Decimal("26.60")
    line["total"] = Decimal("226.60")
    assert not verdict(erp, control, invoice([line]))


def test_tolerances(erp, control):
    document = invoice()
    document["totalAmount"] += Decimal("0.4")
    assert verdict(erp, control, document) == {SIMPLE: {"SIM-TOTALAMOUNT"}}
    control.settings(exact_sums=False)
    document["internalID"] = "2"
    assert not verdict(erp, control, document)


def test_a_tax_type_twice(erp, control):
    line = item()
    line["taxableItems"].append(dict(line["taxableItems"][0]))
    line["total"] += line["taxableItems"][0]["amount"]
    document = invoice([line])
    assert verdict(erp, control, document) == {SIMPLE: {"SIM-TAXTYPE-TWICE"}}


def test_foreign_currency(erp, control):
    value = {
        "currencySold": "EUR",
        "amountEGP": Decimal("189.4"),
        "amountSold": Decimal("10"),
        "currencyExchangeRate": Decimal("18.94"),
    }
    line = item("2", "189.4", unitValue=value)
    assert not verdict(erp, control, invoice([line]))
    value["amountSold"] = Decimal("11")
    document = invoice([line], number="2")
    assert verdict(erp, control, document) == {SIMPLE: {"SIM-AMOUNTEGP"}}
    del value["currencyExchangeRate"]
    document = invoice([line], number="3")
    assert verdict(erp, control, document) == {SIMPLE: {"SIM-RATE"}}


# ------------------------------------------------------------------------------
# Exports
# ------------------------------------------------------------------------------


def test_an_export(erp, control):
    assert not verdict(erp, control, export())


def test_exports_go_abroad(erp, control):
    document = export()
    document["receiver"]["address"]["country"] = "EG"
    assert verdict(erp, control, document) == {SIMPLE: {"SIM-RECEIVER-COUNTRY"}}
    document = export("2")
    document["receiver"] = {
        "type": "B",
        "id": BUYER,
        "name": "x",
        "address": address(),
    }
    wrong = verdict(erp, control, document)
    assert wrong == {SIMPLE: {"SIM-EXPORT-RECEIVER", "SIM-RECEIVER-COUNTRY"}}


def test_weight_units(erp, control):
    document = export()
    document["invoiceLines"][0]["weightUnitType"] = "EA"
    assert verdict(erp, control, document) == {CODES: {"SIM-WEIGHT-UNIT"}}


# ------------------------------------------------------------------------------
# Notes and what they refer to
# ------------------------------------------------------------------------------


@pytest.fixture
def original(erp, control):
    (uuid,) = erp.valid(control, unsigned(invoice([item("5"), item(number=2)])))
    return uuid


def note(uuid, lines=None, kind="C", number="CN-1", **more):
    return invoice(lines or [item("2")], number, kind, references=[uuid], **more)


@pytest.mark.parametrize("kind", ["C", "D"])
def test_a_note(erp, control, original, kind):
    (details,) = erp.verdicts(control, unsigned(note(original, kind=kind)))
    assert details["status"] == "Valid", found(details)
    names = [row["name"] for row in details["validationResults"]["validationSteps"]]
    assert names[-2:] == [REFERENCE, "Step-09.Duplicate Submission Validator"]
    assert details["references"] == [original]


def test_a_note_without_reference(erp, control):
    assert not verdict(erp, control, invoice(kind="C"))


def test_an_export_note(erp, control):
    (uuid,) = erp.valid(control, unsigned(export()))
    document = export("EC-1", "EC", references=[uuid])
    assert not verdict(erp, control, document)
    domestic = note(uuid)
    domestic["receiver"] = document["receiver"]
    assert verdict(erp, control, domestic)[REFERENCE] == {"SIM-REFERENCE-TYPE"}


def test_references_that_are_not_there(erp, control, original):
    document = note("5Z40TP7SXAKADVH8WX71PXNE10")
    assert verdict(erp, control, document) == {REFERENCE: {"SIM-REFERENCE-UNKNOWN"}}
    document = note(original, number="2")
    document["references"].append(original)
    assert verdict(erp, control, document) == {REFERENCE: {"SIM-REFERENCE-TWICE"}}


def test_another_taxpayers_document(erp, control):
    row = control.receive(RIN)
    assert verdict(erp, control, note(row["uuid"])) == {
        REFERENCE: {"SIM-REFERENCE-UNKNOWN"}
    }


def test_a_note_to_somebody_else(erp, control, original):
    document = note(original)
    document["receiver"]["id"] = OTHER
    assert verdict(erp, control, document) == {REFERENCE: {"SIM-REFERENCE-RECEIVER"}}


def test_a_note_before_its_original(erp, control, original):
    document = note(original, dateTimeIssued=now_text(minutes=-10))
    control.settings(document_days=1)
    assert verdict(erp, control, document) == {REFERENCE: {"SIM-REFERENCE-DATE"}}


def test_a_note_on_what_is_not_valid(erp, control, original):
    wrong = invoice(number="wrong")
    wrong["totalAmount"] = Decimal(1)
    (details,) = erp.verdicts(control, unsigned(wrong))
    assert verdict(erp, control, note(details["uuid"])) == {
        REFERENCE: {"SIM-REFERENCE-STATUS"}
    }


def test_a_note_sent_before_the_verdict_on_its_original(erp, control):
    control.settings(validation_seconds=60)
    answer = erp.submit(unsigned(invoice()))
    (accepted,) = answer["acceptedDocuments"]
    assert verdict(erp, control, note(accepted["uuid"])) == {
        REFERENCE: {"SIM-REFERENCE-STATUS"}
    }


def test_a_note_on_a_note_of_its_kind(erp, control, original):
    (uuid,) = erp.valid(control, unsigned(note(original)))
    document = note(uuid, number="CN-2")
    assert verdict(erp, control, document) == {REFERENCE: {"SIM-REFERENCE-TYPE"}}


def test_what_is_left_to_credit(erp, control, original):
    document = note(original, [item("6")])
    assert verdict(erp, control, document) == {
        REFERENCE: {"SIM-REFERENCE-QUANTITY", "SIM-REFERENCE-AMOUNT"}
    }
    assert not verdict(erp, control, note(original, [item("3")], number="2"))
    document = note(original, [item("3")], number="3")
    assert verdict(erp, control, document) == {
        REFERENCE: {"SIM-REFERENCE-QUANTITY", "SIM-REFERENCE-AMOUNT"}
    }
    document = note(original, [item("1", "201")], number="4")
    assert verdict(erp, control, document) == {REFERENCE: {"SIM-REFERENCE-AMOUNT"}}
    document = note(original, [item(number=3)], number="5")
    assert verdict(erp, control, document) == {REFERENCE: {"SIM-REFERENCE-ITEM"}}
    assert not verdict(erp, control, note(original, [item("9", "500")], "D", "6"))


# ------------------------------------------------------------------------------
# Twice
# ------------------------------------------------------------------------------


def test_an_internal_id_that_stands(erp, control):
    (uuid,) = erp.valid(control, unsigned(invoice()))
    (details,) = erp.verdicts(control, unsigned(invoice([item("3")])))
    assert found(details) == {"Step-08.Duplicate Submission Validator": {"DS301"}}
    step = details["validationResults"]["validationSteps"][-1]
    assert step["stepId"] == 8
    assert step["error"]["innerError"][0]["error"].endswith(f"UUID: {uuid}")
    # another type has numbers of its own
    assert not verdict(erp, control, invoice(kind="D"))


def test_an_internal_id_is_free_after_an_invalid_document(erp, control):
    document = invoice()
    document["totalAmount"] = Decimal(1)
    assert verdict(erp, control, document)
    assert not verdict(erp, control, invoice())


def test_an_internal_id_is_free_after_cancelling(erp, control):
    control.settings(finality="immediate")
    (uuid,) = erp.valid(control, unsigned(invoice()))
    control.document_state(uuid, "cancel")
    assert not verdict(erp, control, invoice([item("3")]))


# ------------------------------------------------------------------------------
# Item codes
# ------------------------------------------------------------------------------


def test_codes_must_be_registered_by_setting(erp, control):
    control.settings(codes_must_be_registered=True)
    assert verdict(erp, control, invoice()) == {CODES: {"CV302"}}
    code = {"item_type": "EGS", "code": f"EG-{RIN}-0001"}
    control.register(item_codes=[code])
    assert not verdict(erp, control, invoice(number="2"))
    control.register(item_codes=[{**code, "active": False}])
    assert verdict(erp, control, invoice(number="3")) == {CODES: {"CV302"}}


def test_a_known_code_has_its_time(erp, control):
    code = {"item_type": "EGS", "code": f"EG-{RIN}-0001"}
    control.register(item_codes=[{**code, "active_to": "2020-01-01T00:00:00"}])
    assert verdict(erp, control, invoice()) == {CODES: {"CV302"}}
    control.register(item_codes=[{**code, "active_from": "2040-01-01T00:00:00"}])
    assert verdict(erp, control, invoice(number="2")) == {CODES: {"CV302"}}
    control.register(item_codes=[{**code, "active_from": "2020-01-01T00:00:00"}])
    assert not verdict(erp, control, invoice(number="3"))


def test_another_taxpayers_code(erp, control):
    line = item(itemCode=f"EG-{OTHER}-7")
    code = {"item_type": "EGS", "code": line["itemCode"], "rins": [OTHER]}
    control.register(item_codes=[code])
    assert verdict(erp, control, invoice([line])) == {CODES: {"CV302"}}
    control.register(item_codes=[{**code, "rins": [OTHER, RIN]}])
    assert not verdict(erp, control, invoice([line], number="2"))


def test_gs1(erp, control):
    line = item(itemType="GS1", itemCode="4006381333931")
    assert not verdict(erp, control, invoice([line]))
    line["itemCode"] = "4006381333932"
    assert verdict(erp, control, invoice([line], number="2")) == {CODES: {"SIM-GS1"}}
