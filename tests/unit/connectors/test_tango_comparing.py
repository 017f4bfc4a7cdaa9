"""Configurations are asked for again and again, since a server tells of them only where it is asked to, one by one."""

import asyncio
import time
from collections import Counter, defaultdict
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ophyd_decl.connectors.tango.servers import COMPARED, LOOK_S, Servers
from tests.contract.labs import FLOAT, TangoLab, until
from tests.servers.fixtures import TangoFactory

LIVENESS_S = 2.0
COUNT = 40


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the configurations that are asked for again, by device."""
    from ophyd_decl.connectors.tango.device import TangoDevice

    counted: Counter[str] = Counter()
    compare = TangoDevice._compare

    def counting(device: Any, session: Any, links: Any) -> None:
        counted[device.trl.device] += 1
        compare(device, session, links)

    monkeypatch.setattr(TangoDevice, "_compare", counting)
    return counted


async def test_one_call_for_each_device_in_the_liveness_time_says_what_has_changed(
    tango_client: None, tango_factory: TangoFactory, asked: Counter[str]
) -> None:
    """Nobody uses any of them, and none of their configurations is subscribed."""
    server = tango_factory(numbers=50)
    async with TangoLab(server) as lab:
        lab.connector.liveness_s = LIVENESS_S
        channels = [lab.connector.channel(lab.address(f"n{number}"), FLOAT) for number in range(50)]
        begun = time.monotonic()
        await lab.connect(*channels)
        server.play("configure", "n7", unit="um")
        await until(lambda: channels[7].generation == 2)
        await until(lambda: channels[7].description is not None and channels[7].description.units == "um")
        await asyncio.sleep(LIVENESS_S)
        periods = (time.monotonic() - begun) / LIVENESS_S
        assert 1 <= sum(asked.values()) <= 1 + periods / COMPARED
        assert [channel.generation for channel in channels].count(1) == 49
        links: list[Any] = [cast(Any, channel).link for channel in channels]
        assert all(link._watch is None and link._feed is None for link in links)


async def test_it_goes_on_when_a_device_did_not_answer(
    tango_client: None, tango_factory: TangoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ophyd_decl.connectors.tango.device.DESCRIBE_S", 0.3)
    server = tango_factory(numbers=1)
    async with TangoLab(server) as lab:
        lab.connector.liveness_s = LIVENESS_S
        channel = await lab.connected("n0", FLOAT)
        device = cast(Any, channel).link.device
        with server.hung():
            due = device.compare_at = time.monotonic()
            await until(lambda: device.compare_at > due and not device._comparing)
        server.play("configure", "n0", unit="um")
        await until(lambda: channel.description is not None and channel.description.units == "um")
        server.play("configure", "n0", unit="mm")


async def test_all_are_compared_within_the_liveness_time_also_those_that_connect_together(
    tango_client: None, tango_factory: TangoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is one of the test; so is the time of liveness, in which nothing is due while it runs."""
    from ophyd_decl.connectors.tango.device import TangoDevice

    liveness_s = 600.0
    looked: dict[str, list[float]] = defaultdict(list)

    def note(device: Any, now: float) -> None:
        looked[device.trl.device].append(now)
        compare_all(device, now)

    compare_all = TangoDevice.compare_all
    monkeypatch.setattr(TangoDevice, "compare_all", note)
    server = tango_factory({f"lab/many/{number}": "Lab" for number in range(COUNT)})
    async with TangoLab(server) as lab:
        lab.connector.liveness_s = liveness_s
        begun = time.monotonic()
        addresses = [server.address("number", device) for device in server.devices]
        await lab.connect(*(lab.connector.channel(address, FLOAT) for address in addresses))
        now = time.monotonic()
        for look in range(int(3 * liveness_s / LOOK_S)):
            lab.connector.servers._compare(now + look * LOOK_S)
    assert len(looked) == COUNT
    for times in looked.values():
        assert all(later - sooner < liveness_s for sooner, later in pairwise([begun, *times]))
        assert 3 <= len(times) <= 4


class _Due:
    """Stands for a device of which only counts when it was compared."""

    def __init__(self) -> None:
        self.compare_at = 0.0
        self.compared: list[float] = []

    def compare_all(self, now: float) -> None:
        self.compared.append(now)
        self.compare_at = now + 5.0


def test_devices_that_have_connected_together_are_not_asked_together() -> None:
    devices = dict.fromkeys(_Due() for _ in range(COUNT))
    servers = Servers(cast(Any, SimpleNamespace(liveness_s=5.0)), cast(Any, None))
    servers._servers = {"here": cast(Any, SimpleNamespace(devices=devices))}
    for look in range(150):
        servers._compare(look * LOOK_S)
    times = Counter(now for device in devices for now in device.compared)
    assert max(times.values()) == 2  # forty in five seconds, twice as fast
    assert all(len(device.compared) == 3 for device in devices)
    assert all(5.0 <= later - sooner < 5.2 for device in devices for sooner, later in pairs(device.compared))


def pairs(times: list[float]) -> list[tuple[float, float]]:
    return list(pairwise(times))
