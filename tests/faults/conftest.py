from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from ereceipt_china import NuonuoSimulator, prepared_china
from ereceipt_china import chinese_shop as new_chinese_shop
from ereceipt_croatia import CisSimulator, prepared_croatia
from ereceipt_croatia import croatian_shop as new_croatian_shop
from ereceipt_db import Place
from ereceipt_invoices import invoice_shop as new_invoice_shop
from ereceipt_shop import Simulator, prepared
from ereceipt_shop import shop as new_shop


@pytest.fixture(scope="session")
def place() -> Place:
    return Place.from_environment()


def opened(
    opening: Callable[..., AbstractContextManager[Any]],
    *fixtures: str,
    scope: str = "function",
) -> Any:
    """Return a fixture that is what a context manager gives.

    :param fixtures: the names of those that it is opened with
    """

    @pytest.fixture(scope=scope)
    def made(request: pytest.FixtureRequest) -> Iterator[Any]:
        with opening(*map(request.getfixturevalue, fixtures)) as given:
            yield given

    return made


simulator = opened(Simulator.running, scope="session")
prepared_database = opened(prepared, "place", "simulator", scope="session")
shop = opened(new_shop, "place", "simulator", "prepared_database")
invoice_shop = opened(new_invoice_shop, "place", "simulator", "prepared_database")

cis = opened(CisSimulator.running, scope="session")
croatian_database = opened(prepared_croatia, "place", "cis", scope="session")
croatian_shop = opened(new_croatian_shop, "place", "cis", "croatian_database")

nuonuo = opened(NuonuoSimulator.running, scope="session")
chinese_database = opened(prepared_china, "place", "nuonuo", scope="session")
chinese_shop = opened(new_chinese_shop, "place", "nuonuo", "chinese_database")
"""A Chinese office with two desks, and Nuonuo's simulator, which knows it."""


@pytest.fixture(scope="session")
def queue_job_place() -> Place:
    template = os.environ.get("ERECEIPT_TEST_QUEUE_JOB_TEMPLATE")
    if not template:
        pytest.skip("ERECEIPT_TEST_QUEUE_JOB_TEMPLATE names no database")
    return replace(Place.from_environment(), template=template)


queue_job_database = opened(prepared, "queue_job_place", "simulator", scope="session")
queue_job_shop = opened(new_shop, "queue_job_place", "simulator", "queue_job_database")
"""A shop whose jobs OCA's queue_job carries out."""
