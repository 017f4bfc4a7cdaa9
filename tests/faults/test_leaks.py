"""What happens again and again costs nothing that stays: breaks, restarts, devices that are made and closed, events."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ophyd_decl import load_beamline
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import FLOAT, FLOATS, RECORDS, EpicsLab, Seen, until
from tests.faults import floods
from tests.faults.conftest import ProxyLab
from tests.faults.holdings import settled, steady, without_others
from tests.faults.proxy import HiddenIoc, hidden_ioc
from tests.plugins.soak import Figures
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

ROOT = Path(__file__).parents[2]
#: How much more memory a process may have at the end than after a tenth of its events, in bytes.
MORE_MEMORY = 5_000_000
FILE = """\
api: ophyd_decl/v1
kind: beamline
name: leaks
defaults: {protocol: PROTOCOL}
devices:
  det:
    type: group
    signals:
      number: {pv: "PREFIXnumber", dtype: float, access: rw, format: read}
      spectrum: {pv: "PREFIXspectrum", dtype: float64, shape: [null], format: read}
      mode: {pv: "PREFIXmode", dtype: enum, format: read}
      text: {pv: "PREFIXtext", dtype: str, format: config}
"""


def long(*values: Any, timeout_s: float = 3600.0) -> Any:
    """Return parameters of a long test."""
    return pytest.param(*values, marks=[pytest.mark.soak, pytest.mark.timeout(timeout_s)])


@pytest.fixture(autouse=True)
def _only_ours() -> Iterator[None]:
    with without_others():
        yield


@pytest.fixture
def own_ioc(ioc_factory: IocFactory) -> Ioc:
    return ioc_factory(RECORDS)


@pytest.fixture
def far_ioc(tmp_path: Path) -> Iterator[HiddenIoc]:
    """Return an IOC behind a proxy of its own, which answers to no client of the other tests."""
    ioc = hidden_ioc(tmp_path, "LEAKS:", RECORDS)
    yield ioc
    ioc.close()


class Watchers:
    """Three channels of a lab, and what their monitors say."""

    def __init__(self, lab: EpicsLab) -> None:
        self.lab = lab
        self.channels = [lab.channel(name, FLOAT) for name in ("number", "count")] + [lab.channel("spectrum", FLOATS)]
        self.seen = [Seen() for _ in self.channels]

    async def begin(self) -> None:
        """Connect, and wait for the first values."""
        await self.lab.connect(*self.channels)
        for channel, one in zip(self.channels, self.seen, strict=True):
            self.lab.connector.monitor(channel, one)
        await until(lambda: all(one.values for one in self.seen))

    async def hear_of_the_loss(self) -> None:
        """Wait until each was told that the connection is closed."""
        await until(lambda: all(isinstance(one.updates[-1], Exception) for one in self.seen), 5.0)

    async def hear_again(self) -> None:
        """Wait until each has a value again."""
        within_s = 2 * self.lab.reconnection_s
        await until(lambda: all(isinstance(one.updates[-1], Reading) for one in self.seen), within_s)


# libca needs ten seconds to come back each time, which is too long for every run.
@pytest.mark.parametrize(("far_lab", "breaks"), [("pva", 6), long("pva", 100), long("ca", 100)], indirect=["far_lab"])
async def test_breaks_leave_nothing_behind(far_lab: ProxyLab, breaks: int, figures: Figures) -> None:
    watchers = Watchers(far_lab)
    await watchers.begin()
    first = min(10, breaks // 2)
    before: dict[str, int] = {}
    for number in range(breaks):
        if number == first:  # what the first ones cost may stay, such as a thread that closes operations
            before = await steady(far_lab, far_lab.connector)
        far_lab.proxy.drop()
        await watchers.hear_of_the_loss()
        await watchers.hear_again()
        for one in watchers.seen:
            one.updates[:-1] = []
    after = await settled(far_lab.ioc, before, far_lab.connector)
    assert after == before
    assert {channel.generation for channel in watchers.channels} == {1 + breaks}
    assert far_lab.proxy.connections == 1
    figures.add(f"{breaks} breaks through the proxy, {far_lab.protocol}", told(before, after))


@pytest.fixture
async def near_lab(request: pytest.FixtureRequest, own_ioc: Ioc) -> AsyncIterator[EpicsLab]:
    async with EpicsLab(request.param, own_ioc) as made:
        yield made


@pytest.mark.parametrize(("near_lab", "restarts"), [("pva", 2), long("pva", 20), long("ca", 20)], indirect=["near_lab"])
async def test_kills_and_restarts_leave_nothing_behind(near_lab: EpicsLab, restarts: int, figures: Figures) -> None:
    watchers = Watchers(near_lab)
    await watchers.begin()
    before: dict[str, int] = {}
    for number in range(restarts):
        if number == restarts // 2:
            before = await steady(near_lab, near_lab.connector)
        near_lab.kill()
        await watchers.hear_of_the_loss()
        await asyncio.to_thread(near_lab.ioc.start)
        await watchers.hear_again()
    after = await settled(near_lab.ioc, before, near_lab.connector)
    assert after == before
    figures.add(f"{restarts} kills and restarts, {near_lab.protocol}", told(before, after))


async def one_connector(protocol: str, ioc: Ioc, folder: Path) -> None:
    """Make channels, connect, monitor and close."""
    del folder
    connector = make_connector(protocol)
    connector.bind(asyncio.get_running_loop())
    channels = [connector.channel(ioc.pv(name), FLOAT) for name in ("number", "count")]
    seen = [Seen() for _ in channels]
    for channel, one in zip(channels, seen, strict=True):
        connector.monitor(channel, one)
    await connector.connect(channels, time.monotonic() + 10)
    await until(lambda: all(one.values for one in seen))
    connector.release(channels[0])
    await connector.close()


async def one_beamline(protocol: str, ioc: Ioc, folder: Path) -> None:
    """Load a beamline, connect, stage, read, write and close."""
    if not (folder / "beamline.yaml").exists():
        (folder / "beamline.yaml").write_text(FILE.replace("PROTOCOL", protocol).replace("PREFIX", ioc.prefix))
    beamline: Any = load_beamline(folder)
    (await beamline.aconnect(timeout=10)).or_raise()
    token = beamline.det.number.subscribe(lambda readings: None)
    await beamline.det.stage()
    assert set(await beamline.det.read()) == {"det-number", "det-spectrum", "det-mode"}
    await beamline.det.number.set(1.5)
    await beamline.det.unstage()
    beamline.det.number.clear_sub(token)
    await beamline.aclose()


@pytest.mark.parametrize("cycles", [20, long(1000)])
@pytest.mark.parametrize("protocol", ["ca", "pva"])
@pytest.mark.parametrize("cycle", [one_connector, one_beamline])
async def test_what_is_made_and_closed_leaves_nothing_behind(
    cycle: Any, protocol: str, cycles: int, own_ioc: Ioc, tmp_path: Path, figures: Figures
) -> None:
    before: dict[str, int] = {}
    memory = 0
    process = psutil.Process()
    for number in range(cycles):
        if number == 10:
            before = await steady(EpicsLab(protocol, own_ioc))
            memory = process.memory_info().rss
        await cycle(protocol, own_ioc, tmp_path)
    after = await settled(own_ioc, before)
    more = process.memory_info().rss - memory
    assert after == before
    assert not any(count for name, count in after.items() if "channels" in name)
    name = "connectors" if cycle is one_connector else "beamlines"
    figures.add(f"{cycles} {name} made, connected and closed, {protocol}", f"{told(before, after)}; RSS {signed(more)}")


@pytest.mark.parametrize("events", [60_000, long(3_600_000)])
@pytest.mark.parametrize("protocol", ["ca", "pva"])
def test_events_cost_no_memory(protocol: str, events: int, ioc_factory: IocFactory, figures: Figures) -> None:
    ioc = ioc_factory(floods.database(200, 0.01))
    floods.begin(ioc)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.faults.count_events", protocol, ioc.prefix, str(events)],
        env=os.environ | ioc.client_environment | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60 + events / 1000,
    )
    floods.end(ioc)
    told_by_it = json.loads(done.stdout)
    more = told_by_it["rss_end"] - told_by_it["rss_at_a_tenth"]
    assert told_by_it["events"] >= events
    assert told_by_it["delivered"] > 0
    assert more < MORE_MEMORY, told_by_it
    rate = told_by_it["events"] / told_by_it["elapsed_s"]
    figures.add(
        f"{events} monitor events, {protocol}",
        f"RSS at a tenth {told_by_it['rss_at_a_tenth'] / 1e6:.1f} MB, then {signed(more)}; {rate:.0f} events/s, "
        f"{told_by_it['delivered']} delivered, {told_by_it['dropped']} superseded",
    )


def told(before: dict[str, int], after: dict[str, int]) -> str:
    """Return what is held, and how it differs from before."""
    return ", ".join(f"{name} {count} ({after[name] - count:+d})" for name, count in before.items() if count)


def signed(size: int) -> str:
    """Return a difference of memory as text."""
    return f"{size / 1e6:+.1f} MB"
