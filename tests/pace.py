"""How long something takes, as if nothing else ran on the machine, which may also stand still for a second.

A command that has to end within 2 s may take longer where six processes share two cores; that says nothing about it.
So a limit is stretched by how much longer this process itself has to wait for the processor at that moment.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

#: For how long the processor is used to see how long that takes, in s.
_SPIN_S = 0.1
#: How often the loop is looked at, in s, and how much a turn of it counts at most: more, and it stood still.
_TURN_S, MOST_S = 0.005, 0.02


def stretch() -> float:
    """Return how many times longer work takes now than with a core of its own; 1 on a quiet machine."""
    begin_s, until_s = time.monotonic(), time.thread_time() + _SPIN_S
    while time.thread_time() < until_s:
        pass
    return max((time.monotonic() - begin_s) / _SPIN_S, 1.0)


@contextmanager
def within(limit_s: float) -> Generator[None]:
    """Fail if what is inside takes longer than this on a quiet machine, or as much longer as a busy one is slower."""
    before = stretch()
    begin_s = time.monotonic()
    yield
    took_s = time.monotonic() - begin_s
    slower = max(before, stretch())
    assert took_s < limit_s * slower, f"took {took_s:.2f} s; {limit_s:g} s on a machine that is {slower:.1f} x slower"


@asynccontextmanager
async def turning() -> AsyncGenerator[Callable[[], float]]:
    """Give a clock, in s, that goes while the loop turns: what waits is seen, and what the machine does is not."""
    last = time.monotonic()
    counted = 0.0

    def clock() -> float:
        nonlocal last, counted
        now = time.monotonic()
        counted += min(now - last, MOST_S)
        last = now
        return counted

    async def look() -> None:
        while True:
            await asyncio.sleep(_TURN_S)
            clock()

    looking = asyncio.create_task(look())
    try:
        yield clock
    finally:
        looking.cancel()
        await asyncio.wait([looking])
