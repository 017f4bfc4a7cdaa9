"""Fixtures that hand out servers. A server ends with the scope of the fixture that gave it, whatever the test did."""

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from .ioc import READ_ONLY_GROUP, RECORDS, Ioc, RandomWalk
from .tango_database import TangoDatabase
from .tango_server import TangoServer

_numbers = itertools.count(1)


class IocFactory(Protocol):
    """Starts soft IOCs and ends them."""

    def __call__(
        self,
        database: Path | str = RECORDS,
        *,
        macros: dict[str, str] | None = None,
        access: str | None = READ_ONLY_GROUP,
    ) -> Ioc:
        """Start an IOC with records of its own names.

        :param database: file, or text, in which `$(P)` stands before every record's name.
        :param macros: further macros of the database.
        :param access: rules of access security.
        """
        ...


@contextmanager
def iocs(folders: pytest.TempPathFactory) -> Iterator[IocFactory]:
    """Give a factory whose IOCs end with this context."""
    with ExitStack() as stack:

        def start_ioc(
            database: Path | str = RECORDS,
            *,
            macros: dict[str, str] | None = None,
            access: str | None = READ_ONLY_GROUP,
        ) -> Ioc:
            ioc = Ioc(folders.mktemp("ioc"), f"T{next(_numbers)}:", database, macros, access)
            try:
                ioc.start()
            except BaseException:
                ioc.close()
                raise
            stack.callback(ioc.close)
            return ioc

        yield start_ioc


@pytest.fixture
def ioc_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IocFactory]:
    """Start IOCs that end with the test, for tests that kill, hang or restart one."""
    with iocs(tmp_path_factory) as factory:
        yield factory


@pytest.fixture(scope="module")
def module_ioc_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IocFactory]:
    """Start IOCs that end with the module, for fixtures of that scope."""
    with iocs(tmp_path_factory) as factory:
        yield factory


@pytest.fixture(scope="session")
def ioc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ioc]:
    """Return the IOC with `records.db` that all tests share: leave it running, and its values as they were."""
    with iocs(tmp_path_factory) as factory:
        yield factory()


@pytest.fixture
def random_walk(tmp_path: Path) -> Iterator[RandomWalk]:
    """Start caproto's random walk: `random_walk:dt` and `random_walk:x`, on Channel Access."""
    with ExitStack() as stack:
        server = RandomWalk(tmp_path)
        stack.callback(server.close)
        yield server.start()


class TangoFactory(Protocol):
    """Starts Tango device servers and ends them."""

    def __call__(
        self,
        devices: Mapping[str, str] | None = None,
        *,
        labels: Sequence[str] = ("Low", "High", "Off"),
        numbers: int = 0,
        database: TangoDatabase | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> TangoServer:
        """Start a device server.

        :param devices: class by name of device; None: one Lab.
        :param labels: of the enums of a Lab.
        :param numbers: how many attributes `n0`, `n1`, ... a Lab has besides its own.
        :param database: that knows its devices; None: it has none.
        :param aliases: device by alias, for a database.
        """
        ...


@contextmanager
def tango_servers(folders: pytest.TempPathFactory) -> Iterator[TangoFactory]:
    """Give a factory whose device servers end with this context."""
    with ExitStack() as stack:

        def start_server(devices: Mapping[str, str] | None = None, **options: Any) -> TangoServer:
            server = TangoServer(folders.mktemp("tango"), devices or {f"lab/t{next(_numbers)}/1": "Lab"}, **options)
            stack.callback(server.close)
            return server.start()

        yield start_server


@pytest.fixture
def tango_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TangoFactory]:
    """Start Tango device servers that end with the test, for tests that kill, hang or restart one."""
    with tango_servers(tmp_path_factory) as factory:
        yield factory


@pytest.fixture(scope="module")
def module_tango_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TangoFactory]:
    """Start Tango device servers that end with the module, for fixtures of that scope."""
    with tango_servers(tmp_path_factory) as factory:
        yield factory


@pytest.fixture(scope="session")
def tango_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TangoServer]:
    """Return the server of one Lab that all tests share: leave it running, and its values as they were."""
    with tango_servers(tmp_path_factory) as factory:
        yield factory()


@contextmanager
def tango_databases(folders: pytest.TempPathFactory) -> Iterator[TangoDatabase]:
    """Give a Tango database that runs, and ends with this context."""
    with ExitStack() as stack:
        database = TangoDatabase(folders.mktemp("tango_database"))
        stack.callback(database.close)
        yield database.start()


@pytest.fixture
def tango_database(tango_client: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TangoDatabase]:
    """Return a Tango database of this test alone, without devices, for tests that kill, hang or restart it."""
    with tango_databases(tmp_path_factory) as database:
        yield database


@pytest.fixture(scope="module")
def module_tango_database(tango_client: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TangoDatabase]:
    """Return a Tango database of this module, without devices."""
    with tango_databases(tmp_path_factory) as database:
        yield database


@pytest.fixture
async def closed_channels() -> AsyncIterator[None]:
    """Close the channels that a test has opened with aioca itself, before their loop is closed.

    aioca keeps them for ever, and libca then calls a closed loop when their server goes. Ask for this one before any
    server (`pytestmark = pytest.mark.usefixtures("closed_channels")`).
    """
    yield
    import aioca

    aioca.purge_channel_caches()
