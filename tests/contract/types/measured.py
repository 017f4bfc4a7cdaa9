"""All cells, measured once: servers are started, everything is tried, servers are ended."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from tests.servers.ioc import Ioc
from tests.servers.process import ServerProcess
from tests.servers.structures import Structures

from .experiment import Cells, experiment
from .served import RECORDS, STRUCTURES
from .sides import IocSide, StructuresSide

Server = TypeVar("Server", bound=ServerProcess)
DATABASE = Path(__file__).parent / "records.db"


def cells(protocol: str) -> Cells:
    """Return what came of every cell of a protocol, by the names of row and column.

    :raises RuntimeError: if that could not be measured; it is tried once.
    """
    found = _measured(protocol)
    if isinstance(found, Exception):
        raise RuntimeError("the cells could not be measured") from found
    return found


@cache
def _measured(protocol: str) -> Cells | Exception:
    try:
        return _measure(protocol)
    except Exception as error:  # noqa: BLE001  # thousands of tests would try again
        return error


def _measure(protocol: str) -> Cells:
    with tempfile.TemporaryDirectory() as folder:
        with running(Ioc(Path(folder), "TYPES:", DATABASE)) as ioc, IocSide(ioc.prefix) as side:
            found = asyncio.run(experiment(protocol, RECORDS, side.other))
        if protocol == "pva":
            with running(Structures(Path(folder), "TYPES:")) as server, StructuresSide(server.prefix) as side:
                found |= asyncio.run(experiment(protocol, STRUCTURES, side.other))
    return found


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Give a server that runs meanwhile."""
    try:
        yield server.start()
    finally:
        server.close()
