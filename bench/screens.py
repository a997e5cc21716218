"""Screens with very many documents: ``dev/shell python -m bench.screens``.

A shop gets 100,000 invoices with their receipts, most of them valid, some in every
other state, and the calls in which they travelled: copies, by SQL, of one that was
really posted and sent. A whole Odoo server then serves a real browser, in which an
administrator opens each main screen several times, as a click on its menu does: from
the click to what is on the screen, drawn. Prints one JSON line: the median and the
longest seconds of each screen (the first time fetches its programs too), and whether
all medians are below the two seconds that a person waits without thinking of it.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import requests
from ereceipt_shop import TILL_JOURNALS, Shop

from .browser import Browser
from .workshop import copy, drafts, open_shop, print_result

LONGEST = 2.0
"""Seconds within which a screen has to be there."""

DAYS = 45
"""Days on which the documents were issued."""

PER_CALL = 20
NAME = "'BULK/' || lpad(g::text, 7, '0')"
"""The SQL of the number of copy ``g``."""

START_SECONDS = 120

STATES = (
    ("waiting", 20),
    ("invalid", 150),
    ("late", 20),
    ("failed", 30),
    ("queued", 200),
    ("submitted", 400),
    ("superseded", 600),
)
"""How many documents are in a state; all others are valid."""

SCREENS: dict[str, tuple[Any, str]] = {
    "overview": ("account_ereceipt.ereceipt_cockpit_action", ".o_ereceipt_tile"),
    "documents": (
        "account_ereceipt.ereceipt_document_action",
        ".o_list_view .o_data_row",
    ),
    "needs_a_person": (
        "account_ereceipt.ereceipt_document_person_action",
        ".o_list_view .o_data_row",
    ),
    "on_the_way": (
        "account_ereceipt.ereceipt_document_way_action",
        ".o_list_view .o_data_row",
    ),
    "documents_kanban": (
        {"kinds": ["kanban", "form"]},
        ".o_kanban_view .o_kanban_record",
    ),
    "documents_graph": ({"kinds": ["graph"]}, ".o_graph_view canvas"),
    "documents_pivot": ({"kinds": ["pivot"]}, ".o_pivot_view table"),
    "document": ({"kinds": ["form"], "record": "document"}, ".o_form_view .nav-tabs"),
    "calls": ("account_ereceipt.ereceipt_exchange_action", ".o_list_view .o_data_row"),
    "invoices": ("account.action_move_out_invoice_type", ".o_list_view .o_data_row"),
    "invoice": (
        {"kinds": ["form"], "model": "account.move", "record": "move"},
        ".o_form_view .nav-tabs",
    ),
    "dashboard": ("account.open_account_journal_dashboard_kanban", ".o_kanban_record"),
}
"""What opens each screen, and what is on it when it is there."""

OPEN = """
(async () => {
    const { action } = odoo.__WOWL_DEBUG__.root.env.services;
    const frame = (done) => requestAnimationFrame(() => setTimeout(done));
    const drawn = () => new Promise(frame);
    const start = performance.now();
    await action.doAction(%(asked)s, { clearBreadcrumbs: true });
    while (!document.querySelector(%(there)s)) {
        await drawn();
    }
    await drawn();
    return (performance.now() - start) / 1000;
})()
"""


# ----------------------------------------------------------------------------------
# Very many documents
# ----------------------------------------------------------------------------------


def fill(opened: Shop, count: int) -> None:
    """Put so many invoices, receipts and calls beside the one that is there."""
    with opened.db.env() as env:
        drafts(env, 1, TILL_JOURNALS[0]).action_post()
    opened.let_time_pass()
    with opened.db.env("__system__") as env:
        env["ereceipt.outbox"]._run(time.monotonic() + 5)
    [(move, document)] = opened.db.rows(
        "SELECT move_id, document_id FROM ereceipt_document_move"
    )
    first = {
        table: opened.db.value(f"SELECT coalesce(max(id), 0) + 1000 FROM {table}")
        for table in ("account_move", "ereceipt_document", "ereceipt_exchange")
    }
    _invoices(opened, move, count, first["account_move"])
    _documents(opened, document, count, first)
    _calls(opened, count, first)
    opened.db.rows(
        "UPDATE account_move m SET ereceipt_document_id = l.document_id "
        "FROM ereceipt_document_move l "
        "WHERE l.move_id = m.id AND m.ereceipt_document_id IS NULL"
    )
    opened.db.rows("VACUUM ANALYZE")


def moment_of(count: int) -> str:
    """Return the SQL of the moment of copy ``g`` of so many: the last one is made
    now."""
    return (
        "(date_trunc('second', now() AT TIME ZONE 'utc') "
        f"- ({count} - g) * interval '{DAYS} days' / {count})"
    )


def _invoices(opened: Shop, move: int, count: int, first: int) -> None:
    moment = moment_of(count)
    shared = {"date": f"{moment}::date", "create_date": moment}
    copy(opened, "account_move", [move], count, {
        **shared,
        "id": f"{first} + g",
        "name": NAME,
        "sequence_prefix": "'BULK/'",
        "sequence_number": "g",
        "payment_reference": NAME,
        "access_token": "NULL",
        # or Odoo takes them for one invoice, entered some thousand times
        "amount_total": "t.amount_total + g * 0.01",
        "invoice_date": f"{moment}::date",
        "invoice_date_due": f"{moment}::date + 30",
        "ereceipt_document_id": "NULL",
        "ereceipt_state": state_of(),
    })  # fmt: skip
    lines = [row[0] for row in opened.db.rows(
        "SELECT id FROM account_move_line WHERE move_id = %s ORDER BY id", [move]
    )]  # fmt: skip
    own = {"move_id": f"{first} + g", "move_name": NAME}
    copy(opened, "account_move_line", lines, count, shared | own)


def state_of() -> str:
    """Return the SQL of the state of the copy with number ``g``: the newest copies are
    those that something is still to happen with."""
    parts, edge = [], 0
    for state, count in STATES:
        edge += count
        parts.append(f"WHEN %(count)s - g < {edge} THEN '{state}'")
    return f"CASE {' '.join(parts)} ELSE 'valid' END"


def _documents(opened: Shop, document: int, count: int, first: dict[str, int]) -> None:
    moment = moment_of(count)
    devices = [row[0] for row in opened.db.rows("SELECT id FROM ereceipt_device")]
    problems = json.dumps(
        [{"code": "CV302", "message": "No.", "values": {}, "path": "", "record": None}]
    )
    state = state_of()
    copy(opened, "ereceipt_document", [document], count, {
        "id": f"{first['ereceipt_document']} + g",
        "name": NAME,
        "authority_uid": "lpad(to_hex(g), 64, '0')",
        "chain_index": "0",
        "device_id": f"(ARRAY{devices})[1 + mod(g, {len(devices)})]",
        "issued_at": moment,
        "create_date": moment,
        "deadline_at": f"{moment} + interval '1 day'",
        "decided_at": f"CASE {state} WHEN 'valid' THEN {moment} + interval '9 seconds' "
        f"WHEN 'invalid' THEN {moment} + interval '9 seconds' END",
        "problems": f"CASE {state} WHEN 'invalid' THEN '{problems}'::jsonb END",
        "waiting_reason": f"CASE {state} WHEN 'waiting' THEN 'data' END",
        "last_error": f"CASE {state} WHEN 'failed' THEN 'Nobody answers.' END",
        "next_attempt_at": f"CASE WHEN {state} IN ('queued', 'submitted') "
        f"THEN {moment} + interval '1 hour' END",
        "state": state,
    })  # fmt: skip
    opened.db.rows(
        "INSERT INTO ereceipt_document_move (document_id, move_id, company_id) "
        f"SELECT d.id, d.id - {first['ereceipt_document']} + {first['account_move']}, "
        f"d.company_id FROM ereceipt_document d WHERE d.id > "
        f"{first['ereceipt_document']}"
    )


def _calls(opened: Shop, count: int, first: dict[str, int]) -> None:
    [(call,)] = opened.db.rows(
        "SELECT id FROM ereceipt_exchange WHERE purpose = 'submit' LIMIT 1"
    )
    copy(opened, "ereceipt_exchange", [call], count // PER_CALL, {
        "id": f"{first['ereceipt_exchange']} + g",
        "started_at": moment_of(count // PER_CALL),
        "duration": "0.1 + mod(g, 50) / 100.0",
        "outcome": "CASE WHEN mod(g, 40) = 0 THEN 'transient' ELSE 'ok' END",
    })  # fmt: skip
    opened.db.rows(
        "INSERT INTO ereceipt_exchange_document_rel (document_id, exchange_id) "
        f"SELECT {first['ereceipt_document']} + g, {first['ereceipt_exchange']} "
        f"+ 1 + (g - 1) / {PER_CALL} FROM generate_series(1, {count}) g "
        f"WHERE (g - 1) / {PER_CALL} < {count // PER_CALL}"
    )


# ----------------------------------------------------------------------------------
# Server and browser
# ----------------------------------------------------------------------------------


@contextmanager
def serving(opened: Shop) -> Iterator[str]:
    """A whole Odoo server without scheduled jobs; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "odoo", "-d", opened.db.name]
    command += ["--http-interface=127.0.0.1", f"--http-port={port}"]
    command += ["--max-cron-threads=0"]
    if addons_path := os.environ.get("ERECEIPT_TEST_ADDONS_PATH"):
        command.append(f"--addons-path={addons_path}")
    url = f"http://127.0.0.1:{port}"
    with TemporaryFile() as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _await(url, process)
            yield url
        finally:
            process.kill()
            process.wait()


def _await(url: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            requests.get(f"{url}/web/login", timeout=START_SECONDS).raise_for_status()
            return
        except requests.ConnectionError:
            time.sleep(0.5)
    raise RuntimeError("The server does not start.")


def asked_for(what: Any, records: dict[str, int]) -> Any:
    """Return the action that opens a screen, as the client takes it."""
    if isinstance(what, str):
        return what
    return {
        "type": "ir.actions.act_window",
        "name": "Screen",
        "res_model": what.get("model", "ereceipt.document"),
        "views": [[False, kind] for kind in what["kinds"]],
        "res_id": records.get(what.get("record"), False),
        "target": "current",
    }


def measure(
    opened: Shop, url: str, rounds: int, pictures: Path | None
) -> dict[str, list[float]]:
    """Open each screen so many times; return the seconds."""
    [(document, move)] = opened.db.rows(
        "SELECT document_id, move_id FROM ereceipt_document_move WHERE id = ("
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) "
        "FROM ereceipt_document_move)"
    )
    records = {"document": document, "move": move}
    seconds: dict[str, list[float]] = {}
    with Browser.running() as browser:
        browser.sign_in(url, "admin", "admin")
        ready = (
            "window.odoo?.__WOWL_DEBUG__ && document.querySelector('.o_main_navbar')"
        )
        browser.go(f"{url}/odoo", ready)
        for name, (what, there) in SCREENS.items():
            script = OPEN % {
                "there": json.dumps(there),
                "asked": json.dumps(asked_for(what, records)),
            }
            seconds[name] = [browser.run(script) for _round in range(rounds)]
            if pictures:
                browser.picture(pictures / f"{name}.png")
    return seconds


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=Path, help="a folder for what was seen")
    asked = parser.parse_args()
    with open_shop() as opened:
        fill(opened, asked.documents)
        with serving(opened) as url:
            seconds = measure(opened, url, asked.rounds, asked.pictures)
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    print_result(
        "screens",
        documents=asked.documents,
        rounds=asked.rounds,
        median_s={name: round(value, 2) for name, value in medians.items()},
        longest_s={name: round(max(each), 2) for name, each in seconds.items()},
        all_in_time=max(medians.values()) < LONGEST,
    )


if __name__ == "__main__":
    main()
