"""One value in this process, and the switches by which a test plays its server."""

import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...vocab.datatypes import Datatype, NativeType
from ..inbox import Inbox
from ..link import QUEUE_LIMIT, Link, RawUpdate, Served
from ..values import native_of, native_of_value

#: Called with value and `wait` of a put; may return the value to take instead, or an awaitable of it.
PutHook = Callable[[Any, bool], Any | Awaitable[Any]]


class SoftLink(Link):
    """One address of a soft connector.

    :param served: what it serves; None: nothing, the address is absent.
    :param raw: its value.
    """

    def __init__(self, key: object, name: str, inbox: Inbox, served: Served | None, raw: Any) -> None:
        super().__init__(key, name, inbox)
        self.offered = served
        self.value: RawUpdate = (raw, time.time(), 0, "")
        self.hooks: list[PutHook] = []
        self.refusal = ""
        self.held: list[Callable[[], None]] | None = None
        self._queue: deque[RawUpdate] = deque()

    @property
    def alive_at(self) -> float | None:
        """Return now, unless the address is away: nothing here can fall silent."""
        return time.monotonic() if self.phase == "ready" else None

    def start(self) -> None:
        """Be found at once, if anything is served."""
        if self.offered is not None and self.phase in ("searching", "down"):
            self.went_up()
            self.described(self.offered)

    def stop(self) -> None:
        """Nothing is left to give up."""

    def subscribe(self) -> None:
        """Deliver the value now, and each one that is set."""
        self._push()

    def unsubscribe(self) -> None:
        """Forget what was not delivered yet."""
        self._queue.clear()

    def native_for(self, datatype: Datatype) -> NativeType:
        """Return the served type; that of the value for what may hold anything."""
        native = super().native_for(datatype)
        return native_of_value(self.value[0]) if native == native_of(Datatype("any")) else native

    def set_raw(self, raw: Any, timestamp: float | None = None, severity: int = 0, message: str = "") -> None:
        """Take a raw value, and tell the monitors."""
        if isinstance(raw, np.ndarray):
            raw = cast(NDArray[Any], raw).copy()  # its writer may go on to change it
        self.value = (raw, time.time() if timestamp is None else timestamp, severity, message)
        if self.subscribed:
            self._push()

    def serve(self, served: Served | None) -> None:
        """Serve this from now on; the connection breaks, and comes back if there is anything to serve."""
        self.offered = served
        if self.phase == "ready":
            self.went_down()
        if self.phase in ("searching", "down"):
            self.start()

    def set_facts(self, **facts: Any) -> None:
        """Change units, precision, limits or access rights; they are told at the next connection."""
        if self.offered is not None:
            self.offered = replace(self.offered, **facts)
        if self.served is not None:
            self.served = replace(self.served, **facts)
            for user in self.users:
                user.validate()

    def _push(self) -> None:
        if len(self._queue) >= (QUEUE_LIMIT if self.all_updates else 1):
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(self.value)
        self.inbox.post(self._deliver_queue)

    def _deliver_queue(self) -> None:
        updates = list(self._queue)
        self._queue.clear()
        self.deliver(updates)
