import pytest
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
