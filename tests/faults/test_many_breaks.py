"""A connection that breaks again and again costs nothing that stays."""

import asyncio
import gc
import os
import time
from typing import Any

import pytest

from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import FLOAT, FLOATS, Seen, until
from tests.faults.conftest import ProxyLab

BREAKS = 8


def held(lab: ProxyLab) -> dict[str, int]:
    """Count what a connection may leave behind."""
    gc.collect()
    links: Any = vars(lab.connector)["_links"]
    return {
        "threads": len(os.listdir("/proc/self/task")),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "tasks": len(asyncio.all_tasks()),
        "links": len(links),
    }


# libca needs ten seconds to come back each time, which is too long for here.
@pytest.mark.parametrize("far_lab", ["pva"], indirect=True)
async def test_breaks_leave_nothing_behind(far_lab: ProxyLab) -> None:
    lab = far_lab
    channels = [lab.channel(name, FLOAT) for name in ("number", "count")] + [lab.channel("spectrum", FLOATS)]
    await lab.connect(*channels)
    seen = [Seen() for _ in channels]
    monitors = [lab.connector.monitor(channel, one) for channel, one in zip(channels, seen, strict=True)]
    await until(lambda: all(one.values for one in seen))
    before: dict[str, int] = {}
    for number in range(1 + BREAKS):
        if number == 1:  # what the first one costs may stay, such as a thread that closes operations
            before = held(lab)
        lab.proxy.drop()
        await until(lambda: all(isinstance(one.updates[-1], Exception) for one in seen), 1.0)
        await until(lambda: all(isinstance(one.updates[-1], Reading) for one in seen), lab.reconnection_s)
    deadline = time.monotonic() + 5.0
    while (after := held(lab)) != before and time.monotonic() < deadline:  # noqa: ASYNC110  # what is ending gets a moment
        await asyncio.sleep(0.05)
    assert after == before
    assert {channel.generation for channel in channels} == {2 + BREAKS}
    for monitor in monitors:
        monitor.close()
