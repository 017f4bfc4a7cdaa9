"""Statuses: callbacks once each, whatever they do; failures told once; waiting in threads."""

import asyncio
import gc
import threading
from typing import Any

import pytest

from ophyd_decl import wait
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.devices.binding import Binding
from ophyd_decl.devices.status import AsyncStatus, WatchableAsyncStatus, WatcherUpdate
from ophyd_decl.errors import DisconnectedError, OphydDeclError, WouldBlockError
from ophyd_decl.session.loops import RunEngineFirst


@pytest.fixture
def binding() -> Any:
    made = Binding("test", RunEngineFirst(), make_connector)
    yield made
    made.leave()


async def fail() -> None:
    raise OphydDeclError("mine")


async def test_a_callback_that_raises_keeps_the_others_from_nothing(
    binding: Binding, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[Any] = []

    def bad(_: Any) -> None:
        raise ValueError("mine")

    status = AsyncStatus(asyncio.Event().wait, binding, "a")
    status.add_callback(bad)
    status.add_callback(called.append)
    status.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await status
    await asyncio.sleep(0)
    assert called == [status]
    status.add_callback(called.append)
    assert called == [status, status]
    assert "a callback of <AsyncStatus" in caplog.text


async def test_a_failed_status_says_of_which_signal(binding: Binding) -> None:
    async def lose() -> None:
        raise DisconnectedError("the connection is closed", source="ca://X.RBV").about("x.readback", None)

    status = AsyncStatus(lose, binding, "x")
    with pytest.raises(DisconnectedError):
        await status
    assert "errored: DisconnectedError('x.readback (ca://X.RBV): the connection is closed')>" in repr(status)


async def test_exception_does_not_wait_unless_asked(binding: Binding) -> None:
    status = AsyncStatus(fail, binding, "a")
    with pytest.raises(TimeoutError, match="has not ended"):
        status.exception()
    with pytest.raises(TimeoutError, match="has not ended"):
        status.exception(timeout=0)
    with pytest.raises(WouldBlockError, match="await status"):
        status.exception(timeout=1)
    with pytest.raises(OphydDeclError, match="mine"):
        await status
    assert isinstance(status.exception(), OphydDeclError)
    assert not status.success


def test_waiting_in_a_thread(binding: Binding) -> None:
    go_on = threading.Event()

    async def work() -> None:
        await asyncio.to_thread(go_on.wait)

    status = AsyncStatus(work, binding, "a")
    with pytest.raises(TimeoutError, match=r"a: not done after 0\.01 s; it goes on"):
        status.wait(timeout=0.01)
    with pytest.raises(TimeoutError):
        status.wait(timeout=0)
    go_on.set()
    status.wait(timeout=5)
    assert status.success
    failed = [AsyncStatus(fail, binding, name) for name in ("a", "b")]
    with pytest.raises(OphydDeclError, match="OphydDeclError: mine\nOphydDeclError: mine"):
        wait(*failed, timeout=5)


def test_a_failure_after_a_time_out_is_told_all_the_same(binding: Binding, caplog: pytest.LogCaptureFixture) -> None:
    go_on = threading.Event()

    async def work() -> None:
        await asyncio.to_thread(go_on.wait)
        raise OphydDeclError("too late")

    status = AsyncStatus(work, binding, "a")
    with pytest.raises(TimeoutError):
        status.wait(timeout=0.01)
    task = status.task
    del status
    go_on.set()
    with pytest.raises(OphydDeclError):
        task.result(5)  # type: ignore[call-arg]
    del task
    binding.run(lambda: asyncio.sleep(0), "turn()", "")
    gc.collect()  # the errors above know their frames
    assert "too late" in caplog.text


def test_a_status_that_has_ended_can_be_awaited_after_its_loop(binding: Binding) -> None:
    async def one() -> int:
        return 1

    async def start() -> Any:
        status = AsyncStatus(one, binding, "a")
        await status
        return status

    async def again(status: Any) -> Any:
        return await status

    status = asyncio.run(start())
    assert asyncio.run(again(status)) == 1


def test_cancelling_who_awaits_on_another_loop_cancels_the_work(binding: Binding) -> None:
    cancelled = threading.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def start() -> Any:
        return AsyncStatus(work, binding, "a")

    status = binding.run(start, "start()", "")
    assert isinstance(status.task, asyncio.Task)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await status

    asyncio.run(give_up())
    assert cancelled.wait(5)
    with pytest.raises(asyncio.CancelledError):
        status.wait(5)


async def test_the_end_of_a_block_cancels_and_waits_for_the_end(binding: Binding) -> None:
    ended: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    async with AsyncStatus(work, binding, "a"):
        await asyncio.sleep(0)
    assert ended == [True]


async def test_late_watchers_get_the_newest_update_and_one_that_raises_harms_nobody(
    binding: Binding, caplog: pytest.LogCaptureFixture
) -> None:
    async def updates() -> Any:
        yield WatcherUpdate(0.0, 0.0, 2.0)
        yield WatcherUpdate(2.0, 0.0, 2.0, unit="mm")

    seen: list[Any] = []

    def bad(**update: Any) -> None:
        raise ValueError("mine")

    status = WatchableAsyncStatus(updates, binding, "a")
    status.watch(bad)
    status.watch(lambda **update: seen.append(update))
    await status
    status.watch(lambda **update: seen.append(update))
    assert [update["current"] for update in seen] == [0.0, 2.0, 2.0]
    assert seen[-1]["name"] == "a"
    assert "a watcher of a raised" in caplog.text
