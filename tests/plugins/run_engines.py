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
    """End the loop and the thread of a RunEngine, and describe the tasks that were still on the loop."""
    loop, thread = engine._loop, engine._th
    if loop.is_closed():
        return []
    asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(_JOIN_TIMEOUT_S)
    left = [repr(task) for task in asyncio.all_tasks(loop) if not task.done()]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(_JOIN_TIMEOUT_S)
    if thread.is_alive():
        return [*left, f"{thread!r} does not end"]
    loop.close()
    return left
