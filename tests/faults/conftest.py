from __future__ import annotations

from collections.abc import Iterator

import pytest
from ereceipt_croatia import CisSimulator, CroatianShop, prepared_croatia
from ereceipt_croatia import croatian_shop as new_croatian_shop
from ereceipt_db import Place
from ereceipt_invoices import InvoiceShop
from ereceipt_invoices import invoice_shop as new_invoice_shop
from ereceipt_shop import Shop, Simulator, prepared
from ereceipt_shop import shop as new_shop


@pytest.fixture(scope="session")
def place() -> Place:
    return Place.from_environment()


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator.running() as running:
        yield running


@pytest.fixture(scope="session")
def prepared_database(place: Place, simulator: Simulator) -> Iterator[str]:
    with prepared(place, simulator) as name:
        yield name


@pytest.fixture
def shop(place: Place, simulator: Simulator, prepared_database: str) -> Iterator[Shop]:
    with new_shop(place, simulator, prepared_database) as shop:
        yield shop


@pytest.fixture
def invoice_shop(
    place: Place, simulator: Simulator, prepared_database: str
) -> Iterator[InvoiceShop]:
    with new_invoice_shop(place, simulator, prepared_database) as shop:
        yield shop


@pytest.fixture(scope="session")
def cis() -> Iterator[CisSimulator]:
    with CisSimulator.running() as running:
        yield running


@pytest.fixture(scope="session")
def croatian_database(place: Place, cis: CisSimulator) -> Iterator[str]:
    with prepared_croatia(place, cis) as name:
        yield name


@pytest.fixture
def croatian_shop(
    place: Place, cis: CisSimulator, croatian_database: str
) -> Iterator[CroatianShop]:
    with new_croatian_shop(place, cis, croatian_database) as shop:
        yield shop
