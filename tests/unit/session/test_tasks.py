"""A task that is to be begun in a group that ends."""

import asyncio
from typing import Any

import pytest

from ophyd_decl.session import tasks


async def test_a_group_that_ends_begins_nothing_more() -> None:
    ran: list[str] = []
    begun: list[bool] = []

    async def note(what: str) -> None:
        ran.append(what)

    async def fail(group: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        # The group takes note of the failure in the next turn.
        loop.call_soon(loop.call_soon, lambda: begun.append(tasks.begin(group, note("late"))))
        raise ValueError("a reason")

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            assert tasks.begin(group, note("early"))
            tasks.begin(group, fail(group))
            await asyncio.sleep(1)

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    failures: tuple[Any, ...] = caught.value.exceptions
    assert [str(one) for one in failures] == ["a reason"]
    assert (ran, begun) == (["early"], [False])
