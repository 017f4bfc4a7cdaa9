"""Many requests, one future and one timer.

A batch is made, used and awaited on the loop thread. What has not been settled when its deadline comes gets the outcome
that `late` gives for it; cancelling the coroutine that waits leaves neither timer nor waiter behind.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_PENDING: Any = object()


class Batch(Generic[T]):
    """The outcomes of one call, in the order of its requests.

    :param deadlines: one for each request, on the clock of `time.monotonic`.
    :param late: gives the outcome of a request that was not settled by its deadline.

    `collectors` are called before that, for a connector that settles what has arrived only when all has; `cleanups` are
    called at the end, however it comes.
    """

    __slots__ = ("_deadlines", "_future", "_late", "_loop", "_missing", "cleanups", "collectors", "done", "outcomes")

    def __init__(self, deadlines: list[float], late: Callable[[int], T]) -> None:
        self.outcomes: list[T] = [_PENDING] * len(deadlines)
        self.done = False
        self.cleanups: list[Callable[[], None]] = []
        self.collectors: list[Callable[[], None]] = []
        self._deadlines = deadlines
        self._late = late
        self._missing = len(deadlines)
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] | None = None

    def pending(self, index: int) -> bool:
        """Return whether this request still waits for its outcome."""
        return not self.done and self.outcomes[index] is _PENDING

    def deadline(self, index: int) -> float:
        """Return the deadline of one request."""
        return self._deadlines[index]

    def settle(self, index: int, outcome: T) -> None:
        """Give one request its outcome; the first one counts."""
        if self.done or self.outcomes[index] is not _PENDING:
            return
        self.outcomes[index] = outcome
        self._missing -= 1
        if not self._missing and self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def wait(self) -> list[T]:
        """Return all outcomes, as soon as there are all, at the last deadline at the latest."""
        try:
            while self._missing:
                self._expire()
                if not self._missing:
                    break
                self._future = self._loop.create_future()
                soonest = min(d for d, o in zip(self._deadlines, self.outcomes, strict=True) if o is _PENDING)
                timer = self._loop.call_later(max(soonest - time.monotonic(), 0), _wake, self._future)
                try:
                    await self._future
                finally:
                    timer.cancel()
            return self.outcomes
        finally:
            self.end()

    def end(self) -> None:
        """Take no outcome any more."""
        self.done = True
        for cleanup in self.cleanups:
            cleanup()
        # These know the batch: without them it goes at once, and not when cycles are collected.
        self.cleanups.clear()
        self.collectors.clear()

    def _expire(self) -> None:
        now = time.monotonic()
        if now < min(self._deadlines):
            return
        for collect in self.collectors:
            collect()
        for index, deadline in enumerate(self._deadlines):
            if deadline <= now and self.outcomes[index] is _PENDING:
                self.outcomes[index] = self._late(index)
                self._missing -= 1


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
