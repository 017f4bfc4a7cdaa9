"""Bulk reads and puts on the wire: one group for each call, whose replies wake the loop once.

A group belongs to one batch. Replies are kept as bytes until the last has come, or the deadline, and are decoded on the
loop.
"""

import time
from typing import TYPE_CHECKING, Any

from ...errors import BadValueError, DisconnectedError, PutRefusedError, ReadError, SignalError
from ..batch import Batch, Part
from ..batches import PutBatch, put_lost, read_lost
from ..linked_channel import LinkedChannel
from ..looks import (
    DISABLE_STATUS,
    FINE,
    NOT_PASSED_ON,
    RIGHTS_HELP,
    Doubt,
    Look,
    LookRequest,
    compared,
    disabled,
    look_lost,
    not_passed_on,
    without_doubt,
)
from . import calls, library
from .calls import Data
from .decoding import EPICS_INVALID, TIME, alarm_of, kept_texts

if TYPE_CHECKING:
    from .link import CaLink


class ReadGroup(Part):
    """The reads of one call."""

    __slots__ = ("_batch", "_expected", "_number", "_replies", "_seen", "_sent")

    def __init__(self, batch: Batch[Any]) -> None:
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
        batch.parts.append(self)
        get, handler, count_of = library.get_callback, calls.on_reply, self.count_of
        for index, channel in reads:
            link: Any = channel.link
            status = get(link.kind + TIME, count_of(link), link.wire_channel, handler, number + len(sent))
            if status == library.ECA_NORMAL:
                sent.append((index, channel, link))
            else:
                batch.settle(index, self.outcome(index, channel, status, 0, b""))
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
            index, channel, _ = self._sent[member]
            self._batch.settle(index, self.outcome(index, channel, status, count, data))
        self._seen = len(replies)
        calls.Outgoing.at_once = True

    def forget(self) -> None:
        """Ignore what still arrives."""
        calls.remove_target(self._number)

    @staticmethod
    def count_of(link: "CaLink") -> int:
        """Return how many elements are asked for."""
        return link.wire_count

    def outcome(self, index: int, channel: LinkedChannel, status: int, count: int, data: Data) -> Any:
        """Return what a reply says."""
        del index
        if status != library.ECA_NORMAL:
            return read_error(status, channel)
        link: Any = channel.link
        link.heard()
        return channel.reading(link.decode(data, count))


class LookGroup(ReadGroup):
    """Looks at puts that were completed before, for the alarm or the value; see `looks`."""

    __slots__ = ("_looks",)

    def __init__(self, batch: Batch[Look], looks: list[LookRequest]) -> None:
        super().__init__(batch)
        self._looks = {look.number: look for look in looks}
        self.send([(look.number, look.channel) for look in looks])

    @staticmethod
    def count_of(link: "CaLink") -> int:
        """Return how many elements are asked for."""
        return link.look_count

    def outcome(self, index: int, channel: LinkedChannel, status: int, count: int, data: Data) -> Look:
        """Return what a reply says."""
        look = self._looks[index]
        return look_of(channel, look.sent, look.wait, status, count, data)


class PutGroup(Part):
    """The puts of one call, each with the look behind it; see `looks`.

    The look also tells when a put without completion has been done: servers answer in order, so what was refused has
    been said by then.
    """

    __slots__ = ("_batch", "_expected", "_number", "_refused", "_replies", "_seen", "_sent")

    def __init__(self, batch: PutBatch) -> None:
        self._batch = batch
        self._sent: list[tuple[int, LinkedChannel, CaLink, bool, Any]] = []
        self._replies: list[tuple[int, int, int, Data, float]] = []
        self._refused: dict[int, int] = {}
        self._seen = 0
        self._expected = -1
        self._number = 0

    def send(self, puts: list[tuple[int, LinkedChannel, Any, bool]]) -> None:
        """Send all values."""
        batch, sent = self._batch, self._sent
        number = self._number = calls.add_target(self)
        batch.parts.append(self)
        expected = 0
        for index, channel, raw, wait in puts:
            link: Any = channel.link
            count, data = link.encode(raw)
            if not count:
                batch.settle(index, BadValueError("an empty array cannot be written over CA", source=channel.source))
                continue
            member = number + 2 * len(sent)
            if wait:
                status = library.put_callback(link.kind, count, link.wire_channel, data, calls.on_reply, member)
            else:
                status = library.put(link.kind, count, link.wire_channel, data)
            if status != library.ECA_NORMAL:
                batch.settle(index, put_error(status, channel, sent=False))
                continue
            batch.sent.add(index)
            sent.append((index, channel, link, wait, raw if link.compared else None))
            expected += wait
            if link.looked_at or not wait:
                status = library.get_callback(
                    link.kind + TIME, link.look_count, link.wire_channel, calls.on_reply, member + 1
                )
                if status == library.ECA_NORMAL:
                    expected += 1
                    if not wait:
                        link.fences.append((self, len(sent) - 1))
                    continue
                if not wait:  # no way to hear of a refusal
                    batch.settle(index, None)
            batch.settle_look(index, None)
        self._expected = expected
        if expected and len(self._replies) >= expected:
            sent[0][2].inbox.post(self.finish)

    def arrived(self, member: int, status: int, count: int, data: Data) -> None:
        """Keep a reply; called in a thread of libca."""
        self._replies.append((member, status, count, data, time.monotonic()))
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
        replies, batch = self._replies, self._batch
        completed_at = {number: arrived_at for number, _, _, _, arrived_at in replies if not number % 2}
        for at in range(self._seen, len(replies)):
            number, status, count, data, arrived_at = replies[at]
            member, is_look = divmod(number, 2)
            index, channel, link, wait, raw = self._sent[member]
            if status != library.ECA_DISCONN:
                link.lives()
            if is_look:
                look = look_of(channel, raw, wait, status, count, data) if link.looked_at else None
                batch.settle_look(index, without_doubt(look, completed_at.get(number - 1), arrived_at))
                if wait:
                    continue
                link.remove_fence(self, member)
                if status != library.ECA_DISCONN:
                    status = self._refused.get(member, library.ECA_NORMAL)
            batch.settle(index, None if status == library.ECA_NORMAL else put_error(status, channel, sent=True))
        self._seen = len(replies)
        calls.Outgoing.at_once = True

    def forget(self) -> None:
        """Ignore what still arrives."""
        calls.remove_target(self._number)
        for member, (_, _, link, wait, _) in enumerate(self._sent):
            if not wait:
                link.remove_fence(self, member)


def look_of(channel: LinkedChannel, raw: Any, wait: bool, status: int, count: int, data: Data) -> Look:
    """Return what a look tells; a server that gives no value tells nothing.

    :param raw: what was put, where it is compared.
    :param wait: whether the put waited for its completion.
    """
    if status != library.ECA_NORMAL:
        return look_lost(channel) if status == library.ECA_DISCONN else None
    link: Any = channel.link
    if link.processes:
        alarm, severity = alarm_of(data)
        if alarm == DISABLE_STATUS:
            return Doubt(disabled(channel))
        if wait and severity == EPICS_INVALID and alarm in NOT_PASSED_ON:
            return Doubt(not_passed_on(channel, NOT_PASSED_ON[alarm]))
        return FINE
    if raw is None:
        return None
    found = kept_texts(data, count)
    return compared(channel, raw, found if link.is_array else found[0])


def read_error(status: int, channel: LinkedChannel) -> SignalError:
    """Return the error of a read that failed with this status."""
    if status == library.ECA_DISCONN:
        return read_lost(channel)
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
            return put_lost(channel)
        return channel.unavailable() if channel.link.phase != "ready" else DisconnectedError("closed", source=source)
    if status == library.ECA_NOWTACCESS:
        refused = PutRefusedError("the server denies write access", source=source, help=RIGHTS_HELP)
        refused.for_rights = True
        return refused
    if status == library.ECA_PUTFAIL:
        return PutRefusedError("the server refused the put", source=source)
    return PutRefusedError(f"the server refused the put: {library.message(status)}", source=source)
