"""A thousand PVs of one server are lost, found and checked again in batches, and not one by one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.connectors.protocol import Description
from ophyd_decl.connectors.pva.connector import PvaConnector
from ophyd_decl.connectors.pva.link import ANSWER_EACH_S, ANSWER_S, PvaLink
from ophyd_decl.errors import DisconnectedError, MismatchError, SignalError
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import FLOAT, Seen, until
from tests.faults.conftest import ProxyLab
from tests.faults.proxy import HiddenIoc, hidden_ioc
from tests.faults.wakes import Wakes
from tests.pace import within
from tests.plugins.soak import Figures

COUNT = 1000
#: Of the number of PVs: how many wakes of the loop, and how many packets, may be needed for all of them at most.
SHARE = 0.5
#: How long the loop does something else in each of its turns, in s: what comes meanwhile is a burst on any machine.
BUSY_S = 0.05
#: In what time, in s, all must be known to be closed that closed right after they were connected; it takes 4 s if each
#: waits until its own keeper is missed.
EARLY_S = 1.0
#: How much of its time this process may need to notice that all are lost, in s. `tests/contract` looks at the clock.
NOTICE_S = 1.0
_RECORD = 'record(ao, "$(P)a{0}") {{ field(VAL, "{0}") field(PINI, "YES") field(EGU, "mm") }}'


async def until_busily(condition: Callable[[], Any], within_s: float) -> None:
    """Wait for a condition on a loop that has much to do. A loop that only waits is woken for each single event."""
    ends_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_s, f"did not happen within {within_s} s"
        time.sleep(BUSY_S)  # noqa: ASYNC251  # the loop is held up on purpose
        await asyncio.sleep(0)


@pytest.fixture
def far_ioc(tmp_path: Path) -> Iterator[HiddenIoc]:
    """Return an IOC with a thousand records, behind a proxy."""
    ioc = hidden_ioc(tmp_path, "MANY:", "\n".join(_RECORD.format(number) for number in range(COUNT)) + "\n")
    yield ioc
    ioc.close()


@pytest.fixture(params=["pva", pytest.param("ca", marks=pytest.mark.soak)])
async def lab(request: pytest.FixtureRequest, far_ioc: HiddenIoc) -> AsyncIterator[ProxyLab]:
    async with ProxyLab(request.param, far_ioc) as made:
        yield made


async def test_a_server_that_was_restarted_is_checked_in_batches(
    lab: ProxyLab, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = 0

    def check(description: Description) -> SignalError | None:
        nonlocal checked
        checked += 1
        return None if description.units == "mm" else MismatchError("units", expected="mm", found=description.units)

    channels = [lab.channel(f"a{number}", FLOAT, check) for number in range(COUNT)]
    assert all(isinstance(outcome, Description) for outcome in await lab.connect(*channels, timeout_s=30))
    seen = Seen()
    monitor = lab.connector.monitor(channels[-1], seen)
    await until(lambda: seen.values)
    packets = 0

    def count(data: bytes) -> bytes:
        nonlocal packets
        packets += 1
        return data

    wakes = Wakes(monkeypatch)
    began_s = time.process_time()
    lab.kill()
    await until_busily(lambda: all(channel.state == "closed" for channel in channels) and seen.errors, 15.0)
    took_s = time.process_time() - began_s
    assert took_s < NOTICE_S
    assert isinstance(seen.errors[0], DisconnectedError)
    lost_in = wakes.count
    assert lost_in < SHARE * COUNT
    checked = 0
    lab.proxy.alter(count, lab.proxy.to_server)
    starting = asyncio.create_task(asyncio.to_thread(lab.ioc.start))
    await until_busily(lambda: all(channel.generation == 2 for channel in channels), lab.reconnection_s + 20)
    await starting
    assert checked == COUNT
    found_in = wakes.count - lost_in
    assert found_in < SHARE * COUNT
    assert 0 < packets < COUNT, "several messages for each PV, of which one packet takes many"
    readings = await lab.read(*channels, timeout_s=20)
    assert [reading.value for reading in readings if isinstance(reading, Reading)] == list(range(COUNT))
    await until(lambda: seen.values[-1] == COUNT - 1 and len(seen.values) == 2)
    monitor.close()
    figures.add(
        f"{COUNT} PVs of a server that was restarted, {lab.protocol}",
        f"lost in {1000 * took_s:.0f} ms of CPU time and {lost_in} wakes of the loop, "
        f"checked again in {found_in} wakes and {packets} packets",
    )


@pytest.mark.parametrize("after_s", [0.0, 0.1])
async def test_a_connection_that_closes_before_all_have_their_keepers_is_noticed(
    far_ioc: HiddenIoc, after_s: float
) -> None:
    async with ProxyLab("pva", far_ioc) as lab:
        channels = [lab.channel(f"a{number}", FLOAT) for number in range(COUNT)]
        await lab.connect(*channels, timeout_s=30)
        await asyncio.sleep(after_s)
        with within(EARLY_S):
            lab.kill()
            await until(lambda: all(channel.state == "closed" for channel in channels), 20.0)
        await asyncio.to_thread(lab.ioc.start)
        await until(lambda: all(channel.state == "connected" for channel in channels), lab.reconnection_s + 20)
        assert {channel.generation for channel in channels} == {2}


async def test_others_stay_connected_when_a_connection_closes_before_they_have_their_keepers(
    far_ioc: HiddenIoc,
) -> None:
    async with ProxyLab("pva", far_ioc) as lab:
        channels = [lab.channel(f"a{number}", FLOAT) for number in range(COUNT)]
        await lab.connect(*channels, timeout_s=30)
        connector = lab.connector
        assert isinstance(connector, PvaConnector)
        assert connector.unkept
        connector.ask_unkept()
        await until(lambda: not connector.unkept, 20.0)
        await asyncio.sleep(ANSWER_S + COUNT * ANSWER_EACH_S)
        assert {(channel.state, channel.generation) for channel in channels} == {("connected", 1)}


async def test_a_slow_server_is_not_taken_for_one_that_has_gone_where_the_keeper_has_spoken(far_ioc: HiddenIoc) -> None:
    async with ProxyLab("pva", far_ioc) as lab:
        channel = lab.channel("a0", FLOAT)
        await lab.connect(channel)
        connector = lab.connector
        assert isinstance(connector, PvaConnector)
        await until(lambda: not connector.unkept)
        lab.proxy.delay(2 * ANSWER_S, lab.proxy.to_server)
        link = channel.link
        assert isinstance(link, PvaLink)
        link.ask_whether_there(1)
        await asyncio.sleep(5 * ANSWER_S)
        assert (channel.state, channel.generation) == ("connected", 1)
        assert isinstance((await lab.read(channel))[0], Reading)


async def test_a_slow_server_that_was_taken_for_one_that_has_gone_comes_back_by_itself(far_ioc: HiddenIoc) -> None:
    async with ProxyLab("pva", far_ioc) as lab:
        channel = lab.channel("a0", FLOAT)
        await lab.connect(channel)
        connector, link = lab.connector, channel.link
        assert isinstance(connector, PvaConnector)
        assert isinstance(link, PvaLink)
        lab.proxy.delay(2 * ANSWER_S, lab.proxy.to_server)
        connector.ask_unkept()
        await until(lambda: channel.state == "closed")
        await until(lambda: channel.state == "connected")
        assert channel.generation == 2
        assert isinstance((await lab.read(channel))[0], Reading)
