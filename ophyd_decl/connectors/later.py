"""What has to happen later: after a time, with one timer for all of it, or when the others have had their turn."""

import asyncio
import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from .inbox import Inbox

#: How many of those that can wait are called in one turn of the loop.
IN_A_TURN = 50
#: How many of those that come together are called at once; the others wait until no more have come for a moment, in s.
A_FEW = 20
MOMENT_S = 0.02
#: How long they wait for that at most, in s; then a few are called in each moment.
BUSY_S = 0.5
#: In so many parts a patient call waits; time in which the process stood still counts as one of them.
PARTS = 4


class Later:
    """Calls that are put into the inbox when their time has come, so behind every event that came before.

    :param inbox: of the connector; says which loop.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: deque[Callable[[], None]] = deque()
        self._more = False
        self._called = 0
        self._quiet_at = self._busy_until = 0.0

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back when what is waiting in the inbox was handled, some in a turn: for what nobody waits for.

        If many come together, the later ones wait until no more have come for a moment: while a thousand channels
        connect, each is ready sooner if nothing else is done for those that are already.
        """
        now = time.monotonic()
        if not self._waiting:
            if now > self._quiet_at:
                self._called, self._busy_until = 0, now + BUSY_S
            self._inbox.post(self._some)
        self._waiting.append(callback)
        self._more = True
        self._quiet_at = now + MOMENT_S

    def call(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call back on the loop after this time."""
        heapq.heappush(self._calls, (time.monotonic() + delay_s, next(self._numbers), callback))
        if self._calls[0][2] is callback:
            self.rearm()

    def patiently(self, delay_s: float, waits: Callable[[], bool], late: Callable[[], None]) -> None:
        """Call `late` if somebody still waits after this time, counted in parts.

        Time in which the process stood still, so that it could hear nothing, counts as one part at most.
        """

        def look(parts: int) -> None:
            if not waits():
                return
            if parts == PARTS:
                late()
            else:
                self.call(delay_s / PARTS, partial(look, parts + 1))

        self.call(delay_s / PARTS, partial(look, 1))

    def rearm(self) -> None:
        """Set the timer anew, on the loop that the inbox is bound to now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = self._inbox.loop
        if self._calls and loop is not None and not loop.is_closed():
            self._timer = loop.call_later(max(self._calls[0][0] - time.monotonic(), 0), self._due)

    def cancel(self) -> None:
        """Forget every call."""
        self._calls.clear()
        self._waiting.clear()
        self.rearm()

    def _some(self) -> None:
        busy, self._more = self._more and self._called + len(self._waiting) > A_FEW, False
        most = IN_A_TURN
        if busy:
            most = A_FEW if time.monotonic() >= self._busy_until else max(A_FEW - self._called, 0)
        for _ in range(min(most, len(self._waiting))):
            self._called += 1
            self._waiting.popleft()()
        if not self._waiting:
            return
        if busy:
            self.call(MOMENT_S, self._some)
        else:
            self._inbox.post(self._some)

    def _due(self) -> None:
        self._timer = None
        now = time.monotonic()
        while self._calls and self._calls[0][0] <= now:
            self._inbox.post(heapq.heappop(self._calls)[2])
        self.rearm()
