"""How long something takes, as if nothing else ran on the machine.

A command that has to end within 2 s may take longer where six processes share two cores; that says nothing about it.
So a limit is stretched by how much longer this process itself has to wait for the processor at that moment.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager

#: For how long the processor is used to see how long that takes, in s.
_SPIN_S = 0.1


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
