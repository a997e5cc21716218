"""What the tests of fiscal/ share."""

from __future__ import annotations

import pytest
from eta_rig import rig
from invoice_rig import office_with
from service_kit import Service
from transport_kit import Authority


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    """Keep the proxies of whoever runs the tests out of them."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A certificate authority of the tests' own."""
    Authority.folder = str(tmp_path_factory.mktemp("keys"))
    return Authority()


@pytest.fixture
def till():
    """A device at the simulator."""
    with rig() as made:
        yield made


@pytest.fixture
def service():
    """A service that answers as it is told."""
    with Service() as made:
        yield made


@pytest.fixture
def office():
    """A taxpayer's system at the simulator."""
    with office_with() as made:
        yield made
