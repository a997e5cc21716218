import shutil

import pytest
from invoice_kit import BUYER, Erp, Pki
from simulator_kit import Till

from simulator.client import ControlClient
from simulator.eg_eta import App
from simulator.server import running


@pytest.fixture
def app():
    return App()


@pytest.fixture
def url(app):
    with running(app) as address:
        yield address


@pytest.fixture
def control(url):
    return ControlClient(url)


@pytest.fixture
def till(url):
    return Till(url)


@pytest.fixture
def erp(url):
    return Erp(url)


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("signatures are made with openssl: apt-get install openssl")
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def trusting(control, pki):
    """The control API of a simulator that trusts the tests' CA."""
    control.register(trusted_cas=[{"pem": pki.ca.pem}])
    return control


@pytest.fixture
def buyer(url, control):
    """The ERP system of the taxpayer who receives the tests' documents."""
    control.register(
        taxpayers=[{"rin": BUYER, "name": "Buyer"}],
        erp_clients=[{"client_id": "buyer", "secret": "buyer-secret", "rin": BUYER}],
    )
    return Erp(url, "buyer")
