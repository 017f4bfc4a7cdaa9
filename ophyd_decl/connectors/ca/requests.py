"""Bulk reads and puts on the wire: one group for each call, whose replies wake the loop once.

A group belongs to one batch. Replies are kept as bytes until the last has come, or the deadline, and are decoded on the
loop. A put without completion is followed by a read of the same circuit: servers answer in order, so what was refused
has been said by then.
"""

from typing import TYPE_CHECKING, Any

from ...errors import BadValueError, DisconnectedError, PutLostError, PutRefusedError, ReadError, SignalError
from ..linked_channel import LinkedChannel
from ..linked_connector import PutBatch, ReadBatch
from . import calls, library
from .calls import Data
from .decoding import TIME

if TYPE_CHECKING:
    from .link import CaLink


class ReadGroup:
    """The reads of one call."""

    __slots__ = ("_batch", "_expected", "_number", "_replies", "_seen", "_sent")

    def __init__(self, batch: ReadBatch) -> None:
        self._batch = batch
        self._sent: list[tuple[int, LinkedChannel, CaLink]] = []
        self._replies: list[tuple[int, int, int, Data]] = []
        self._seen = 0
        self._expected = -1
        self._number = 0

    def send(self, reads: list[tuple[int, LinkedChannel]]) -> None:
        """Ask for all values."""
        batch, sent = self._batch, self._sent
        number = self._number = calls.add_target(self)
        batch.collectors.append(self.finish)
        batch.cleanups.append(self.forget)
        get, handler = library.get_callback, calls.on_reply
        for index, channel in reads:
            link: Any = channel.link
            status = get(link.kind + TIME, link.wire_count, link.wire_channel, handler, number + len(sent))
            if status == library.ECA_NORMAL:
                sent.append((index, channel, link))
            else:
                batch.settle(index, read_error(status, channel))
        self._expected = len(sent)
        if sent and len(self._replies) >= self._expected:
            sent[0][2].inbox.post(self.finish)

    def arrived(self, member: int, status: int, count: int, data: Data) -> None:
        """Keep a reply; called in a thread of libca."""
        self._replies.append((member, status, count, data))
        if len(self._replies) == self._expected:
            self._sent[0][2].inbox.post(self.finish)

    def finish(self) -> None:
        """Settle what has arrived."""
        replies = self._replies
        for at in range(self._seen, len(replies)):
            member, status, count, data = replies[at]
            index, channel, link = self._sent[member]
            if status == library.ECA_NORMAL:
                link.heard()
                self._batch.settle(index, channel.reading(link.decode(data, count)))
            else:
                self._batch.settle(index, read_error(status, channel))
        self._seen = len(replies)

    def forget(self) -> None:
        """Ignore what still arrives."""
        calls.remove_target(self._number)


class PutGroup:
    """The puts of one call."""

    __slots__ = ("_batch", "_expected", "_number", "_refused", "_replies", "_seen", "_sent")

    def __init__(self, batch: PutBatch) -> None:
        self._batch = batch
        self._sent: list[tuple[int, LinkedChannel, CaLink, bool]] = []
        self._replies: list[tuple[int, int]] = []
        self._refused: dict[int, int] = {}
        self._seen = 0
        self._expected = -1
        self._number = 0

    def send(self, puts: list[tuple[int, LinkedChannel, Any, bool]]) -> None:
        """Send all values."""
        batch, sent = self._batch, self._sent
        number = self._number = calls.add_target(self)
        batch.collectors.append(self.finish)
        batch.cleanups.append(self.forget)
        for index, channel, raw, wait in puts:
            link: Any = channel.link
            count, data = link.encode(raw)
            if not count:
                batch.settle(index, BadValueError("an empty array cannot be written over CA", source=channel.source))
                continue
            member = number + len(sent)
            if wait:
                status = library.put_callback(link.kind, count, link.wire_channel, data, calls.on_reply, member)
            else:
                status = library.put(link.kind, count, link.wire_channel, data)
                if status == library.ECA_NORMAL:
                    status = library.get_callback(link.kind, 1, link.wire_channel, calls.on_reply, member)
                    if status == library.ECA_NORDACCESS:  # no way to hear of a refusal
                        batch.settle(index, None)
                        continue
                    link.fences.append((self, len(sent)))
            if status == library.ECA_NORMAL:
                batch.sent.add(index)
                sent.append((index, channel, link, wait))
            else:
                batch.settle(index, put_error(status, channel, sent=False))
        self._expected = len(sent)
        if sent and len(self._replies) >= self._expected:
            sent[0][2].inbox.post(self.finish)

    def arrived(self, member: int, status: int, count: int, data: Data) -> None:
        """Keep a reply; called in a thread of libca."""
        del count, data
        self._replies.append((member, status))
        if len(self._replies) == self._expected:
            self._sent[0][2].inbox.post(self.finish)

    def refuse(self, member: int, status: int) -> bool:
        """Note that a put without completion was refused; False if that was known."""
        if member in self._refused:
            return False
        self._refused[member] = status
        return True

    def finish(self) -> None:
        """Settle what has arrived."""
        replies = self._replies
        for at in range(self._seen, len(replies)):
            member, status = replies[at]
            index, channel, link, wait = self._sent[member]
            if status != library.ECA_DISCONN:
                link.lives()
            if not wait:
                link.remove_fence(self, member)
                if status != library.ECA_DISCONN:
                    status = self._refused.get(member, library.ECA_NORMAL)
            self._batch.settle(index, None if status == library.ECA_NORMAL else put_error(status, channel, sent=True))
        self._seen = len(replies)

    def forget(self) -> None:
        """Ignore what still arrives."""
        calls.remove_target(self._number)
        for member, (_, _, link, wait) in enumerate(self._sent):
            if not wait:
                link.remove_fence(self, member)


def read_error(status: int, channel: LinkedChannel) -> SignalError:
    """Return the error of a read that failed with this status."""
    if status == library.ECA_DISCONN:
        error = DisconnectedError("the connection closed during the read", source=channel.source)
        error.age_s = channel.link.age()
        return error
    if status == library.ECA_NORDACCESS:
        return ReadError("the server denies read access", source=channel.source)
    return ReadError(f"the server gave no value: {library.message(status)}", source=channel.source)


def put_error(status: int, channel: LinkedChannel, *, sent: bool) -> SignalError:
    """Return the error of a put that failed with this status.

    :param sent: whether the server has seen it.
    """
    source = channel.source
    if status == library.ECA_DISCONN:
        if sent:
            return PutLostError("sent, then the connection closed: nobody knows whether it was done", source=source)
        return channel.unavailable() if channel.link.phase != "ready" else DisconnectedError("closed", source=source)
    if status == library.ECA_NOWTACCESS:
        return PutRefusedError(
            "the server denies write access", source=source, help="see the access security of the IOC"
        )
    if status == library.ECA_PUTFAIL:
        return PutRefusedError(
            "the server refused the put",
            source=source,
            help="look at the record: DISP=1, or a value that it does not take",
        )
    return PutRefusedError(f"the server refused the put: {library.message(status)}", source=source)
