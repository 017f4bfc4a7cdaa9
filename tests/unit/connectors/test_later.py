"""One timer for many calls, on the loop that the inbox has now."""

import asyncio
import logging
import time
from contextlib import nullcontext

from ophyd_decl.connectors.inbox import Inbox
from ophyd_decl.connectors.later import A_FEW, IN_A_TURN, MOMENT_S, PARTS, Later


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


async def test_time_in_which_the_process_stood_still_counts_as_one_part() -> None:
    later, inbox = later_on_this_loop()
    begin = time.monotonic()
    seen: list[str] = []
    done = asyncio.Event()

    def waits() -> bool:
        seen.append("waits")
        return True

    def late() -> None:
        seen.append("late")
        done.set()

    later.patiently(0.08, waits, late)
    time.sleep(0.2)  # noqa: ASYNC251  # nothing is heard meanwhile
    inbox.post(seen.append, "heard")
    await asyncio.wait_for(done.wait(), 5)
    assert seen == ["heard", *["waits"] * PARTS, "late"]
    assert time.monotonic() - begin >= 0.2 + 0.08 * (PARTS - 1) / PARTS


async def test_nothing_is_late_that_nobody_waits_for() -> None:
    later, _ = later_on_this_loop()
    done = asyncio.Event()
    seen: list[str] = []

    def waits() -> bool:
        seen.append("asked")
        done.set()
        return False

    later.patiently(0.004, waits, lambda: seen.append("late"))
    await asyncio.wait_for(done.wait(), 5)
    await asyncio.sleep(0.02)
    assert seen == ["asked"]


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
    for _ in range(A_FEW + 1):
        later.soon(lambda: seen.append("soon"))
    later.soon(done.set)
    inbox.post(seen.append, "event")
    await asyncio.wait_for(done.wait(), 5)
    assert seen == ["soon"] * A_FEW + ["event", "soon"]


async def many_have_come(later: Later) -> None:
    """Have as many called as do not wait."""
    enough = asyncio.Event()
    for _ in range(A_FEW - 1):
        later.soon(lambda: None)
    later.soon(enough.set)
    await asyncio.wait_for(enough.wait(), 5)


async def test_of_many_that_can_wait_the_last_do_so_while_more_come() -> None:
    later, _ = later_on_this_loop()
    seen: list[float] = []
    done = asyncio.Event()
    last = 0.0
    await many_have_come(later)
    for _ in range(10):
        later.soon(lambda: seen.append(time.monotonic()))
        last = time.monotonic()
        await asyncio.sleep(0)
    later.soon(done.set)
    await asyncio.wait_for(done.wait(), 5)
    assert len(seen) == 10
    assert min(seen) > last


async def test_what_can_wait_comes_though_more_of_it_never_ends() -> None:
    later, _ = later_on_this_loop()
    done = asyncio.Event()
    await many_have_come(later)
    later.soon(done.set)
    async with asyncio.timeout(5):
        while not done.is_set():
            later.soon(lambda: None)
            await asyncio.sleep(MOMENT_S / 10)


async def test_what_can_wait_is_called_once_each() -> None:
    later, _ = later_on_this_loop()
    seen: list[int] = []
    wanted = 3 * IN_A_TURN
    for number in range(wanted):
        later.soon(lambda number=number: seen.append(number))
        if number % 20 == 0:
            await asyncio.sleep(MOMENT_S * 1.5)
    async with asyncio.timeout(5):
        while len(seen) < wanted:  # noqa: ASYNC110
            await asyncio.sleep(MOMENT_S)
    await asyncio.sleep(3 * MOMENT_S)
    assert seen == list(range(wanted))
