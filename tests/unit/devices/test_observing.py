"""Observing values: each update once and in order, every way to end, and nothing that is left behind."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from ophyd_decl import observe_signals_value, observe_value, wait_for_value
from ophyd_decl.devices.mock import set_mock_value
from ophyd_decl.devices.status import AsyncStatus
from ophyd_decl.errors import DisconnectedError, NotConnectedError, ReadError, WaitTimeoutError

from .shapes import connect, derived, make, shape, soft, until, wire


async def connected(*members: Any, **more: Any) -> Any:
    device = make(shape("g", *members), **more)
    await connect(device)
    return device


async def each(values: Any, do: Callable[[Any], Any] = lambda value: None) -> None:
    """Iterate to the end."""
    async for value in values:
        do(value)


async def left_behind(device: Any) -> Any:
    """Return what is still held, and who still works, when the loop has turned."""
    for _ in range(5):  # a generator that nobody holds any more is closed by the loop
        await asyncio.sleep(0)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    threads = [thread.name for thread in threading.enumerate() if "ophyd_decl" in thread.name]
    return device._context.binding.held, device._context.binding.in_flight, tasks, threads


NOTHING = ({}, 0, set[Any](), list[str]())


async def test_the_current_value_comes_first_and_then_each_update_once() -> None:
    device = await connected(soft("a", 1.0))
    seen: list[float] = []
    async with aclosing(observe_value(device.a, timeout=5)) as values:
        async for value in values:
            seen.append(value)
            if value == 1.0:
                for number in (2.0, 2.0, 3.0):
                    set_mock_value(device.a, number)
            if value == 3.0:
                break
    assert seen == [1.0, 2.0, 2.0, 3.0]
    assert await left_behind(device) == NOTHING


async def test_after_a_put_a_held_value_is_not_given_as_the_current_one() -> None:
    device = await connected(soft("a", 1.0))
    await device.a.stage()
    await device.a.set(2.0)
    async for value in observe_value(device.a):
        assert value == 2.0
        break
    await device.a.unstage()
    assert await left_behind(device) == NOTHING


async def test_several_signals_tell_whose_value_it_is_and_a_derived_one_follows_its_inputs() -> None:
    device = await connected(soft("a", 1.0), soft("b", 2.0), derived("sum", "a + b", {"a": "a", "b": "b"}))
    seen: list[tuple[str, float]] = []
    async with aclosing(observe_signals_value(device.b, device.sum, timeout=5)) as values:
        async for signal, value in values:
            seen.append((signal.name, value))
            if len(seen) == 2:
                set_mock_value(device.a, 5.0)
            if seen[-1] == ("dev-sum", 7.0):
                set_mock_value(device.b, 3.0)
            if seen[-1] == ("dev-sum", 8.0):
                break
    assert seen == [("dev-b", 2.0), ("dev-sum", 3.0), ("dev-sum", 7.0), ("dev-b", 3.0), ("dev-sum", 8.0)]
    assert await left_behind(device) == NOTHING


async def test_leaving_the_loop_leaves_nothing() -> None:
    device = await connected(soft("a", 1.0))
    async for _ in observe_value(device.a):
        assert device._context.binding.held == {"dev.a": 1}
        break
    assert await left_behind(device) == NOTHING


async def test_an_error_in_the_loop_leaves_nothing() -> None:
    device = await connected(soft("a", 1.0))
    with pytest.raises(ZeroDivisionError):
        await each(observe_value(device.a), lambda value: value / 0)
    assert await left_behind(device) == NOTHING


async def test_being_cancelled_leaves_nothing() -> None:
    device = await connected(soft("a", 1.0))
    first = asyncio.Event()

    async def observe() -> None:
        async for _ in observe_value(device.a):
            first.set()

    task = asyncio.create_task(observe())
    await first.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert await left_behind(device) == NOTHING


async def test_a_time_out_tells_the_signal_the_time_and_the_last_value() -> None:
    device = await connected(soft("a", 1.0))

    def change(value: float) -> None:
        if value == 1.0:
            set_mock_value(device.a, 2.5)

    told = r"dev\.a \(soft://dev-a\): no update in 0\.05 s; .*found 2\.5"
    with pytest.raises(WaitTimeoutError, match=told) as caught:
        await each(observe_value(device.a, timeout=0.05), change)
    assert isinstance(caught.value, TimeoutError)
    assert await left_behind(device) == NOTHING


async def test_a_time_out_of_several_tells_all_their_values() -> None:
    device = await connected(soft("a", 1.0), soft("b", "x", "str"))
    with pytest.raises(WaitTimeoutError, match=r"dev\.a, dev\.b: .* found dev\.a = 1\.0, dev\.b = 'x'"):
        await each(observe_signals_value(device.a, device.b, timeout=0.05))
    assert await left_behind(device) == NOTHING


async def test_the_time_of_the_whole_iteration_ends_it_though_updates_come() -> None:
    device = await connected(soft("a", 0.0))
    with pytest.raises(WaitTimeoutError, match=r"dev\.a.*not done after 2 s"):
        await each(
            observe_value(device.a, timeout=5, done_timeout=2), lambda value: set_mock_value(device.a, value + 1)
        )
    assert await device.a.get_value() > 2
    assert await left_behind(device) == NOTHING


async def test_the_time_in_which_somebody_else_works_is_no_time_without_an_update() -> None:
    device = await connected(soft("a", 1.0))
    async for value in observe_value(device.a, timeout=1):
        if value == 2.0:
            break
        set_mock_value(device.a, 2.0)
        await asyncio.sleep(1.2)
    assert await left_behind(device) == NOTHING


def status_of(device: Any, make_it: Any) -> AsyncStatus[Any]:
    return AsyncStatus(make_it, device._context.binding, "work")


async def test_a_status_ends_it_after_what_had_come_until_then() -> None:
    device = await connected(soft("a", 0.0))

    async def work() -> None:
        for number in (1.0, 2.0, 3.0):
            await device.a.set(number)
        await asyncio.sleep(0)

    seen: list[float] = []
    status = status_of(device, work)
    async for value in observe_value(device.a, done_status=status):
        seen.append(value)
        await asyncio.sleep(0.01)
    assert seen[-1] == 3.0
    assert seen == sorted(seen)
    assert status.success
    assert await left_behind(device) == NOTHING


async def test_the_failure_of_the_status_is_raised() -> None:
    device = await connected(soft("a", 0.0))

    async def work() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await each(observe_value(device.a, done_status=status_of(device, work)))
    assert await left_behind(device) == NOTHING


async def test_a_status_that_another_thread_completes_ends_it() -> None:
    from bluesky.protocols import Status

    class Foreign(Status):
        def __init__(self) -> None:
            self.callbacks: list[Any] = []
            self._done = False

        def add_callback(self, callback: Any) -> None:
            self.callbacks.append(callback)

        def exception(self, timeout: float | None = 0.0) -> BaseException | None:
            return None

        @property
        def done(self) -> bool:
            return self._done

        @property
        def success(self) -> bool:
            return self._done

        def finish(self) -> None:
            self._done = True
            for callback in self.callbacks:
                callback(self)

    device = await connected(soft("a", 0.0))
    status = Foreign()
    thread = threading.Thread(target=status.finish)
    async for _ in observe_value(device.a, done_status=status, done_timeout=20):
        thread.start()
    await asyncio.to_thread(thread.join)
    assert device._context.binding.idle


async def test_a_connection_that_breaks_is_an_error_that_names_the_signal() -> None:
    device = await connected(soft("a", 1.0), soft("b", 1.0))
    connector = device.a.mock_connector
    connector.serve("dev-a", connector._links["dev-a"].offered.native, 1.0)
    with pytest.raises(DisconnectedError, match=r"dev\.a"):
        await each(observe_signals_value(device.b, device.a, timeout=5), lambda signal: connector.withdraw("dev-a"))
    assert await left_behind(device) == NOTHING
    with pytest.raises(DisconnectedError, match=r"dev\.a"):
        await each(observe_value(device.a))
    assert await left_behind(device) == NOTHING


async def test_a_signal_that_is_closed_meanwhile_is_an_error() -> None:
    device = await connected(soft("a", 1.0))
    first = asyncio.Event()
    task = asyncio.create_task(each(observe_value(device.a), lambda value: first.set()))
    waiting = asyncio.create_task(wait_for_value(device.a, 2.0, timeout=None))
    await asyncio.wait_for(first.wait(), 5)
    device.a.release()
    for one in (task, waiting):
        with pytest.raises(DisconnectedError, match=r"dev\.a .*it was closed"):
            await asyncio.wait_for(one, 5)
    assert await left_behind(device) == NOTHING


async def test_a_device_that_was_not_connected_says_so() -> None:
    device = make(shape("g", soft("a", 1.0)))
    with pytest.raises(NotConnectedError, match=r"dev\.a: connect was not called"):
        await each(observe_value(device.a))


async def test_what_has_no_value_is_refused() -> None:
    device = await connected(wire("w", "W", access="w"), mock=True)
    with pytest.raises(TypeError, match="no signal that can be read"):
        await each(observe_value(device.w))
    with pytest.raises(TypeError, match="one signal or more"):
        await each(observe_signals_value())


async def test_a_formula_without_a_value_is_an_error() -> None:
    device = await connected(soft("a", 1.0), derived("inverse", "1 / a", {"a": "a"}))
    with pytest.raises(ReadError, match=r"dev\.inverse.*a = 0\.0"):
        await each(observe_value(device.inverse, timeout=5), lambda value: set_mock_value(device.a, 0.0))
    assert await left_behind(device) == NOTHING


async def test_each_await_of_a_cancelled_observation_leaves_nothing() -> None:
    device = await connected(soft("a", 1.0))
    for turns in range(8):

        async def observe() -> None:
            async for _ in observe_value(device.a, timeout=5):
                pass

        task = asyncio.create_task(observe())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert await left_behind(device) == NOTHING


async def test_it_is_a_generator_that_can_be_closed() -> None:
    device = await connected(soft("a", 1.0))
    values = observe_value(device.a)
    assert isinstance(values, AsyncGenerator)
    assert await anext(values) == 1.0
    await values.aclose()
    await until(lambda: device._context.binding.idle)
