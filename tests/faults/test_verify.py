"""The command that verifies the seals, as an auditor runs it: a process of its own, on
a database in which somebody changed rows past Odoo."""

from __future__ import annotations

import os
import subprocess
import sys

from ereceipt_shop import Shop
from ereceipt_storm import run_lanes, settle_all

SECONDS = 120


def verify(database: str, *arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it says."""
    command = [sys.executable, "-m", "odoo"]
    addons_path = os.environ.get("ERECEIPT_TEST_ADDONS_PATH")
    if addons_path:
        command.append(f"--addons-path={addons_path}")
    command += ["ereceipt_verify", "-d", database, *arguments]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, timeout=SECONDS, check=False
    )
    return done.returncode, done.stdout


def sealed(shop: Shop) -> tuple[int, str]:
    """Issue and send, seal what was exchanged; return the last seal."""
    shop.post(2)
    run_lanes(shop, count=1, seconds=0.5)
    settle_all(shop)
    with shop.db.env("__system__") as env:
        env["ereceipt.seal"]._seal()
    [last] = shop.db.rows(
        "SELECT number, hash FROM ereceipt_seal ORDER BY number DESC LIMIT 1"
    )
    return last


def test_a_row_that_was_changed_past_odoo(shop: Shop) -> None:
    code, said = verify(shop.db.name)
    assert (code, "nothing to verify" in said) == (0, True), said

    number, value = sealed(shop)
    code, said = verify(shop.db.name)
    assert code == 0, said
    assert f"{number}:{value}" in said, "to be noted outside"
    code, said = verify(shop.db.name, "--expect", f"{number}:{value}")
    assert code == 0, said
    code, said = verify(shop.db.name, "--expect", f"{number}:{'0' * 64}")
    assert code == 3, said
    assert "noted earlier" in said

    changed = shop.db.value(
        "UPDATE ereceipt_exchange SET url = url || 'x' WHERE id = ("
        "SELECT min(id) FROM ereceipt_exchange) RETURNING id"
    )
    code, said = verify(shop.db.name)
    assert code == 3, said
    assert f"Exchange {changed} was changed." in said
    assert "NOT as it was" in said


def test_what_cannot_be_verified(shop: Shop) -> None:
    """It never ends as if all were well."""
    code, said = verify(shop.db.name, "--expect", "no seal")
    assert code == 2, said
    code, said = verify(shop.db.name + "_nowhere")
    assert code == 2, said
    assert "could not be verified" in said
