"""Signed invoices: ``dev/shell python -m bench.signing``.

First without Odoo: what the signature of an invoice of five lines costs (canonical text
and CAdES) against the RSA signature in it, with a key of 2048 bits in a file. Then in
Odoo: one lane signs posted invoices, and then sends them to the simulator on loopback;
a breaker parts the two, since it holds back calls and no signing.

Prints one JSON line: of the first part medians of CPU in microseconds per document; of
the second this process's CPU and the statements of its cursor per document, and rates.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ereceipt_invoices import DESK_JOURNAL, invoice_shop

from dev.certificates import certifier, seal
from fiscal.contract import Address, Built, Connection, Party
from fiscal.eg_eta import EgInvoice
from fiscal.eg_eta.invoice.signature import signed_text
from fiscal.signing.software import SoftwareKey

from .canonical import RIN, receipt
from .sending import ACCEPTED, run_until
from .workshop import Shop, open_shop, post, print_result

BUYER = Party(
    "business",
    "313717919",
    "شركة المشتري",
    Address("EG", "Giza", "Dokki", "7 Tahrir", "3"),
)


def pure(count: int) -> dict[str, float]:
    """Return what signing costs without Odoo: microseconds of CPU."""
    key = SoftwareKey.from_pkcs12(seal(issuer=certifier()).p12(), "secret")
    eta = EgInvoice(Connection("test", seller_id=RIN))
    now = datetime.now(timezone.utc).replace(microsecond=0)
    contents = [_invoice(eta, number, now) for number in range(count)]
    sign = _median(lambda c: eta.sign(Built(c, ""), key), contents)
    rsa = _median(lambda c: key.sign(c[:256], c), contents)
    return {
        "bytes": round(statistics.mean(map(len, contents))),
        "sign_us": round(sign, 1),
        "rsa_us": round(rsa, 1),
        "canonical_us": round(_median(signed_text, contents), 1),
        "sign_to_rsa": round(sign / rsa, 2),
    }


def _invoice(eta: EgInvoice, number: int, now: datetime) -> bytes:
    """Return an invoice's bytes; :mod:`.canonical` has its lines."""
    sale = replace(receipt(number, now), buyer=BUYER, payments=(), previous_uid="")
    return eta.build(sale).content


def _median(work: Callable[[bytes], object], contents: list[bytes]) -> float:
    spent = []
    for content in contents:
        start = time.process_time()
        work(content)
        spent.append((time.process_time() - start) * 1e6)
    return statistics.median(spent)


def in_odoo(opened: Shop, count: int) -> dict[str, Any]:
    """Return what signing and sending cost in Odoo, per document."""
    control = opened.simulator.control
    control.settings(validation_seconds=0)
    post(opened, count, DESK_JOURNAL, "BUSINESS")
    _hold_calls(opened, "now() AT TIME ZONE 'utc' + interval '1 hour'")
    signed = run_until(opened, count, {"queued"}, follow=False)
    _hold_calls(opened, "NULL")
    sent = run_until(opened, count, ACCEPTED, follow=False)
    run_until(opened, count, {"valid"}, follow=True)
    opened.compare().assert_right(count)
    return {
        "submissions": control.requests(1)["counts"]["document_submit"],
        "signing_cpu_ms": round(signed.cpu * 1000 / count, 2),
        "signing_queries": round(signed.queries / count, 2),
        "signed_per_second": round(count / signed.wall),
        "send_cpu_ms": round(sent.cpu * 1000 / count, 2),
        "send_queries": round(sent.queries / count, 2),
        "accepted_per_second": round(count / (signed.wall + sent.wall)),
    }


def _hold_calls(opened: Shop, until: str) -> None:
    opened.db.rows(f"UPDATE ereceipt_registration SET breaker_open_until = {until}")


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--per-call", type=int, default=50)
    asked = parser.parse_args()
    figures = pure(asked.documents)
    with open_shop(invoice_shop, documents_per_call=asked.per_call) as opened:
        figures |= in_odoo(opened, asked.documents)
    print_result("signing", documents=asked.documents, **figures)


if __name__ == "__main__":
    main()
