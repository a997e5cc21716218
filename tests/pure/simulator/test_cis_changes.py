"""Receipts handed over again, changed, and tips."""

import re
from datetime import timedelta

import cis_kit
import pytest
from cis_kit import BAD_OIB, BUYER, verify


def change(values, means="K", buyer=None):
    changed = {**values, "PromijenjeniNacinPlac": means}
    if buyer is not None:
        changed["PromijenjeniOibPrimateljaRacuna"] = buyer
    return changed


def tip(values, amount="2.00", means="T"):
    parts = [("iznosNapojnice", amount), ("nacinPlacanjaNapojnice", means)]
    return {**values, "Napojnica": parts}


def later(cis, till, **shift):
    till.offset += timedelta(**shift).total_seconds()
    cis.settings(clock_offset=till.offset)


def test_a_receipt_handed_over_again_keeps_its_jir(cis, cis_till):
    values = cis_till.receipt()
    first = cis_till.send(values).jir
    assert cis_till.send({**values, "NakDost": "true"}).jir == first
    assert cis_till.send({**values, "NakDost": "1"}).jir == first
    (row,) = cis.registered()
    assert row["handed_over"] == 3
    assert [delivery["late"] for delivery in row["deliveries"]] == [False, True, True]
    assert not row["conflict"]
    assert row["jirs"] == [first]


def test_or_gets_another_one(cis, cis_till):
    cis.settings(repeat_jir="new")
    values = cis_till.receipt()
    jirs = [cis_till.send(values).jir for _ in range(2)]
    assert len(set(jirs)) == 2
    (row,) = cis.registered()
    assert row["jirs"] == jirs
    assert cis.registered(jir=jirs[1]) == [row]


def test_a_message_id_that_was_used_before_is_noted(cis, cis_till):
    values = cis_till.receipt()
    identity = "84bed434-d2bd-41a6-871f-1717580d21bb"
    for _ in range(2):
        cis_till.send(values, message_id=identity)
    (row,) = cis.registered()
    assert [part["id_reused"] for part in row["deliveries"]] == [False, True]


@pytest.mark.parametrize(
    "other",
    [{"IznosUkupno": "125.01"}, {"ZastKod": "0" * 32}, {"OibPrimateljaRacuna": BUYER}],
)
def test_another_receipt_with_the_same_number_is_a_conflict(cis, cis_till, other):
    values = cis_till.receipt()
    assert cis_till.send(values).jir != cis_till.send({**values, **other}).jir
    assert [row["conflict"] for row in cis.registered()] == [True, True]


def test_numbers_go_by_premises_or_by_device(cis, cis_till):
    now = cis_till.now()
    for sequence in ("P", "N"):
        for device in ("1", "2"):
            number = f"1/{sequence}/{device}"
            assert cis_till.send(cis_kit.receipt(now, number, OznSlijed=sequence)).jir
    conflicts = {row["number"]: row["conflict"] for row in cis.registered()}
    assert conflicts == {
        "1/P/1": True,
        "1/P/2": True,
        "1/N/1": False,
        "1/N/2": False,
    }


def test_the_payment_means_on_the_day_of_issue(cis, cis_till):
    values = cis_till.receipt()
    jir = cis_till.send(values).jir
    reply = cis_till.send(change(values), "promijeniNacPlac")
    assert reply.status == 200
    assert reply.codes == ["P001"]
    assert reply.texts("Jir") == []
    verify(reply.data, cis.authority()["signers"]["test"])
    (row,) = cis.registered()
    assert (row["payment"], row["jir"]) == ("K", jir)
    assert row["changes"][0]["operation"] == "promijeniNacPlac"


def test_recipient_and_payment_means(cis, cis_till):
    values = cis_till.receipt()
    cis_till.send(values)
    reply = cis_till.send(change(values, "G", BUYER), "promijeniPodatkeRacuna")
    assert (reply.status, reply.codes) == (200, ["p005"])
    assert cis.registered()[0]["buyer"] == BUYER
    reply = cis_till.send(change(values, "O", ""), "promijeniPodatkeRacuna")
    assert reply.codes == ["p005"]
    (row,) = cis.registered()
    assert (row["buyer"], row["payment"]) == ("", "O")


def test_what_a_second_change_repeats(cis, cis_till):
    values = cis_till.receipt()
    cis_till.send(values)
    cis_till.send(change(values, "K"), "promijeniNacPlac")
    again = {**values, "NacinPlac": "K"}

    def codes(basis, given):
        cis.settings(change_basis=basis)
        return cis_till.send(change(given, "K"), "promijeniNacPlac").codes

    assert codes("either", values) == codes("either", again) == ["P001"]
    assert codes("original", values) == ["P001"]
    assert codes("original", again) == ["s008"]
    assert codes("current", values) == ["s008"]
    assert codes("current", again) == ["P001"]


OPERATIONS = [
    ("promijeniNacPlac", change, "s007", "s008"),
    ("promijeniPodatkeRacuna", lambda row: change(row, "K", BUYER), "s011", "s012"),
    ("napojnica", tip, "s009", "s010"),
]


@pytest.mark.parametrize(("operation", "make", "late", "unknown"), OPERATIONS)
def test_s008_s010_s012_what_is_not_registered_like_this(
    cis, cis_till, operation, make, late, unknown
):
    values = cis_till.receipt()
    assert cis_till.send(make(values), operation).codes == [unknown]
    cis_till.send(values)
    for other in (
        {"IznosUkupno": "125.01"},
        {"ZastKod": "0" * 32},
        {"NakDost": "true"},
        {"NacinPlac": "O"},
        {"OibPrimateljaRacuna": BUYER},
        {"OznSlijed": "N"},
    ):
        reply = cis_till.send(make({**values, **other}), operation)
        assert (reply.status, reply.codes) == (500, [unknown]), other
    assert cis_till.send(make(values), operation).status == 200
    # handed over again, late: both are what CIS has
    late_one = {**values, "NakDost": "true"}
    cis_till.send(late_one)
    assert cis_till.send(make(late_one), operation).status == 200
    cis_till.path = cis_kit.PRODUCTION
    assert cis_till.send(make(values), operation).codes == [unknown]


@pytest.mark.parametrize(("operation", "make", "late", "unknown"), OPERATIONS[:2])
def test_s007_s011_after_midnight(cis, cis_till, operation, make, late, unknown):
    values = cis_till.receipt()
    cis_till.send(values)
    later(cis, cis_till, hours=11, minutes=58)
    assert cis_till.send(make(values), operation).status == 200
    later(cis, cis_till, minutes=3)
    reply = cis_till.send(make(values), operation)
    assert (reply.status, reply.codes) == (500, [late])


def test_s009_a_tip_after_two_days(cis, cis_till):
    values = cis_till.receipt()
    cis_till.send(values)
    later(cis, cis_till, days=2, hours=11, minutes=58)
    assert cis_till.send(tip(values), "napojnica").codes == ["p002"]
    later(cis, cis_till, minutes=3)
    assert cis_till.send(tip(values), "napojnica").codes == ["s009"]


def test_the_last_tip_counts(cis, cis_till):
    values = cis_till.receipt()
    cis_till.send(values)
    for amount, means in (("2.00", "T"), ("3.50", "G")):
        reply = cis_till.send(tip(values, amount, means), "napojnica")
        assert (reply.status, reply.codes) == (200, ["p002"])
    tips = cis.registered()[0]["tips"]
    assert (tips[-1]["amount"], tips[-1]["payment"]) == ("3.50", "G")


def test_s013_of_a_change(cis, cis_till):
    values = cis_till.receipt()
    cis_till.send(values)
    reply = cis_till.send(change(values, "G", BAD_OIB), "promijeniPodatkeRacuna")
    assert (reply.status, reply.codes) == (500, ["s013"])
    assert reply.texts("PorukaGreske")[0].endswith(": 180")
    high = cis_till.receipt(
        "2/POSL1/12",
        USustPdv="false",
        Pdv=None,
        IznosUkupno="10000.01",
        NacinPlac="K",
    )
    assert cis_till.send(high).jir
    reply = cis_till.send(change(high, "G"), "promijeniNacPlac")
    assert reply.codes == ["s013"]
    assert cis.registered()[1]["payment"] == "K"


def test_the_zki_is_recomputed_where_the_key_is_known(cis, cis_till):
    order = cis.certificate(cis_kit.OIB)
    cis_till.seal = cis_kit.Seal.of(order)
    values = cis_till.receipt()
    issued = values["DatVrijeme"].replace("T", " ")
    text = f"{cis_kit.OIB}{issued}1POSL112125.00".encode()
    for number, sha in ((0, "256"), (1, "1"), (2, "512")):
        zki = cis_kit.zki(cis_till.seal, text, sha)
        cis_till.send({**values, "ZastKod": zki})
        assert re.fullmatch("[0-9a-f]{32}", zki)
        expected = {"256": "sha256", "1": "sha1", "512": "none"}[sha]
        assert cis.registered()[number]["zki_hash"] == expected


def test_or_not(cis, cis_till):
    cis_till.send(cis_till.receipt())
    assert cis.registered()[0]["zki_hash"] is None
    cis.register(keys=[{"pem": cis_till.seal.key_pem}])
    cis_till.send(cis_till.receipt("2/POSL1/12"))
    assert cis.registered()[1]["zki_hash"] == "none"
