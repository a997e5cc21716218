import threading
import time

import pytest
import requests
from simulator_kit import SERIAL, Till, body_of, codes, receipt, sealed

BODY = body_of([sealed(receipt())])
LOST = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def test_slow(till, control):
    control.fault("submit", "slow", seconds=0.4, times=1)
    started = time.monotonic()
    assert till.post(BODY).status_code == 202
    assert time.monotonic() - started >= 0.4


def test_slow_after_has_taken_it_before(till, control):
    assert till.bearer
    control.fault("submit", "slow_after", seconds=1.0)
    impatient = threading.Thread(target=till.post, args=(BODY,))
    impatient.start()
    time.sleep(0.4)
    assert len(control.receipts()) == 1
    impatient.join()


def test_deaf(till, control):
    assert till.bearer
    control.fault("submit", "deaf", seconds=30)
    till.timeout = 0.5
    with pytest.raises(requests.Timeout):
        till.post(BODY)
    assert control.receipts() == []


def test_deaf_ends_without_an_answer(till, control):
    control.fault("submit", "deaf", seconds=0.2)
    with pytest.raises(requests.ConnectionError):
        till.post(BODY)
    assert control.receipts() == []


def test_drop_before(till, control):
    control.fault("submit", "drop_before", times=1)
    with pytest.raises(requests.ConnectionError):
        till.post(BODY)
    assert control.receipts() == []
    assert control.requests()["rows"][-1]["status"] == 0
    assert till.post(BODY).status_code == 202


def test_drop_after(till, control):
    control.fault("submit", "drop_after", times=1)
    with pytest.raises(requests.ConnectionError):
        till.post(BODY)
    (row,) = control.receipts()
    again = till.post(BODY)
    assert again.status_code == 422
    control.settle()
    (found,) = till.get("receipts/recent", Uuid=row["uuid"]).json()["receipts"]
    assert found["status"] == "Valid"


@pytest.mark.parametrize("status", [400, 403, 404, 500, 502, 503, 504])
def test_status(till, control, status):
    control.fault("submit", "status", status=status, code="Odd", message="so it is")
    answer = till.post(BODY)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == "Odd"
    assert answer.json()["error"]["message"] == "so it is"
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert control.receipts() == []


def test_an_error_although_it_was_carried_out(till, control):
    control.fault("submit", "status", status=504, processed=True)
    assert till.post(BODY).status_code == 504
    assert len(control.receipts()) == 1


def test_rate_limit(till, control):
    control.fault("submit", "rate_limit", seconds=7, times=1)
    answer = till.post(BODY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["code"] == 429
    assert till.post(BODY).status_code == 202


def test_unauthorized_midway(till, control):
    control.fault("any", "unauthorized_midway", after=3, times=1)
    statuses = [till.get("receipts/recent").status_code for _n in range(5)]
    assert statuses == [200, 200, 401, 200, 200]  # the token was the first call


def test_waf(till, control):
    control.fault("submit", "waf_html")
    answer = till.post(BODY)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Request Rejected" in answer.text
    assert control.receipts() == []


@pytest.mark.parametrize("processed", [None, False])
def test_spoiled_answers(till, control, processed):
    assert till.bearer

    def broken(kind: str) -> requests.Response:
        control.reset()
        control.fault("submit", kind, processed=processed, size=2_000_000)
        answer = till.post(BODY)
        assert len(control.receipts()) == (1 if processed is None else 0), kind
        return answer

    with pytest.raises(requests.exceptions.JSONDecodeError):
        broken("bad_json").json()
    assert broken("empty").content == b""
    assert isinstance(broken("wrong_shape").json(), list)
    assert len(broken("huge").content) > 2_000_000
    odd = broken("wrong_content_type")
    assert odd.headers["Content-Type"].startswith("text/plain")


def test_truncated(till, control):
    control.fault("submit", "truncated")
    with pytest.raises(LOST):
        till.post(BODY)
    assert len(control.receipts()) == 1


def test_token_faults(till, control):
    control.fault("token", "status", status=503, times=1, seconds=2)
    answer = till.login()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert till.login().status_code == 200


def test_lost(till, control):
    control.fault("submit", "lost", times=1)
    identity = till.submit(sealed(receipt()))["submissionId"]
    control.settle()
    assert till.get(f"receiptsubmissions/{identity}/details").status_code == 404
    assert till.get("receipts/recent").json()["receipts"] == []
    assert control.receipts() == []


def test_stuck(till, control):
    control.fault("submit", "stuck", times=1)
    identity = till.submit(sealed(receipt()))["submissionId"]
    control.settle()
    assert till.details(identity)["status"] == "InProgress"


def test_the_verdict_comes_after_its_time(till, control):
    control.settings(validation_seconds=0.3)
    identity = till.submit(sealed(receipt()))["submissionId"]
    assert till.details(identity)["status"] == "InProgress"
    time.sleep(0.35)
    assert till.details(identity)["status"] == "Valid"


def test_late_verdict(till, control):
    control.settings(validation_seconds=0)
    control.fault("submit", "late_verdict", seconds=0.5)
    identity = till.submit(sealed(receipt()))["submissionId"]
    assert till.details(identity)["status"] == "InProgress"
    time.sleep(0.55)
    assert till.details(identity)["status"] == "Valid"


def test_reject_all(till, control):
    control.fault("submit", "reject_all", times=1, code="Odd", message="no")
    one, two = sealed(receipt()), sealed(receipt(number="2", previous="a" * 64))
    answer = till.submit(one, two)
    assert answer["submissionId"] is None
    assert [row["error"]["code"] for row in answer["rejectedDocuments"]] == ["Odd"] * 2
    assert control.receipts() == []


def test_single_receipts(till, control):
    control.fault("submit", "reject", match={"receiptNumber": "^A-"}, code="Odd")
    control.fault(
        "submit",
        "invalid",
        match={"receiptNumber": "^B-", "itemCode": "0001"},
        code="CV302",
        path="itemData[0].itemCode",
        times=1,
    )
    names = ["A-1", "B-1", "B-2", "C-1"]
    documents, previous = [], ""
    for name in names:
        documents.append(sealed(receipt(number=name, previous=previous)))
        previous = documents[-1]["header"]["uuid"]
    answer = till.submit(*documents)
    assert [row["receiptNumber"] for row in answer["rejectedDocuments"]] == ["A-1"]
    control.settle()
    rows = till.details(answer["submissionId"])["receipts"]
    assert [codes(row) for row in rows] == [{"CV302"}, set(), set()]
    assert rows[0]["errors"][0]["error"]["propertyPath"] == "itemData[0].itemCode"
    assert [row["fired"] for row in control.faults()] == [1, 1]


def test_the_submission_fails_as_a_whole(till, control):
    control.fault("submit", "submission_error", code="Odd", message="all of it")
    identity = till.submit(sealed(receipt()))["submissionId"]
    control.settle()
    body = till.details(identity)
    assert body["status"] == "Invalid"
    assert "receipts" not in body
    (error,) = body["submissionErrors"]
    assert (error["errorCode"], error["error"]) == ("Odd", "all of it")
    assert {"propertyPath", "errorAr", "metadata", "innerError"} <= error.keys()


def test_times_after_and_serial(till, control, url):
    control.fault("recent", "status", status=500, after=1, times=2)
    statuses = [till.get("receipts/recent").status_code for _n in range(5)]
    assert statuses == [200, 500, 500, 200, 200]
    control.clear_faults()
    control.fault("any", "status", status=500, serial=SERIAL)
    assert till.get("receipts/recent").status_code == 500
    other = Till(url, 2)
    assert other.get("receipts/recent").status_code == 200


def test_chance_repeats_itself(till, control):
    def run() -> list[int]:
        control.clear_faults(seed=7)
        control.fault("recent", "status", probability=0.5)
        return [till.get("receipts/recent").status_code for _n in range(30)]

    first = run()
    assert run() == first
    assert 5 < first.count(500) < 25


def test_several_rules_at_once(till, control):
    control.fault(["submit", "details"], "slow", seconds=0.3)
    control.fault("submit", "status", status=502)
    started = time.monotonic()
    assert till.post(BODY).status_code == 502
    assert time.monotonic() - started >= 0.3
    row = control.requests()["rows"][-1]
    assert row["faults"] == ["slow", "status"]


def test_one_rule_is_taken_back(till, control):
    one = control.fault("recent", "status", status=500)
    control.fault("search", "status", status=500)
    control.clear_faults(one)
    assert till.get("receipts/recent").status_code == 200
    assert till.get("receipts/search").status_code == 500
    control.clear_faults()
    assert control.faults() == []


def test_calls_at_once_are_counted(till, control):
    assert till.bearer
    control.fault("recent", "slow", seconds=0.5)
    threads = [
        threading.Thread(target=till.get, args=("receipts/recent",)) for _n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert control.requests()["most_at_once"]["recent"] == 6


def test_a_slow_call_holds_nobody_back(till, control):
    assert till.bearer
    control.fault("submit", "slow", seconds=1.5)
    slow = threading.Thread(target=till.post, args=(BODY,))
    slow.start()
    started = time.monotonic()
    assert till.get("receipts/recent").status_code == 200
    assert time.monotonic() - started < 1
    slow.join()
