"""A shop in Zagreb with two tills, in a database of its own, and CIS' simulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ereceipt_db import OdooDatabase, Place
from ereceipt_shop import PLAIN_JOURNALS, TILL_JOURNALS, Shop, Simulator

from simulator.hr_cis.client import CisControlClient

OIB, OPERATOR_OIB = "69435151530", "12312312316"


class CisSimulator(Simulator):
    """CIS' simulator as a process."""

    authority = "hr_cis"
    control_class = CisControlClient


class TillShop(Shop):
    """A shop whose receipts are counted per premises: both tills share the numbers."""

    submit_endpoint = "racuni"

    def let_time_pass(self, verdicts: bool = True) -> None:
        """CIS decides at once, so no verdict is waited for."""
        super().let_time_pass(verdicts=False)

    def numbers(self) -> list[int]:
        """Return the numbers that were given, in the order of the receipts' times and
        then as they are."""
        rows = self.db.rows(
            "SELECT series_number FROM ereceipt_document ORDER BY issued_at, 1"
        )
        return [number for (number,) in rows]

    def registered(self) -> dict[str, str]:
        """Return the JIR by number, as CIS has them."""
        rows = self.simulator.control.registered()
        assert all(len(set(row["jirs"])) == 1 for row in rows)
        return {row["number"]: row["jir"] for row in rows}

    def ours(self) -> dict[str, str]:
        """Return the JIR by number, as our books have them."""
        return dict(
            self.db.rows(
                "SELECT authority_number, authority_uid FROM ereceipt_document "
                "WHERE state = 'valid'"
            )
        )


@contextmanager
def till_shop(place: Place) -> Iterator[TillShop]:
    """A shop with a simulator of its own."""
    with CisSimulator.running() as simulator:
        db = OdooDatabase(place, place.copy())
        try:
            with db.env("__system__") as env:
                _company(env)
            with db.env() as env:
                _books(env)
                _registration(env, simulator)
            db.rows("ANALYZE")
            yield TillShop(db, simulator)
        finally:
            db.drop()


def _company(env: Any) -> None:
    company = env.ref("base.main_company")
    company.write(
        {
            "name": "Kavana d.o.o.",
            "vat": f"HR{OIB}",
            "country_id": env.ref("base.hr").id,
        }
    )
    env["account.chart.template"].try_loading("hr", company, install_demo=False)
    admin = env.ref("base.user_admin")
    admin.group_ids += env.ref("account_ereceipt.group_ereceipt_admin")


def _books(env: Any) -> None:
    env["product.product"].create(
        {"name": "Čaj", "default_code": "TEA", "list_price": 100}
    )
    # the first sale to a customer writes his rank, and that conflicts in Odoo itself
    env["res.partner"].create({"name": "Gost", "ref": "WALK-IN", "customer_rank": 1})
    env["account.journal"].create(
        [
            {"name": f"Journal {code}", "type": "sale", "code": code}
            for code in (*TILL_JOURNALS, *PLAIN_JOURNALS)
        ]
    )


def _registration(env: Any, simulator: Simulator) -> None:
    made = simulator.control.certificate(OIB)
    key = env["ereceipt.signing.key"].create({"name": "FISKAL 1"})
    key.write({"key_file": made["p12"], "key_password": made["password"]})
    registration = env["ereceipt.registration"].create(
        {
            "authority": "hr_cis",
            "environment": "test",
            "hr_url": f"{simulator.url}/FiskalizacijaServiceTest",
            "hr_answer_ca": simulator.control.authority()["ca"],
            "signing_key_id": key.id,
            "connect_timeout": 2,
            "call_timeout": 10,
        }
    )
    devices = env["ereceipt.device"].create(
        [
            {
                "name": f"Till {number}",
                "registration_id": registration.id,
                "hr_premises": "POSL1",
                "hr_device_number": str(number),
                "hr_operator_oib": OPERATOR_OIB,
                "journal_ids": [
                    (6, 0, env["account.journal"].search([("code", "=", code)]).ids)
                ],
            }
            for number, code in enumerate(TILL_JOURNALS, 1)
        ]
    )
    devices.action_activate()
