"""What the tests of fiscal/ share."""

from __future__ import annotations

from collections import Counter

import pytest
from agent_kit import OdooServer, key_file, paired_before
from cn_kit import Provider
from cn_rig import office as fapiao_office
from eta_rig import rig
from hr_service_kit import Cis
from invoice_rig import office_with
from service_kit import Service
from signing_kit import seal
from softhsm_kit import SoftHsm, put_certificate, put_key
from transport_kit import Authority

from fiscal.signing.pkcs11_module import Pkcs11Module
from fiscal.signing.token import PinGate, TokenKey


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


@pytest.fixture(scope="module")
def tally():
    """How many were built and how many refused, and by which problems."""
    return Counter()


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
def provider():
    """Nuonuo, which answers as it is told."""
    with Provider() as made:
        yield made


@pytest.fixture
def desk():
    """A Chinese company at the simulator of Nuonuo."""
    with fapiao_office() as made:
        yield made


@pytest.fixture
def cis_service(tmp_path):
    """CIS, which answers as it is told."""
    made = Cis(tmp_path).running()
    yield made
    made.close()


@pytest.fixture
def office():
    """A taxpayer's system at the simulator."""
    with office_with() as made:
        yield made


@pytest.fixture
def odoo(tmp_path):
    """An Odoo that agents call."""
    server = OdooServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path):
    """Where an agent keeps what is its own."""
    return tmp_path / "agent"


@pytest.fixture
def paired(odoo, folder):
    """The folder of an agent that is paired and has a key file."""
    return paired_before(odoo, folder, file=str(key_file(folder.parent)))


@pytest.fixture
def hsm(tmp_path):
    """Tokens in software."""
    made = SoftHsm(tmp_path)
    with made.environment():
        yield made


@pytest.fixture
def token(hsm):
    """The serial of a token with a seal and its key."""
    serial = hsm.make_token()
    with hsm.writing(serial) as session:
        put_certificate(session, seal())
        put_key(session, seal().key)
    return serial


@pytest.fixture
def key(hsm, token):
    """The key on that token, nobody logged in."""
    return TokenKey(hsm.module, token, gate=PinGate())


@pytest.fixture
def logins(monkeypatch):
    """The PINs that reached a token."""
    pins = []
    original = Pkcs11Module.open

    def watched(self, token, **login):
        if login:
            pins.append(login["user_pin"])
        return original(self, token, **login)

    monkeypatch.setattr(Pkcs11Module, "open", watched)
    return pins
