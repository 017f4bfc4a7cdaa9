"""When puts were completed last, by server: what was held before may have been changed by them (decision 0005).

It is remembered for the whole process, since a plan may put by one beamline, or by a signal without one, and read by
another.
"""

import math
from typing import Any

#: Protocols of one server: an IOC serves both, and over pvAccess nobody tells which one it is.
_OF_AN_IOC = {"ca": "pva", "pva": "ca"}
#: When a put was completed last, on the clock of `time.monotonic`, by server, and by protocol for all of its servers.
_completed: dict[str, float] = {}


class Puts:
    """The puts that may have been to the server of some held values.

    :param scheme: protocol of the server.
    :param host: as the protocol tells it; empty: it does not, and so a put to any of its servers may be one to each.
    """

    __slots__ = ("_counted", "_noted", "wanted")

    def __init__(self, scheme: str, host: str = "") -> None:
        own = f"{scheme}://{host}" if host else scheme
        self._noted = (own, scheme)
        self._counted = (own, _OF_AN_IOC.get(scheme, own))
        #: held values there that were read since they were asked together; see `reading`.
        self.wanted: dict[Any, None] = {}

    @property
    def completed_at(self) -> float:
        """Return when one was completed last, on the clock of `time.monotonic`; `-inf`: never."""
        own, other = self._counted
        return max(_completed.get(own, -math.inf), _completed.get(other, -math.inf))

    def note(self, ended_at: float) -> None:
        """Remember that one was completed."""
        for name in self._noted:
            _completed[name] = max(_completed.get(name, -math.inf), ended_at)
