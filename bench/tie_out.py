"""Comparing VAT: ``dev/shell python -m bench.tie_out``.

For each size, invoices of five lines with valid documents, all copies of a real one, of
which one in a thousand is on its way. How long it takes to sum up what the documents
say (once for each), and to compare the month (again each time somebody asks), with the
queries and the peak memory of a fresh process. Every document on its way has to be
found, and nothing else. Prints one JSON line.
"""

from __future__ import annotations

import argparse
from typing import Any

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

OPEN_EVERY = 1000
"""One document in so many is on its way."""

RELATIONS = (
    "account_move_line_account_tax_rel",
    "account_account_tag_account_move_line_rel",
)


def fill(opened: Shop, count: int) -> None:
    """Make so many invoices with documents, copies of one that is really posted."""
    with opened.db.env() as env:
        move = drafts(env, 1, TILL_JOURNALS[0])
        move.action_post()
        move_id, document_id = move.id, move.ereceipt_document_id.id
        columns = {
            table: _columns(env.cr, table)
            for table in ("account_move", "account_move_line", "ereceipt_document")
        }
    rows = opened.db.rows
    rows(
        "CREATE TABLE bench_copy AS SELECT g AS number, NULL::integer AS move_id, "
        f"NULL::integer AS document_id FROM generate_series(1, {count}) g"
    )
    rows(
        "UPDATE bench_copy SET move_id = nextval('account_move_id_seq'), "
        "document_id = nextval('ereceipt_document_id_seq')"
    )
    _copy(
        rows,
        columns,
        "ereceipt_document",
        document_id,
        {
            "id": "c.document_id",
            "name": "t.name || '-' || c.number",
            "chain_index": "0",
            "authority_uid": "lpad(to_hex(c.number), 64, '0')",
            "state": f"CASE WHEN c.number % {OPEN_EVERY} = 0 THEN 'submitted' "
            "ELSE 'valid' END",
            "next_attempt_at": "NULL",
        },
    )
    _copy(
        rows,
        columns,
        "account_move",
        move_id,
        {
            "id": "c.move_id",
            "name": "t.name || '-' || c.number",
            "ereceipt_document_id": "c.document_id",
        },
    )
    rows(
        "CREATE TABLE bench_line AS SELECT l.id AS line_id, c.move_id, "
        "nextval('account_move_line_id_seq')::integer AS new_id "
        f"FROM account_move_line l, bench_copy c WHERE l.move_id = {move_id}"
    )
    names = [
        name for name in columns["account_move_line"] if name not in ("id", "move_id")
    ]
    chosen = ", ".join(f'l."{name}"' for name in names)
    given = ", ".join(f'"{name}"' for name in names)
    rows(
        f"INSERT INTO account_move_line (id, move_id, {given}) "
        f"SELECT b.new_id, b.move_id, {chosen} FROM bench_line b "
        "JOIN account_move_line l ON l.id = b.line_id"
    )
    for relation in RELATIONS:
        other = next(
            name for name in _names(opened, relation) if name != "account_move_line_id"
        )
        rows(
            f"INSERT INTO {relation} (account_move_line_id, {other}) "
            f"SELECT b.new_id, r.{other} FROM bench_line b "
            f"JOIN {relation} r ON r.account_move_line_id = b.line_id"
        )
    rows("DELETE FROM ereceipt_document_tax; ANALYZE")


def _columns(cr: Any, table: str) -> list[str]:
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s",
        [table],
    )
    return [row[0] for row in cr.fetchall()]


def _names(opened: Shop, table: str) -> list[str]:
    with opened.db.env() as env:
        return _columns(env.cr, table)


def _copy(
    rows: Any, columns: Any, table: str, source: int, other: dict[str, str]
) -> None:
    names = [name for name in columns[table] if name not in other]
    given = ", ".join(f'"{name}"' for name in (*other, *names))
    chosen = ", ".join([*other.values(), *(f't."{name}"' for name in names)])
    rows(
        f"INSERT INTO {table} ({given}) SELECT {chosen} "
        f"FROM {table} t, bench_copy c WHERE t.id = {source}"
    )


def measure(opened: Shop) -> dict[str, Any]:
    """Sum up and compare."""
    with opened.db.env() as env:
        registration = env["ereceipt.registration"].search([])
        day = env["account.move"].search([("state", "=", "posted")], limit=1).date
        one = (
            env["ereceipt.tie.out"]
            .sudo()
            .create(
                {
                    "registration_id": registration.id,
                    "company_id": registration.company_id.id,
                    "environment": registration.environment,
                    "date_from": day.replace(day=1),
                    "date_to": day,
                }
            )
        )
        start = peak_megabytes()
        with Cost(env.cr) as summing:
            while one._sum_up_missing(500):
                env.cr.commit()
        with Cost(env.cr) as comparing:
            one._compute_figures()
        wrong = one.difference_ids.filtered(lambda d: d.kind != "undecided")
        return {
            "sum_up_seconds": round(summing.wall, 1),
            "compare_seconds": round(comparing.wall, 1),
            "compare_queries": comparing.queries,
            "start_mb": round(start),
            "peak_mb": round(peak_megabytes()),
            "documents": one.document_count,
            "invoices": one.move_count,
            "found": len(one.difference_ids.document_id),
            "invented": len(wrong),
        }


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[50_000, 100_000])
    asked = parser.parse_args()
    sizes = {}
    for size in sorted(asked.sizes):
        with open_shop() as opened:
            fill(opened, size)
            sizes[size] = in_a_process(measure, opened)
            # the copied one itself is on its way as well
            there_are = size // OPEN_EVERY + 1
            sizes[size]["missed"] = there_are - sizes[size].pop("found")
    print_result("tie_out", sizes=sizes)


if __name__ == "__main__":
    main()
