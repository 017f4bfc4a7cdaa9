"""Subscriptions of one link: the one whose values are delivered, and the quiet one that notices a closed connection.

pvxs calls the handler once until its queue was emptied, and keeps the newest values when the queue is full; so the
handler only wakes the loop, and the queue is read there.
"""

import time
from typing import TYPE_CHECKING, Any

from ..link import RawUpdate
from .library import Disconnected, Finished, Subscription, Value

if TYPE_CHECKING:
    from .link import PvaLink

#: How many updates pvxs keeps for the loop, where every one of them is wanted.
QUEUE_SIZE = 1000
#: How many it keeps where only the newest is wanted: it overwrites the last one, and the first may be read meanwhile.
NEWEST_SIZE = 2
#: A first update that takes longer, in s, may come from another connection than the description before it.
DOUBTFUL_AFTER_S = 0.5


class _Base:
    """A subscription whose queue is read on the loop."""

    def __init__(self, link: "PvaLink", request: str) -> None:
        self.link = link
        self._subscription: Subscription | None = None
        connector = link.connector
        self._subscription = connector.context.monitor(link.name, self._wake, request=connector.request(request))

    def clear(self) -> None:
        """End it."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self.link.connector.disposal.add([subscription])

    def drain(self) -> None:
        """Read the queue until it is empty."""
        raise NotImplementedError

    def _wake(self) -> None:
        """Have the loop read the queue; called in a thread of pvxs."""
        self.link.inbox.post(self.drain)

    def _pop(self) -> Any:
        return None if self._subscription is None else self._subscription.pop()


class Updates(_Base):
    """The values of one generation."""

    def __init__(self, link: "PvaLink", request: str) -> None:
        self._size = QUEUE_SIZE if link.all_updates else NEWEST_SIZE
        super().__init__(link, f"{request}record[queueSize={self._size}]")

    def drain(self) -> None:
        """Deliver what has come.

        No more is taken than fits into the queue; what is left is taken in the next turn. As long as its queue was not
        emptied, pvxs says nothing, so at high rates its thread does not wait for the interpreter at each update.
        """
        link = self.link
        values: list[Value] = []
        taken, closed = 0, False
        while taken < self._size and (item := self._pop()) is not None:
            taken += 1
            if not isinstance(item, Exception):
                values.append(item)
            elif isinstance(item, Disconnected):
                closed = True
                break  # what follows is of another connection, in which it may mean something else
            else:
                link.subscription_failed(item)
        if taken == self._size:
            link.inbox.post(self.drain)
            if self._size == QUEUE_SIZE:
                link.dropped += 1  # it was full, so pvxs may have made some into one; it does not say how many
        link.deliver(self._updates(values))
        if closed:
            link.closed()

    def _updates(self, values: list[Value]) -> list[RawUpdate]:
        """Return what is to be delivered of some values, oldest first."""
        link = self.link
        if self._size == NEWEST_SIZE and len(values) > 1:
            link.dropped += len(values) - 1
            del values[:-1]
        updates: list[RawUpdate] = []
        for value in values:
            if link.has_other_labels(value):
                break  # this ends here, and begins again with the labels of now
            try:
                updates.append(link.structure.update(value))
            except Exception as error:  # noqa: BLE001  # text that is not UTF-8, for one
                link.deliver_odd(error)
        return updates


class Keeper(_Base):
    """A subscription to what hardly changes, by which a closed connection and changed metadata are noticed."""

    def __init__(self, link: "PvaLink", request: str) -> None:
        self._request = request
        self.opened_at = time.monotonic()
        self.has_heard = False
        super().__init__(link, request)

    def drain(self) -> None:
        """Follow the connection."""
        link = self.link
        while (item := self._pop()) is not None:
            if isinstance(item, Finished):
                link.keeper_ended(self)
                return
            if isinstance(item, Disconnected):
                self.has_heard = True
                link.closed()
            elif isinstance(item, Exception):
                link.keeper_refused(self, self._request)
                return
            else:
                doubtful = not self.has_heard and time.monotonic() - self.opened_at > DOUBTFUL_AFTER_S
                self.has_heard = True
                link.connector.unkept.discard(link)
                link.keeper_heard(item, doubtful)
