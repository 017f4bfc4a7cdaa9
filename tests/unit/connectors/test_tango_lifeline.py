"""The connection that shows the end of a server, on real servers with a database and without."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import pytest

from ophyd_decl.connectors.tango import device, library, lifeline, proxies, reach
from ophyd_decl.connectors.tango.connector import TangoConnector
from ophyd_decl.connectors.tango.trl import parse
from ophyd_decl.errors import DisconnectedError, MismatchError, ReadTimeoutError
from tests.contract.labs import FLOAT, MODES, TangoLab, labelled, until
from tests.plugins import processes
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_database import CONNECTIONS, TangoDatabase
from tests.servers.tango_server import TangoServer


@pytest.fixture(params=["alone", "database"])
def server(
    request: pytest.FixtureRequest, tango_client: None, tango_factory: TangoFactory, tango_database: TangoDatabase
) -> TangoServer:
    """Return a server that may be killed."""
    if request.param == "alone":
        return tango_factory()
    return tango_factory({"lab/life/1": "Lab"}, database=tango_database)


async def test_a_restart_that_the_loop_has_missed_is_not_believed(server: TangoServer) -> None:
    async with TangoLab(server) as lab:
        mode = await lab.connected("mode", labelled(*MODES))
        assert await lab.value(mode) == "High"
        other = proxies.make(parse(server.trl()))
        await asyncio.sleep(0.5)
        lab.kill()  # the loop waits for that, and for the return
        lab.start(labels=("High", "Low"))
        for _ in range(CONNECTIONS):  # another user of the client library finds the old connections closed
            with suppress(library.DevFailed):
                other.ping()
        with cast(TangoConnector, lab.connector).turn():  # as every answer is delivered in one
            assert mode.state == "closed"
        until_s = time.monotonic() + lab.reconnection_s
        while not isinstance(outcome := (await lab.read(mode, timeout_s=1.0))[0], MismatchError):
            assert isinstance(outcome, DisconnectedError | ReadTimeoutError)  # by the old labels, it would be `High`
            assert time.monotonic() < until_s
            await asyncio.sleep(0.01)


async def test_one_that_takes_over_is_no_loss(server: TangoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifeline, "RENEW_S", 0.3)
    async with TangoLab(server) as lab:
        number = await lab.connected("number", FLOAT)
        await asyncio.sleep(1.5)
        assert number.state == "connected"
        assert number.generation == 1


async def test_one_that_a_server_ends_because_it_is_quiet_is_no_loss(
    tango_client: None, tango_factory: TangoFactory
) -> None:
    """A server that closes what has been quiet for three seconds."""
    server = tango_factory(quiet_s=3)
    async with TangoLab(server) as lab:
        number = await lab.connected("number", FLOAT)
        await until(lambda: processes.connections_to(server.ports.ca) >= 2)
        await asyncio.sleep(8.0)
        assert number.state == "connected"
        assert number.generation == 1
        assert await lab.value(number) == 1.5


def reference(build: Callable[[str, int], bytes]) -> str:
    return "IOR:" + build("pc.lab", 4711).hex()


def little(host: str, port: int) -> bytes:
    profile = b"\1\1\2\0" + (len(host) + 1).to_bytes(4, "little") + host.encode() + b"\0"
    profile += b"\0" * (-len(profile) % 2) + port.to_bytes(2, "little")
    other = (1).to_bytes(4, "little") + (2).to_bytes(4, "little") + b"xy\0\0"
    kind = (9).to_bytes(4, "little") + b"IDL:a:1.\0\0\0\0"
    ours = (0).to_bytes(4, "little") + len(profile).to_bytes(4, "little") + profile
    return b"\1\0\0\0" + kind + (2).to_bytes(4, "little") + other + ours


def big(host: str, port: int) -> bytes:
    profile = b"\0\1\0\0" + (len(host) + 1).to_bytes(4, "big") + host.encode() + b"\0"
    profile += b"\0" * (-len(profile) % 2) + port.to_bytes(2, "big")
    kind = (1).to_bytes(4, "big") + b"\0\0\0\0"
    return (
        b"\0\0\0\0" + kind + (1).to_bytes(4, "big") + (0).to_bytes(4, "big") + len(profile).to_bytes(4, "big") + profile
    )


@pytest.mark.parametrize("build", [little, big])
def test_the_place_in_a_reference(build: Callable[[str, int], bytes]) -> None:
    assert reach.place_in(reference(build)) == ("pc.lab", 4711)


@pytest.mark.parametrize("text", ["", "IOR:", "IOR:0", "IOR:01", "nada", "IOR:" + "00" * 12, "IOR:" + "ff" * 30])
def test_a_reference_without_a_place(text: str) -> None:
    with pytest.raises(ValueError, match="the reference "):
        reach.place_in(text)


async def test_connections_to_a_server_that_has_ended_do_not_keep_its_successor_from_being_found(
    tango_client: None, tango_factory: TangoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client library finds out about one of them with each attempt, and says nothing."""
    server = tango_factory()
    users = [server.client() for _ in range(CONNECTIONS)]
    await asyncio.gather(*(asyncio.to_thread(user.command_inout, "Slow", 0.2) for user in users))
    server.kill()
    server.start()
    monkeypatch.setattr(device, "PAUSES_S", (600.0,))
    async with TangoLab(server) as lab:
        await lab.connected("number", FLOAT)
