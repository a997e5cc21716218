"""Cancelling, rejecting and declining; windows; what takes effect when."""

from datetime import datetime

import pytest
from invoice_kit import BUYER, OTHER, codes, invoice, unsigned

from simulator.client import ControlError

HOUR = 3600


@pytest.fixture(autouse=True)
def lasting_tokens(control):
    """Tests move the clock by days."""
    control.settings(token_lifetime=10**8)


@pytest.fixture
def uuid(erp, control):
    (uuid,) = erp.valid(control, unsigned(invoice()))
    return uuid


def change(erp, uuid, status, reason="Wrong buyer details"):
    path = f"documents/state/{uuid}/state"
    return erp.put(path, {"status": status, "reason": reason})


def decline(erp, uuid, what):
    return erp.put(f"documents/state/{uuid}/decline/{what}")


def refused(answer) -> None:
    """ETA's answer to a change that comes too late."""
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["target"]) == (
        "ValidationError",
        "Update Document Status",
    )
    (detail,) = error["details"]
    assert detail["target"] == "Document.UUID"
    assert detail["message"] == (
        "Provided Status is invalid, based on the current document status."
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:26] + "+00:00")


def test_windows_are_a_week(erp, uuid):
    details = erp.details(uuid)
    received = moment(details["dateTimeRecevied"])
    for name in ("canbeCancelledUntil", "canbeRejectedUntil"):
        assert (moment(details[name]) - received).days == 7


def test_cancelling_takes_effect_when_it_can_no_longer_be_declined(erp, control, uuid):
    answer = change(erp, uuid, "cancelled")
    assert (answer.status_code, answer.json()) == (200, True)
    details = erp.details(uuid)
    assert details["status"] == "Valid"
    assert details["documentStatusReason"] == "Wrong buyer details"
    asked = moment(details["cancelRequestDate"])
    assert (moment(details["cancelRequestDelayedDate"]) - asked).days == 7
    control.settings(clock_offset=7 * 24 * HOUR - 60)
    assert erp.details(uuid)["status"] == "Valid"
    control.settings(clock_offset=7 * 24 * HOUR + 60)
    assert erp.details(uuid)["status"] == "Cancelled"
    (row,) = erp.get("documents/recent").json()["result"]
    assert (row["status"], row["documentStatusReason"]) == (
        "Cancelled",
        "Wrong buyer details",
    )


def test_cancelling_at_once_by_setting(erp, control, uuid):
    control.settings(finality="immediate")
    assert change(erp, uuid, "cancelled").status_code == 200
    assert erp.details(uuid)["status"] == "Cancelled"
    refused(change(erp, uuid, "cancelled"))


def test_cancelling_too_late(erp, control, uuid):
    control.settings(document_windows={"I": {"cancel_hours": 1}})
    control.settings(clock_offset=HOUR + 60)
    refused(change(erp, uuid, "cancelled"))
    assert erp.details(uuid)["cancelRequestDate"] is None


def test_windows_are_by_type(erp, control):
    control.settings(document_windows={"C": {"cancel_hours": -1}})
    invoice_uuid, note_uuid = erp.valid(
        control, unsigned(invoice()), unsigned(invoice(kind="C", number="C"))
    )
    assert change(erp, invoice_uuid, "cancelled").status_code == 200
    refused(change(erp, note_uuid, "cancelled"))


def test_the_buyer_declines_once(erp, buyer, control, uuid):
    change(erp, uuid, "cancelled")
    assert decline(buyer, uuid, "cancelation").status_code == 200
    details = erp.details(uuid)
    assert details["status"] == "Valid"
    assert details["declineCancelRequestDate"]
    control.settings(clock_offset=8 * 24 * HOUR)
    assert erp.details(uuid)["status"] == "Valid"
    refused(decline(buyer, uuid, "cancelation"))
    control.settings(clock_offset=0)
    refused(change(erp, uuid, "cancelled"))  # asked once, declined once


def test_the_buyer_rejects(erp, buyer, control, uuid):
    assert change(buyer, uuid, "rejected", "Wrong invoice details").status_code == 200
    details = erp.details(uuid)
    assert (details["status"], details["documentStatusReason"]) == (
        "Valid",
        "Wrong invoice details",
    )
    assert details["rejectRequestDate"] and details["rejectRequestDelayedDate"]
    refused(change(erp, uuid, "cancelled"))
    control.settings(clock_offset=8 * 24 * HOUR)
    assert erp.details(uuid)["status"] == "Rejected"
    refused(change(erp, uuid, "cancelled"))
    refused(decline(erp, uuid, "rejection"))


def test_a_rejection_is_declined_once(erp, buyer, uuid):
    change(buyer, uuid, "rejected")
    assert decline(erp, uuid, "rejection").status_code == 200
    assert erp.details(uuid)["declineRejectRequestDate"]
    refused(change(buyer, uuid, "rejected"))
    refused(decline(erp, uuid, "rejection"))
    assert change(erp, uuid, "cancelled").status_code == 200


def test_rejecting_too_late(buyer, control, uuid):
    control.settings(document_windows={"I": {"reject_hours": 0}})
    control.settings(clock_offset=60)
    refused(change(buyer, uuid, "rejected"))


def test_nothing_to_decline(erp, buyer, uuid):
    refused(decline(buyer, uuid, "cancelation"))
    refused(decline(erp, uuid, "rejection"))


@pytest.mark.parametrize(
    ("who", "call"),
    [
        ("buyer", lambda erp, uuid: change(erp, uuid, "cancelled")),
        ("issuer", lambda erp, uuid: change(erp, uuid, "rejected")),
        ("issuer", lambda erp, uuid: decline(erp, uuid, "cancelation")),
        ("buyer", lambda erp, uuid: decline(erp, uuid, "rejection")),
    ],
)
def test_each_side_does_its_own(erp, buyer, uuid, who, call):
    answer = call(buyer if who == "buyer" else erp, uuid)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"status": "valid", "reason": "x"}, "BadArgument"),
        ({"status": "cancelled", "reason": " "}, "BadArgument"),
        ({"status": "cancelled"}, "BadArgument"),
        ({"status": "cancelled", "reason": "x" * 501}, "BadArgument"),
        ([], "BadStructure"),
    ],
)
def test_wrong_orders(erp, uuid, body, code):
    answer = erp.put(f"documents/state/{uuid}/state", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_documents_that_are_not_there(erp, control):
    assert change(erp, "nothing", "cancelled").status_code == 404
    assert decline(erp, "nothing", "rejection").status_code == 404
    assert decline(erp, "nothing", "everything").status_code == 404


def test_an_invalid_document_has_no_state_to_change(erp, control):
    document = unsigned(invoice())
    document["taxpayerActivityCode"] = "0000"
    (details,) = erp.verdicts(control, document)
    assert codes(details) == {"SIM-ACTIVITY-CODE"}
    assert details["canbeCancelledUntil"] is None
    refused(change(erp, details["uuid"], "cancelled"))


# ------------------------------------------------------------------------------
# Orders of tests
# ------------------------------------------------------------------------------


def test_a_test_acts_as_the_buyer(erp, control, uuid):
    row = control.document_state(uuid, "reject", "Not our goods")
    assert (row["status"], row["rejection"]["reason"]) == ("Valid", "Not our goods")
    control.document_state(uuid, "decline_rejection")
    control.document_state(uuid, "cancel")
    row = control.document_state(uuid, "decline_cancelation")
    assert row["cancellation"]["declined"]
    with pytest.raises(ControlError, match="Provided Status is invalid"):
        control.document_state(uuid, "cancel")
    with pytest.raises(ControlError, match="no action 'burn'"):
        control.document_state(uuid, "burn")
    with pytest.raises(ControlError, match="no document"):
        control.document_state("nothing", "cancel")


def test_nobody_rejects_for_a_person(erp, control):
    (uuid,) = erp.valid(control, unsigned(invoice(receiver={"type": "P"})))
    with pytest.raises(ControlError, match="Only the receiver"):
        control.document_state(uuid, "reject")


def test_another_taxpayer_issues_to_us(erp, buyer, control):
    row = control.receive(
        BUYER,
        issuer={"id": OTHER, "name": "Supplier"},
        internalID="S-1",
        lines=[{"description": "Paper", "quantity": "3", "price": "10", "rate": "14"}],
    )
    assert (row["status"], row["totalAmount"]) == ("Valid", "34.20")
    details = buyer.details(row["uuid"])
    assert (details["issuer"]["id"], details["internalID"]) == (OTHER, "S-1")
    found = buyer.get("documents/recent", direction="Received").json()["result"]
    assert [item["uuid"] for item in found] == [row["uuid"]]
    assert buyer.get("documents/recent", direction="Sent").json()["result"] == []
    assert erp.get(f"documents/{row['uuid']}/details").status_code == 404
    assert change(buyer, row["uuid"], "rejected").status_code == 200
    (again,) = control.documents(rin=OTHER)
    assert again["rejection"]


def test_a_whole_document_from_another_taxpayer(buyer, control):
    document = {"document": {"documentType": "I"}}
    with pytest.raises(ControlError, match="PropertyRequired"):
        control.receive(BUYER, **document)
    with pytest.raises(ControlError, match="'receiver' is missing"):
        control.call("POST", "received", {})
