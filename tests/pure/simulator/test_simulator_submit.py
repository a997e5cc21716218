from simulator_kit import codes, line, receipt, sealed


def test_a_good_receipt_is_accepted_and_becomes_valid(till, control):
    document = sealed(receipt([line(), line("3", "33.33333", number=2)]))
    answer = till.submit(document)
    assert [row["uuid"] for row in answer["acceptedDocuments"]] == [
        document["header"]["uuid"]
    ]
    assert answer["rejectedDocuments"] == []
    details = till.details(answer["submissionId"])
    assert details["status"] == "InProgress"
    assert "receipts" not in details
    control.settle()
    details = till.details(answer["submissionId"])
    assert details["status"] == "Valid", details
    assert details["receipts"][0]["status"] == "Valid"


def test_a_wrong_hash_is_invalid(till, control):
    document = sealed(receipt())
    document["header"]["receiptNumber"] = "S-0002"
    (verdict,) = till.verdicts(control, document)
    assert verdict["status"] == "Invalid"
    assert codes(verdict) == {"SIM-UUID-HASH"}
