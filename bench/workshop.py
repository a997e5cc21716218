"""What the benchmarks share: a shop in a database of its own, and a way to measure.

The shop is the one of the fault tests: a real database, a real simulator in a process
of its own.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

FAULTS = Path(__file__).resolve().parents[1] / "tests" / "faults"
if str(FAULTS) not in sys.path:
    sys.path.insert(0, str(FAULTS))

from ereceipt_croatia import (  # noqa: E402  found by the path above
    CisSimulator,
    CroatianShop,
    croatian_shop,
    prepared_croatia,
)
from ereceipt_db import Place  # noqa: E402
from ereceipt_shop import (  # noqa: E402
    AT_ONCE,
    PLAIN_JOURNALS,
    TILL_JOURNALS,
    Shop,
    Simulator,
    prepared,
    shop,
)

__all__ = ["AT_ONCE", "PLAIN_JOURNALS", "TILL_JOURNALS", "Cost", "Shop", "open_shop"]

CAIRO = ZoneInfo("Africa/Cairo")
"""Where the shop is: an invoice of another day would wait for a person."""

LINES = 5
BUYERS = "BENCH"


@contextmanager
def open_shop(
    opening: Callable[..., AbstractContextManager[Shop]] = shop, **registration: Any
) -> Iterator[Shop]:
    """A shop whose registration has the given values, dropped at the end.

    :param opening: what sort of shop it is
    """
    place = Place.from_environment()
    with (
        Simulator.running() as simulator,
        prepared(place, simulator) as name,
        opening(place, simulator, name) as opened,
    ):
        opened.configure(**registration)
        with opened.db.env() as env:
            _stock(env)
        yield opened


@contextmanager
def open_croatian_shop(**registration: Any) -> Iterator[CroatianShop]:
    """A shop in Croatia whose registration has the given values, dropped at the end."""
    place = Place.from_environment()
    with (
        CisSimulator.running() as simulator,
        prepared_croatia(place, simulator) as name,
        croatian_shop(place, simulator, name) as opened,
    ):
        opened.configure(**registration)
        yield opened


def _stock(env: Any) -> None:
    """Twenty customers and twenty coded products, as a shop has more than one."""
    tea = env["product.product"].search([("default_code", "=", "TEA")])
    mapping = env["ereceipt.code.mapping"].search([("product_id", "=", tea.id)])
    for number in range(20):
        product = tea.copy({"name": f"شاي {number}", "default_code": f"TEA-{number}"})
        mapping.copy({"product_id": product.id, "code": f"{mapping.code}-{number}"})
    env["res.partner"].create(
        [{"name": f"عميل {number}", "ref": BUYERS} for number in range(20)]
    )


def drafts(env: Any, count: int, journal: str, buyers: str = BUYERS) -> Any:
    """Return new drafts of five lines.

    :param buyers: the reference of the partners that buy
    """
    journal_id = env["account.journal"].search([("code", "=", journal)]).id
    products = env["product.product"].search([("default_code", "like", "TEA-")])
    partners = env["res.partner"].search([("ref", "=", buyers)])
    return env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "invoice_date": datetime.now(CAIRO).date(),
                "partner_id": partners[number % len(partners)].id,
                "journal_id": journal_id,
                "invoice_line_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": products[(number + line) % len(products)].id,
                            "quantity": 1 + line,
                            "price_unit": 10.25 * (1 + number % 40),
                        },
                    )
                    for line in range(LINES)
                ],
            }
            for number in range(count)
        ]
    )


def post(
    opened: Shop, count: int, journal: str = TILL_JOURNALS[0], buyers: str = BUYERS
) -> None:
    """Post invoices of five lines by hundreds, with fresh statistics in between."""
    left = count
    while left:
        with opened.db.env() as env:
            drafts(env, min(AT_ONCE, left), journal, buyers).action_post()
        left -= min(AT_ONCE, left)
        opened.db.rows("ANALYZE")


def copy(
    opened: Shop, table: str, ids: Sequence[int], count: int, changed: dict[str, str]
) -> None:
    """Insert copies of rows, numbered by ``g`` from 1.

    :param changed: columns that differ, as SQL expressions; ``id`` goes on by itself
        if it is not among them
    """
    columns = [name for (name,) in opened.db.rows(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_name = %s AND is_generated = 'NEVER' AND column_name != 'id'",
        [table],
    ) if name not in changed]  # fmt: skip
    kept = ", ".join(f't."{name}"' for name in columns)
    names = ", ".join(f'"{name}"' for name in [*changed, *columns])
    values = ", ".join(changed.values()).replace("%(count)s", str(count))
    opened.db.rows(
        f"INSERT INTO {table} ({names}) SELECT {values}, {kept} "
        f"FROM {table} t CROSS JOIN generate_series(1, {count}) g "
        "WHERE t.id = ANY(%s) ORDER BY g, t.id",
        [list(ids)],
    )
    opened.db.rows(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")


class Cost:
    """What a block of code takes, on one cursor.

    :ivar cpu: seconds of this process, its threads included
    :ivar wall: seconds of the clock
    :ivar queries: statements on the cursor
    """

    def __init__(self, cr: Any) -> None:
        self._cr = cr

    def __enter__(self) -> Cost:
        self._queries = self._cr.sql_log_count
        self._wall = time.perf_counter()
        self._cpu = time.process_time()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.cpu = time.process_time() - self._cpu
        self.wall = time.perf_counter() - self._wall
        self.queries = self._cr.sql_log_count - self._queries


def in_a_process(work: Callable[..., Any], opened: Shop, *given: Any) -> Any:
    """Return what work returns that a fresh process does with a shop.

    :raise EOFError: the process ended without a result
    """
    opened.db.disconnect()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(
        target=lambda: theirs.send(work(opened, *given)), daemon=True
    )
    child.start()
    # or nothing would tell of a child that died
    theirs.close()
    with ours:
        result = ours.recv()
    child.join()
    return result


def peak_megabytes() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def median(values: list[float], digits: int = 2) -> float:
    """Return the median, rounded for print."""
    return round(statistics.median(values), digits)


def print_result(name: str, **figures: Any) -> None:
    """Print one JSON line."""
    print(json.dumps({"bench": name, **figures}), flush=True)
