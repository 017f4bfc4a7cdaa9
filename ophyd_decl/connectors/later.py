"""What has to happen after a time, with one timer for all of it."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable

from .inbox import Inbox


class Later:
    """Calls that are put into the inbox when their time has come, so behind every event that came before.

    :param inbox: of the connector; says which loop.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def call(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call back on the loop after this time."""
        heapq.heappush(self._calls, (time.monotonic() + delay_s, next(self._numbers), callback))
        if self._calls[0][2] is callback:
            self.rearm()

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
        self.rearm()

    def _due(self) -> None:
        self._timer = None
        now = time.monotonic()
        while self._calls and self._calls[0][0] <= now:
            self._inbox.post(heapq.heappop(self._calls)[2])
        self.rearm()
