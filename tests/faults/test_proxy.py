"""The proxy does what the other tests of this folder rely on."""

import time

import pytest

from ophyd_decl.errors import DisconnectedError, ReadError, ReadTimeoutError
from tests.contract.labs import FLOAT, until
from tests.faults.conftest import ProxyLab


async def test_everything_goes_through_it(far_lab: ProxyLab) -> None:
    lab = far_lab
    number = await lab.connected("number", FLOAT)
    assert lab.proxy.connections == 1
    await until(lambda: lab.proxy.to_client.passed)
    passed = lab.proxy.to_client.passed
    assert await lab.value(number) == 1.5
    await until(lambda: lab.proxy.to_client.passed > passed)


async def test_what_was_frozen_goes_on(far_lab: ProxyLab) -> None:
    lab = far_lab
    number = await lab.connected("number", FLOAT)
    for way in (lab.proxy.to_server, lab.proxy.to_client):
        with lab.proxy.frozen(way):
            assert isinstance((await lab.read(number, timeout_s=0.3))[0], ReadTimeoutError)
        assert await lab.value(number) == 1.5
    assert number.generation == 1


async def test_a_delay_is_added(far_lab: ProxyLab) -> None:
    lab = far_lab
    number = await lab.connected("number", FLOAT)
    lab.proxy.delay(0.3, lab.proxy.to_client)
    started = time.monotonic()
    assert await lab.value(number) == 1.5
    assert 0.3 <= time.monotonic() - started < 1.5


# libca looks for a lost server each ten seconds, which is too long for every run.
@pytest.mark.parametrize("far_lab", ["pva", pytest.param("ca", marks=pytest.mark.soak)], indirect=True)
async def test_dropped_connections_come_back(far_lab: ProxyLab) -> None:
    lab = far_lab
    number = await lab.connected("number", FLOAT)
    lab.proxy.drop()
    await until(lambda: number.state == "closed", 3.0)
    await until(lambda: number.generation == 2, lab.reconnection_s)
    assert await lab.value(number) == 1.5


@pytest.mark.parametrize("far_lab", ["pva", pytest.param("ca", marks=pytest.mark.soak)], indirect=True)
async def test_a_message_that_ends_in_its_middle(far_lab: ProxyLab) -> None:
    lab = far_lab
    number = await lab.connected("number", FLOAT)
    lab.proxy.truncate(10, lab.proxy.to_client)
    assert isinstance((await lab.read(number))[0], DisconnectedError)
    lab.proxy.truncate(None)
    await until(lambda: number.generation == 2, lab.reconnection_s)


async def test_bytes_are_altered(far_lab: ProxyLab) -> None:
    lab = far_lab
    seen: list[bytes] = []

    def note(data: bytes) -> bytes:
        seen.append(data)
        return data.replace(b"mm\0", b"km\0") if lab.protocol == "ca" else data.replace(b"\x02mm", b"\x02km")

    lab.proxy.alter(note, lab.proxy.to_client)
    number = await lab.connected("number", FLOAT)
    assert number.description is not None
    assert number.description.units == "km"
    assert seen
    assert not isinstance(await lab.value(number), ReadError)
