"""The other side of a soft connector: what the helpers of mock mode are built on."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ophyd_decl.connectors.protocol import Channel, Description, PutRequest, ReadRequest
from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.errors import BadValueError, LimitError, PutRefusedError, PutTimeoutError
from ophyd_decl.vocab.datatypes import Datatype
from ophyd_decl.vocab.readings import Limits, Reading


@pytest.fixture
async def soft() -> AsyncIterator[SoftConnector]:
    connector = SoftConnector("mock+ca")
    connector.bind(asyncio.get_running_loop())
    yield connector
    await connector.close()


async def connected(soft: SoftConnector, dtype: str = "float", address: str = "X") -> Channel:
    channel = soft.channel(address, Datatype(dtype))
    (outcome,) = await soft.connect([channel], time.monotonic() + 1)
    assert isinstance(outcome, Description)
    return channel


async def read(soft: SoftConnector, channel: Channel) -> Reading:
    (reading,) = await soft.read([ReadRequest(channel, time.monotonic() + 1)])
    assert isinstance(reading, Reading)
    return reading


async def put(soft: SoftConnector, channel: Channel, value: Any, *, wait: bool = True, timeout_s: float = 1) -> Any:
    (outcome,) = await soft.put([PutRequest(channel, value, wait, time.monotonic() + timeout_s)])
    return outcome


async def test_every_address_is_there_with_the_zero_of_its_dtype(soft: SoftConnector) -> None:
    channel = await connected(soft)
    assert channel.source == "mock+ca://X"
    assert (await read(soft, channel)).value == 0.0


async def test_a_value_from_outside(soft: SoftConnector) -> None:
    channel = soft.channel("X", Datatype("float"))
    soft.set_value(channel, 3)
    await soft.connect([channel], time.monotonic() + 1)
    assert (await read(soft, channel)).value == 3.0
    soft.set_value(channel, 4.5, timestamp=12.0, alarm_severity=2, message="HIHI")
    assert await read(soft, channel) == Reading(4.5, 12.0, 2, "HIHI")
    with pytest.raises(BadValueError, match=r"mock\+ca://X"):
        soft.set_value(channel, "x")


async def test_facts_are_in_the_description(soft: SoftConnector) -> None:
    channel = await connected(soft)
    soft.set_facts(channel, units="mm", precision=3, limits=Limits(0, 1))
    description = channel.description
    assert description is not None
    assert (description.units, description.precision, description.limits) == ("mm", 3, Limits(0, 1))


async def test_hooks_are_told_of_puts_and_may_change_them(soft: SoftConnector) -> None:
    channel = await connected(soft)
    told: list[Any] = []
    remove = soft.on_put(channel, lambda value, wait: told.append((value, wait)))
    assert await put(soft, channel, 2, wait=False) is None
    remove()
    remove_double = soft.on_put(channel, lambda value, wait: 2 * value)
    assert await put(soft, channel, 3) is None
    remove_double()
    assert told == [(2.0, False)]
    assert (await read(soft, channel)).value == 6.0


async def test_a_hook_may_take_its_time(soft: SoftConnector) -> None:
    channel = await connected(soft)
    go = asyncio.Event()

    async def wait_for_it(value: float, wait: bool) -> float:
        await go.wait()
        return value + 1

    soft.on_put(channel, wait_for_it)
    assert isinstance(await put(soft, channel, 1.0, timeout_s=0.01), PutTimeoutError)
    putting = asyncio.create_task(put(soft, channel, 1.0))
    await asyncio.sleep(0)
    assert (await read(soft, channel)).value == 0.0
    go.set()
    assert await putting is None
    assert (await read(soft, channel)).value == 2.0


async def test_a_hook_may_refuse(soft: SoftConnector) -> None:
    channel = await connected(soft)

    def refuse(error: Exception) -> None:
        raise error

    remove = soft.on_put(channel, lambda value, wait: refuse(LimitError("too far")))
    assert isinstance(await put(soft, channel, 1.0), LimitError)
    remove()
    soft.on_put(channel, lambda value, wait: refuse(ZeroDivisionError()))
    outcome = await put(soft, channel, 1.0)
    assert isinstance(outcome, PutRefusedError)
    assert isinstance(outcome.__cause__, ZeroDivisionError)
    assert (await read(soft, channel)).value == 0.0


async def test_completion_is_held(soft: SoftConnector) -> None:
    channel = await connected(soft)
    soft.hold_puts(channel)
    assert await put(soft, channel, 1.0, wait=False) is None
    putting = asyncio.create_task(put(soft, channel, 2.0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not putting.done()
    assert (await read(soft, channel)).value == 2.0
    soft.proceed_puts(channel)
    assert await putting is None
    assert await put(soft, channel, 3.0) is None


async def test_refusal(soft: SoftConnector) -> None:
    channel = await connected(soft)
    soft.refuse_puts(channel, "not now")
    assert "not now" in str(await put(soft, channel, 1.0))
    soft.refuse_puts(channel, "")
    assert await put(soft, channel, 1.0) is None


async def test_any_takes_what_a_document_can_hold_and_is_described_by_it(soft: SoftConnector) -> None:
    channel = await connected(soft, "any")
    for value, kind in ((True, "bool"), (3, "int"), (2.5, "float"), ("x", "str")):
        assert await put(soft, channel, value) is None
        assert (await read(soft, channel)).value is value
        soft.set_facts(channel)
        assert channel.description is not None
        assert channel.description.native.kind == kind
    assert isinstance(await put(soft, channel, None), BadValueError)


async def test_an_array_is_kept_apart_from_that_of_its_writer(soft: SoftConnector) -> None:
    import numpy as np

    channel = soft.channel("A", Datatype("float64", (None,)))
    await soft.connect([channel], time.monotonic() + 1)
    mine = np.array([1.0, 2.0])
    await put(soft, channel, mine)
    mine[0] = 9.0
    assert (await read(soft, channel)).value.tolist() == [1.0, 2.0]
