"""Lose nothing, send nothing twice: lanes and servers killed under a failing authority.

``python -m bench.faults [--documents 500] [--kills 200] [--seed N] [--authority X]``
                       [--servers 2 [--engine queue_job]]``

Two lanes at once send and follow the documents. Each is killed at a forced point or at
random, again and again, while the authority drops, delays and spoils its answers; some
kills hit a whole Odoo server at work. In the end the authority must hold every document
as valid, once. Exits with 1 if it does not. With ``--authority eg_invoice`` they are
invoices, which are signed before they are sent; with ``hr_cis`` receipts in messages
that are signed, and a lost answer is resolved by a repeat; with ``cn_nuonuo`` fapiao,
some split in two, whose clerk is logged out now and then.

With ``--servers`` whole Odoo servers share one database instead of lanes, and each kill
ends one of them while documents are on their way; another one is started in its place,
the others go on. With ``--engine queue_job``, in ``dev/shell --bridge
account_ereceipt_queue_job``, OCA's runner carries their jobs out.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import asdict

from ereceipt_china import NuonuoSimulator, chinese_shop, prepared_china
from ereceipt_croatia import CisSimulator, croatian_shop, prepared_croatia
from ereceipt_db import Place
from ereceipt_fleet import Fleet
from ereceipt_invoices import DESK_JOURNAL, invoice_shop
from ereceipt_server import CRONS, QUEUE_JOB, killed_server, served
from ereceipt_shop import TILL_JOURNALS, Shop, Simulator, prepared, shop
from ereceipt_storm import Storm, settle_all

AT_A_TIME = 25
SERVER = "an Odoo server"
SHOPS = {
    "eg_receipt": (Simulator, prepared, shop, TILL_JOURNALS),
    "eg_invoice": (Simulator, prepared, invoice_shop, (DESK_JOURNAL,)),
    "hr_cis": (CisSimulator, prepared_croatia, croatian_shop, TILL_JOURNALS),
    "cn_nuonuo": (NuonuoSimulator, prepared_china, chinese_shop, TILL_JOURNALS),
}
"""By authority: its simulator, how its shops are prepared and opened, and the journals
that issue."""

ENGINES = {"crons": CRONS, "queue_job": QUEUE_JOB}

MISBEHAVING = 0.03
"""How likely each kind of misbehaviour is in each call."""

SECONDS_TO_SETTLE = 300
LANES_KILLED, SERVERS_KILLED = 200, 20
"""How many are killed unless something else is asked for."""


def main() -> int:
    """Run; return the exit code."""
    options = _options()
    place = Place.from_environment()
    start = time.monotonic()
    simulator_class, prepare, opened, options.journals = SHOPS[options.authority]
    with (
        simulator_class.running() as simulator,
        prepare(place, simulator) as source,
        opened(place, simulator, source) as till,
    ):
        till.configure(documents_per_call=5)
        simulator.forget_soon()
        storm = Storm(till, random.Random(options.seed))
        if options.servers:
            posted = _kill_servers(till, storm, options)
        else:
            posted = _kill(till, storm, options)
        simulator.control.clear_faults()
        rounds = settle_all(till, rounds=60)
        till.post(AT_A_TIME, options.journals[0])
        served_at_last = _served(till, options)
        result = _result(till, storm, posted + AT_A_TIME)
    result["authority"] = options.authority
    if options.servers:
        result |= {
            "servers": options.servers,
            "engine": options.engine,
            "killed_with_documents_on_their_way": options.at_work,
        }
    result["rounds_to_settle"] = rounds
    result["server_works_after_kills"] = served_at_last
    result["seconds"] = round(time.monotonic() - start, 1)
    result["seed"] = options.seed
    print(json.dumps(result), flush=True)
    return 0 if result["right"] and served_at_last else 1


def _kill(till: Shop, storm: Storm, options: argparse.Namespace) -> int:
    """Post all documents in portions and kill meanwhile; return how many there are."""
    lane_kills = options.kills - options.server_kills
    posted = 0
    while storm.kills.total() < lane_kills or posted < options.documents:
        share = options.documents * (storm.kills.total() + 1) / max(lane_kills, 1)
        while posted < min(share, options.documents):
            count = min(AT_A_TIME, options.documents - posted)
            journal = options.journals[posted // AT_A_TIME % len(options.journals)]
            posted += len(till.post(count, journal))
        storm.misbehave(MISBEHAVING)
        if storm.kills.total() < lane_kills:
            storm.round(storm.chosen(), storm.chosen())
        if set(till.states()) <= {"valid"} and posted >= options.documents:
            # nothing is left to be killed at: go on with more
            options.documents += AT_A_TIME
    till.simulator.control.clear_faults()
    for _number in range(options.server_kills):
        posted += len(till.post(AT_A_TIME, options.journals[0]))
        till.let_time_pass()
        killed_server(till)
        storm.kills[SERVER] += 1
    return posted


def _kill_servers(till: Shop, storm: Storm, options: argparse.Namespace) -> int:
    """Post all documents in portions while servers share the work and are killed;
    return how many there are."""
    posted = 0
    with Fleet(till, options.servers, ENGINES[options.engine]) as fleet:
        while fleet.kills < options.kills:
            share = options.documents * (fleet.kills + 1) / options.kills
            count = max(round(share) - posted, 1)
            journal = options.journals[fleet.kills % len(options.journals)]
            # before the posting, which wakes the servers
            storm.misbehave(MISBEHAVING)
            till.simulator.control.fault(till.submit_endpoint, "slow", seconds=1)
            posted += len(till.post(count, journal))
            fleet.kill(storm.chance)
            till.let_time_pass()
        till.simulator.control.clear_faults()
        fleet.settle(SECONDS_TO_SETTLE)
        storm.kills[f"{SERVER} of {options.servers}"] = fleet.kills
        options.at_work = fleet.at_work
    return posted


def _served(till: Shop, options: argparse.Namespace) -> bool:
    """Return whether a server that nobody kills brings every document to its end."""
    if not options.servers:
        return served(till)
    with Fleet(till, 1, ENGINES[options.engine]) as fleet:
        fleet.settle(SECONDS_TO_SETTLE)
    return True


def _result(till: Shop, storm: Storm, documents: int) -> dict[str, object]:
    found = till.compare()
    till.assert_chains()
    wrong = {name: value for name, value in asdict(found).items() if value}
    right = wrong == {"documents": documents}
    return {
        "bench": "faults",
        "right": right,
        "documents": documents,
        "lost": len(found.missing) + documents - found.documents,
        "duplicates": len(found.repeated) + len(found.extra),
        "not_valid": found.not_valid,
        "kills": storm.kills.total(),
        "kills_by_place": dict(sorted(storm.kills.items())),
        "lanes_not_killed": storm.missed,
        "repeats_that_the_authority_refused": len(till.rejections()),
        "calls": till.simulator.control.requests(1)["statuses"],
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faults")
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--kills", type=int, help="altogether")
    parser.add_argument("--server-kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--servers", type=int, default=0, help="on one database")
    parser.add_argument("--engine", choices=ENGINES, default="crons")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--authority", choices=SHOPS, default="eg_receipt")
    which.add_argument(
        "--invoices",
        dest="authority",
        action="store_const",
        const="eg_invoice",
        help="the same as --authority eg_invoice",
    )
    options = parser.parse_args()
    if options.kills is None:
        options.kills = SERVERS_KILLED if options.servers else LANES_KILLED
    return options


if __name__ == "__main__":
    sys.exit(main())
