"""What calls to a Tango device that hangs, and a server that is killed again and again, leave behind: nothing."""

import asyncio
import gc
import os
import threading
import time
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from ophyd_decl.connectors.protocol import PutRequest, Use
from ophyd_decl.connectors.tango import library, proxies
from ophyd_decl.connectors.tango.trl import parse
from ophyd_decl.connectors.tango.workers import IDLE_S
from ophyd_decl.errors import PutNotSentError, PutTimeoutError, ReadTimeoutError
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import ANY, ENUM, FLOAT, INT, Seen, TangoLab, until
from tests.plugins import processes
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_database import CONNECTIONS

DEADLINE_S = 0.5
#: How much longer than its deadline a call may take whose server hangs: Tango asks it once more.
MORE_S = DEADLINE_S
#: What a busy machine may add, in s.
SLACK_S = 2.0
#: What is ending gets this time, in s.
PATIENCE_S = 15.0
FIRST = 2


@pytest.fixture
async def lab(tango_client: None, tango_factory: TangoFactory) -> AsyncIterator[TangoLab]:
    async with TangoLab(tango_factory(numbers=10)) as made:
        yield made


def threads() -> int:
    """Count the threads of this process, those of the client library too."""
    return len(os.listdir("/proc/self/task"))


def calls_under_way() -> int:
    """Count our own threads that call Tango, or have just done so."""
    return sum(thread.name == "Tango call" for thread in threading.enumerate())


async def test_calls_to_a_device_that_hangs_end(lab: TangoLab) -> None:
    lab.connector.liveness_s = 30.0  # so that what is counted are our calls, and not the search for the server
    command = lab.connector.channel(lab.address("Nothing"), ANY, None, Use(command=True))
    calls = lab.connector.channel(lab.address("Calls"), ANY, None, Use(command=True, returns=INT))
    numbers = [lab.channel(f"n{number}", FLOAT) for number in range(10)]
    await lab.connect(command, calls, *numbers)
    await lab.read(*numbers)
    with lab.server.hung():
        await asyncio.sleep(IDLE_S + MORE_S)  # the ping is under way, and what has nothing to do has ended
        before, all_before = calls_under_way(), threads()
        sent = 0
        for _ in range(3):
            began = time.monotonic()
            puts = [PutRequest(command, None, True, began + DEADLINE_S) for _ in range(20)]
            executing = asyncio.create_task(lab.connector.execute(puts))
            reading = asyncio.create_task(lab.read(*numbers, timeout_s=DEADLINE_S))
            await until(lambda: calls_under_way() >= 20)
            outcomes = [*await executing, *await reading]
            assert time.monotonic() - began < DEADLINE_S + 0.3 + SLACK_S
            assert {type(outcome) for outcome in outcomes[20:]} == {ReadTimeoutError}
            # Each needs a connection of its own, and Tango has but one to a device that answered to one call at a time.
            assert {type(outcome) for outcome in outcomes[:20]} <= {PutTimeoutError, PutNotSentError}
            sent += sum(isinstance(outcome, PutTimeoutError) for outcome in outcomes)
            await until(lambda: calls_under_way() <= before, DEADLINE_S + MORE_S + IDLE_S + SLACK_S)
            # The client library has threads of its own, of which one from an earlier test may end meanwhile.
            await until(lambda: threads() <= all_before, SLACK_S)
    assert await lab.value(numbers[3]) == 3.0
    # What was reported as not sent is never done later; what was sent may be.
    (done,) = await lab.connector.execute([PutRequest(calls, None, True, time.monotonic() + 5)])
    assert done <= sent


async def test_a_proxy_that_ends_while_a_server_hangs_holds_nobody_up(lab: TangoLab) -> None:
    """Tango ends a proxy only when it has no subscription under way, and one to a server that hangs takes 9 s."""
    gc.collect()  # what other tests have left may hold proxies too, which are not ours
    await lab.connect(lab.channel("n1", FLOAT))
    cycle: list[Any] = [proxies.make(parse(lab.server.trl()))]
    cycle.append(cycle)  # only the garbage collector ends it, in the thread that happens to begin one object more
    ended = weakref.ref(cycle[0])
    subscribing = threading.Thread(target=subscribe, args=(proxies.make(parse(lab.server.trl())),))
    with lab.server.hung():
        subscribing.start()
        await asyncio.sleep(0.3)
        del cycle
        began = time.monotonic()
        gc.collect()
        assert time.monotonic() - began < 3.0  # a collection alone takes up to 1.3 s on a busy machine
        assert subscribing.is_alive()
        assert ended() is not None
    await asyncio.to_thread(subscribing.join)
    proxies.let_go()
    assert ended() is None


def subscribe(proxy: Any) -> None:
    """Subscribe without a look at the server before; it may answer in the end or not."""
    with library.thread(), suppress(library.DevFailed):
        proxy.unsubscribe_event(proxy.subscribe_event(library.INTERFACE_EVENT, lambda _: None))


def held(lab: TangoLab) -> dict[str, int]:
    """Count what may be left behind, but for the connections to the server that lives.

    The client library makes one for each call that is under way beside others, at most five, and keeps them for two
    minutes.
    """
    gc.collect()
    connections = processes.connections_to(lab.server.ports.ca)
    assert connections <= CONNECTIONS
    return {
        "threads": threads(),
        "descriptors": len(list(processes.descriptors())) - connections,
        "tasks": len(asyncio.all_tasks()),
        "links": len(vars(lab.connector)["_links"]),
    }


async def steady(lab: TangoLab) -> dict[str, int]:
    """Return what is held when that has not changed for a second."""
    last, since = held(lab), time.monotonic()
    while time.monotonic() - since < 1.0:
        await asyncio.sleep(0.1)
        now = held(lab)
        if now != last:
            last, since = now, time.monotonic()
    return last


@pytest.mark.parametrize("cycles", [4, pytest.param(10, marks=pytest.mark.soak)])
async def test_kills_and_restarts_leave_nothing_behind(lab: TangoLab, cycles: int) -> None:
    channels = [lab.channel("pushed", FLOAT), lab.channel("n1", FLOAT), lab.channel("mode", ENUM)]
    seen = [Seen() for _ in channels]
    await lab.connect(*channels)
    monitors = [lab.connector.monitor(channel, one) for channel, one in zip(channels, seen, strict=True)]
    before: dict[str, int] = {}
    for cycle in range(cycles):
        await until(lambda: all(one.updates and isinstance(one.updates[-1], Reading) for one in seen), 20.0)
        if cycle == FIRST:
            before = await steady(lab)
        lab.kill()
        await until(lambda: all(isinstance(one.updates[-1], Exception) for one in seen), 5.0)
        await asyncio.to_thread(lab.server.start)
    await until(lambda: all(isinstance(one.updates[-1], Reading) for one in seen), 20.0)
    # The client library ends a connection of an earlier test when it has not been used for a while.
    after: dict[str, int] = {}
    deadline = time.monotonic() + PATIENCE_S
    while not after or (any(after[name] > count for name, count in before.items()) and time.monotonic() < deadline):
        after = await steady(lab)
    assert {channel.generation for channel in channels} == {1 + cycles}
    assert all(after[name] <= count for name, count in before.items()), (before, after)
    for monitor in monitors:
        monitor.close()
