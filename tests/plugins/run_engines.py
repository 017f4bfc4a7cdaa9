"""RunEngines that end with their test. bluesky's own have no end: each keeps a thread that runs an event loop."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bluesky import RunEngine

_JOIN_TIMEOUT_S = 5.0


@pytest.fixture
def run_engine_factory() -> Iterator[Callable[..., "RunEngine"]]:
    """Make RunEngines that end with the test; takes the arguments of `RunEngine`."""
    from bluesky import RunEngine
    from bluesky.run_engine import set_bluesky_event_loop

    engines: list[RunEngine] = []

    def make(*arguments: Any, **keywords: Any) -> RunEngine:
        engine = RunEngine(*arguments, **keywords)
        engines.append(engine)
        return engine

    yield make
    left = [task for engine in engines for task in end_run_engine(engine)]
    set_bluesky_event_loop(None)
    assert not left, "left on the loop of a RunEngine:\n  " + "\n  ".join(left)


@pytest.fixture
def RE(run_engine_factory: Callable[..., "RunEngine"]) -> "RunEngine":  # noqa: N802
    """Return a RunEngine that ends with the test."""
    return run_engine_factory()


def end_run_engine(engine: "RunEngine") -> list[str]:
    """End the loop and the thread of a RunEngine; describe the tasks that were still on the loop, and cancel them."""
    loop, thread = engine._loop, engine._th
    if loop.is_closed():
        return []
    left = asyncio.run_coroutine_threadsafe(_clear_loop(), loop).result(_JOIN_TIMEOUT_S)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(_JOIN_TIMEOUT_S)
    if thread.is_alive():
        return [*left, f"{thread!r} does not end"]
    loop.close()
    return left


async def _clear_loop() -> list[str]:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    left = [repr(task) for task in tasks]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
    return left
