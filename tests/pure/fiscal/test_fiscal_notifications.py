"""Call-backs: what they hint at, whoever sends them."""

from __future__ import annotations

import json

import pytest
from eta_samples import RIN
from hypothesis import given
from hypothesis import strategies as st
from service_kit import JSON

from fiscal.eg_eta import notifications
from fiscal.eg_eta.notifications import Told, pong, read_hint, topic_of


def body(**members):
    return json.dumps({"deliveryId": "D-1", "type": "Document-Validated", **members})


def hint(text, topic="documents"):
    return read_hint(topic, text if isinstance(text, bytes) else text.encode())


MESSAGE = {
    "type": "document-validated",
    "uuid": "U1",
    "submissionUUID": "S1",
    "longId": "L1",
    "internalId": "N-1",
    "status": "Valid",
}


def test_documents_are_told_of_once_each():
    found = hint(body(count=2, message=[MESSAGE, MESSAGE, {**MESSAGE, "uuid": "U2"}]))
    assert (found.topic, found.delivery_id) == ("documents", "D-1")
    assert found.what == "document-validated" and found.complete
    assert found.told[0] == Told("document-validated", "U1", "S1", "L1", "N-1", "Valid")
    assert found.uids == {"U1", "U2"} and found.submissions == {"S1"}


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"message": MESSAGE}, 1),
        ({"messages": [MESSAGE]}, 1),
        ({"uuid": "U1"}, 1),
        ({"message": [], "uuid": "U1"}, 1),
        ({"message": [None, 5, "x", {}]}, 0),
        ({"message": "text"}, 0),
        ({}, 0),
    ],
)
def test_whatever_the_shape_it_is_a_hint(members, told):
    assert len(hint(body(**members)).told) == told


def test_packages_and_devices():
    found = hint(body(message={"packageId": "P1"}), "documentpackages")
    assert found.told[0].package == "P1"
    found = hint(body(Id="POS-1"), "pos")
    assert found.told[0].serial == "POS-1"
    found = hint(body(message=[{"receiptNumber": "R", "uuid": "ab"}]), "receipts")
    assert (found.told[0].number, found.uids) == ("R", {"ab"})


@pytest.mark.parametrize(
    ("path", "topic"),
    [
        ("/notifications/documents", "documents"),
        ("/Notifications/Documents/", "documents"),
        ("/notifications", "pos"),
        ("/notifications/receiptpackages", "receiptpackages"),
        ("/notifications/documents/x", None),
        ("/ping", None),
        ("", None),
    ],
)
def test_addresses(path, topic):
    assert topic_of(path) == topic


def test_what_is_hostile_is_limited(monkeypatch):
    for text in (b"", b"[]", b"nul", b"\xff", b'"x"', b"[" * 100_000):
        with pytest.raises(ValueError):
            hint(text)
    with pytest.raises(ValueError, match="bytes"):
        hint(b" " * (notifications.MOST_BYTES + 1))
    found = hint(body(type="t" * 5000, deliveryId=5, message=[{"uuid": "u" * 5000}]))
    assert (found.delivery_id, found.what, found.told) == ("", "", ())
    monkeypatch.setattr(notifications, "MOST_DOCUMENTS", 2)
    found = hint(body(message=[{"uuid": str(n)} for n in range(3)]))
    assert len(found.told) == 2 and not found.complete


@given(JSON | st.dictionaries(st.sampled_from(["message", "messages"]), JSON))
def test_any_object_is_a_hint_and_nothing_else(value):
    text = json.dumps(value)
    if isinstance(value, dict):
        hint(text)
    else:
        with pytest.raises(ValueError):
            hint(text)


def test_ping_echoes_our_number_and_no_other():
    assert json.loads(pong(json.dumps({"rin": RIN}).encode(), RIN)) == {"rin": RIN}
    for wrong in (b"{}", b'{"rin":"1"}', b'{"rin":5}', b"[]"):
        with pytest.raises(ValueError):
            pong(wrong, RIN)


def test_what_the_simulator_tells_is_understood(office):
    office.control.register(
        callbacks=[
            {"rin": RIN, "base_url": "http://127.0.0.1:1/x", "api_key": "k" * 20}
        ]
    )
    document = office.valid()
    told = [
        hint(json.dumps(row["body"]))
        for row in office.control.callbacks()
        if row["rin"] == RIN
    ]
    assert {document.uid} == {uid for one in told for uid in one.uids}
    assert all(one.delivery_id and one.what == "document-validated" for one in told)
