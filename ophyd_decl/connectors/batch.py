"""Many requests, one future and one timer.

A batch is made, used and awaited on the loop thread. What has not been settled when its deadline comes gets the outcome
that `late` gives for it; cancelling the coroutine that waits leaves neither timer nor waiter behind.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_PENDING: Any = object()


class Part:
    """What is under way for a batch, and ends with it."""

    __slots__ = ()

    def finish(self) -> None:
        """Settle what has arrived: a connector may do that only when all has, or the deadline has come."""

    def forget(self) -> None:
        """Clean up; called at the end, however it comes."""
        raise NotImplementedError


class Cleanup(Part):
    """A part that has only something to clean up."""

    __slots__ = ("_action",)

    def __init__(self, action: Callable[[], object]) -> None:
        self._action = action

    def forget(self) -> None:
        """Clean up."""
        self._action()


class Batch(Generic[T]):
    """The outcomes of one call, in the order of its requests.

    One signal that is put is a batch too, and a thousand of them may be under way. Objects that the garbage collector
    has to follow cost more than the work itself then, so here are few.

    :param deadlines: one for each request, on the clock of `time.monotonic`.
    """

    __slots__ = ("_begun_at", "_deadlines", "_future", "_loop", "_missing", "done", "outcomes", "parts")

    def __init__(self, deadlines: Sequence[float]) -> None:
        self.outcomes: list[T] = [_PENDING] * len(deadlines)
        self.done = False
        self.parts: list[Part] = []
        self._begun_at = time.monotonic()
        self._deadlines = deadlines
        self._missing = len(deadlines)
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] | None = None

    def late(self, index: int) -> T:
        """Return the outcome of a request that was not settled by its deadline."""
        raise NotImplementedError

    def pending(self, index: int) -> bool:
        """Return whether this request still waits for its outcome."""
        return not self.done and self.outcomes[index] is _PENDING

    def deadline(self, index: int) -> float:
        """Return the deadline of one request."""
        return self._deadlines[index]

    def allowed_s(self, index: int) -> float:
        """Return how long one request may take, in s."""
        return max(self._deadlines[index] - self._begun_at, 0.0)

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
                left_s = self._soonest() - time.monotonic()
                if left_s <= 0:
                    self._expire()
                    continue
                future = self._future = self._loop.create_future()
                timer = self._loop.call_later(left_s, _wake, future)
                try:
                    await future
                finally:
                    timer.cancel()
            return self.outcomes
        finally:
            self.end()

    def end(self) -> None:
        """Take no outcome any more."""
        self.done = True
        for part in self.parts:
            part.forget()
        # These know the batch: without them it goes at once, and not when cycles are collected.
        self.parts.clear()

    def _soonest(self) -> float:
        """Return the next deadline of those that wait."""
        if len(self.outcomes) == 1:
            return self._deadlines[0]
        return min([d for d, o in zip(self._deadlines, self.outcomes, strict=True) if o is _PENDING])

    def _expire(self) -> None:
        now = time.monotonic()
        for part in self.parts:
            part.finish()
        for index, deadline in enumerate(self._deadlines):
            if deadline <= now and self.outcomes[index] is _PENDING:
                self.outcomes[index] = self.late(index)
                self._missing -= 1


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
