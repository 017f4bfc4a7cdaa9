"""Whether events of Tango can arrive: none of any device does while somebody in this process subscribes to one.

The client library holds a lock meanwhile that the delivery of events needs: for five milliseconds as a rule, for
seconds where a device is busy. What was delivered before may be old then, though every server answers.
"""

import math
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

#: How long events may be held up before it counts, in s; no longer than an update may be under way anyway.
MOMENT_S = 0.02
#: How soon behind another a subscription follows it without a gap in which events have come, in s.
GAP_S = 0.002
#: How long those take to come that have waited, in s; if they were too many, some were lost.
BEHIND_S = 0.25


class Flow:
    """The events of this process, or of a test."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        #: since when the calls of now, or the last ones, hold events up, and until when they did.
        self._begun = self._ended = -math.inf
        #: the end of those that held them up for longer than a moment, with the time behind it.
        self._overtaken_at = -math.inf

    @contextmanager
    def held_up(self) -> Generator[None]:
        """Note that no event comes during this context, in which a subscription is made or given up."""
        with self._lock:
            now = time.monotonic()
            if not self._calls and now - self._ended > GAP_S:
                self._begun = now
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._ended = now = time.monotonic()
                if now - self._begun > MOMENT_S:
                    self._overtaken_at = now + BEHIND_S
                self._calls -= 1  # at the end: it is looked at without the lock

    @property
    def overtaken_at(self) -> float:
        """Return the time, on the clock of `time.monotonic`, before which what has come may be old by now.

        It may be in the future; inf: no event comes now; -inf: events were never held up.
        """
        if self._calls and time.monotonic() - self._begun > MOMENT_S:
            return math.inf
        return self._overtaken_at


#: The lock is one for the whole process, however many connectors there are.
FLOW = Flow()
