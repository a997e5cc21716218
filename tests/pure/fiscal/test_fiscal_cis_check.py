"""What is found wrong with a receipt before it is issued."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hr_kit import (
    BUYER,
    ISSUED,
    NOW,
    authority,
    built,
    business,
    line,
    on_device,
    receipt,
    tax,
    vat,
    wrong,
)

from fiscal import authority_class
from fiscal.contract import Party, Payment
from fiscal.hr_cis.builder import PREFIXES, thaw
from fiscal.hr_cis.numbering import number_of


def paid(means, net="10.00", tax_="2.50"):
    base = receipt(line(net, vat("25", tax_)))
    return replace(base, payments=(Payment(means, base.total),))


def member(base, path, **settings):
    root = thaw(built(base, **settings).content)[0]
    return root.findtext(
        "/".join(f"tns:{name}" for name in path.split("/")), namespaces=PREFIXES
    )


def members(base, **settings):
    root = thaw(built(base, **settings).content)[0]
    return [one.tag.partition("}")[2] for one in root]


def test_the_authority_is_known_by_its_code():
    assert authority_class("hr_cis").capabilities.coded


def test_a_receipt_without_fault():
    assert wrong(receipt()) == []
    made = built()
    assert members(receipt()) == [
        *("Oib", "USustPdv", "DatVrijeme", "OznSlijed", "BrRac", "Pdv", "IznosUkupno"),
        *("NacinPlac", "OibOper", "ZastKod", "NakDost"),
    ]
    assert made.uid == "" and made.media_type == "application/xml"
    assert made.qr == (
        f"https://porezna.gov.hr/rn?zki={made.code}&datv=20261127_1100&izn=1250"
    )


def test_the_same_receipt_is_the_same_bytes():
    assert built() == built()


def test_everything_wrong_is_said_at_once_in_sentences():
    base = replace(
        business(on_device(paid("X"), premises="?", operator_oib="1"), "123"),
        number="x",
        currency="USD",
        issued_at=NOW + timedelta(hours=1),
        seller=Party("business", "98765432198x"),
        lines=(line("1.001"), line("2.00", tax("T9")), line("3.00", vat("25", "0.75"))),
    )
    problems = authority().check(base)
    assert [one.code for one in problems] == [
        *("currency", "number", "premises", "177", "payment_method_unknown"),
        *("issuer_oib", "179", "180", "amount_unusable", "tax_type"),
    ]
    assert all(one.text.endswith(".") and "%(" not in one.text for one in problems)
    assert not any("“”" in one.text for one in problems)
    with pytest.raises(ValueError, match="euros only"):
        built(base)


# -- header ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "base, found",
    [
        (receipt(number="0/POSL1/12"), ["number"]),
        (receipt(number="0017/POSL1/12"), []),
        (receipt(number="17/POSL2/12"), ["number_differs"]),
        (receipt(number="17"), ["number_differs"]),
        (receipt(number=f"{'1' * 21}/POSL1/12"), ["number"]),
        (receipt(number="HR-2026-0001", data={"sequence_number": 1}), []),
        (on_device(premises=""), ["premises"]),
        (on_device(premises="Č1"), ["premises"]),
        (on_device(device_number="012"), ["device_number"]),
        (on_device(numbering="X"), ["numbering"]),
        (on_device(numbering="N"), []),
        (receipt(issued_at=NOW + timedelta(seconds=59)), []),
        (receipt(issued_at=NOW + timedelta(seconds=61)), ["177"]),
        (receipt(issued_at=ISSUED - timedelta(days=30)), []),
        (receipt(issued_at=ISSUED - timedelta(days=31)), ["176"]),
        (receipt(issued_at=datetime(2026, 11, 27)), ["time_unusable"]),
        (receipt(data={"paper_number": "x" * 101}), ["paper_number_too_long"]),
        (receipt(payments=()), ["payment_method_missing"]),
    ],
)
def test_the_header(base, found):
    assert wrong(base) == found


def test_a_number_has_three_parts_as_it_is_printed():
    base = receipt(number="HR-1", data={"sequence_number": 17})
    assert str(number_of(base)) == "17/POSL1/12"
    assert member(base, "BrRac/BrOznRac") == "17"


@pytest.mark.parametrize(
    "methods, means",
    [(["G"], "G"), (["K", "K"], "K"), (["G", "K"], "O"), ([], "T")],
)
def test_several_payment_means_are_other(methods, means):
    base = receipt(payments=tuple(Payment(one, Decimal(1)) for one in methods))
    assert member(base, "NacinPlac", payment_method="T") == means


# -- parties --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "base, found",
    [
        (on_device(operator_oib=""), ["operator_missing"]),
        (on_device(operator_oib="01234567890"), ["179"]),
        (replace(on_device(operator_oib=""), data={"operator_oib": BUYER}), []),
        (on_device(operator_oib="", vending=True), []),
        (receipt(seller=Party("business", "12345678901")), ["issuer_oib"]),
        (receipt(seller=Party("business", BUYER)), ["issuer_other"]),
        (receipt(seller=Party("business", "HR69435151530")), []),
        (business(receipt(), f"HR{BUYER}"), []),
        (business(receipt(), "01764210252"), ["180"]),
        (business(paid("T")), ["181"]),
        (receipt(buyer=Party("foreigner", "DE123")), []),
    ],
)
def test_parties(base, found):
    assert wrong(base) == found


def test_a_company_is_named_and_others_are_not():
    assert member(business(receipt()), "OibPrimateljaRacuna") == BUYER
    person = receipt(buyer=Party("person", BUYER))
    assert member(person, "OibPrimateljaRacuna") is None


def test_a_vending_machine_issues_for_its_company():
    base = on_device(operator_oib="", vending=True, numbering="N")
    assert member(base, "OibOper") == "69435151530"
    assert member(base, "OznSlijed") == "P"


# -- amounts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines, found",
    [
        ([line("10.00", vat("25", "2.60"))], []),
        ([line("10.00", vat("25", "2.61"))], ["161"]),
        ([line("10.00", vat("25", "2.39"))], ["160"]),
        ([line("10.00", vat("24", "2.40"))], ["110"]),
        ([line("10.00", vat("0", "0"))], []),
        ([line("10.00", vat("25", "2.50"), tax("Pnp", "0.30", "3"))], []),
        ([line("10.00", vat("25", "2.50"), tax("Pnp", "0.45", "3"))], ["163"]),
        ([line("10.00", vat("25", "2.50"), tax("Pnp", "0.40", "4"))], ["118"]),
        ([line("10.00", vat("25", "2.50"), tax("Pnp", "-0.10", "-1"))], ["117"]),
        ([line("10.00")], ["line_taxes"]),
        ([line("10.00", vat("25", "2.50"), tax("IznosMarza"))], ["line_taxes"]),
        ([line("10.00", tax("Pnp", "0.30", "3"))], ["line_taxes"]),
        ([line("10.00", tax("IznosOslobPdv"))], []),
        ([line("10.00", tax("IznosNePodlOpor", rate=None))], []),
        ([line("10.00", tax("IznosMarza"))], []),
        ([line("10.00", tax("Naknade", name="Povratna naknada"))], []),
        ([line("10.00", tax("Naknade"))], ["tax_name"]),
        ([line("135.01", tax("Naknade", name="x"))], ["164"]),
        ([line("-135.01", tax("Naknade", name="x"))], ["165"]),
        ([line("1.00", vat("25", "0.25"), tax("OstaliPor", "1", "1", "x"))], ["125"]),
        ([line("1.00", replace(vat("25", "0.25"), rate=None))], ["rate_missing"]),
        (
            [line("1.00", replace(vat("25", "0.25"), rate=Decimal("NaN")))],
            ["rate_unusable"],
        ),
        ([line("NaN", vat("25", "0"))], ["amount_unusable"]),
        ([line("1e20", vat("25", "0"))], ["amount_unusable"]),
    ],
)
def test_amounts(lines, found):
    total = Decimal(0) if "amount_unusable" in found else None
    base = receipt(*lines, **({} if total is None else {"total": total}))
    assert wrong(base) == found


def test_a_total_of_other_amounts():
    base = receipt()
    assert wrong(replace(base, total=base.total + Decimal("0.01"))) == []
    assert wrong(replace(base, total=base.total + Decimal("0.02"))) == ["166"]


def test_the_margin_scheme_as_the_authority_counts_it():
    base = receipt(line("100.00", tax("IznosMarza")))
    assert wrong(base) == []
    assert wrong(base, margin_in_total=False) == ["166"]


@pytest.mark.parametrize(
    "means, total, found",
    [
        ("G", "10000.00", []),
        ("G", "10000.01", ["168"]),
        ("K", "10000.01", ["168"]),
        ("T", "10000.01", []),
        ("T", "150000.01", ["167"]),
        ("O", "150000.01", ["167"]),
    ],
)
def test_limits_of_payment_means(means, total, found):
    base = receipt(line(total, tax("IznosOslobPdv")))
    base = replace(base, payments=(Payment(means, base.total),))
    assert wrong(base) == found
    assert wrong(replace(base, kind="return")) == found


def test_cash_between_companies():
    base = business(receipt(line("700.01", tax("IznosOslobPdv"))))
    assert wrong(base) == ["company_cash"]
    assert wrong(base, company_cash_limit=0) == []
    assert wrong(replace(base, payments=(Payment("K", base.total),))) == []


def test_a_company_outside_vat():
    base = receipt(line("10.00"))
    assert wrong(base, in_vat=False) == []
    assert member(base, "USustPdv", in_vat=False) == "false"
    assert "Pdv" not in members(base, in_vat=False)
    assert wrong(receipt(), in_vat=False) == ["142"]
    with_consumption = receipt(line("10.00", tax("Pnp", "0.30", "3")))
    assert wrong(with_consumption, in_vat=False) == []
    assert wrong(replace(base, total=Decimal(11)), in_vat=False) == ["166"]


# -- returns --------------------------------------------------------------------------


def test_a_return_is_negative_in_every_amount():
    base = receipt(
        line("10.00", vat("25", "2.50"), tax("Pnp", "0.30", "3")),
        line("5.00", tax("IznosOslobPdv")),
        line("1.00", tax("Naknade", name="Povratna naknada")),
        kind="return",
    )
    assert wrong(base) == []
    assert member(base, "IznosUkupno") == "-18.80"
    assert member(base, "Pdv/Porez/Osnovica") == "-10.00"
    assert member(base, "Pdv/Porez/Stopa") == "25.00"
    assert member(base, "Pnp/Porez/Iznos") == "-0.30"
    assert member(base, "IznosOslobPdv") == "-5.00"
    assert member(base, "Naknade/Naknada/IznosN") == "-1.00"
    assert built(base).qr.endswith("&izn=-1880")
    assert built(replace(base, kind="credit")).content == built(base).content


def test_a_sale_of_nothing_has_no_minus():
    base = receipt(line("0.00", vat("25", "-0.00")), kind="return")
    assert member(base, "IznosUkupno") == "0.00"
    assert member(base, "Pdv/Porez/Iznos") == "0.00"


def test_rows_are_summed_by_rate():
    base = receipt(
        line("10.00", vat("25", "2.50")),
        line("5.00", vat("13", "0.65")),
        line("2.00", vat("25.00", "0.50")),
    )
    root = thaw(built(base).content)[0]
    rows = [
        [one.text for one in row] for row in root.findall("tns:Pdv/tns:Porez", PREFIXES)
    ]
    assert rows == [["25.00", "12.00", "3.00"], ["13.00", "5.00", "0.65"]]


# -- settings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, value", [("zki_hash", "md5"), ("in_vat", "yes"), ("company_cash_limit", -1)]
)
def test_settings_that_make_no_sense(name, value):
    with pytest.raises(ValueError, match=name):
        authority(**{name: value})


def test_the_older_hash_of_the_security_code():
    assert built(zki_hash="sha1").code != built().code


@pytest.mark.parametrize("kind", ["tax_type", "payment_method", "vat_rate"])
def test_code_tables(kind):
    made = authority()
    assert kind in made.code_kinds()
    rows = list(made.codes(kind))
    assert rows and all({"en", "hr"} <= set(row.names) for row in rows)
    with pytest.raises(KeyError):
        made.codes("unit")
