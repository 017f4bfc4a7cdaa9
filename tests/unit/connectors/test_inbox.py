"""Many events, one wake; a handler that fails is logged; events outlive a loop."""

import asyncio
import logging
import threading
from contextlib import nullcontext
from typing import Any, cast

import pytest

from ophyd_decl.connectors.inbox import Inbox
from tests.contract.labs import until

LOG = logging.getLogger("ophyd_decl.connectors.test")


async def test_a_burst_from_another_thread_wakes_the_loop_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox(LOG, nullcontext)
    loop = asyncio.get_running_loop()
    inbox.bind(loop)
    wakes: list[object] = []
    wake = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *args: wakes.append(args) or wake(*args))
    seen: list[int] = []
    thread = threading.Thread(target=lambda: [inbox.post(seen.append, number) for number in range(1000)])
    thread.start()
    thread.join()  # the loop is busy meanwhile
    await until(lambda: len(seen) == 1000)
    assert seen == list(range(1000))
    assert len(wakes) == 1


async def test_a_handler_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    inbox = Inbox(LOG, nullcontext)
    inbox.bind(asyncio.get_running_loop())
    seen: list[int] = []
    inbox.post(lambda: 1 / 0)
    inbox.post(seen.append, 1)
    await until(lambda: seen)
    assert "ZeroDivisionError" in caplog.text


def test_events_wait_for_the_next_loop() -> None:
    inbox = Inbox(LOG, nullcontext)
    seen: list[int] = []
    inbox.post(seen.append, 1)

    async def turn() -> None:
        inbox.bind(asyncio.get_running_loop())
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(turn())
    assert seen == [1]
    inbox.post(seen.append, 2)  # the loop is closed
    inbox.post(seen.append, 3)
    assert seen == [1]
    asyncio.run(turn())
    assert seen == [1, 2, 3]


async def test_nothing_is_handled_after_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """Neither what was waiting then, nor what came later; its context is not to be had any more."""
    inbox = Inbox(LOG, cast(Any, None))
    inbox.bind(asyncio.get_running_loop())
    seen: list[int] = []
    inbox.post(seen.append, 1)
    inbox.close()
    inbox.post(seen.append, 2)
    for _ in range(3):
        await asyncio.sleep(0)
    inbox.post(seen.append, 3)
    for _ in range(3):
        await asyncio.sleep(0)
    assert seen == []
    assert caplog.text == ""
