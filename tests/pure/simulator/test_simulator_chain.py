import pytest
from simulator_kit import Till, codes, now_text, receipt, sealed


class Chain:
    """Receipts of one device, sent one by one."""

    def __init__(self, till, control):
        self.till, self.control = till, control

    def make(self, number: str, previous: str = "", old: str = "", **options) -> dict:
        document = receipt(number=number, previous=previous, **options)
        if old:
            document["header"]["referenceOldUUID"] = old
        return sealed(document)

    def send(self, document: dict) -> set[str]:
        (row,) = self.till.verdicts(self.control, document)
        return codes(row)

    def add(self, *args, **options) -> tuple[str, set[str]]:
        document = self.make(*args, **options)
        return document["header"]["uuid"], self.send(document)

    def bad(self, number: str, previous: str, old: str = "") -> str:
        """A receipt that is refused for its payment method."""
        document = receipt(number=number, previous=previous)
        document["paymentMethod"] = "X"
        if old:
            document["header"]["referenceOldUUID"] = old
        document = sealed(document)
        assert self.send(document) == {"SIM-PAYMENT"}
        return document["header"]["uuid"]


@pytest.fixture
def chain(till, control):
    return Chain(till, control)


def test_a_chain_in_order(chain):
    one, found = chain.add("1")
    assert found == set()
    two, found = chain.add("2", one)
    assert found == set()
    assert chain.add("3", two)[1] == set()


def test_a_chain_in_any_order(chain, till, control):
    one = chain.make("1")
    two = chain.make("2", one["header"]["uuid"])
    three = chain.make("3", two["header"]["uuid"])
    for document in (three, one, two):
        assert chain.send(document) == set()


def test_two_successors(chain):
    one, _found = chain.add("1")
    chain.add("2", one)
    assert chain.add("3", one)[1] == {"SIM-CHAIN-FORK"}


def test_two_successors_in_one_submission(chain, till, control):
    rows = till.verdicts(control, chain.make("1", "a" * 64), chain.make("2", "a" * 64))
    assert [codes(row) for row in rows] == [set(), {"SIM-CHAIN-FORK"}]


def test_two_starts(chain):
    chain.add("1")
    assert chain.add("2")[1] == {"SIM-CHAIN-SECOND-START"}


def test_each_device_has_its_own_chain(chain, url, control):
    one, _found = chain.add("1")
    other = Chain(Till(url, 2), control)
    assert other.add("1", serial="SIM-POS-0002")[1] == set()
    found = other.add("2", one, serial="SIM-POS-0002")[1]
    assert found == {"SIM-CHAIN-DEVICE"}


def test_a_correction_takes_the_place_of_the_invalid_one(chain, till):
    one, _found = chain.add("1")
    two = chain.bad("2", one)
    three, found = chain.add("3", two)  # issued before the verdict was known
    assert found == set()
    assert chain.add("2*", one, two)[1] == set()
    assert chain.add("4", three)[1] == set()


def test_a_correction_of_a_correction(chain):
    one, _found = chain.add("1")
    two = chain.bad("2", one)
    again = chain.bad("2*", one, two)
    assert chain.add("2**", one, again)[1] == set()
    assert chain.add("2***", one, again)[1] == {"SIM-CHAIN-FORK"}


def test_a_correction_of_the_first_receipt(chain):
    one = chain.bad("1", "")
    assert chain.add("1*", "", one)[1] == set()


def test_an_invalid_place_is_not_free_without_reference(chain):
    one, _found = chain.add("1")
    chain.bad("2", one)
    assert chain.add("3", one)[1] == {"SIM-CHAIN-FORK"}


def test_a_correction_with_another_predecessor(chain):
    one, _found = chain.add("1")
    two = chain.bad("2", one)
    assert chain.add("3", two, two)[1] == {"SIM-OLD-PREVIOUS"}


def test_a_valid_receipt_is_not_replaced(chain, control):
    one, _found = chain.add("1")
    found = chain.add("1*", "", one)[1]
    assert found == {"SIM-OLD-STATUS", "SIM-CHAIN-SECOND-START"}
    control.cancel(one)
    found = chain.add("1**", "", one)[1]
    assert "SIM-OLD-STATUS" in found


def test_an_unknown_receipt_may_be_replaced(chain):
    assert chain.add("1", "a" * 64, "b" * 64)[1] == set()


def test_a_correction_has_96_hours(chain, till, control):
    bad = chain.bad("1", "")
    for hours, found in ((-97, {"SIM-WINDOW"}), (-95, set())):
        document = receipt(number=f"{hours}")
        document["header"]["referenceOldUUID"] = bad
        document["header"]["dateTimeIssued"] = now_text(hours=hours)
        document = sealed(document)
        assert chain.send(document) == found
        bad = document["header"]["uuid"]


def test_of_another_device(chain, url, control):
    bad = chain.bad("1", "")
    other = Chain(Till(url, 2), control)
    found = other.add("1*", "", bad, serial="SIM-POS-0002")[1]
    assert found == {"SIM-OLD-DEVICE"}


def test_mode_off_and_warn(chain, control):
    control.settings(chain="off")
    chain.add("1")
    assert chain.add("2")[1] == set()
    control.settings(chain="warn")
    uuid, found = chain.add("3")
    assert found == set()
    (row,) = control.receipts(uuid=uuid)
    assert [item["code"] for item in row["warnings"]] == ["SIM-CHAIN-SECOND-START"]


def test_mode_known(chain, control):
    control.settings(chain="known")
    one, found = chain.add("1")
    assert found == set()
    assert chain.add("2", one)[1] == set()
    assert chain.add("3", "a" * 64)[1] == {"SIM-CHAIN-UNKNOWN"}


def test_mode_known_ignores_the_order_within_a_submission(chain, till, control):
    control.settings(chain="known")
    one = chain.make("1")
    two = chain.make("2", one["header"]["uuid"])
    rows = till.verdicts(control, two, one)
    assert [row["status"] for row in rows] == ["Valid", "Valid"]


def test_mode_strict(chain, till, control):
    control.settings(chain="strict")
    one = chain.make("1")
    two = chain.make("2", one["header"]["uuid"])
    rows = till.verdicts(control, one, two)
    assert [row["status"] for row in rows] == ["Valid", "Valid"]
    four = chain.make("4", "f" * 64)
    assert chain.send(four) == {"SIM-CHAIN-ORDER"}
    bad = chain.bad("5", four["header"]["uuid"])
    six, found = chain.add("6", bad)
    assert found == set()
    assert chain.add("5*", four["header"]["uuid"], bad)[1] == set()
    assert chain.add("7", six)[1] == set()


def test_mode_strict_after_a_correction_of_the_last_receipt(chain, control):
    """What follows names the refused receipt or its correction; which of them is a
    setting."""
    control.settings(chain="strict")
    last, _found = chain.add("1")
    for number, (allowed, names_correction, refused) in enumerate(
        (
            ("either", False, False),
            ("either", True, False),
            ("refused", False, False),
            ("refused", True, True),
            ("correction", True, False),
            ("correction", False, True),
        ),
        start=2,
    ):
        control.settings(corrected_head=allowed)
        bad = chain.bad(f"{number}", last)
        again = chain.bad(f"{number}*", last, bad)
        correction, found = chain.add(f"{number}**", last, again)
        assert found == set()
        previous = correction if names_correction else bad
        last, found = chain.add(f"{number} next", previous)
        assert found == ({"SIM-CHAIN-ORDER"} if refused else set()), allowed


def test_mode_strict_after_a_correction_of_an_earlier_receipt(chain, control):
    """It changes nothing for what follows the last one."""
    control.settings(chain="strict", corrected_head="correction")
    bad = chain.bad("1", "")
    last, _found = chain.add("2", bad)
    correction, found = chain.add("1*", "", bad)
    assert found == set()
    assert chain.add("3", correction)[1] == {"SIM-CHAIN-ORDER"}


def test_other_modes_accept_both_after_a_correction_of_the_last_receipt(chain, control):
    for mode in ("warn", "fork", "known"):
        control.settings(chain=mode, corrected_head="refused")
        last, _found = chain.add(f"{mode} 1", serial="SIM-POS-0001")
        bad = chain.bad(f"{mode} 2", last)
        correction, _found = chain.add(f"{mode} 2*", last, bad)
        assert chain.add(f"{mode} 3", correction)[1] == set()
        control.reset()
        control.settings(validation_seconds=0)
