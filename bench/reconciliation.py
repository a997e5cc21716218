"""Reconciling: ``dev/shell python -m bench.reconciliation``.

First a mess of documents on both sides, made by the script of the pure tests, which
knows the truth: how many differences were found and named rightly, missed, invented;
and how many are open in a second run after every one was remedied or explained. Then,
for each size, documents that agree but for a few: seconds, queries and peak memory of
a fresh process, which have to grow with the size (memory: not at all, the days being
equally busy). The authority's list is made in this process, since a simulator's own
search would be what is measured. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

from .workshop import (
    TILL_JOURNALS,
    Cost,
    Shop,
    drafts,
    in_a_process,
    open_shop,
    peak_megabytes,
    print_result,
)

KIT = Path(__file__).resolve().parents[1] / "tests" / "pure" / "fiscal"

PER_DAY = 2000
"""Documents of one day, whatever the size: a larger size is a longer period."""

WRONG_EVERY = 100
"""One document in so many has another total there."""

BUSY = datetime(2025, 1, 1, tzinfo=timezone.utc)


@contextmanager
def listing(rows_between: Any) -> Iterator[None]:
    """Let ETA list what a function of start and end yields."""
    from odoo.addons.account_ereceipt.fiscal.eg_eta import EgReceipt

    def list_documents(self: Any, start: datetime, end: datetime) -> Iterable[Any]:
        return rows_between(start, end)

    with patch.object(EgReceipt, "list_documents", list_documents):
        yield


@contextmanager
def at(now: datetime, devices: frozenset[str]) -> Iterator[None]:
    """Let it be a moment for who compares, with these devices and days in UTC."""
    from odoo.addons.account_ereceipt.models.ereceipt_reconciliation import (
        EreceiptReconciliation,
    )

    usual = EreceiptReconciliation._terms

    def terms(self: Any) -> Any:
        return replace(usual(self), now=now, zone=timezone.utc, devices=devices)

    with patch.object(EreceiptReconciliation, "_terms", terms):
        yield


def reconciled(env: Any, first: datetime, last: datetime) -> Any:
    """Return the reconciliation of a period, done."""
    registration = env["ereceipt.registration"].search([])
    one = env["ereceipt.reconciliation"]._begin(registration, first.date(), last.date())
    env.cr.commit()
    while one.state in ("draft", "running") and not one.error:
        one._step()
    if one.state != "done":
        raise RuntimeError(one.error or one.state)
    return one


class Books:
    """Fills a shop with documents without issuing them one by one: all are a real
    receipt with other figures."""

    COLUMNS = (
        "name",
        "authority_uid",
        "state",
        "issued_at",
        "decided_at",
        "amount_total",
        "former_ids",
        "content",
    )

    def __init__(self, opened: Shop) -> None:
        self.opened = opened
        with opened.db.env() as env:
            drafts(env, 1, TILL_JOURNALS[0]).action_post()
            document = env["ereceipt.document"].search([], limit=1)
            self.template = json.loads(document.content)
            self.shared = {
                name: document[name].id
                for name in ("registration_id", "device_id", "company_id")
            } | {
                "currency_id": document.currency_id.id,
                "authority": document.authority,
                "environment": document.environment,
                "kind": "sale",
                "chain_index": 0,
                "attempts": 0,
            }
        opened.db.rows("DELETE FROM ereceipt_document_move")
        opened.db.rows("DELETE FROM ereceipt_document")

    def content(self, held: Any) -> str:
        """Return the receipt that says what a document is compared by."""
        receipt = self.template
        receipt["header"]["receiptNumber"] = held.number
        receipt["header"]["dateTimeIssued"] = f"{held.issued_at:%Y-%m-%dT%H:%M:%SZ}"
        receipt["header"]["uuid"] = held.uid
        receipt["seller"]["deviceSerialNumber"] = held.device_serial
        receipt["buyer"]["id"] = held.buyer_id
        receipt["totalAmount"] = float(held.total)
        return json.dumps(receipt)

    def put(self, rows: Iterable[Any]) -> dict[int, int]:
        """Insert documents; return their keys by the ids that they get."""
        keys: dict[int, int] = {}
        iterator = iter(rows)
        while batch := list(islice(iterator, 500)):
            with self.opened.db.env() as env:
                ids = self._insert(env.cr, batch)
            keys.update(zip(ids, (held.key for held in batch), strict=True))
        self.opened.db.rows("ANALYZE ereceipt_document")
        return keys

    def _insert(self, cr: Any, batch: list[Any]) -> list[int]:
        rows = [
            (
                held.number,
                held.uid or None,
                held.state,
                _naive(held.issued_at),
                _naive(held.moved_at),
                held.total,
                json.dumps([{"uid": uid} for uid in held.former_uids]) or None,
                self.content(held),
            )
            for held in batch
        ]
        shared = ", ".join(self.shared)
        given = ", ".join(["%s"] * len(self.shared))
        cr.execute(
            f"INSERT INTO ereceipt_document ({', '.join(self.COLUMNS)}, {shared}, "
            "content_sha256) SELECT v.*, "
            f"{given}, encode(sha256(convert_to(v.content, 'UTF8')), 'hex') "
            "FROM (SELECT * FROM unnest(%s::varchar[], %s::varchar[], %s::varchar[], "
            "%s::timestamp[], %s::timestamp[], %s::numeric[], %s::jsonb[], "
            f"%s::text[]) AS t({', '.join(self.COLUMNS)})) v RETURNING id",
            [*self.shared.values(), *map(list, zip(*rows, strict=True))],
        )
        return [row[0] for row in cr.fetchall()]


def _naive(moment: datetime | None) -> datetime | None:
    return moment and moment.astimezone(timezone.utc).replace(tzinfo=None)


# ----------------------------------------------------------------------------------
# The mess
# ----------------------------------------------------------------------------------


def mess_kit() -> Any:
    """Return the script that makes a mess, on the classes that Odoo has loaded."""
    from odoo.addons.account_ereceipt import fiscal
    from odoo.addons.account_ereceipt.fiscal import contract, lifecycle, reconciling

    sys.modules["fiscal"] = fiscal
    sys.modules["fiscal.contract"] = contract
    sys.modules["fiscal.lifecycle"] = lifecycle
    sys.modules["fiscal.reconciling"] = reconciling
    sys.path.insert(0, str(KIT))
    import mess_kit as kit

    return kit


def tidy_up(books: Books, count: int, seed: int) -> dict[str, Any]:
    """Reconcile a mess, remedy everything, reconcile again; return how that went."""
    with books.opened.db.env() as env:
        env["ereceipt.registration"].search([]).eg_channel = "erp"
    kit = mess_kit()
    mess = kit.make(count, seed)
    keys = books.put(mess.everything_here())
    first, last = kit.START, kit.START + timedelta(days=mess.days - 1)

    def rows_between(start: datetime, end: datetime) -> Iterator[Any]:
        for rows in mess.there.values():
            yield from (row for row in rows if start <= row.issued_at < end)

    devices = frozenset(kit.DEVICES)
    with listing(rows_between), at(kit.NOW, devices), books.opened.db.env() as env:
        began = time.perf_counter()
        one = reconciled(env, first, last)
        seconds = time.perf_counter() - began
        found = told(one, keys)
        right = sum((found & mess.truth).values())
        remedied = remedy(one)
        again = reconciled(env, first, last)
        return {
            "documents": count,
            "mishaps": len(mess.mishaps),
            "differences": sum(mess.truth.values()),
            "right": right,
            "missed": sum((mess.truth - found).values()),
            "invented": sum((found - mess.truth).values()),
            "seconds": round(seconds, 1),
            "remedied": remedied,
            "open_in_second_run": again.open_count,
        }


def told(one: Any, keys: dict[int, int]) -> Counter:
    """Return the lines as the truth tells them."""
    kind_of = {kind.value: kind for kind in mess_kit().Kind}
    return Counter(
        (
            kind_of[line.kind],
            None if line.kind == "twice_here" else keys.get(line.document_id.id),
            line.uid_there or None,
        )
        for line in one.line_ids
    )


def remedy(one: Any) -> dict[str, int]:
    """Take the authority's answer where that is a remedy, explain the rest; return how
    many that was."""
    taken = one.line_ids.filtered("can_take")
    taken.action_take()
    left = one.line_ids.filtered(lambda line: line.state == "open")
    left._explain("Looked into by the benchmark")
    one.env.cr.commit()
    return {
        "taken": len(taken.filtered(lambda line: line.state == "done")),
        "explained": len(one.line_ids.filtered(lambda x: x.state == "explained")),
    }


# ----------------------------------------------------------------------------------
# Many
# ----------------------------------------------------------------------------------


def many(count: int) -> Iterator[Any]:
    """Yield documents of as many days as it takes."""
    return many_from(1, count)


def many_from(first: int, last: int) -> Iterator[Any]:
    """Yield those of them with these keys."""
    from odoo.addons.account_ereceipt.fiscal.reconciling import Held

    for key in range(first, last + 1):
        moment = BUSY + timedelta(
            days=(key - 1) // PER_DAY, seconds=30 * (key % PER_DAY) + 7200
        )
        yield Held(
            key,
            f"{key:064x}",
            f"R/{key:08}",
            "valid",
            moment,
            moment,
            Decimal(1000 + key) / 100,
            device_serial="SIM-POS-0001",
        )


def listed(count: int) -> Any:
    """Return the authority's list of the same, with a few totals wrong."""
    from odoo.addons.account_ereceipt.fiscal.contract import Listed, Status

    def rows_between(start: datetime, end: datetime) -> Iterator[Any]:
        # a Cairo day begins on the day before in UTC
        first = max(0, (start - BUSY).days) * PER_DAY + 1
        for held in many_from(first, min(count, first + 2 * PER_DAY)):
            if start <= held.issued_at < end:
                off = Decimal("0.01") if held.key % WRONG_EVERY == 0 else 0
                yield Listed(
                    held.uid,
                    held.number,
                    Status.VALID,
                    held.issued_at,
                    held.issued_at,
                    held.total + off,
                    "",
                    held.device_serial,
                )

    return rows_between


def measure(opened: Shop, count: int) -> dict[str, Any]:
    """Reconcile so many documents."""
    last = BUSY + timedelta(days=(count - 1) // PER_DAY)
    now = last + timedelta(days=30)
    devices = frozenset({"SIM-POS-0001"})
    with listing(listed(count)), at(now, devices), opened.db.env() as env:
        env["ereceipt.reconciliation"].search([])
        start = peak_megabytes()
        with Cost(env.cr) as cost:
            one = reconciled(env, BUSY, last)
        return {
            "seconds": round(cost.wall, 1),
            "cpu": round(cost.cpu, 1),
            "queries": cost.queries,
            "start_mb": round(start),
            "peak_mb": round(peak_megabytes()),
            "compared": one.here_count,
            "agree": one.matched_count,
            "differences": one.line_count,
            "wrong": count // WRONG_EVERY - one.line_count,
        }


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mess", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 200_000])
    asked = parser.parse_args()
    with open_shop() as opened:
        messy = tidy_up(Books(opened), asked.mess, asked.seed)
    sizes = {}
    for size in sorted(asked.sizes):
        with open_shop() as opened:
            books = Books(opened)
            with opened.db.env() as env:
                env["ereceipt.registration"].search([]).eg_channel = "erp"
            books.put(many(size))
            sizes[size] = in_a_process(measure, opened, size)
    print_result("reconciliation", mess=messy, sizes=sizes)


if __name__ == "__main__":
    main()
