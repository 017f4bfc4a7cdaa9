"""One timer for many calls, on the loop that the inbox has now."""

import asyncio
import logging
from contextlib import nullcontext

from ophyd_decl.connectors.inbox import Inbox
from ophyd_decl.connectors.later import IN_A_TURN, Later


def later_on_this_loop() -> tuple[Later, Inbox]:
    inbox = Inbox(logging.getLogger("test"), nullcontext)
    inbox.bind(asyncio.get_running_loop())
    return Later(inbox), inbox


async def test_calls_come_in_the_order_of_their_times() -> None:
    later, _ = later_on_this_loop()
    seen: list[str] = []
    done = asyncio.Event()
    for delay_s, name in ((0.03, "c"), (0.01, "a"), (0.02, "b")):
        later.call(delay_s, lambda name=name: seen.append(name))
    later.call(0.04, done.set)
    await asyncio.wait_for(done.wait(), 5)
    assert seen == ["a", "b", "c"]


async def test_what_came_before_is_handled_before() -> None:
    later, inbox = later_on_this_loop()
    seen: list[str] = []
    done = asyncio.Event()
    later.call(0.0, lambda: seen.append("later"))
    later.call(0.0, done.set)
    inbox.post(seen.append, "event")
    await asyncio.wait_for(done.wait(), 5)
    assert seen == ["event", "later"]


async def test_a_call_may_ask_for_another() -> None:
    later, _ = later_on_this_loop()
    done = asyncio.Event()
    later.call(0.0, lambda: later.call(0.0, done.set))
    await asyncio.wait_for(done.wait(), 5)


async def test_what_is_cancelled_does_not_come() -> None:
    later, _ = later_on_this_loop()
    seen: list[str] = []
    later.call(0.0, lambda: seen.append("never"))
    later.cancel()
    await asyncio.sleep(0.02)
    assert seen == []


def test_calls_move_to_another_loop() -> None:
    inbox = Inbox(logging.getLogger("test"), nullcontext)
    later = Later(inbox)
    seen: list[str] = []

    async def first() -> None:
        inbox.bind(asyncio.get_running_loop())
        later.call(0.01, lambda: seen.append("called"))

    async def second() -> None:
        inbox.bind(asyncio.get_running_loop())
        later.rearm()
        async with asyncio.timeout(5):
            while not seen:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    asyncio.run(first())
    assert seen == []
    asyncio.run(second())
    assert seen == ["called"]


async def test_what_can_wait_does_not_keep_the_others_waiting() -> None:
    later, inbox = later_on_this_loop()
    seen: list[str] = []
    done = asyncio.Event()
    for _ in range(IN_A_TURN + 1):
        later.soon(lambda: seen.append("soon"))
    later.soon(done.set)
    inbox.post(seen.append, "event")
    await asyncio.wait_for(done.wait(), 5)
    assert seen == ["soon"] * IN_A_TURN + ["event", "soon"]
