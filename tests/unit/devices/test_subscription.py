"""Subscriptions: late, early, twice, from threads, with callbacks that raise."""

import asyncio
import threading
from typing import Any

import pytest

from ophyd_decl.devices.condition import Observation
from ophyd_decl.devices.mock import set_mock_value
from ophyd_decl.devices.subscription import WAITING

from .shapes import connect, derived, make, shape, soft, until


def callback_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ophyd_decl-callbacks"]


async def connected(*members: Any) -> Any:
    device = make(shape("g", *members))
    await connect(device)
    return device


async def test_a_callback_that_raises_keeps_no_update_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    device = await connected(soft("a", 1.0))

    def bad(readings: dict[str, Any]) -> None:
        raise ValueError("mine")

    device.a.subscribe(bad)
    async with Observation([device.a]) as seen:
        set_mock_value(device.a, 2.0)
        async with asyncio.timeout(1):
            while seen.snapshot[device.a].value != 2.0:
                await seen.next(None)
    device.a.clear_sub(bad)
    assert "dev.a: a callback raised" in caplog.text
    assert device._context.binding.idle


async def test_a_slow_callback_gets_the_newest_and_holds_no_more_than_some() -> None:
    device = await connected(soft("a", 0.0))
    seen: list[tuple[float, float | None]] = []
    go_on = threading.Event()

    def slow(value: float, old_value: float | None, **_: Any) -> None:
        seen.append((value, old_value))
        go_on.wait(5)

    number = device.a.subscribe(slow)
    await until(lambda: seen)
    for value in range(1, 3 * WAITING + 1):
        set_mock_value(device.a, float(value))
        await asyncio.sleep(0)
    assert device.a.dropped == 2 * WAITING
    go_on.set()
    await until(lambda: len(seen) == 1 + WAITING)
    values = [float(value) for value in (0, *range(2 * WAITING + 1, 3 * WAITING + 1))]
    assert seen == list(zip(values, [None, *values], strict=False))
    device.a.clear_sub(number)


async def test_a_subscription_to_a_derived_signal_waits_for_all_inputs_also_where_one_is_held() -> None:
    device = await connected(soft("a", 1.0), soft("b", 2.0), derived("sum", "a + b", {"a": "a", "b": "b"}))
    await device.a.stage()
    seen: list[float] = []
    arrived = asyncio.Event()

    def take(readings: dict[str, Any]) -> None:
        seen.append(readings["dev-sum"]["value"])
        arrived.set()

    device.sum.subscribe(take)
    await asyncio.wait_for(arrived.wait(), 1)
    device.sum.clear_sub(take)
    await device.a.unstage()
    assert seen[0] == 3.0
    assert device._context.binding.idle


async def test_one_callback_subscribed_twice_is_ended_twice_and_leaves_no_thread() -> None:
    device = await connected(soft("a", 1.0))

    def take(value: Any, **_: Any) -> None:
        pass

    first = device.a.subscribe(take)
    device.a.subscribe(take)
    (thread,) = callback_threads()
    device.a.clear_sub(first)
    assert device._context.binding.held == {"dev.a": 1}
    device.a.clear_sub(take)
    assert device._context.binding.idle
    await asyncio.to_thread(thread.join, 1)
    assert not thread.is_alive()


async def test_clearing_a_subscription_that_waits_for_the_connection_leaves_nothing() -> None:
    device = make(shape("g", soft("a", 1.0)), connect="lazy")
    go_on = asyncio.Event()

    async def open_it() -> None:
        await go_on.wait()
        await connect(device)

    device._context.connection.connect = open_it
    number = device.a.subscribe(lambda readings: None)
    await asyncio.sleep(0)
    device.a.clear_sub(number)
    go_on.set()
    assert await device.a.get_value() == 1.0
    assert device._context.binding.held == {}


async def test_a_subscription_that_cannot_be_made_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    device = make(shape("g", soft("a", 1.0)))
    number = device.a.subscribe(lambda readings: None)
    await until(lambda: "dev.a cannot be subscribed to: dev.a: connect was not called" in caplog.text)
    device.a.clear_sub(number)


def test_subscribing_and_clearing_from_a_thread_and_after_the_loop_has_ended() -> None:
    device = make(shape("g", soft("a", 1.0)))
    asyncio.run(connect(device))
    arrived = threading.Event()
    device.a.subscribe(lambda readings: arrived.set())
    assert arrived.wait(1)
    (number,) = [subscription.number for subscription in device.a._subscriptions]
    device.a.clear_sub(number)
    assert device._context.binding.idle
    device._context.binding.leave()

    async def forget() -> int:
        return device.a.subscribe(lambda readings: None)

    number = asyncio.run(forget())
    device.a.clear_sub(number)
    device._context.binding.leave()


def test_clearing_from_another_loop_ends_it_all_the_same() -> None:
    device = make(shape("g", soft("a", 1.0)))
    binding = device._context.binding
    binding.run(lambda: connect(device), "connect()", "")
    arrived = threading.Event()
    number = device.a.subscribe(lambda readings: arrived.set())
    assert arrived.wait(1)

    async def elsewhere() -> None:
        device.a.clear_sub(number)

    asyncio.run(elsewhere())
    binding.run(lambda: asyncio.sleep(0), "turn()", "")
    assert binding.idle
    binding.leave()


async def test_an_update_that_arrives_with_an_answer_is_not_lost() -> None:
    device = await connected(soft("a", 1.0, all_updates=True))
    async with Observation([device.a]) as seen:
        connector = device.a.mock_connector
        real = connector.read

        async def read_and_change(requests: Any) -> Any:
            answers = await real(requests)
            connector.set_value(device.a.read_channel, 7.0, timestamp=answers[0].timestamp + 1)
            await asyncio.sleep(0)  # the update is delivered before the answer is looked at
            await asyncio.sleep(0)
            return answers

        connector.read = read_and_change
        await seen.refresh()
        connector.read = real
        async with asyncio.timeout(1):
            while seen.snapshot[device.a].value != 7.0:
                assert await seen.next(0.5)
