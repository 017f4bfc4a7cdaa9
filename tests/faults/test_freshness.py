"""A thousand PVs of one server are lost, found and checked again in batches, and not one by one."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ophyd_decl.connectors.protocol import Description
from ophyd_decl.errors import DisconnectedError, MismatchError, SignalError
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import FLOAT, Seen, until
from tests.faults.conftest import ProxyLab
from tests.faults.proxy import HiddenIoc, hidden_ioc
from tests.faults.wakes import Wakes
from tests.plugins.soak import Figures

COUNT = 1000
#: Of the number of PVs: how many wakes of the loop, and how many packets, may be needed for all of them at most.
SHARE = 0.5
#: How much of its time this process may need to notice that all are lost, in s. `tests/contract` looks at the clock.
NOTICE_S = 1.0
_RECORD = 'record(ao, "$(P)a{0}") {{ field(VAL, "{0}") field(PINI, "YES") field(EGU, "mm") }}'


@pytest.fixture
def far_ioc(tmp_path: Path) -> Iterator[HiddenIoc]:
    """Return an IOC with a thousand records, behind a proxy."""
    ioc = hidden_ioc(tmp_path, "MANY:", "\n".join(_RECORD.format(number) for number in range(COUNT)) + "\n")
    yield ioc
    ioc.close()


@pytest.fixture(params=["pva", pytest.param("ca", marks=pytest.mark.soak)])
async def lab(request: pytest.FixtureRequest, far_ioc: HiddenIoc) -> AsyncIterator[ProxyLab]:
    made = ProxyLab(request.param, far_ioc)
    made.connector.bind(asyncio.get_running_loop())
    yield made
    await made.connector.close()


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
    await until(lambda: all(channel.state == "closed" for channel in channels) and seen.errors, 15.0)
    took_s = time.process_time() - began_s
    assert took_s < NOTICE_S
    assert isinstance(seen.errors[0], DisconnectedError)
    lost_in = wakes.count
    assert lost_in < SHARE * COUNT
    checked = 0
    lab.proxy.alter(count, lab.proxy.to_server)
    await asyncio.to_thread(lab.ioc.start)
    await until(lambda: all(channel.generation == 2 for channel in channels), lab.reconnection_s + 20)
    assert checked == COUNT
    found_in = wakes.count - lost_in
    assert found_in < SHARE * COUNT
    assert 0 < packets < SHARE * COUNT
    readings = await lab.read(*channels, timeout_s=20)
    assert [reading.value for reading in readings if isinstance(reading, Reading)] == list(range(COUNT))
    await until(lambda: seen.values[-1] == COUNT - 1 and len(seen.values) == 2)
    monitor.close()
    figures.add(
        f"{COUNT} PVs of a server that was restarted, {lab.protocol}",
        f"lost in {1000 * took_s:.0f} ms of CPU time and {lost_in} wakes of the loop, "
        f"checked again in {found_in} wakes and {packets} packets",
    )
