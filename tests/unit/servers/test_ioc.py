"""The IOC of the tests, seen by the clients that others wrote: what it serves, and how it fails on demand."""

import asyncio
import contextlib
import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

import aioca
import pytest
from p4p.client.asyncio import Context, RemoteError

from tests.servers import environment
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc, RandomWalk
from tests.servers.process import ServerError

pytestmark = pytest.mark.usefixtures("closed_channels")
ONE_RECORD = 'record(longout, "$(P)one") { field(VAL, "$(START=1)") field(PINI, "YES") }'


def environment_of(process: int) -> dict[str, str]:
    rows = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
    return dict(row.split("=", 1) for row in rows if "=" in row)


async def wait_until(condition: Callable[[], bool], timeout_s: float = 20) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  # what is awaited is not ours
            await asyncio.sleep(0.005)


async def test_its_values_over_channel_access(ioc: Ioc) -> None:
    names = ["ai", "ao", "longin", "longout", "bo", "mbbo", "stringout", "axis:done"]
    values = await aioca.caget([ioc.pv(name) for name in names], timeout=5)
    assert [type(value)(value) for value in values[:4]] == [1.5, 2.5, 7, 3]
    assert [int(value) for value in values[4:6]] == [0, 1]
    assert values[6] == "hello"
    units = await aioca.caget(ioc.pv("ai"), format=aioca.FORMAT_CTRL, timeout=5)
    assert (units.units, units.precision, units.severity) == ("mm", 3, 0)
    labels = await aioca.caget(ioc.pv("mbbo"), format=aioca.FORMAT_CTRL, timeout=5)
    assert labels.enums == ["Low Energy", "High Energy", "Off"]
    text = await aioca.caget(ioc.pv("lsi.VAL$"), datatype=aioca.DBR_CHAR_STR, timeout=5)
    assert text.startswith("a text that is longer than the forty")
    assert list(await aioca.caget(ioc.pv("waveform"), timeout=5)) == [0.5, 1.5, 2.5]
    assert list(await aioca.caget(ioc.pv("texts"), timeout=5)) == ["a", "b"]
    assert len(await aioca.caget(ioc.pv("empty"), timeout=5)) == 0
    undefined = await aioca.caget(ioc.pv("undefined"), format=aioca.FORMAT_TIME, timeout=5)
    assert undefined.severity == 3


async def test_its_values_over_pvaccess(ioc: Ioc) -> None:
    with Context("pva", nt=False) as context:
        names = ["ai", "mbbo", "lsi", "bytes", "table"]
        ai, mbbo, lsi, numbers, table = await asyncio.wait_for(context.get([ioc.pv(name) for name in names]), 5)
    assert (ai.value, ai.display.units, ai.display.description) == (1.5, "mm", "An analogue input")
    assert mbbo.value.choices == ["Low Energy", "High Energy", "Off"]
    assert len(lsi.value) > 40
    assert list(numbers.value) == [1, 2, 254]
    assert table.labels == ["x", "y"]
    assert list(table.value.x) == [1, 2, 3]
    assert list(table.value.y) == [10, 20, 30]


async def test_the_clock_ticks_ten_times_a_second(ioc: Ioc) -> None:
    values: list[float] = []
    monitor = aioca.camonitor(ioc.pv("ticking"), values.append, all_updates=True)
    await wait_until(lambda: len(values) >= 4)
    monitor.close()
    assert [later - earlier for earlier, later in itertools.pairwise(values)][:3] == [1, 1, 1]


async def test_a_put_to_the_axis_completes_when_it_has_arrived(ioc_factory: IocFactory) -> None:
    ioc = ioc_factory(macros={"MOVE": "0.2"})
    states: list[int] = []
    monitor = aioca.camonitor(ioc.pv("axis:done"), lambda value: states.append(int(value)), all_updates=True)
    await wait_until(lambda: states == [1])
    start = time.monotonic()
    await aioca.caput(ioc.pv("axis"), 2.5, wait=True, timeout=5)
    assert 0.2 <= time.monotonic() - start < 2
    assert await aioca.caget(ioc.pv("axis:readback"), timeout=5) == 2.5
    await wait_until(lambda: states == [1, 0, 1])
    monitor.close()
    with Context("pva") as context:
        start = time.monotonic()
        await asyncio.wait_for(context.put(ioc.pv("axis"), -1, wait=True), 5)
        assert time.monotonic() - start >= 0.2
        assert await asyncio.wait_for(context.get(ioc.pv("axis:readback")), 5) == -1


@pytest.mark.parametrize("record", ["disabled", "guarded"])
async def test_a_put_is_refused(ioc: Ioc, record: str) -> None:
    refused = await aioca.caput(ioc.pv(record), 5, wait=True, timeout=5, throw=False)
    assert not refused.ok
    with Context("pva") as context, pytest.raises(RemoteError):
        await asyncio.wait_for(context.put(ioc.pv(record), 5, wait=True), 5)
    assert await aioca.caget(ioc.pv(record), timeout=5) == 1


async def test_the_server_changes_a_value_by_itself(ioc_factory: IocFactory) -> None:
    ioc = ioc_factory()
    ioc.put("stringout", "from the server")
    ioc.put("high", 6)
    assert await aioca.caget(ioc.pv("stringout"), timeout=5) == "from the server"
    assert (await aioca.caget(ioc.pv("high"), format=aioca.FORMAT_TIME, timeout=5)).severity == 1
    assert "DBF_LONG:" in ioc.command(f"dbgf {ioc.pv('longout')}")
    with pytest.raises(ServerError, match="nowhere"):
        ioc.put("nowhere", 1)


async def test_a_killed_ioc_is_lost_and_comes_back_in_the_same_place(ioc_factory: IocFactory) -> None:
    ioc = ioc_factory(ONE_RECORD, macros={"START": "5"})
    values: list[float | None] = []

    async def note(value: object) -> None:
        values.append(None if isinstance(value, Exception) else float(value))

    with Context("pva") as context:
        monitor = context.monitor(ioc.pv("one"), note, notify_disconnect=True)
        await wait_until(lambda: 5 in values)
        ports, process = ioc.ports, ioc.pid
        ioc.kill()
        assert not ioc.alive
        await wait_until(lambda: values[-1] is None)
        ioc.restart()
        assert (ioc.ports, ioc.alive) == (ports, True)
        assert ioc.pid != process
        await wait_until(lambda: values[-1] == 5)
        monitor.close()


async def test_a_hung_ioc_keeps_its_connections_and_answers_nothing(ioc_factory: IocFactory) -> None:
    ioc = ioc_factory(ONE_RECORD)
    name = ioc.pv("one")
    assert await aioca.caget(name, timeout=5) == 1
    with ioc.hung():
        assert ioc.alive
        answer = await aioca.caget(name, timeout=0.3, throw=False)
        assert not answer.ok
    assert await aioca.caget(name, timeout=5) == 1


async def test_several_iocs_are_found_at_once_each_by_its_own_names(ioc_factory: IocFactory) -> None:
    iocs = [ioc_factory(ONE_RECORD, macros={"START": str(number)}) for number in range(3)]
    assert await aioca.caget([ioc.pv("one") for ioc in iocs], timeout=5) == [0, 1, 2]
    with Context("pva") as context:
        assert await asyncio.wait_for(context.get([ioc.pv("one") for ioc in iocs]), 5) == [0, 1, 2]


def test_it_listens_where_it_was_told_to(ioc: Ioc) -> None:
    listening = set()
    for row in Path(f"/proc/{ioc.pid}/net/tcp").read_text().splitlines()[1:]:
        fields = row.split()
        address, _, port = fields[1].partition(":")
        if fields[3] == "0A":
            listening.add((address, int(port, 16)))
    assert {("0100007F", ioc.ports.ca), ("0100007F", ioc.ports.pva)} <= listening
    variables = environment_of(ioc.pid)
    assert {name: variables[name] for name in environment.server_environment(ioc.ports)} == (
        environment.server_environment(ioc.ports)
    )


def test_a_database_that_cannot_be_loaded_is_told_with_the_log_and_gives_its_ports_back(
    ioc_factory: IocFactory,
) -> None:
    unused = environment.pool().unused
    with pytest.raises(ServerError, match="no_such_record_type"):
        ioc_factory('record(no_such_record_type, "$(P)x") {}')
    assert environment.pool().unused == unused


def test_it_ends_when_whoever_started_it_is_gone(tmp_path: Path) -> None:
    ioc = Ioc(tmp_path, "ORPHAN:", ONE_RECORD)
    with contextlib.closing(ioc):
        ioc.start()
        process = ioc._running()
        process.stdin.close()
        assert process.wait(5) == 0


async def test_caproto_serves_the_random_walk(random_walk: RandomWalk) -> None:
    period, place = await aioca.caget(["random_walk:dt", "random_walk:x"], timeout=5)
    assert (period, -1 <= place <= 1) == (3, True)
    await aioca.caput("random_walk:dt", 0.05, wait=True, timeout=5)
    assert await aioca.caget("random_walk:dt", timeout=5) == 0.05


def test_another_process_finds_it_with_its_environment(ioc: Ioc) -> None:
    assert ioc.client_environment["EPICS_CA_ADDR_LIST"] == f"127.0.0.1:{ioc.ports.ca}"
    assert str(ioc.ports.ca) in os.environ["EPICS_CA_ADDR_LIST"]
