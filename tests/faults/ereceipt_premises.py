"""What is set up alike for a shop of any country: company, goods, customer, devices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def set_up_company(env: Any, chart: str, **values: Any) -> Any:
    """Make the database's company one of a country; return its administrator.

    :param chart: code of the chart of accounts
    """
    company = env.ref("base.main_company")
    company.write(values)
    env["account.chart.template"].try_loading(chart, company, install_demo=False)
    admin = env.ref("base.user_admin")
    admin.group_ids += env.ref("account_ereceipt.group_ereceipt_admin")
    return admin


def set_up_goods(
    env: Any, product: dict[str, Any], customer: str, journals: Iterable[str]
) -> Any:
    """Make what is sold, to whom, and the sales journals; return the product.

    :param customer: the name of who comes in from the street
    :param journals: their codes
    """
    # the first sale to a customer writes his rank, and that conflicts in Odoo itself
    env["res.partner"].create({"name": customer, "ref": "WALK-IN", "customer_rank": 1})
    env["account.journal"].create(
        [{"name": f"Journal {code}", "type": "sale", "code": code} for code in journals]
    )
    return env["product.product"].create(
        {"default_code": "TEA", "list_price": 100, **product}
    )


def set_up_devices(
    env: Any, registration: Any, journals: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Make active devices, one for each journal.

    :param journals: codes of the journals
    :param rows: what else each device has
    """
    known = env["account.journal"]
    devices = env["ereceipt.device"].create(
        [
            {
                "registration_id": registration.id,
                "journal_ids": [(6, 0, known.search([("code", "=", code)]).ids)],
                **row,
            }
            for code, row in zip(journals, rows, strict=True)
        ]
    )
    devices.action_activate()
