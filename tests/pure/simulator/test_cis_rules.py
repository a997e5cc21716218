"""The rules about what is in a receipt: v101 to 185, and s013."""

from datetime import timedelta

import cis_kit
import pytest
from cis_kit import BAD_OIB, BUYER, tax

PNP = [tax("3.00", "100.00", "3.00")]


def vat(*rows):
    return [tax(*row) for row in rows]


def fee(amount):
    return [("Naknada", [("NazivN", "Povratna naknada"), ("IznosN", amount)])]


OUT = {"USustPdv": "false", "Pdv": None}

RULES = [
    ({}, ["v100"]),
    (OUT, ["v100"]),
    # VAT rates
    ({"Pdv": vat(("25.01", "100.00", "25.01")), "IznosUkupno": "125.01"}, ["v110"]),
    ({"Pdv": vat(("10.00", "100.00", "10.00")), "IznosUkupno": "110.00"}, ["v110"]),
    ({"Pdv": vat(("13.00", "100.00", "13.00")), "IznosUkupno": "113.00"}, ["v100"]),
    ({"Pdv": vat(("5.00", "100.00", "5.00")), "IznosUkupno": "105.00"}, ["v100"]),
    # 160 and 161: more than 0.10, not exactly 0.10
    ({"Pdv": vat(("25.00", "100.00", "24.90")), "IznosUkupno": "124.90"}, ["v100"]),
    ({"Pdv": vat(("25.00", "100.00", "24.89")), "IznosUkupno": "124.89"}, ["160"]),
    ({"Pdv": vat(("25.00", "100.00", "25.10")), "IznosUkupno": "125.10"}, ["v100"]),
    ({"Pdv": vat(("25.00", "100.00", "25.11")), "IznosUkupno": "125.11"}, ["161"]),
    # not rounded: 0.01 * 13 % is 0.0013
    ({"Pdv": vat(("13.00", "0.01", "0.10")), "IznosUkupno": "0.11"}, ["v100"]),
    (
        {
            "Pdv": vat(("25.00", "100.00", "24.00"), ("13.00", "100.00", "14.00")),
            "IznosUkupno": "238.00",
        },
        ["160", "161"],
    ),
    # consumption tax
    ({"Pnp": PNP, "IznosUkupno": "128.00"}, ["v100"]),
    (
        {"Pnp": [tax("3.00", "100.00", "2.89")], "IznosUkupno": "127.89"},
        ["162"],
    ),
    (
        {"Pnp": [tax("3.00", "100.00", "3.11")], "IznosUkupno": "128.11"},
        ["163"],
    ),
    (
        {"Pnp": [tax("3.01", "100.00", "3.01")], "IznosUkupno": "128.01"},
        ["v118"],
    ),
    (
        {"Pnp": [tax("-1.00", "100.00", "-1.00")], "IznosUkupno": "124.00"},
        ["v117"],
    ),
    (
        {"Pnp": [tax("0.00", "125.01", "0.00")]},
        ["v120"],
    ),
    ({"Pnp": [tax("0.00", "-1.00", "0.00")]}, ["v122"]),
    ({**OUT, "Pnp": PNP, "IznosUkupno": "103.00"}, ["v100"]),
    # the sum, and bases beside it
    ({"IznosUkupno": "125.01"}, ["v100"]),
    ({"IznosUkupno": "125.02"}, ["166"]),
    ({"IznosUkupno": "124.98"}, ["166"]),
    ({"IznosUkupno": "99.00"}, ["v112", "166"]),
    ({"IznosUkupno": "-125.00"}, ["v114", "166"]),
    (
        {"Pdv": vat(("25.00", "-100.00", "-25.00")), "IznosUkupno": "-125.00"},
        ["v100"],
    ),
    (
        {"Pdv": vat(("25.00", "-100.00", "-25.00")), "IznosUkupno": "-99.00"},
        ["v113", "166"],
    ),
    # amounts beside the total; margin is not in the sum
    ({"IznosOslobPdv": "10.00", "IznosUkupno": "135.00"}, ["v100"]),
    ({"Pdv": None, "IznosOslobPdv": "10.00", "IznosUkupno": "9.99"}, ["v126"]),
    ({"Pdv": None, "IznosOslobPdv": "-10.00", "IznosUkupno": "-9.99"}, ["v127"]),
    (
        {"IznosOslobPdv": "-1.00", "IznosUkupno": "124.00"},
        ["v128"],
    ),
    ({"IznosMarza": "125.00"}, ["v100"]),
    ({"IznosMarza": "125.01"}, ["v129"]),
    (
        {
            "Pdv": vat(("25.00", "-100.00", "-25.00")),
            "IznosUkupno": "-125.00",
            "IznosMarza": "-125.01",
        },
        ["v130"],
    ),
    ({"IznosMarza": "-1.00"}, ["v131"]),
    ({"Pdv": None, "IznosNePodlOpor": "10.00", "IznosUkupno": "9.99"}, ["v132"]),
    ({"Pdv": None, "IznosNePodlOpor": "-10.00", "IznosUkupno": "-9.99"}, ["v133"]),
    (
        {"IznosNePodlOpor": "-1.00", "IznosUkupno": "124.00"},
        ["v134"],
    ),
    # fees
    ({"Naknade": fee("135.00"), "IznosUkupno": "260.00"}, ["v100"]),
    ({"Naknade": fee("135.01"), "IznosUkupno": "260.01"}, ["164"]),
    ({"Naknade": fee("-135.00"), "IznosUkupno": "-10.00"}, ["v100"]),
    ({"Naknade": fee("-135.01"), "IznosUkupno": "-10.01"}, ["165"]),
    # what is not used
    (
        {
            "OstaliPor": [
                (
                    "Porez",
                    [
                        ("Naziv", "Porez na luksuz"),
                        ("Stopa", "15.00"),
                        ("Osnovica", "10.00"),
                        ("Iznos", "1.50"),
                    ],
                )
            ]
        },
        ["v125"],
    ),
    ({"SpecNamj": "x"}, ["v141"]),
    # not in the VAT system
    ({"USustPdv": "false"}, ["v142"]),
    ({**OUT, "IznosOslobPdv": "1.00"}, ["v143"]),
    ({**OUT, "IznosMarza": "1.00"}, ["v144"]),
    ({**OUT, "IznosNePodlOpor": "1.00"}, ["v145"]),
    # limits
    ({**OUT, "NacinPlac": "T", "IznosUkupno": "150000.00"}, ["v100"]),
    ({**OUT, "NacinPlac": "T", "IznosUkupno": "150000.01"}, ["167"]),
    ({**OUT, "NacinPlac": "O", "IznosUkupno": "-150000.01"}, ["167"]),
    ({**OUT, "NacinPlac": "K", "IznosUkupno": "10000.00"}, ["v100"]),
    ({**OUT, "NacinPlac": "K", "IznosUkupno": "10000.01"}, ["168"]),
    ({**OUT, "NacinPlac": "K", "IznosUkupno": "-10000.01"}, ["168"]),
    ({**OUT, "NacinPlac": "G", "IznosUkupno": "10000.00"}, ["v100"]),
    ({**OUT, "NacinPlac": "G", "IznosUkupno": "10000.01"}, ["168", "185"]),
    # parties
    ({"OibOper": BAD_OIB}, ["179"]),
    ({"OibPrimateljaRacuna": BUYER}, ["v100"]),
    ({"OibPrimateljaRacuna": BAD_OIB}, ["180"]),
    ({"OibPrimateljaRacuna": BUYER, "NacinPlac": "T"}, ["181"]),
]


@pytest.mark.parametrize(("changes", "codes"), RULES)
def test_what_provjera_reports(cis, cis_till, changes, codes):
    values = cis_till.receipt(**changes)
    reply = cis_till.send(values, "provjera")
    assert reply.status == 200
    assert reply.codes == codes
    assert all(reply.texts("PorukaGreske"))


@pytest.mark.parametrize(
    ("number", "codes"),
    [("0", ["v105", "178"]), ("999999", ["v100"]), ("1000000", ["v106"])],
)
def test_numbers(cis, cis_till, number, codes):
    assert cis_till.check(cis_till.receipt(f"{number}/POSL1/12")) == codes


def test_times(cis, cis_till):
    """Of issue and of sending, against each other and the time of processing."""

    def check(issued, sent):
        values = cis_kit.receipt(cis_till.now(**issued))
        return cis_till.check(values, sent=cis_till.now(**sent))

    minute = timedelta(minutes=1)
    six = timedelta(hours=6)
    assert check({"seconds": -1}, {}) == ["v100"]
    late = {"hours": 5, "minutes": 59}
    assert check({}, {**late}) == ["v100"]
    assert check({}, {"hours": -6, "minutes": -1}) == ["v101", "v104"]
    assert check({}, {"seconds": (six + minute).total_seconds()}) == ["v101"]
    assert check(late, late) == ["177"]
    ahead = {"hours": 6, "minutes": 1}
    assert check(ahead, ahead) == ["v101", "v103", "177"]
    assert check({"minutes": 5}, {}) == ["v104", "177"]
    cis.settings(future_tolerance_seconds=600)
    assert check({"minutes": 5}, {"minutes": 5}) == ["v100"]
    assert check({"days": -2, "minutes": 1}, {}) == ["v100"]
    assert check({"days": -2, "minutes": -1}, {}) == ["v152"]
    assert check({"days": -5, "minutes": 1}, {}) == ["v152"]
    assert check({"days": -5, "minutes": -1}, {}) == ["v153"]
    # by days of the calendar, not by hours
    assert check({"days": -30, "hours": -11}, {}) == ["v153"]
    assert check({"days": -30, "hours": -13}, {}) == ["v153", "176"]


RESTRICTIVE = [
    ({"OibOper": BAD_OIB}, "179"),
    ({"OibPrimateljaRacuna": BAD_OIB}, "180"),
    ({"OibOper": BAD_OIB, "OibPrimateljaRacuna": BAD_OIB}, "179, 180"),
    ({**OUT, "IznosUkupno": "10000.01"}, "185"),
]


@pytest.mark.parametrize(("changes", "codes"), RESTRICTIVE)
def test_s013_lists_the_rules_that_refuse(cis, cis_till, changes, codes):
    reply = cis_till.send(cis_till.receipt(**changes))
    assert (reply.status, reply.codes) == (500, ["s013"])
    (text,) = reply.texts("PorukaGreske")
    assert text.partition(": ")[2] == codes


def test_s013_by_number_and_time(cis, cis_till):
    def refused(values):
        (text,) = cis_till.send(values).texts("PorukaGreske")
        return text.partition(": ")[2]

    assert refused(cis_till.receipt("0/POSL1/12")) == "178"
    assert refused(cis_kit.receipt(cis_till.now(minutes=5))) == "177"
    assert refused(cis_kit.receipt(cis_till.now(days=-31))) == "176"
    assert cis_till.send(cis_kit.receipt(cis_till.now(days=-30))).jir
    assert cis.registered()[0]["warnings"] == ["v153"]


def test_rules_refuse_from_their_date_on(cis, cis_till):
    values = cis_till.receipt(IznosUkupno="99.00", OibOper=BAD_OIB)
    cis.settings(restrictive={"166": "2026-12-02", "179": "2026-12-03"})
    (text,) = cis_till.send(values).texts("PorukaGreske")
    assert text.partition(": ")[2] == "166"
    cis.settings(restrictive={"166": "2026-12-03"})
    assert cis_till.send(values).jir
    (row,) = cis.registered()
    assert row["warnings"] == ["166", "179", "v112"]


def test_the_official_check_digits(cis, cis_till):
    """What the authority's samples of requests have, and the one it refused."""
    for oib in ("66765313769", "88890465617", "78172217594", "93476558444"):
        assert cis_till.check(cis_till.receipt(OibOper=oib)) == ["v100"]
        wrong = f"{oib[:10]}{(int(oib[10]) + 1) % 10}"
        assert cis_till.check(cis_till.receipt(OibOper=wrong)) == ["179"]
