"""Servers behind a proxy."""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contract.labs import RECORDS, EpicsLab
from tests.faults.proxy import HiddenIoc, Proxy, hidden_ioc
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

_numbers = itertools.count(1)


class ProxyLab(EpicsLab):
    """A connector, and its server at the other end of a cable."""

    ioc: HiddenIoc

    @property
    def proxy(self) -> Proxy:
        """Return the cable."""
        return self.ioc.proxy


@pytest.fixture
def cam(tango_client: None, tango_factory: TangoFactory) -> TangoServer:
    """Return the server of a device that can be made not to answer: see `held_up`."""
    return tango_factory({"lab/cam/1": "Lab"})


@pytest.fixture(scope="module")
def far_ioc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HiddenIoc]:
    """Return an IOC behind a proxy that the tests of a module share; each leaves it running, and the proxy quiet."""
    ioc = hidden_ioc(tmp_path_factory.mktemp("ioc"), f"F{next(_numbers)}:", RECORDS)
    yield ioc
    ioc.close()


@pytest.fixture(params=["ca", "pva"])
async def far_lab(request: pytest.FixtureRequest, far_ioc: HiddenIoc) -> AsyncIterator[ProxyLab]:
    """Return a lab whose server is at the other end of a cable."""
    async with ProxyLab(request.param, far_ioc) as made:
        yield made
    far_ioc.proxy.reset()
