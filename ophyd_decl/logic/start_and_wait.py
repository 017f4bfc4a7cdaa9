"""Trigger by a command, and wait until a condition says that the data are there."""

import time
from functools import partial
from typing import Any

from ..devices.command import Command
from ..devices.condition import Condition, Observation
from ..devices.status import AsyncStatus
from ..devices.verbs import SignalR
from ..errors import MoveTimeoutError, SignalError
from .ending import Course, EndsByCondition

#: Added to the exposure time, in s.
MARGIN_S = 10.0
#: A server that is silent is asked for the condition again after this time, in s.
ASK_AGAIN_S = 1.0


class StartAndWait(EndsByCondition):
    """The logic `triggerable: start_and_wait`; parameters as in `spec.StartAndWaitOptions`, with nodes for paths."""

    def __init__(
        self,
        device: Any,
        *,
        start: Command,
        reset: Command | None = None,
        stop: Command | None = None,
        done: Condition | None = None,
        failed: Condition | None = None,
        exposure: SignalR | None = None,
        grace: float = 0.0,
        timeout: float | None = None,
    ) -> None:
        super().__init__(device, start.source, done, failed)
        self._start = start
        self._reset = reset
        self._stop = stop
        self._exposure = exposure
        self._grace_s = grace
        self._timeout_s = timeout
        #: whether an acquisition was started that is not known to have ended: what `stop` has to end.
        self._may_acquire = False

    async def trigger(self) -> None:
        """Reset, start, and wait for completion and the condition; what fails is ended by `stop:`, if there is one.

        :raises MoveTimeoutError: if the data are not there in time.
        :raises MoveFailedError: if the device says that the acquisition failed.
        :raises SignalError: if a command was refused, or the connection broke.
        """
        timeout_s = self._timeout_s
        if timeout_s is None:
            timeout_s = MARGIN_S + (float(await self._exposure.get_value()) if self._exposure is not None else 0.0)
        deadline = time.monotonic() + timeout_s
        if self._device._context.mock:
            await self._start.execute()
            return
        if self._reset is not None:
            await self._reset.execute()
        self._may_acquire = True
        try:
            await self._acquire(timeout_s, deadline)
        except SignalError as error:
            await self._end_after(error)
            raise
        self._may_acquire = False

    async def stop(self) -> None:
        """End an acquisition by the command for that; without one it is left alone.

        :raises SignalError: if the device could not be told.
        """
        may_acquire, self._may_acquire = self._may_acquire, False
        if may_acquire and self._stop is not None:
            await self._stop.end(self._start.source)

    async def _end_after(self, error: SignalError) -> None:
        """End what has failed, and say so."""
        if self._stop is None:
            self._may_acquire = False
            return
        try:
            await self.stop()
            error.problem += "; it was ended"
        except SignalError as other:
            error.problem += f"; it could not be ended: {other}"

    async def _acquire(self, timeout_s: float, deadline: float) -> None:
        watched = [
            signal for condition in (self._done, self._failed) if condition for signal in condition.signals.values()
        ]
        if not watched:
            await self._start.execute(timeout=max(deadline - time.monotonic(), 0.001))
            return
        async with Observation(watched) as seen:
            course = Course(self, seen, self._grace_s)
            await self._wait_for_completion(max(deadline - time.monotonic(), 0.001), seen, course)
            await seen.refresh()
            await self._wait_for_done(timeout_s, deadline, seen, course)

    async def _wait_for_completion(self, timeout_s: float, seen: Observation, course: Course) -> None:
        """Execute the start; the time-out of the put ends this too."""
        make = partial(self._start.execute, timeout=timeout_s)
        async with AsyncStatus(make, self._device._context.binding, self._start.name) as status:
            status.add_callback(seen.wake)
            while not status.done:
                if await seen.next(None):
                    course.raise_if_failed()
            status.result()

    async def _wait_for_done(self, timeout_s: float, deadline: float, seen: Observation, course: Course) -> None:
        grace_ends = time.monotonic() + self._grace_s
        while True:
            course.raise_if_failed()
            holds = course.done_holds()
            course.has_begun = course.has_begun or not holds
            now = time.monotonic()
            if holds and (course.has_begun or now >= grace_ends):
                return
            if now >= deadline:
                raise self._about(
                    MoveTimeoutError(
                        f"no data after {timeout_s:.3g} s; waiting for "
                        f"{self._done.describe(seen.snapshot) if self._done else 'completion'}",
                        help="if it needs longer, give `timeout:` or `exposure:` to its logic",
                    )
                )
            left = min(deadline, now + ASK_AGAIN_S, grace_ends if holds else deadline) - now
            if not await seen.next(max(left, 0.001)):
                await seen.refresh()
