from urllib.parse import quote

import pytest
from simulator_kit import Till, line, now_text, receipt, sealed


@pytest.fixture
def chain(till, control) -> list[dict]:
    """Five receipts in one submission, the fourth invalid, the fifth cancelled."""
    documents, previous = [], ""
    for number in range(1, 6):
        row = line("1", str(number * 10), number=number)
        document = receipt([row], f"S-{number}", previous)
        document["header"]["dateTimeIssued"] = now_text(hours=-6 + number)
        if number == 4:
            document["paymentMethod"] = "X"
        document = sealed(document)
        previous = document["header"]["uuid"]
        documents.append(document)
    till.verdicts(control, *documents)
    control.cancel(previous, "by mistake")
    return documents


def uuid_of(document: dict) -> str:
    return document["header"]["uuid"]


def numbers(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["receiptNumber"] for row in answer.json()["receipts"]]


def test_details(till, control, chain):
    identity = control.submissions()[0]["id"]
    body = till.details(identity)
    assert body["submissionUuid"] == identity
    assert body["deviceSerialNumber"] == "SIM-POS-0001"
    assert (body["receiptsCount"], body["invalidReceiptsCount"]) == (5, 1)
    assert body["submissionChannel"] == "POS"
    assert body["metadata"] == {
        "totalPages": 1,
        "totalCount": 5,
        "currentPageNo": 1,
    }
    first = body["receipts"][0]
    assert first["uuid"] == uuid_of(chain[0])
    assert first["totalAmount"] == 11.4
    assert first["currencyNamePrimaryLang"] == "Egyptian Pound"
    assert [row["status"] for row in body["receipts"]] == [
        "Valid",
        "Valid",
        "Valid",
        "Invalid",
        "Cancelled",
    ]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"PageSize": 2, "PageNo": 2}, ["S-3", "S-4"]),
        ({"pagesize": 2, "pageno": 3}, ["S-5"]),
        ({"PageSize": 2, "PageNo": 4}, []),
        ({"Status": "Invalid"}, ["S-4"]),
        ({"ReceiptNumber": "s-2"}, ["S-2"]),
        (
            {"SortBy": "DateTimeIssued", "SortDir": "Desc", "PageSize": 2},
            ["S-5", "S-4"],
        ),
        ({"SortBy": "DateTimeIssued", "SortDir": "Asc", "PageSize": 1}, ["S-1"]),
        ({"DocumentTypeCode": "S", "PageSize": 1}, ["S-1"]),
        ({"DocumentTypeCode": "R"}, []),
    ],
)
def test_paging_and_filters_of_details(till, control, chain, arguments, found):
    path = f"receiptsubmissions/{control.submissions()[0]['id']}/details"
    assert numbers(till.get(path, **arguments)) == found


def test_a_page_is_ten_unless_asked_and_at_most_a_hundred(till, control):
    documents, previous = [], ""
    for number in range(101):
        documents.append(sealed(receipt(number=str(number), previous=previous)))
        previous = uuid_of(documents[-1])
    identity = till.submit(*documents)["submissionId"]
    control.settle()
    assert len(till.details(identity)["receipts"]) == 10
    body = till.details(identity, PageSize=100, PageNo=2)
    assert [row["receiptNumber"] for row in body["receipts"]] == ["100"]
    assert body["metadata"]["totalPages"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        {"PageSize": 101},
        {"PageSize": 0},
        {"PageNo": 0},
        {"PageNo": "x"},
        {"SortBy": "Amount"},
        {"SortBy": "DateTimeIssued", "SortDir": "Up"},
        {"Nonsense": "1"},
    ],
)
def test_bad_arguments(till, control, chain, arguments):
    path = f"receiptsubmissions/{control.submissions()[0]['id']}/details"
    answer = till.get(path, **arguments)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadArgument"


def test_unknown_and_foreign_submissions(till, control, chain, url):
    identity = control.submissions()[0]["id"]
    assert till.get("receiptsubmissions/XXX/details").status_code == 404
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
    other = Till(url, 3)
    uuid = uuid_of(chain[0])
    assert other.get(f"receiptsubmissions/{identity}/details").status_code == 404
    assert other.get(f"receipts/{uuid}/details").status_code == 404
    assert other.get(f"receipts/{uuid}/raw").status_code == 404
    assert numbers(other.get("receipts/recent")) == []


def test_a_receipt(till, chain):
    row = till.get(f"receipts/{uuid_of(chain[1])}/details").json()["receipt"]
    assert row["previousUUID"] == uuid_of(chain[0])
    assert row["documentType"]["receiptType"] == "S"
    assert row["seller"]["branchName"] == "المركز الرئيسي"
    assert row["itemData"][0]["unitTypeName"]
    assert row["itemData"][0]["taxableItems"][0]["sign"] == 1
    assert row["itemData"][0]["taxableItems"][0]["taxTypeNameAr"]
    assert row["status"] == "Valid"
    assert row["history"][0]["status"] == "Valid"


def test_only_valid_and_cancelled_receipts_are_shown(till, chain):
    invalid = till.get(f"receipts/{uuid_of(chain[3])}/details")
    assert invalid.status_code == 404
    assert invalid.json()["error"]["code"] == "NotFound"
    cancelled = till.get(f"receipts/{uuid_of(chain[4])}/details").json()["receipt"]
    assert (cancelled["status"], cancelled["statusReason"]) == (
        "Cancelled",
        "by mistake",
    )


def test_raw_gives_the_bytes_back(till, control, chain):
    uuid = uuid_of(chain[0])
    body = till.get(f"receipts/{uuid}/raw").json()
    assert body["rawDocument"] == control.receipts(uuid=uuid, raw=True)[0]["raw"]
    assert body["receipt"]["uuid"] == uuid
    assert body["maxPrecision"] == 5


def test_share_needs_no_token_but_the_exact_time(till, url, chain):
    session = till.session
    document = chain[0]
    issued = document["header"]["dateTimeIssued"]
    address = f"{url}/api/v1/receipts/{uuid_of(document)}/share"

    def get(moment):
        arguments = {"dateTimeIssued": moment}
        return session.get(address, params=arguments, timeout=10)

    assert get(issued).json()["receipt"]["receiptNumber"] == "S-1"
    assert get(issued[:16] + "Z").status_code == 404
    assert get("2026-01-10T08:00:00Z").status_code == 404
    assert session.get(address, timeout=10).status_code == 404


def test_the_page_behind_the_qr_code(till, url, control, chain):
    document = chain[0]
    issued = document["header"]["dateTimeIssued"]
    address = f"{url}/receipts/search/{uuid_of(document)}/share/"
    page = till.session.get(f"{address}{issued}#Total:11.4", timeout=10)
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "S-1" in page.text and "قطعة 1" in page.text
    minute = address + quote(issued[:16] + "Z")
    assert till.session.get(minute, timeout=10).status_code == 404
    control.settings(share_precision="minute")
    assert till.session.get(minute, timeout=10).status_code == 200
    assert till.session.get(f"{address}{issued}", timeout=10).status_code == 404


def test_the_page_escapes(till, url, control):
    document = sealed(receipt([line(description="<script>alert(1)</script>")]))
    till.verdicts(control, document)
    issued = document["header"]["dateTimeIssued"]
    address = f"{url}/receipts/search/{uuid_of(document)}/share/{issued}"
    text = till.session.get(address, timeout=10).text
    assert "<script>" not in text and "&lt;script&gt;" in text


def test_recent(till, control, chain):
    assert numbers(till.get("receipts/recent")) == ["S-5", "S-4", "S-3", "S-2", "S-1"]
    head = {"SortBy": "DateTimeReceived", "SortDir": "Desc", "PageNo": 1, "PageSize": 1}
    (row,) = till.get("receipts/recent", **head).json()["receipts"]
    assert row["uuid"] == uuid_of(chain[4])
    assert row["posSerialNumber"] == "SIM-POS-0001"
    uuid = uuid_of(chain[3])
    body = till.get("receipts/recent", Uuid=uuid).json()
    assert [row["status"] for row in body["receipts"]] == ["Invalid"]
    assert body["metadata"]["totalCount"] == 1
    submission = control.submissions()[0]["id"]
    by_submission = till.get("receipts/recent", SubmissionUuid=submission, PageSize=50)
    assert len(numbers(by_submission)) == 5
    assert numbers(till.get("receipts/recent", PosSerialNumber="SIM-POS-0002")) == []
    assert numbers(till.get("receipts/recent", ReceiptNumber="S-2")) == ["S-2"]


def test_recent_shows_nothing_in_progress_nor_old(till, control, chain):
    till.submit(sealed(receipt(number="S-6", previous=uuid_of(chain[4]))))
    assert "S-6" not in numbers(till.get("receipts/recent"))
    control.settle()
    assert "S-6" in numbers(till.get("receipts/recent"))
    control.settings(clock_offset=40 * 86400)
    till._token = None
    assert numbers(till.get("receipts/recent")) == []


def test_search(till, chain):
    assert numbers(till.get("receipts/search")) == ["S-5", "S-3", "S-2", "S-1"]
    inside = {
        "DateTimeIssuedFrom": chain[1]["header"]["dateTimeIssued"],
        "DateTimeIssuedTo": chain[2]["header"]["dateTimeIssued"],
    }
    assert numbers(till.get("receipts/search", **inside)) == ["S-3", "S-2"]
    assert numbers(till.get("receipts/search", PageSize=1, PageNo=2)) == ["S-3"]
    assert numbers(till.get("receipts/search", Status="cancelled")) == ["S-5"]
    text = uuid_of(chain[0])[10:30]
    assert numbers(till.get("receipts/search", FreeText=text)) == ["S-1"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"DateTimeIssuedFrom": "2026-01-01", "DateTimeIssuedTo": "2026-02-02"},
        {"DateTimeReceivedFrom": "2026-01-01"},
        {"DateTimeIssuedFrom": "2026-01-02", "DateTimeIssuedTo": "2026-01-01"},
        {"DateTimeIssuedFrom": "yesterday"},
        {"FreeText": "abcd"},
        {"Direction": "Both"},
    ],
)
def test_search_refuses(till, chain, arguments):
    answer = till.get("receipts/search", **arguments)
    assert answer.status_code == 400, answer.text


def test_search_takes_31_days(till, chain):
    arguments = {"DateTimeIssuedFrom": "2026-01-01", "DateTimeIssuedTo": "2026-02-01"}
    assert numbers(till.get("receipts/search", **arguments)) == []


def test_received_receipts_of_a_business_buyer(till, url, control):
    control.settings(business_buyers=True)
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
    document = receipt()
    document["buyer"] = {"type": "B", "id": "100000001", "name": "Other"}
    till.verdicts(control, sealed(document))
    other = Till(url, 3)
    assert numbers(other.get("receipts/search")) == []
    answer = other.get("receipts/search", Direction="Received")
    assert numbers(answer) == ["S-0001"]
    assert answer.json()["receipts"][0]["direction"] == "Received"
    own = {"ReceiverRegisterationNumber": "100000001"}
    assert numbers(till.get("receipts/search", **own)) == ["S-0001"]
