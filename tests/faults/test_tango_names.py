"""A server that is known by several names is one: what is put by one name counts for what is held by the others."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.connectors.tango import reach
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: names
devices:
  numbered: {{type: tango.device, trl: "{trl}", signals: {{n0: {{attr: n0, dtype: float, access: rw}}}}}}
  named: {{type: tango.device, trl: "{other}", signals: {{pushed: {{attr: pushed, dtype: float, format: read}}}}}}
"""
#: How soon after a stage values are served from memory, in s.
HELD_S = 20.0


async def read(device: Any) -> float:
    return (await device.read())["named-pushed"]["value"]


async def until_held(device: Any, server: TangoServer) -> None:
    """Wait until values are served from memory: the server changes its own, and no event tells."""
    async with asyncio.timeout(HELD_S):
        for number in itertools.count(100):
            server.play("hide", "pushed", float(number))
            if await read(device) != number:
                return
            await asyncio.sleep(0.1)


@pytest.fixture
def server(tango_client: None, tango_factory: TangoFactory) -> TangoServer:
    return tango_factory(numbers=1)


@pytest.fixture
async def bl(server: TangoServer, tmp_path: Path) -> AsyncIterator[Any]:
    file = tmp_path / "beamline.yaml"
    file.write_text(BEAMLINE.format(trl=server.trl(), other=server.trl().replace("127.0.0.1", "localhost")))
    made: Any = load_beamline(file)
    (await made.aconnect(timeout=20)).or_raise()
    yield made
    await made.aclose()


async def test_a_put_by_another_name_of_the_server_counts(bl: Any, server: TangoServer) -> None:
    await bl.named.stage()
    await until_held(bl.named, server)
    server.play("hide", "pushed", 7.5)  # no event tells, as one that is still under way
    await bl.numbered.n0.set(1.0)
    assert await read(bl.named) == 7.5
    await bl.named.unstage()


def test_all_addresses_of_this_machine_are_one_place() -> None:
    places = {reach.whereabouts(host, 4711) for host in ("localhost", "127.0.0.1", "127.0.1.1", socket.gethostname())}
    assert places == {"127.0.0.1:4711"}


@pytest.mark.parametrize("host", ["198.51.100.7", "203.0.113.7"])
def test_other_machines_are_told_apart(host: str) -> None:
    """Addresses that are for documents only, which no machine has; nothing is sent there."""
    assert reach.whereabouts(host, 4711) == f"{host}:4711"


def test_a_name_that_is_not_known_stays_what_it_is() -> None:
    nobody = "x" * 300
    assert reach.whereabouts(nobody, 4711) == f"{nobody}:4711"
