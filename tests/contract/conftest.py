"""The labs of the contract suite."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.labs import RECORDS, EpicsLab, Lab, SoftLab
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

PROTOCOLS = ("soft", "ca", "pva")


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def lab_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


@pytest.fixture
async def lab(protocol: str, lab_ioc: Ioc) -> AsyncIterator[Lab]:
    """Return a lab whose server stays."""
    made = SoftLab() if protocol == "soft" else EpicsLab(protocol, lab_ioc)
    made.connector.bind(asyncio.get_running_loop())
    yield made
    await made.connector.close()


@pytest.fixture(params=PROTOCOLS[1:])
def remote_protocol(request: pytest.FixtureRequest) -> str:
    """Return a protocol whose server is another process."""
    return request.param


@pytest.fixture
async def mortal_lab(protocol: str, ioc_factory: IocFactory, tmp_path: Path) -> AsyncIterator[Lab]:
    """Return a lab whose server may be killed and started again."""
    made = SoftLab() if protocol == "soft" else EpicsLab(protocol, *_own_ioc(ioc_factory, tmp_path))
    made.connector.bind(asyncio.get_running_loop())
    yield made
    await made.connector.close()


@pytest.fixture
async def remote_lab(remote_protocol: str, ioc_factory: IocFactory, tmp_path: Path) -> AsyncIterator[EpicsLab]:
    """Return a lab whose server may also hang."""
    made = EpicsLab(remote_protocol, *_own_ioc(ioc_factory, tmp_path))
    made.connector.bind(asyncio.get_running_loop())
    yield made
    await made.connector.close()


def _own_ioc(ioc_factory: IocFactory, folder: Path) -> tuple[Ioc, Path]:
    database = folder / "records.db"
    database.write_text(RECORDS.read_text())
    return ioc_factory(database), database
