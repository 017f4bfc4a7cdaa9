"""A RunEngine from the fixtures is like any other, and ends with its test."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from bluesky import RunEngine
from bluesky import plan_stubs as bps

from tests.plugins.run_engines import end_run_engine


def test_it_runs_plans(RE: RunEngine) -> None:
    def plan() -> Any:
        yield from bps.null()
        return 5

    RE(plan())
    assert RE.loop.is_running()


def test_several_in_one_test(run_engine_factory: Callable[..., RunEngine]) -> None:
    first, second = run_engine_factory({"place": "here"}), run_engine_factory()
    assert first.md["place"] == "here"
    assert first.loop is not second.loop


@pytest.mark.parametrize("times", [1, 2])
def test_it_ends_with_its_thread_and_tells_the_tasks_that_were_left(times: int) -> None:
    engine = RunEngine()
    asyncio.run_coroutine_threadsafe(leave_a_task(), engine.loop).result(5)
    told = [text for _ in range(times) for text in end_run_engine(engine)]
    assert len(told) == 1
    assert "forgotten" in told[0]
    assert engine.loop.is_closed()
    assert not engine._th.is_alive()


async def leave_a_task() -> None:
    asyncio.current_task().get_loop().forgotten = asyncio.create_task(asyncio.sleep(60), name="forgotten")
