"""Events of Tango that are held up, of all devices of this process, while one device does not answer a subscription."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.contract.labs import until
from tests.faults.held_up import BUSY_S, PATIENCE_S, are_held_up, beamline, flowing, hold_up
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

#: How old what is read may be at each point, in s.
OLD_S = 1.0
DEVICES = """\
  good:
    type: tango.device
    trl: "GOOD"
    signals:
      pushed: {attr: pushed, dtype: float, format: read}
  named:
    type: tango.device
    trl: "GOOD"
    signals:
      archived: {attr: archived, dtype: float, format: read}
"""


@pytest.fixture
def good(tango_client: None, tango_factory: TangoFactory) -> TangoServer:
    return tango_factory({"lab/good/1": "Lab"})


@pytest.fixture
async def bl(
    cam: TangoServer, good: TangoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    async with beamline(cam, DEVICES.replace("GOOD", good.trl()), tmp_path, monkeypatch) as made:
        yield made


def updates_of(signal: Any) -> str:
    return signal.read_channel.updates


async def compare(bl: Any, good: TangoServer, seen: list[float], points: int, also: Callable[[], Any]) -> None:
    """Change the values of the healthy device again and again, and look what is read and what subscribers have."""
    for point in range(1, points + 1):
        good.set("pushed", float(point))
        good.set("archived", float(point))
        await asyncio.sleep(OLD_S)
        also()
        reading = await bl.good.read()
        assert reading["good-pushed"]["value"] == point
        assert (await bl.named.read())["named-archived"]["value"] == point
        assert seen[-1] == point


async def longest_hold_s() -> float:
    """Return for how long events were held up at most without a break, until this is cancelled."""
    longest_s, flowed_at = 0.0, time.monotonic()
    with suppress(asyncio.CancelledError):
        while True:
            now = time.monotonic()
            if not are_held_up():
                flowed_at = now
            longest_s = max(longest_s, now - flowed_at)
            await asyncio.sleep(0.02)
    return longest_s


async def subscribed(bl: Any) -> list[float]:
    """Stage the healthy device, and subscribe to what it pushes; return what the subscriber was told."""
    seen: list[float] = []
    bl.good.pushed.subscribe(lambda reading: seen.append(reading["good-pushed"]["value"]))
    await bl.good.stage()
    await until(lambda: seen and updates_of(bl.good.pushed) == "change")
    return seen


async def test_what_is_read_is_not_old_while_a_subscription_takes_long(
    bl: Any, cam: TangoServer, good: TangoServer
) -> None:
    """The device answers, but not for the attribute, so Tango waits; the feed of another has to wait too."""
    seen = await subscribed(bl)
    await hold_up(bl, cam)
    await bl.named.stage()
    held: list[bool] = []
    await compare(bl, good, seen, 6, lambda: held.append(are_held_up()))
    assert any(held)
    cam.play("slow", 0.0)
    await until(lambda: updates_of(bl.named.archived) == "archive", PATIENCE_S)
    await flowing()
    await compare(bl, good, seen, 2, lambda: None)
    for device in (bl.good, bl.named):
        await device.unstage()


async def test_a_device_that_is_busy_is_subscribed_when_it_is_not(bl: Any, cam: TangoServer, good: TangoServer) -> None:
    """Meanwhile nobody waits for it: neither events of others, nor their subscriptions."""
    seen = await subscribed(bl)
    await flowing()
    client = cam.client()
    client.set_timeout_millis(30000)
    command = threading.Thread(target=client.Slow, args=[BUSY_S])
    command.start()
    await until(lambda: cam.play("sleeping").startswith("true"))
    looking = asyncio.create_task(longest_hold_s())
    bl.cam.pushed.subscribe(lambda reading: None)
    await bl.named.stage()
    await until(lambda: updates_of(bl.named.archived) == "archive", BUSY_S)
    await compare(bl, good, seen, 3, lambda: None)
    looking.cancel()
    assert await looking < BUSY_S / 4
    await asyncio.to_thread(command.join)
    await until(lambda: updates_of(bl.cam.pushed) == "change", PATIENCE_S)
    for device in (bl.good, bl.named):
        await device.unstage()
