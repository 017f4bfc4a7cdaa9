"""Subscriptions of one generation: the values, and the metadata, which may change under a connection."""

import ctypes
from collections import deque
from typing import TYPE_CHECKING

from ..link import RawUpdate
from . import calls, library
from .calls import Data
from .decoding import CONTROL, TIME, metadata

if TYPE_CHECKING:
    from .link import CaLink


class _Base:
    """A subscription of libca."""

    __slots__ = ("_handle", "_number", "link")

    def __init__(self, link: "CaLink", kind: int, count: int, mask: int) -> None:
        self.link = link
        self._number = calls.add_target(self)
        handle = ctypes.c_void_p()
        arguments = kind, count, link.wire_channel, mask, calls.on_reply, self._number, ctypes.byref(handle)
        status = library.create_subscription(*arguments)
        self._handle = handle.value if status == library.ECA_NORMAL else None

    def clear(self) -> None:
        """End it."""
        calls.remove_target(self._number)
        if self._handle is not None:
            calls.Outgoing.waiting = True
            library.clear_subscription(self._handle)
            self._handle = None

    def arrived(self, member: int, status: int, count: int, data: Data) -> None:
        """Take an update; called in a thread of libca."""
        raise NotImplementedError


class Updates(_Base):
    """The values: a bounded queue between the thread of libca and the loop."""

    __slots__ = ("_queue", "_waking")

    def __init__(self, link: "CaLink") -> None:
        self._queue: deque[tuple[int, int, Data]] = deque()
        self._waking = False
        super().__init__(link, link.kind + TIME, link.wire_count, library.DBE_VALUE | library.DBE_ALARM)

    def arrived(self, member: int, status: int, count: int, data: Data) -> None:
        """Queue an update; called in a thread of libca."""
        del member
        queue, link = self._queue, self.link
        if status == library.ECA_NORMAL:
            link.lives()
        if len(queue) >= link.queue_limit:
            try:
                queue.popleft()
                link.dropped += 1
            except IndexError:  # the loop was faster
                pass
        queue.append((status, count, data))
        if not self._waking:
            self._waking = True
            link.inbox.post(self._drain)

    def _drain(self) -> None:
        self._waking = False
        link = self.link
        if link.subscription is not self:
            return
        updates: list[RawUpdate] = []
        for _ in range(len(self._queue)):
            try:
                status, count, data = self._queue.popleft()
            except IndexError:
                break
            if status == library.ECA_NORMAL:
                updates.append(link.decode(data, count))
            elif status != library.ECA_DISCONN:  # a closed connection is told by the connection callback
                link.subscription_failed(status)
        link.deliver(updates)


class MetadataWatch(_Base):
    """Units, limits, precision and labels: a value means nothing without them."""

    __slots__ = ("_kind",)

    def __init__(self, link: "CaLink") -> None:
        self._kind = link.kind
        super().__init__(link, link.kind + CONTROL, 1, library.DBE_PROPERTY)

    def arrived(self, member: int, status: int, count: int, data: Data) -> None:
        """Hand the metadata on; called in a thread of libca."""
        del member, count
        if status == library.ECA_NORMAL:
            self.link.lives()
            self.link.inbox.post(self.link.metadata_changed, self, metadata(self._kind, data))
