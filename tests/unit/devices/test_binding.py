"""Where calls from threads and loops end up, and that nothing is lost while the loop changes."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.devices.binding import Binding
from ophyd_decl.devices.mock import set_mock_put_proceeds
from ophyd_decl.errors import WrongLoopError
from ophyd_decl.session.loops import LoopThread

from .shapes import connect, make, shape, soft


class ThreadOnly:
    """Chooses the loop of a thread, and counts how often that was asked for."""

    def __init__(self) -> None:
        self.thread = LoopThread()
        self.chosen = 0

    def choose(self) -> asyncio.AbstractEventLoop:
        self.chosen += 1
        return self.thread.acquire()

    def release(self, loop: asyncio.AbstractEventLoop) -> None:
        self.thread.release(loop)


def binding_of(chooser: Any) -> Binding:
    return Binding("test", chooser, make_connector)


async def nothing() -> None:
    """Do nothing."""


def test_many_threads_at_once_choose_one_loop_and_leaving_ends_its_thread() -> None:
    chooser = ThreadOnly()
    binding = binding_of(chooser)
    barrier = threading.Barrier(8)

    def call() -> None:
        barrier.wait()
        binding.run(nothing, "test()", "")

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(call) for _ in range(8)]:
            future.result()
    assert chooser.chosen == 1
    assert binding.idle
    binding.leave()


def test_a_loop_chosen_in_vain_is_given_back() -> None:
    chooser = ThreadOnly()
    binding = binding_of(chooser)
    stopped = asyncio.new_event_loop()

    async def hold() -> None:
        binding.hold("a")

    stopped.run_until_complete(hold())
    with pytest.raises(WrongLoopError, match="monitored there: a"):
        binding.run(nothing, "test()", "")
    stopped.close()
    binding.run(nothing, "test()", "")
    binding.leave()


def test_what_a_closed_loop_has_left_behind_does_not_count_on_the_next_one() -> None:
    binding = binding_of(ThreadOnly())

    async def unfinished() -> None:
        with binding.operation():
            await asyncio.Event().wait()

    coroutine = unfinished()
    first = asyncio.new_event_loop()
    task = first.create_task(coroutine)
    first.run_until_complete(asyncio.sleep(0))
    assert binding.in_flight == 1
    first.close()

    async def main() -> None:
        binding.enter()
        assert binding.idle
        coroutine.close()  # as the garbage collector does
        assert binding.idle

    asyncio.run(main())
    task._log_destroy_pending = False
    binding.leave()


def test_a_thread_that_waits_is_told_when_the_devices_are_closed() -> None:
    chooser = ThreadOnly()
    binding = binding_of(chooser)
    waiting = threading.Event()

    async def forever() -> None:
        waiting.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(binding.run, forever, "test()", "")
        waiting.wait()
        binding.leave()
        assert future.exception(timeout=5) is not None


def test_a_loop_in_use_by_a_thread_is_not_left() -> None:
    binding = binding_of(ThreadOnly())
    waiting, go_on = threading.Event(), threading.Event()

    async def work() -> int:
        waiting.set()
        await asyncio.to_thread(go_on.wait)
        return 5

    async def other_loop() -> None:
        binding.enter()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(binding.run, work, "test()", "")
        waiting.wait()
        with pytest.raises(WrongLoopError, match="1 operations in flight"):
            asyncio.run(other_loop())
        go_on.set()
        assert future.result(timeout=5) == 5
    asyncio.run(other_loop())
    binding.leave()


def test_an_interrupted_thread_waits_until_the_coroutine_has_cleaned_up(monkeypatch: pytest.MonkeyPatch) -> None:
    binding = binding_of(ThreadOnly())
    waiting = threading.Event()
    cleaned: list[bool] = []

    async def work() -> None:
        try:
            waiting.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)  # what a stop takes on the wire
            cleaned.append(True)

    class Interrupted(BaseException):
        """Stands for Ctrl-C."""

    def interrupt(self: Any, timeout: float | None = None) -> Any:
        waiting.wait()
        raise Interrupted

    monkeypatch.setattr("concurrent.futures.Future.result", interrupt)
    with pytest.raises(Interrupted):
        binding.run(work, "test()", "")
    monkeypatch.undo()
    assert cleaned == [True]
    assert binding.idle
    binding.leave()


async def test_a_cancelled_put_says_that_it_may_have_been_sent(caplog: pytest.LogCaptureFixture) -> None:
    device = make(shape("g", soft("a", 1.0)))
    await connect(device)
    set_mock_put_proceeds(device.a, False)
    status = device.a.set(2.0)
    await asyncio.sleep(0)
    status.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await status
    assert "may have been sent" in str(status.exception())
    assert "dev.a: cancelled while 2.0 was being written" in caplog.text
    assert await device.a.get_value() == 2.0
