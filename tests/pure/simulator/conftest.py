import shutil
from datetime import datetime, timezone

import cis_kit
import nuonuo_kit
import pytest
from invoice_kit import BUYER, Erp, Pki
from simulator_kit import Till

from simulator.client import ControlClient
from simulator.cn_nuonuo import App as NuonuoApp
from simulator.cn_nuonuo.client import NuonuoControlClient
from simulator.eg_eta import App
from simulator.hr_cis import App as CisApp
from simulator.hr_cis.client import CisControlClient
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


@pytest.fixture(scope="session")
def cis_ca():
    """A certification authority of the tests' own."""
    return cis_kit.certified(None, organization="Izdavatelj")


@pytest.fixture(scope="session")
def cis_seal(cis_ca):
    """The certificate of a taxpayer."""
    return cis_kit.certified(cis_ca)


@pytest.fixture
def cis_url():
    if shutil.which("openssl") is None:
        pytest.skip("chains are checked with openssl: apt-get install openssl")
    with running(CisApp()) as address:
        yield address


@pytest.fixture
def cis(cis_url, cis_ca):
    """The control API of CIS, which believes the tests' authority; it is noon."""
    client = CisControlClient(cis_url)
    client.register(trusted_cas=[{"pem": cis_ca.pem}])
    offset = (cis_kit.NOON - datetime.now(timezone.utc)).total_seconds()
    client.settings(clock_offset=offset)
    return client


@pytest.fixture
def cis_till(cis_url, cis, cis_seal):
    """A taxpayer's till with a clock as CIS's."""
    return cis_kit.Till(cis_url, cis_seal, cis.settings()["clock_offset"])


@pytest.fixture
def nuonuo_url():
    with running(NuonuoApp()) as address:
        yield address


@pytest.fixture
def nuonuo(nuonuo_url):
    """The control API of the platform; the seller's results have an XML."""
    client = NuonuoControlClient(nuonuo_url)
    client.register(companies=[{"tax_number": nuonuo_kit.SELLER, "xml": True}])
    return client


@pytest.fixture
def seller(nuonuo_url):
    """A seller's program that calls the platform."""
    return nuonuo_kit.Erp(nuonuo_url)
