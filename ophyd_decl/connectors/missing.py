"""Which channels of a connect are missing: told before the time is over, and only when it is sure.

A search of which nobody knows whether the server can hear it says nothing. So a neighbour is read when the search has
got nothing for a while: if it answers, and what is searched still does not, though it was given several times as long
as that answer took, then the server does not have it.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ConversionError, MismatchError, ReadTimeoutError
from ..vocab.readings import Reading
from .batch import Batch, Part
from .later import Later
from .link import Link
from .linked_channel import LinkedChannel
from .verdict import SEARCH_S, Family, absent

#: How often it is looked, in s.
LOOK_S = 0.1
#: How many round trips a description may take after a search, and the least time for it, in s.
ROUND_TRIPS, LEAST_S = 5, 0.1
#: How long the neighbour may take to answer, in s.
ANSWER_S = 30.0
#: For how many names a better one is looked for.
SUGGESTIONS = 10

SendReads = Callable[[Any, list[tuple[int, LinkedChannel]]], None]


class Probe(Batch[Any]):
    """A read of the neighbour, which nobody waits for."""

    __slots__ = ("answered_at", "sent_at")

    def __init__(self) -> None:
        super().__init__([time.monotonic() + ANSWER_S])
        self.sent_at = time.monotonic()
        self.answered_at: float | None = None

    def late(self, index: int) -> ReadTimeoutError:
        """Return the error of a neighbour that does not answer."""
        del index
        return ReadTimeoutError("no answer")

    def settle(self, index: int, outcome: Any) -> None:
        """Note when the answer came."""
        if self.answered_at is None and isinstance(outcome, Reading | MismatchError | ConversionError):
            self.answered_at = time.monotonic()
        super().settle(index, outcome)

    def proves(self) -> bool:
        """Return whether a description would have come by now."""
        if self.answered_at is None:
            return False
        trip_s = self.answered_at - self.sent_at
        return time.monotonic() - self.answered_at > max(ROUND_TRIPS * trip_s, LEAST_S)


class MissingSearch(Part):
    """Looks for missing channels of one connect until it ends.

    :param batch: of the connect.
    :param used: its channels.
    :param later: calls `look`.
    :param send_reads: of the connector.
    """

    def __init__(self, batch: Batch[Any], used: Sequence[LinkedChannel], later: Later, send_reads: SendReads) -> None:
        self._batch = batch
        self._used = used
        self._later = later
        self._send_reads = send_reads
        self._probes: dict[Family, Probe] = {}
        batch.parts.append(self)
        later.call(SEARCH_S + LOOK_S, self._look)

    def forget(self) -> None:
        """Wait for no neighbour any more."""
        for probe in self._probes.values():
            probe.end()
        self._probes.clear()

    def _look(self) -> None:
        if self._batch.done:
            return
        found = 0
        for index, channel in enumerate(self._used):
            link = channel.link
            family = link.family
            if family is None or not self._batch.pending(index) or not family.is_missing(link):
                continue
            if family not in self._probes:
                self._ask(family)
            elif self._probes[family].proves():
                found += 1
                waited_s = time.monotonic() - link.opened_at
                self._batch.settle(index, absent(channel, waited_s, missing=True, suggest=found <= SUGGESTIONS))
        self._later.call(LOOK_S, self._look)

    def _ask(self, family: Family) -> None:
        able = [link for link in family.links if link.phase == "ready" and _can_answer(link)]
        users = [user for link in able for user in link.users]
        user = next((one for one in users if one.failure is None), users[0] if users else None)
        if user is not None:
            family.witness = user.link
            probe = self._probes[family] = Probe()
            self._send_reads(probe, [(0, user)])


def _can_answer(link: Link) -> bool:
    """Return whether a read would be answered, be it with what the file does not expect."""
    served = link.served
    return served is not None and served.readable and served.native.kind != "unknown"
