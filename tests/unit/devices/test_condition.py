"""Observing the signals of a condition: what is under way when they are read afresh says nothing of now."""

import time
from typing import Any

from ophyd_decl.devices.condition import Observation

from .shapes import connect, make, shape, soft


async def test_an_update_that_was_under_way_when_all_were_read_is_passed_over() -> None:
    """As an event of Tango that says that a motor stands, sent before it began to move."""
    device = make(shape("g", soft("state", 1, "int"), soft("other", 0, "int")))
    await connect(device)
    state: Any = device.state
    now = time.time()

    def tell(value: int, timestamp: float) -> None:
        state.mock_connector.set_value(state.read_channel, value, timestamp=timestamp)

    passed: list[int] = []
    tell(1, now - 1)
    async with Observation([state, device.other]) as seen:
        seen.follow(lambda leaf: passed.append(seen.value_of(state)) if leaf is state else None)
        tell(2, now)
        assert await seen.next(5) is state
        await seen.refresh()
        passed.clear()
        tell(1, now - 0.05)
        assert await seen.next(0.1) is None
        assert seen.value_of(state) == 2
        assert passed == [1]  # what it said in between may be a condition that held for a moment
        tell(3, now)  # of the same instant: not every server tells times that differ
        assert await seen.next(5) is state
        assert seen.value_of(state) == 3


async def test_what_was_sent_before_it_was_followed_is_not_told() -> None:
    """As an event of the move before, which was held up: it says nothing of this one."""
    device = make(shape("g", soft("state", 1, "int")))
    await connect(device)
    state: Any = device.state
    now = time.time()

    def tell(value: int, timestamp: float) -> None:
        state.mock_connector.set_value(state.read_channel, value, timestamp=timestamp)

    told: list[int] = []
    tell(0, now - 1)
    async with Observation([state]) as seen:
        tell(1, now)
        assert await seen.next(5) is state
        await seen.refresh()
        seen.follow(lambda _: told.append(seen.value_of(state)))
        tell(2, now - 0.05)
        assert await seen.next(0.1) is None
        assert told == []
        assert seen.value_of(state) == 1
