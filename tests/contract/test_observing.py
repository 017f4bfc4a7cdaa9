"""Observing and waiting on every wire: what a server changes, what it does not, and what is said when it is gone."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from ophyd_decl import (
    observe_signals_value,
    observe_value,
    set_and_wait_for_other_value,
    wait_for_value,
)
from ophyd_decl.errors import AbsentError, DisconnectedError, WaitTimeoutError
from tests.contract.labs import RemoteLab, until
from tests.pace import turning

#: Within these times a lost connection must be known, and a server that says nothing, in s.
NOTICE_S, SILENCE_S = 1.0, 20.0


async def test_every_update_is_given_once_in_order(lab_device: tuple[RemoteLab, Any]) -> None:
    lab, device = lab_device
    count = device.count
    await count.stage()  # whose user wants the newest only
    seen: list[int] = []
    async with aclosing(observe_value(count, timeout=20)) as values:
        async for value in values:
            seen.append(value)
            if value == 3:
                await asyncio.sleep(lab.subscribing_s)
                for number in range(100, 140):  # blocks the loop, so that they come as a burst
                    lab.set("count", number)
            if value == 139:
                break
    assert seen == [3, *range(100, 140)]
    await count.unstage()


async def test_waiting_for_what_the_server_does_and_for_what_it_does_not(lab_device: tuple[RemoteLab, Any]) -> None:
    lab, device = lab_device
    number, text = device.number, device.text
    waiting = asyncio.create_task(wait_for_value(number, lambda value: value > 3, timeout=20))
    await wait_for_value(text, "hello", timeout=20)
    lab.set("number", 4.5)
    await waiting
    with pytest.raises(WaitTimeoutError, match=r"lab\.number .*within 1 s; expected 7, found 4\.5"):
        await wait_for_value(number, 7, timeout=1)


async def test_a_set_and_the_value_that_follows_it(lab_device: tuple[RemoteLab, Any], remote_protocol: str) -> None:
    _, device = lab_device
    axis, arrived = (device.number,) * 2 if remote_protocol == "tango" else (device.axis, device.arrived)
    await wait_for_value(arrived, lambda value: value != 5.0, timeout=20)
    status = await set_and_wait_for_other_value(axis, 5.0, arrived, 5.0, timeout=20)
    assert status.success
    assert await arrived.get_value(cached=False) == 5.0


@pytest.mark.parametrize("how", ["killed", "hung"])
async def test_a_server_that_is_gone_is_an_error_that_names_the_signal(
    lab_device: tuple[RemoteLab, Any], how: str
) -> None:
    lab, device = lab_device
    count, number = device.count, device.number
    until_s = (
        NOTICE_S if how == "killed" else 20.0
    )  # silence is known after the liveness of 5 s, as often as it is asked

    async def observe() -> None:
        async for _ in observe_signals_value(number, count):
            first.set()

    first = asyncio.Event()
    task = asyncio.create_task(observe())
    await asyncio.wait_for(first.wait(), 20)
    await asyncio.sleep(lab.subscribing_s)
    async with turning() as clock:
        if how == "killed":
            lab.kill()
            await asyncio.wait([task], timeout=30)
        else:
            with lab.hung():
                await asyncio.wait([task], timeout=40)
        assert clock() < until_s
    with pytest.raises(DisconnectedError, match=r"lab\.(number|count) \("):
        task.result()


async def test_a_name_that_nobody_serves_is_an_error_and_not_silence(lab_device: tuple[RemoteLab, Any]) -> None:
    _, device = lab_device
    with pytest.raises(AbsentError, match=r"lab\.nothing "):
        async for _ in observe_value(device.nothing):
            pass


async def test_being_cancelled_and_leaving_end_the_monitor(lab_device: tuple[RemoteLab, Any]) -> None:
    _, device = lab_device
    number = device.number
    binding = number._context.binding
    async for _ in observe_value(number):
        assert binding.held == {"lab.number": 1}
        break
    await until(lambda: not binding.held)  # the loop closes a generator that nobody holds any more
    task = asyncio.create_task(wait_for_value(number, 99.0, timeout=None))
    await until(lambda: binding.held)
    task.cancel()
    await asyncio.wait([task])
