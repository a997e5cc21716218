"""Speed, many callers at once, and bodies that nobody expects."""

import copy
import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

from simulator_kit import Till, body_of, line, receipt, sealed, text_of

from simulator.client import ControlClient

ROOT = Path(__file__).parents[3]
MOST = 4
"""Times the known work that 2000 receipts may cost; it is some 2."""


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def batches(count: int, size: int) -> list[bytes]:
    documents, previous = [], ""
    for number in range(count):
        rows = [line(number=item) for item in (1, 2, 3)]
        document = sealed(receipt(rows, f"S-{number}", previous))
        previous = document["header"]["uuid"]
        documents.append(document)
    return [body_of(documents[start : start + size]) for start in range(0, count, size)]


def yardstick(bodies: list[bytes]) -> float:
    """Return the CPU seconds that this machine takes now to read, write and hash what
    is in bodies, twice: work of the simulator's kind, which changes with nothing but
    the machine."""
    started = time.process_time()
    for body in bodies * 2:
        for document in json.loads(body, parse_float=Decimal)["receipts"]:
            text = json.dumps(document, default=str, sort_keys=True)
            hashlib.sha256(text.encode()).hexdigest()
    return time.process_time() - started


def cost_of(bodies: list[bytes]) -> tuple[float, int]:
    """Return the CPU seconds of a simulator that gets receipts and tells their
    verdicts, and how many of them are valid."""
    child = subprocess.Popen(
        [sys.executable, "-m", "simulator"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = child.stdout.readline().split()[-1]
        started = cpu_seconds(child.pid)
        till = Till(url)
        identities = [till.post(body).json()["submissionId"] for body in bodies]
        ControlClient(url).settle()
        valid = 0
        for identity in identities:
            for page in range(1, 5):
                body = till.details(identity, PageSize=100, PageNo=page)
                valid += sum(row["status"] == "Valid" for row in body["receipts"])
        return cpu_seconds(child.pid) - started, valid
    finally:
        child.kill()
        child.wait(timeout=10)
        child.stdout.close()


def test_2000_receipts_cost_little():
    """Five submissions, their verdicts read page by page, cost little more than twice
    the known work, done before and after; and many times that if for each receipt
    something is done with all the others."""
    bodies = batches(2000, 400)
    known = yardstick(bodies)
    spent, valid = cost_of(bodies)
    known += yardstick(bodies)
    assert valid == 2000
    assert spent < MOST * known, f"{spent:.2f} s, the known work {known:.2f} s"


def test_many_callers_lose_and_double_nothing(url, control):
    control.settings(chain="off", validation_seconds=0)
    bodies = [body_of([sealed(receipt(number=str(n)))]) for n in range(60)]
    statuses: list[int] = []

    def work(part: int) -> None:
        till = Till(url)
        # every body is sent by two of the four
        for body in bodies[part % 2 :: 2]:
            statuses.append(till.post(body).status_code)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [202] * 60 + [422] * 60
    rows = control.receipts(status="Valid")
    assert len(rows) == 60
    assert {row["accepted"] for row in rows} == {1}


ODD = [
    "",
    " ",
    "x" * 2000,
    "\ud7ff",
    "٣",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "a" * 64,
    True,
    Decimal(0),
    Decimal(-1),
    Decimal("999999999999999.99999"),
    Decimal("0.00001"),
    [],
    {},
    [[]],
    [{}],
    "EGP",
    "R",
    "RWR",
    "SC",
    "T4",
]


def paths(value: object, before: tuple = ()) -> list[tuple]:
    found = [before] if before else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths(item, (*before, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += paths(item, (*before, index))
    return found


def mutated(chance: random.Random) -> dict:
    rows = [line(), line("3", "33.33333", number=2)]
    rows[1]["commercialDiscountData"] = [{"amount": Decimal(1), "description": "x"}]
    document = receipt(rows, number=str(chance.random()), previous="b" * 64)
    document["header"]["referenceUUID"] = "c" * 64
    document["buyer"] = {"type": "P", "id": "29001011234567", "name": "x"}
    for _time in range(chance.randint(1, 3)):
        *steps, last = chance.choice(paths(document))
        holder = document
        for step in steps:
            holder = holder[step]
        holder[last] = copy.deepcopy(chance.choice(ODD))
    if isinstance(document["header"], dict):
        document["header"]["uuid"] = f"{chance.getrandbits(256):064x}"
    return document


def test_odd_receipts_are_answered_and_judged(till, control):
    chance = random.Random(20261122)
    control.settings(empty_arrays="accept")
    for spelling in ("call", "receipt"):
        control.settings(structure_faults=spelling)
        for _time in range(300):
            body = text_of({"receipts": [mutated(chance)]}).encode()
            answer = till.post(body)
            assert answer.status_code in (202, 400, 403), body
            assert answer.json()
    control.settle()
    rows = control.receipts()
    assert len(rows) > 30
    assert {row["status"] for row in rows} == {"Invalid"}


def test_bytes_of_all_kinds(till):
    chance = random.Random(1)
    whole = body_of([sealed(receipt())])
    for _time in range(300):
        body = bytearray(whole)
        for _change in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        answer = till.post(bytes(body[: chance.randint(1, len(body))]))
        assert answer.status_code in (202, 400, 403), bytes(body)
