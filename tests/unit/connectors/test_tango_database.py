"""Tango devices that a database knows: found by it, and not dependent on it while they are in use."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest

from ophyd_decl.connectors.protocol import Channel, Description, PutRequest, Use
from ophyd_decl.connectors.tango import databases, library, session
from ophyd_decl.connectors.tango.databases import Databases
from ophyd_decl.connectors.tango.reach import Looks, ObstacleError
from ophyd_decl.connectors.tango.trl import parse
from ophyd_decl.errors import AbsentError, ReadError
from tests.contract.labs import FLOAT, INT, Seen, TangoLab, until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_database import TangoDatabase
from tests.servers.tango_server import TangoServer

DEVICES = {"lab/a/1": "Lab", "lab/a/2": "Lab"}
#: In which a device comes up again of which the database, or the server, has come back.
BACK_S = 15.0


@pytest.fixture(scope="module")
def steady_server(module_tango_database: TangoDatabase, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory(DEVICES, database=module_tango_database, aliases={"ring": "lab/a/2"})


@pytest.fixture
async def steady_lab(steady_server: TangoServer) -> AsyncIterator[TangoLab]:
    """Return a lab whose server and database stay."""
    async with TangoLab(steady_server) as made:
        yield made


@pytest.fixture
def server(tango_database: TangoDatabase, tango_factory: TangoFactory) -> TangoServer:
    return tango_factory(DEVICES, database=tango_database, aliases={"ring": "lab/a/2"})


@pytest.fixture
async def lab(server: TangoServer) -> AsyncIterator[TangoLab]:
    """Return a lab whose server and database may be killed."""
    async with TangoLab(server) as made:
        yield made


async def absent(lab: TangoLab, *addresses: str, timeout_s: float = 2.0) -> list[AbsentError]:
    """Return the errors of addresses that are absent; they came in time."""
    started = time.monotonic()
    channels = [lab.connector.channel(address, FLOAT) for address in addresses]
    outcomes = await lab.connector.connect(channels, started + timeout_s)
    assert time.monotonic() - started < timeout_s + 1.5
    assert all(isinstance(outcome, AbsentError) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, AbsentError)]


def slow(lab: TangoLab, seconds: float) -> "asyncio.Task[list[object]]":
    """Keep the device busy in one call, so that whatever comes beside it needs another proxy."""
    channel = lab.connector.channel(lab.address("Slow"), FLOAT, None, Use(command=True, argument=FLOAT))

    async def call() -> list[object]:
        await lab.connect(channel)
        return await lab.connector.execute([PutRequest(channel, seconds, True, time.monotonic() + seconds + 5)])

    return asyncio.get_running_loop().create_task(call())


async def test_a_device_an_alias_and_one_without_a_database_side_by_side(
    steady_lab: TangoLab, module_tango_database: TangoDatabase, tango_factory: TangoFactory
) -> None:
    lab = steady_lab
    other = tango_factory({"lab/n/1": "Lab"})
    addresses = [lab.address("number"), module_tango_database.trl("RING/number"), other.address("number")]
    channels = [lab.connector.channel(address, FLOAT) for address in addresses]
    described = await lab.connect(*channels)
    hosts = [one.host for one in described if isinstance(one, Description)]
    assert [host.endswith(f"/{lab.server.name}") for host in hosts] == [True, True, False]
    assert hosts[2] == f"127.0.0.1:{other.ports.ca}"
    lab.server.set("number", 7.5, device="lab/a/2")
    assert [await lab.value(channel) for channel in channels] == [1.5, 7.5, 1.5]
    assert await lab.put(channels[1], 8.5) is None
    assert lab.server.get("number", device="lab/a/2") == 8.5


async def test_what_a_database_does_not_have_or_has_not_running(
    steady_lab: TangoLab, module_tango_database: TangoDatabase
) -> None:
    database, port = module_tango_database, steady_lab.server.ports.ca
    database.add("other/1", {"lab/b/1": "Lab"})
    names = ("lab/a/11/number", "far/away/1/number", "rung/number", "lab/b/1/number")
    found = await absent(
        steady_lab, *map(database.trl, names), f"tango://127.0.0.1:{port}/lab/a/1/number", "tango://127.0.0.1:1/a/b/c/d"
    )
    where = f"the database at {database.host}"
    assert [error.problem for error in found] == [
        f"{where} has no device `lab/a/11`",
        f"{where} has no device `far/away/1`",
        f"{where} has no alias `rung`",
        f"the server of the device does not run: {where} has it in `other/1`",
        f"no Tango database answers: the server at 127.0.0.1:{port} is none",
        "no Tango database answers: no server listens at 127.0.0.1:1",
    ]
    without = "ends with `#dbase=no`"
    helps = ("did you mean `lab/a/1`?", without, "did you mean `ring`?", "start the server `other/1`", without, without)
    assert all(words in (error.help or "") for words, error in zip(helps, found, strict=True)), found


async def test_absent_at_the_start_and_present_later(server: TangoServer, tango_database: TangoDatabase) -> None:
    tango_database.kill()
    lab = TangoLab(server)
    lab.connector.bind(asyncio.get_running_loop())
    number, alias = lab.channel("number", FLOAT), lab.connector.channel(tango_database.trl("ring/number"), FLOAT)
    outcomes = await lab.connect(number, alias, timeout_s=1.0)
    assert {outcome.problem for outcome in outcomes if isinstance(outcome, AbsentError)} == {
        f"no Tango database answers: no server listens at {tango_database.host}"
    }
    seen = Seen()
    lab.connector.monitor(number, seen)
    tango_database.start()
    await until(lambda: number.state == alias.state == "connected", BACK_S)  # by themselves
    assert await lab.value(alias) == 1.5
    await until(lambda: seen.values == [1.5])
    await lab.connector.close()


async def test_connect_waits_for_a_database_that_comes_late(server: TangoServer, tango_database: TangoDatabase) -> None:
    tango_database.kill()
    lab = TangoLab(server)
    lab.connector.bind(asyncio.get_running_loop())
    connecting = asyncio.ensure_future(lab.connect(lab.channel("number", FLOAT), timeout_s=20))
    await asyncio.sleep(0.5)
    assert not connecting.done()
    await asyncio.to_thread(tango_database.start)
    assert isinstance((await connecting)[0], Description)
    await lab.connector.close()


@pytest.mark.parametrize("how", ["killed", "hung"])
async def test_devices_in_use_go_on_without_their_database(
    lab: TangoLab, tango_database: TangoDatabase, how: str
) -> None:
    number, pushed, calls = (
        await lab.connected("number", FLOAT),
        await lab.connected("pushed", FLOAT),
        await connected_command(lab, "Calls"),
    )
    seen = Seen()
    lab.connector.monitor(pushed, seen)
    await until(lambda: pushed.updates == "change")
    # One that is under way when the database hangs keeps the proxy of its device for as long as Tango waits.
    device = cast(Any, number).link.device
    await until(lambda: device._interface is not None and device._interface.numbers)
    if how == "killed":
        tango_database.kill()
        await asyncio.sleep(databases.KNOWN_S)  # nobody remembers that it answers
        await use_without_database(lab, number, calls, pushed, seen)
        tango_database.start()
    else:
        with tango_database.hung():
            await asyncio.sleep(databases.KNOWN_S)
            await use_without_database(lab, number, calls, pushed, seen)
    late = lab.connector.channel(tango_database.trl("ring/number"), FLOAT)
    assert isinstance((await lab.connect(late, timeout_s=BACK_S))[0], Description)


async def connected_command(lab: TangoLab, name: str) -> Channel:
    channel = lab.connector.channel(lab.address(name), INT, None, Use(command=True, returns=INT))
    assert isinstance((await lab.connect(channel))[0], Description)
    return channel


async def use_without_database(lab: TangoLab, number: Channel, calls: Channel, pushed: Channel, seen: Seen) -> None:
    """Read, write, execute, and be told, side by side with a call that takes long."""
    generations = [number.generation, pushed.generation]
    busy = slow(lab, 2.0)
    assert await lab.put(number, 4.0) is None
    assert await lab.value(number) == 4.0
    (called,) = await lab.connector.execute([PutRequest(calls, None, True, time.monotonic() + 5)])
    assert called == 0
    lab.server.set("pushed", 3.5)
    await until(lambda: seen.values[-1] == 3.5)
    assert not seen.errors
    # What needs the database says so, and `auto` does without.
    strict = lab.connector.channel(lab.address("counter"), FLOAT, None, Use(events="change"))
    polled = await lab.connected("arrived", FLOAT)
    refused, reads = Seen(), Seen()
    await lab.connect(strict)
    lab.connector.monitor(strict, refused)
    lab.connector.monitor(polled, reads)
    await until(lambda: reads.values)
    await until(lambda: refused.errors, 10)
    assert isinstance(refused.errors[0], ReadError)
    assert "sends no change events of it" in str(refused.errors[0])
    assert await busy == [None]
    assert [number.generation, pushed.generation] == generations


async def test_a_server_that_comes_back_before_its_database(lab: TangoLab, tango_database: TangoDatabase) -> None:
    number = await lab.connected("number", FLOAT)
    lab.kill()  # it stays exported in the database
    await until(lambda: f"has it in `{lab.server.name}`" in number.trouble, BACK_S)
    tango_database.kill()
    await until(lambda: "no Tango database answers" in number.trouble, BACK_S)
    tango_database.start()
    await until(lambda: "the server of the device does not run" in number.trouble, BACK_S)
    await asyncio.to_thread(lab.start)
    await until(lambda: number.state == "connected", BACK_S)
    assert await lab.value(number) == 1.5


@pytest.fixture
def silent() -> Iterator[tuple[int, list[socket.socket]]]:
    """Return a port where connections are taken and nothing is answered, with those connections."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            while True:
                try:
                    taken.append(listening.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take)
        thread.start()
        yield listening.getsockname()[1], taken
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in taken:
        connection.close()


async def test_a_database_that_hangs_keeps_nobody_else_waiting(
    steady_lab: TangoLab, silent: tuple[int, list[socket.socket]]
) -> None:
    lab = steady_lab
    hung = [lab.connector.channel(f"tango://127.0.0.1:{silent[0]}/lab/h/{n}/number", FLOAT) for n in range(20)]
    waiting = asyncio.ensure_future(lab.connect(*hung, timeout_s=1.5))
    await asyncio.sleep(0.2)
    started = time.monotonic()
    await lab.connected("number", FLOAT)
    assert time.monotonic() - started < 3.0
    problem = f"the Tango database at 127.0.0.1:{silent[0]} did not answer within 1.5 s"
    outcomes = await waiting
    assert {outcome.problem for outcome in outcomes if isinstance(outcome, AbsentError)} == {problem}


def test_one_look_will_do_for_all_who_want_to_know(silent: tuple[int, list[socket.socket]]) -> None:
    known = Databases()
    said: list[str] = []
    threads = [
        threading.Thread(target=lambda: said.append(known.obstacle("127.0.0.1", silent[0], 1.0))) for _ in "many"
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 2.9
    assert said == [f"127.0.0.1:{silent[0]} does not answer"] * 4
    assert len(silent[1]) == 1


async def test_calls_that_share_a_proxy_end_in_their_own_time(lab: TangoLab, tango_database: TangoDatabase) -> None:
    held = await asyncio.to_thread(session.begin, parse(lab.server.trl()), Databases(), Looks(), 5.0, str)
    tango_database.kill()
    await asyncio.sleep(databases.KNOWN_S)

    def call() -> float:
        now = time.monotonic()
        with library.thread(), held.proxy(now + 8) as patient, held.proxy(now + 0.5) as hasty:
            assert hasty is not patient
            return patient.command_inout("Slow", 1.0)

    assert await asyncio.to_thread(call) == 1.0


def test_the_first_database_of_a_list_that_answers(
    module_tango_database: TangoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, host = parse("a/b/c"), module_tango_database.host
    monkeypatch.setenv("TANGO_HOST", f"127.0.0.1:1, {host}")
    assert Databases().find(device, 1.0, str) == ("127.0.0.1", module_tango_database.ports.ca)
    monkeypatch.setenv("TANGO_HOST", "127.0.0.1:1,127.0.0.1:2")
    with pytest.raises(ObstacleError, match=r"listens at 127\.0\.0\.1:1; no server listens at 127\.0\.0\.1:2"):
        Databases().find(device, 1.0, str)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "TANGO_HOST is not set"),
        ("", "TANGO_HOST is not set"),
        ("db", "TANGO_HOST=db names no database: `db` is not `host:port`"),
        ("db:port", "`db:port` is not `host:port`"),
        ("db:0", "`db:0` is not `host:port`"),
        ("db:88888", "`db:88888` is not `host:port`"),
        ("db:10000,", "`` is not `host:port`"),
    ],
)
def test_a_variable_that_names_no_database(text: str | None, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if text is None:
        monkeypatch.delenv("TANGO_HOST")
        monkeypatch.setattr(library, "tango_host", lambda: "")  # whatever the files of this machine say
    else:
        monkeypatch.setenv("TANGO_HOST", text)
    with pytest.raises(ObstacleError, match=words) as caught:
        Databases().find(parse("a/b/c"), 1.0, str)
    assert "TANGO_HOST=host:port" in caught.value.help
