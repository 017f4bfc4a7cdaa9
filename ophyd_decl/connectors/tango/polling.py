"""Attributes of which the server sends no events, read again and again while somebody wants their updates.

One timer for all of a connector, and one call for each device at a time.
"""

import time
from typing import TYPE_CHECKING

from ..later import Later

if TYPE_CHECKING:
    from .link import TangoLink


class Poller:
    """What is read again and again.

    :param later: wakes it.
    """

    def __init__(self, later: Later) -> None:
        self._later = later
        #: when each is due, on the clock of `time.monotonic`.
        self._due: dict[TangoLink, float] = {}
        self._wakes_at: float | None = None

    def add(self, link: "TangoLink") -> None:
        """Read this one from now on, the first time within its period."""
        if link not in self._due:
            self._due[link] = _next(link.poll_s)
            self._arm()

    def remove(self, link: "TangoLink") -> None:
        """Read it no more."""
        self._due.pop(link, None)

    def _arm(self) -> None:
        if not self._due:
            return
        soonest = min(self._due.values())
        if self._wakes_at is None or soonest < self._wakes_at:
            self._wakes_at = soonest
            self._later.call(max(soonest - time.monotonic(), 0.0), self._wake)

    def _wake(self) -> None:
        now = time.monotonic()
        if self._wakes_at is None or now < self._wakes_at:  # an earlier wake has done it
            return
        self._wakes_at = None
        for link, due in list(self._due.items()):
            if due <= now:
                self._due[link] = _next(link.poll_s)
                link.device.read_soon(link)
        self._arm()


def _next(period_s: float) -> float:
    """Return when all with this period are due next: together, so that a device is asked once."""
    return (time.monotonic() // period_s + 1) * period_s
