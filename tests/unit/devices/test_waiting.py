"""Waiting for values, alone and after a set: what ends it, what is told, and that nothing is left behind."""

import asyncio
from typing import Any

import numpy as np
import pytest

from ophyd_decl import set_and_wait_for_other_value, set_and_wait_for_value, wait_for_value
from ophyd_decl.devices.mock import callback_on_mock_put, set_mock_put_proceeds, set_mock_value
from ophyd_decl.errors import LimitError, PutRefusedError, WaitTimeoutError
from ophyd_decl.vocab.readings import Limits

from .shapes import soft
from .test_observing import NOTHING, connected, left_behind


def soon(action: Any, *arguments: Any) -> None:
    asyncio.get_running_loop().call_later(0.02, action, *arguments)


@pytest.mark.parametrize("match", [3.0, 3, np.float32(3.0), lambda value: value > 2])
async def test_it_ends_when_the_value_comes(match: Any) -> None:
    device = await connected(soft("a", 1.0))
    soon(set_mock_value, device.a, 3.0)
    await wait_for_value(device.a, match, timeout=5)
    assert await device.a.get_value() == 3.0
    assert await left_behind(device) == NOTHING


async def test_it_ends_at_once_where_the_value_is_there() -> None:
    device = await connected(soft("a", 1.0), soft("b", 2.0))
    await wait_for_value(device.a, 1.0, timeout=None)
    await wait_for_value(device.b, 2.0, timeout=0)
    assert await left_behind(device) == NOTHING


async def test_a_float_that_went_through_single_precision_is_the_value() -> None:
    device = await connected(soft("a", 0.0))
    soon(set_mock_value, device.a, float(np.float32(0.1)))
    await wait_for_value(device.a, 0.1, timeout=5)


async def test_a_time_out_tells_what_was_wanted_and_what_was_seen_last() -> None:
    device = await connected(soft("a", 1.0), soft("t", "idle", "str"))

    def is_large(value: float) -> bool:
        return value > 10

    soon(set_mock_value, device.a, 2.0)
    with pytest.raises(WaitTimeoutError, match=r"dev\.a .*within 1 s; expected is_large, found 2\.0"):
        await wait_for_value(device.a, is_large, timeout=1)
    with pytest.raises(WaitTimeoutError, match=r"dev\.t .*expected 'done', found 'idle'"):
        await wait_for_value(device.t, "done", timeout=0.05)
    assert await left_behind(device) == NOTHING


async def test_a_predicate_that_raises_and_a_cancelled_wait_leave_nothing() -> None:
    device = await connected(soft("a", 1.0))
    with pytest.raises(ZeroDivisionError):
        await wait_for_value(device.a, lambda value: value / 0, timeout=5)
    task = asyncio.create_task(wait_for_value(device.a, 2.0, timeout=None))
    await asyncio.sleep(0.02)
    assert device._context.binding.held == {"dev.a": 1}
    task.cancel()
    await asyncio.wait([task])
    assert await left_behind(device) == NOTHING


async def test_a_set_and_its_value() -> None:
    device = await connected(soft("a", 1.0))
    status = await set_and_wait_for_value(device.a, 4.0)
    assert status.done
    assert status.success
    assert await device.a.get_value() == 4.0
    status = await set_and_wait_for_value(device.a, 1.0, match_value=lambda value: value < 2)
    assert status.success
    assert await left_behind(device) == NOTHING


async def test_a_set_that_goes_on_when_the_value_of_another_is_there() -> None:
    device = await connected(soft("a", 0.0), soft("busy", False, "bool"))
    callback_on_mock_put(device.a, lambda value: set_mock_value(device.busy, True))
    set_mock_put_proceeds(device.a, False)
    status = await set_and_wait_for_other_value(device.a, 1.0, device.busy, True, wait_for_set_completion=False)
    assert not status.done
    assert device._context.binding.held == {}
    set_mock_put_proceeds(device.a, True)
    await status
    assert await left_behind(device) == NOTHING


async def test_the_value_waits_for_the_set_where_that_is_asked_for() -> None:
    device = await connected(soft("a", 0.0), soft("busy", True, "bool"))
    set_mock_put_proceeds(device.a, False)
    waiting = asyncio.create_task(set_and_wait_for_other_value(device.a, 1.0, device.busy, True, timeout=0.05))
    await asyncio.sleep(1.1)  # the time of the value is over; the set has one of its own
    assert not waiting.done()
    set_mock_put_proceeds(device.a, True)
    assert (await waiting).success
    assert await left_behind(device) == NOTHING


async def test_a_set_that_fails_ends_the_waiting_at_once() -> None:
    device = await connected(soft("a", 0.0, limits=Limits(-1, 1)), soft("b", 0.0))
    with pytest.raises(LimitError, match=r"dev\.a"):
        await set_and_wait_for_other_value(device.a, 5.0, device.b, 1.0, timeout=60)

    def refuse(value: float) -> None:
        raise PutRefusedError("not now")

    callback_on_mock_put(device.a, refuse)
    for completion in (True, False):
        with pytest.raises(PutRefusedError, match=r"dev\.a.*not now"):
            await set_and_wait_for_other_value(
                device.a, 0.5, device.b, 1.0, timeout=60, wait_for_set_completion=completion
            )
    assert await left_behind(device) == NOTHING


async def test_a_value_that_does_not_come_cancels_the_set_and_tells_both(caplog: pytest.LogCaptureFixture) -> None:
    device = await connected(soft("a", 0.0), soft("b", 7.0))
    set_mock_put_proceeds(device.a, False)
    with pytest.raises(WaitTimeoutError, match=r"dev\.b .* a set of dev\.a to 1\.0; expected 8\.0, found 7\.0"):
        await set_and_wait_for_other_value(device.a, 1.0, device.b, 8.0, timeout=0.05)
    assert "dev.a: cancelled while 1.0 was being written; it may have been sent" in caplog.text
    assert await left_behind(device) == NOTHING


async def test_a_cancelled_set_and_wait_ends_the_set() -> None:
    device = await connected(soft("a", 0.0), soft("b", 7.0))
    set_mock_put_proceeds(device.a, False)
    task = asyncio.create_task(set_and_wait_for_other_value(device.a, 1.0, device.b, 8.0))
    await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait([task])
    assert await left_behind(device) == NOTHING


async def test_set_timeout_is_that_of_the_set() -> None:
    device = await connected(soft("a", 0.0))
    set_mock_put_proceeds(device.a, False)
    with pytest.raises(TimeoutError, match=r"dev\.a.*completion did not arrive"):
        await set_and_wait_for_value(device.a, 1.0, timeout=60, set_timeout=0.05)
    assert await left_behind(device) == NOTHING
