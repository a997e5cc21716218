from decimal import Decimal

import pytest
from simulator_kit import Till, codes, line, now_text, receipt, sealed

BUYER = {"type": "P", "id": "29001011234567", "name": "مشتري"}


@pytest.fixture
def sale(till, control) -> dict:
    document = receipt([line("5"), line("3", "10", number=2)])
    document["buyer"] = BUYER
    document["header"]["dateTimeIssued"] = now_text(hours=-2)
    document = sealed(document)
    (row,) = till.verdicts(control, document)
    assert row["status"] == "Valid"
    return document


class Desk:
    def __init__(self, till, control, sale):
        self.till, self.control = till, control
        self.sale = sale["header"]["uuid"]
        self.last = self.sale
        self.count = 0

    def make(self, *lines: dict, kind="R", buyer=BUYER, reference="sale", **header):
        self.count += 1
        number = f"R-{self.count}"
        document = receipt(list(lines), number, previous=self.last, kind=kind)
        document["buyer"] = buyer
        if reference:
            document["header"]["referenceUUID"] = (
                self.sale if reference == "sale" else reference
            )
        document["header"].update(header)
        document = sealed(document)
        self.last = document["header"]["uuid"]
        return document

    def back(self, *lines: dict, **options) -> set[str]:
        (row,) = self.till.verdicts(self.control, self.make(*lines, **options))
        return codes(row)


@pytest.fixture
def desk(till, control, sale):
    return Desk(till, control, sale)


def test_a_whole_return(desk, till):
    assert desk.back(line("5"), line("3", "10", number=2)) == set()
    row = till.get(f"receipts/{desk.sale}/details").json()["receipt"]
    assert row["hasReturnReceipts"] is True
    assert [item["uuid"] for item in row["returnReceipts"]] == [desk.last]


def test_returns_in_parts(desk):
    assert desk.back(line("2")) == set()
    assert desk.back(line("2")) == set()
    assert desk.back(line("2")) == {"SIM-RETURN-QUANTITY", "SIM-RETURN-AMOUNT"}
    assert desk.back(line("1")) == set()
    assert desk.back(line("0.00001")) == {"SIM-RETURN-QUANTITY"}


def test_invalid_and_cancelled_returns_take_nothing(desk, control):
    assert desk.back(line("5"), line("9", number=2)) != set()
    assert desk.back(line("5")) == set()
    control.cancel(desk.last)
    assert desk.back(line("5")) == set()


def test_two_returns_in_one_submission(desk, till, control):
    one, two = desk.make(line("3")), desk.make(line("3"))
    rows = till.verdicts(control, one, two)
    assert [codes(row) for row in rows] == [
        set(),
        {"SIM-RETURN-QUANTITY", "SIM-RETURN-AMOUNT"},
    ]


def test_a_higher_price(desk):
    assert desk.back(line("5", "100.01")) == {"SIM-RETURN-AMOUNT"}


def test_another_item(desk):
    assert desk.back(line("1", number=3)) == {"SIM-RETURN-ITEM"}


def test_unknown_sale(desk):
    assert desk.back(line("1"), reference="a" * 64) == {"SIM-RETURN-UNKNOWN"}


def test_no_reference(desk):
    assert desk.back(line("1"), reference=None) == {"SIM-TYPE-FIELD-MISSING"}


def test_another_buyer(desk):
    other = {**BUYER, "id": "29001011234568"}
    assert desk.back(line("1"), buyer=other) == {"RR308"}
    assert desk.back(line("1"), buyer={**BUYER, "name": "آخر"}) == {"RR322"}
    assert desk.back(line("1"), buyer={"type": "P"}) == {"RR308", "RR322"}


def test_a_return_of_a_return(desk):
    assert desk.back(line("1")) == set()
    assert desk.back(line("1"), reference=desk.last) == {"SIM-RETURN-TYPE"}


def test_another_sector(desk):
    assert desk.back(line("1"), kind="RS") == {"SIM-RETURN-TYPE"}


def test_a_cancelled_sale(desk, control):
    control.cancel(desk.sale)
    assert desk.back(line("1")) == {"SIM-RETURN-STATUS"}


def test_an_invalid_sale(desk, till, control):
    document = receipt(number="bad", previous=desk.last)
    document["paymentMethod"] = "X"
    document = sealed(document)
    till.verdicts(control, document)
    desk.last = document["header"]["uuid"]
    found = desk.back(line("1"), buyer={"type": "P"}, reference=desk.last)
    assert found == {"SIM-RETURN-STATUS"}


def test_a_sale_that_was_not_valid_yet(desk, till, control):
    document = sealed(receipt(number="new", previous=desk.last))
    desk.last = document["header"]["uuid"]
    till.submit(document)
    found = desk.back(line("1"), buyer={"type": "P"}, reference=desk.last)
    assert found == {"SIM-RETURN-STATUS"}


def test_another_currency(desk):
    found = desk.back(line("1"), currency="USD", exchangeRate=Decimal(48))
    assert found == {"SIM-RETURN-CURRENCY"}


def test_before_the_sale(desk):
    found = desk.back(line("1"), dateTimeIssued=now_text(hours=-3))
    assert found == {"SIM-RETURN-EARLY"}


def test_after_540_days(desk, control):
    day = 24 * 3600
    for days, found in ((539, set()), (541, {"SIM-RETURN-LATE"})):
        control.settings(clock_offset=days * day)
        desk.till._token = None
        issued = now_text(days=days, minutes=-1)
        assert desk.back(line("1"), dateTimeIssued=issued) == found


def test_extras_of_a_return_are_ignored(desk):
    found = desk.back(
        line("1"),
        documentUseReason="I",
        salesIssuedDateTime="2021-12-20T00:00:00Z",
    )
    assert found == set()


@pytest.mark.parametrize(
    ("sold", "found"),
    [
        (now_text(days=-500), set()),
        (now_text(days=-541), {"SIM-RETURN-LATE"}),
        (now_text(days=1), {"SIM-RETURN-EARLY"}),
        ("2026-02-30T00:00:00Z", {"SIM-DATE"}),
    ],
)
def test_without_reference(desk, sold, found):
    header = {"documentUseReason": "B", "salesIssuedDateTime": sold}
    # its referenceUUID, if there is one, is ignored
    given = desk.back(line("9"), kind="RWR", reference="a" * 64, **header)
    assert given == found


def test_a_return_on_another_device(desk, url, control):
    document = receipt([line("1")], "X-1", kind="R", serial="SIM-POS-0002")
    document["buyer"] = BUYER
    document["header"]["referenceUUID"] = desk.sale
    (row,) = Till(url, 2).verdicts(control, sealed(document))
    assert row["status"] == "Valid", row


def test_anothers_sale(desk, url, control):
    control.register(
        taxpayers=[{"rin": "100000001", "name": "Other"}],
        devices=[
            {
                "serial": "SIM-POS-0003",
                "rin": "100000001",
                "client_id": "sim-pos-0003",
                "secrets": ["sim-secret-0003-a"],
            }
        ],
    )
    row = line("1", itemCode="EG-100000001-1")
    document = receipt([row], "X-1", kind="R", serial="SIM-POS-0003")
    document["seller"]["rin"] = "100000001"
    document["buyer"] = BUYER
    document["header"]["referenceUUID"] = desk.sale
    (verdict,) = Till(url, 3).verdicts(control, sealed(document))
    assert codes(verdict) == {"SIM-RETURN-UNKNOWN"}
