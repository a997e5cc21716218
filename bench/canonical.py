"""ETA's canonical text and hash against ``json.dumps`` and SHA-256:
``python -m bench.canonical``.

The same receipts of five lines for both; ``json.dumps`` starts from parsed values,
which the canonical text may not do. Prints one JSON line: medians in microseconds of
CPU per receipt, and their ratio; beside them what a receipt costs to check and to
build.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from fiscal.contract import (
    Address,
    Connection,
    Device,
    Discount,
    Line,
    Party,
    Payment,
    Receipt,
    TaxAmount,
)
from fiscal.eg_eta import EgReceipt
from fiscal.eg_eta.canonical import receipt_uuid

RIN = "674859545"


def receipt(number: int, now: datetime) -> Receipt:
    """Return a receipt of five lines with Arabic text, discounts and VAT."""
    lines = []
    for index in range(5):
        net = Decimal(80 + index + number % 7)
        vat = (net * 14 / 100).quantize(Decimal("0.01"))
        lines.append(
            Line(
                f"قميص قطن مقاس L رقم {index}",
                Decimal(3),
                net + 10,
                net,
                f"P-{index}",
                "EGS",
                f"EG-{RIN}-{index:04}",
                "EA",
                discounts=(Discount(Decimal(10), "خصم", Decimal(10)),),
                taxes=(TaxAmount("T1", "V009", Decimal(14), vat, "VAT 14%"),),
            )
        )
    address = Address("EG", "القاهرة", "مدينة نصر", "شارع التجربة", "14")
    total = sum((line.total for line in lines), Decimal(0))
    return Receipt(
        "sale",
        f"S/2026/{number:05}",
        now,
        "EGP",
        Party("business", RIN, "شركة تجربة"),
        Party("person"),
        Device("SIM-POS-0001", "0", "4711", address),
        tuple(lines),
        total,
        payments=(Payment("C", total),),
        previous_uid=f"{number:064x}",
    )


def measure(work: Callable[[Any], object], items: Sequence[Any], rounds: int) -> float:
    """Return the median over ``rounds`` of the CPU microseconds per item."""
    spent = []
    for _ in range(rounds + 1):
        start = time.process_time()
        for item in items:
            work(item)
        spent.append((time.process_time() - start) / len(items) * 1e6)
    return statistics.median(spent[1:])  # the first round warms up


def plain_hash(document: Any) -> str:
    """Hash a document as one would without a canonical text."""
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--receipts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    now = datetime.now(timezone.utc).replace(microsecond=0)
    eta = EgReceipt(Connection("test"))
    receipts = [receipt(number, now) for number in range(options.receipts)]
    contents = [eta.build(item).content for item in receipts]
    documents = [json.loads(content) for content in contents]
    canonical = measure(receipt_uuid, contents, options.rounds)
    plain = measure(plain_hash, documents, options.rounds)
    print(
        json.dumps(
            {
                "bench": "canonical",
                "receipts": len(receipts),
                "bytes": round(statistics.mean(map(len, contents))),
                "canonical_us": round(canonical, 1),
                "json_dumps_us": round(plain, 1),
                "ratio": round(canonical / plain, 2),
                "check_us": round(measure(eta.check, receipts, options.rounds), 1),
                "build_us": round(measure(eta.build, receipts, options.rounds), 1),
            }
        )
    )


if __name__ == "__main__":
    main()
