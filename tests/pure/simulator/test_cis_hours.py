"""Working hours of premises."""

import cis_kit
import pytest
from cis_kit import F73, OIB, OPERATOR, verify

CODE = "POSL1"
ALL_DAY = [("RadnoVrijemeOd", "08:00"), ("RadnoVrijemeDo", "20:00")]


@pytest.fixture
def known(cis):
    cis.register(premises=[{"oib": OIB, "code": CODE}])
    return cis


def day(till, **shift):
    return till.now(**shift).astimezone(cis_kit.ZAGREB).strftime("%d.%m.%Y")


def regular(till, days=10, ends="20:00"):
    hours = [("DanUTjednu", "1"), ("RadnoVrijemeOd", "08:00"), ("RadnoVrijemeDo", ends)]
    return ("Redovno", [("DatumOd", day(till, days=days)), ("Jednokratno", hours)])


def exception(till, days=10):
    return ("Iznimke", [("Datum", day(till, days=days)), ("Jednokratno", ALL_DAY)])


def twice(till, first_end):
    halves = [
        (
            "Dvokratno",
            [
                ("DanUTjednu", "1"),
                ("DioDvokratnog", part),
                ("RadnoVrijemeOd", begin),
                ("RadnoVrijemeDo", end),
            ],
        )
        for part, begin, end in (("1", "08:00", first_end), ("2", "16:00", "24:00"))
    ]
    return ("Redovno", [("DatumOd", day(till, days=10)), *halves])


def report(till, *rows, code=CODE, kind="RadnoVrijeme", call="prijaviRadnoVrijeme"):
    premises = [("Oib", OIB), ("OznPosPr", code), (kind, list(rows))]
    return till.call(call, ("PoslovniProstor", premises), ("OibOper", OPERATOR))


def delete(till, *rows, **more):
    more.setdefault("kind", "BrisanjeRadnogVremena")
    return report(till, *rows, call="obrisiRadnoVrijeme", **more)


def fetch(till, kind="SVE", code=CODE):
    return till.call(
        "dohvatiRadnoVrijeme",
        ("Oib", OIB),
        ("OznPosPr", code),
        ("VrstaRadnogVremena", kind),
        ("OibOper", OPERATOR),
    )


def test_hours_are_stored_given_back_and_deleted(known, cis_till):
    assert fetch(cis_till).codes == ["s110"]
    reply = report(cis_till, regular(cis_till), exception(cis_till))
    assert (reply.status, reply.codes) == (200, ["p003"])
    verify(reply.data, known.authority()["signers"]["test"])
    reply = fetch(cis_till)
    assert reply.status == 200
    names = [node.tag for node in reply.root.find(f".//{{{F73}}}RadnoVrijeme")]
    assert names == [f"{{{F73}}}Redovno", f"{{{F73}}}Iznimke"]
    assert reply.texts("DanUTjednu") == ["1"]
    assert fetch(cis_till, "IZNIMKE").texts("DanUTjednu") == []
    (row,) = known.hours()
    assert row["code"] == CODE
    begins = ("Redovno", [("DatumOd", day(cis_till, days=10))])
    reply = delete(cis_till, begins, ("Iznimke", [("Datum", day(cis_till, days=10))]))
    assert (reply.status, reply.codes) == (200, ["p004"])
    assert fetch(cis_till).codes == ["s110"]


def test_s101_premises_that_nobody_registered(cis, cis_till):
    for reply in (
        report(cis_till, regular(cis_till)),
        delete(cis_till, ("Redovno", [("DatumOd", day(cis_till))])),
        fetch(cis_till),
    ):
        assert (reply.status, reply.codes) == (500, ["s101"])
    cis.settings(premises_must_be_registered=False)
    assert report(cis_till, regular(cis_till)).codes == ["p003"]


@pytest.mark.parametrize(
    ("days", "codes"), [(0, ["s103"]), (1, ["p003"]), (45, ["p003"]), (46, ["s103"])]
)
def test_s103_when_hours_may_begin(known, cis_till, days, codes):
    assert report(cis_till, regular(cis_till, days)).codes == codes


def test_s107_the_same_again_and_others_instead(known, cis_till):
    assert report(cis_till, regular(cis_till)).codes == ["p003"]
    assert report(cis_till, regular(cis_till)).codes == ["s107"]
    assert report(cis_till, regular(cis_till, ends="21:00")).codes == ["p003"]
    assert fetch(cis_till, "REDOVNO").texts("RadnoVrijemeDo") == ["21:00"]


@pytest.mark.parametrize(("end", "codes"), [("23:58", ["p003"]), ("23:59", ["s114"])])
def test_s114_the_end_of_the_first_half(known, cis_till, end, codes):
    assert report(cis_till, twice(cis_till, end)).codes == codes


def test_s110_and_s120_what_cannot_be_deleted(known, cis_till):
    past = ("Iznimke", [("Datum", day(cis_till, days=-1))])
    assert delete(cis_till, past).codes == ["s110"]
    assert report(cis_till, exception(cis_till, days=-1)).codes == ["p003"]
    assert delete(cis_till, past).codes == ["s120"]


def test_s001_of_hours(known, cis_till):
    begins = ("Redovno", [("DatumOd", day(cis_till, days=10))])
    assert report(cis_till, begins, kind="BrisanjeRadnogVremena").codes == ["s001"]
    reply = delete(cis_till, regular(cis_till), kind="RadnoVrijeme")
    assert reply.codes == ["s001"]
    begins = ("Redovno", [("DatumOd", "31.02.2026")])
    assert delete(cis_till, begins).codes == ["s001"]


def test_many_premises_at_once(known, cis_till):
    name, content = exception(cis_till)
    assert name == "Iznimke"
    rows = [
        ("Poslovnica", [("OznPosPr", CODE), ("Iznimka", content)]),
        ("Poslovnica", [("OznPosPr", "POSL2"), regular(cis_till)]),
    ]
    reply = cis_till.call(
        "prijaviRadnoVrijemeZaPoslovnice",
        ("Oib", OIB),
        ("PoslovniProstori", rows),
        ("OibOper", OPERATOR),
    )
    assert reply.status == 200
    assert reply.texts("OznPosPr") == [CODE, "POSL2"]
    assert reply.codes == ["s101", "p003"]
    assert fetch(cis_till, "IZNIMKE").status == 200


def test_the_action_of_the_authoritys_wsdl_and_the_mended_one(known, cis_till):
    for days, action in ((10, "promijeniPodatkeRacuna"), (11, "prijaviRadnoVrijeme")):
        premises = [
            ("Oib", OIB),
            ("OznPosPr", CODE),
            ("RadnoVrijeme", [regular(cis_till, days)]),
        ]
        root = cis_kit.message(
            "prijaviRadnoVrijeme",
            ("PoslovniProstor", premises),
            ("OibOper", OPERATOR),
            sent=cis_till.now(),
        )
        data = cis_kit.enveloped(cis_kit.signed(root, cis_till.seal))
        assert cis_till.post(action, data).codes == ["p003"]
    assert "SOAPAction" in cis_till.post("racuni", data).fault
