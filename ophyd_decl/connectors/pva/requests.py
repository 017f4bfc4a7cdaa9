"""Bulk reads and puts: one group for each call, whose answers wake the loop once.

pvxs would silently do an operation again after a reconnection. Here it ends with the connection: what was under way
is settled by `lost`, and the builder of a put refuses to fill in a value that nobody waits for any more.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ...errors import BadValueError, PutRefusedError, ReadError, SignalError
from ...vocab.readings import Reading
from ..batch import Batch, Part
from ..batches import PutBatch, put_lost, read_lost
from ..linked_channel import LinkedChannel
from ..looks import (
    FINE,
    RIGHTS_HELP,
    Look,
    LookRequest,
    Seen,
    compared,
    look_lost,
    refusal_help,
    without_doubt,
)
from .alarms import doubt_of
from .library import Cancelled, Closable, RemoteError, Value

if TYPE_CHECKING:
    from .connector import PvaConnector
    from .link import PvaLink


#: What pvxs says of an operation that ended with its connection; it is no class of its own there.
_CLOSED = "Disconnected"
#: What EPICS servers and gateways say of a put that access security forbids; the protocol has no code for it.
_RIGHTS = "not permitted"
#: What they say of a record whose DISP is 1.
_DISP = "Field Disabled"


class Group(Part):
    """The operations of one call."""

    __slots__ = ("_answered", "_expected", "_operations", "_over", "_seen", "batch", "connector")

    def __init__(self, connector: "PvaConnector", batch: Batch[Any]) -> None:
        self.connector = connector
        self.batch = batch
        self._operations: list[Operation] = []
        self._answered: list[Operation] = []
        self._expected = -1
        self._seen = 0
        self._over = False
        batch.parts.append(self)

    @property
    def is_over(self) -> bool:
        """Return whether nobody waits for it any more."""
        return self._over

    def add(self, operation: "Operation") -> None:
        """Begin an operation."""
        self._operations.append(operation)
        operation.link.under_way.add(operation)
        operation.begin(self.connector)

    def sent_all(self) -> None:
        """Note that nothing follows: when all have been answered, the loop is to know."""
        self._expected = len(self._operations)
        if self._operations and len(self._answered) >= self._expected:
            self.connector.inbox.post(self.finish)

    def answered(self, operation: "Operation") -> None:
        """Keep an answer; called in a thread of pvxs."""
        if self._over:
            if operation in operation.link.completing:
                self.connector.inbox.post(operation.completed)
            return
        self._answered.append(operation)
        if len(self._answered) == self._expected:
            self.connector.inbox.post(self.finish)

    def finish(self) -> None:
        """Settle what has been answered."""
        answered = self._answered
        while self._seen < len(answered):
            operation = answered[self._seen]
            self._seen += 1
            if isinstance(operation.answer, Cancelled):
                continue
            operation.link.under_way.discard(operation)
            operation.completed()
            if operation.is_overtaken():
                self.connector.read_again(self.batch, operation.index, operation.channel)
            else:
                self.batch.settle(operation.index, operation.outcome())

    def forget(self) -> None:
        """End what is still under way, but for puts that their server has not completed."""
        self._over = True
        handles: list[Closable] = []
        for operation in self._operations:
            operation.link.under_way.discard(operation)
            if operation.outlasts:
                continue
            operation.completed()
            if operation.handle is not None:
                handles.append(operation.handle)
                operation.handle = None
        self.connector.disposal.add(handles)
        # They know the group: without them it goes at once, and not when cycles are collected.
        self._operations = []
        self._answered = []


class Operation:
    """One operation of pvxs, and the handler of its answer.

    :param index: of its outcome in the batch.
    """

    __slots__ = ("answer", "channel", "group", "handle", "index", "link")

    def __init__(self, group: Group, index: int, channel: LinkedChannel) -> None:
        self.group = group
        self.index = index
        self.channel = channel
        self.link = cast("PvaLink", channel.link)
        self.answer: Any = None
        self.handle: Closable | None = None

    def __call__(self, answer: Any) -> None:
        """Keep the answer; called in a thread of pvxs."""
        self.answer = answer
        self.group.answered(self)

    @property
    def outlasts(self) -> bool:
        """Return whether it goes on though nobody waits for it any more."""
        return False

    def begin(self, connector: "PvaConnector") -> None:
        """Have pvxs begin it."""
        raise NotImplementedError

    def completed(self) -> None:
        """Note that it was answered, or will not be."""

    def close(self) -> None:
        """Have pvxs end it."""
        handle, self.handle = self.handle, None
        if handle is not None:
            self.group.connector.disposal.add([handle])

    def is_overtaken(self) -> bool:
        """Return whether the answer can only be understood when the server has described itself anew."""
        return False

    def outcome(self) -> Any:
        """Return what the answer means."""
        raise NotImplementedError

    def lost(self) -> Any:
        """Return what it means that the connection broke while this was under way."""
        raise NotImplementedError

    def settle_lost(self) -> None:
        """Settle what was under way when the connection broke."""
        self.group.batch.settle(self.index, self.lost())


class Read(Operation):
    """A read."""

    __slots__ = ()

    def begin(self, connector: "PvaConnector") -> None:
        """Ask for the value."""
        self.handle = connector.context.get(self.link.name, self, request=self.link.read_request)

    def is_overtaken(self) -> bool:
        """Return whether the labels have changed, so that the answer is no label that is known."""
        return not isinstance(self.answer, Exception) and self.link.has_other_labels(self.answer)

    def outcome(self) -> Any:
        """Return the reading, or the error of the server."""
        channel, link, answer = self.channel, self.link, self.answer
        if isinstance(answer, Exception):
            if str(answer) == _CLOSED:
                return self.lost()
            return ReadError(f"the server gave no value: {answer}", source=channel.source)
        link.heard()
        try:
            update = link.structure.update(answer)
        except Exception as error:  # noqa: BLE001  # text that is not UTF-8, for one
            return channel.odd(error)
        return channel.reading(update)

    def lost(self) -> SignalError:
        """Return the error of a read that the connection did not survive."""
        return read_lost(self.channel)


class _Timed(Operation):
    """An operation of which is kept when it was answered: completion and look are compared."""

    __slots__ = ("answered_at",)

    def __init__(self, group: Group, index: int, channel: LinkedChannel) -> None:
        super().__init__(group, index, channel)
        self.answered_at: float | None = None

    def __call__(self, answer: Any) -> None:
        """Keep the answer; called in a thread of pvxs."""
        self.answered_at = time.monotonic()
        super().__call__(answer)


class Put(_Timed):
    """A put.

    An IOC completes a put at once while its record still does what an earlier one has begun. So the next one that
    waits is sent behind it, as servers of Channel Access do it themselves; and one that nobody waits for any more
    stays open, since only its completion tells when that is.
    """

    __slots__ = ("_generation", "_raw", "_sent", "_wait")

    def __init__(
        self, group: Group, index: int, channel: LinkedChannel, raw: Any, *, wait: bool, sent: set[int]
    ) -> None:
        super().__init__(group, index, channel)
        self._raw = raw
        self._wait = wait
        self._sent = sent
        self._generation = self.link.generation

    @property
    def outlasts(self) -> bool:
        """Return whether it was sent, and its completion has not arrived."""
        return self._wait and self.index in self._sent and self.answered_at is None

    def completed(self) -> None:
        """Let the next put go."""
        if self._wait:
            if self.group.is_over:
                self.close()
            self.link.completed(self)

    def begin(self, connector: "PvaConnector") -> None:
        """Send the value."""
        if self._wait:
            self.link.completing.add(self)
        request = connector.put_request(self._wait)
        self.handle = connector.context.put(self.link.name, self, self._fill_in, request, False)

    def outcome(self) -> SignalError | None:
        """Return None for done, or the refusal of the server in its words."""
        answer, channel = self.answer, self.channel
        if answer is None:
            return None
        if isinstance(answer, _WithdrawnError):
            return channel.unavailable()
        if str(answer) == _CLOSED:
            return put_lost(channel)
        if isinstance(answer, RemoteError):
            refused = PutRefusedError(f"the server refused the put: {answer}", source=channel.source)
            refused.for_rights = _RIGHTS in str(answer)
            if refused.for_rights:
                refused.help = RIGHTS_HELP
            else:
                refused.help = refusal_help(1 if _DISP in str(answer) else None)
            return refused
        return BadValueError(f"it does not fit the structure of the server: {answer}", source=channel.source)

    def lost(self) -> SignalError:
        """Return the error of a put that was under way when the connection broke."""
        return put_lost(self.channel) if self.index in self._sent else self.channel.unavailable()

    def _fill_in(self, value: Value) -> None:
        """Put the value into what is sent; called in a thread of pvxs."""
        link, sent = self.link, self._sent
        if not self.group.batch.pending(self.index) or link.generation != self._generation or self.index in sent:
            raise _WithdrawnError
        value[link.structure.field] = self._raw
        sent.add(self.index)


class LookAt(_Timed):
    """A look at a put, for the alarm, and for the value where it is a text, an array or a table; see `looks`.

    One behind the completion of a number or label asks for all that a read does, and is a fresh reading too.

    :param request: what is looked at.
    :param raw: what was put; None: do not compare it.
    :param wait: whether the put waited for its completion.
    :param put: with which this goes; None where that was completed before.
    """

    __slots__ = ("_asked_at", "_put", "_raw", "_request", "_wait")

    def __init__(
        self,
        group: Group,
        index: int,
        channel: LinkedChannel,
        request: Any,
        raw: Any,
        wait: bool,
        put: Put | None = None,
    ) -> None:
        super().__init__(group, index, channel)
        self._request = request
        self._wait = wait
        self._raw = raw if self.link.structure.sized else None
        self._put = put
        self._asked_at = 0.0

    def begin(self, connector: "PvaConnector") -> None:
        """Ask for what is looked at."""
        self._asked_at = time.monotonic()
        self.handle = connector.context.get(self.link.name, self, request=self._request)

    def outcome(self) -> Look:
        """Return what it tells of the put."""
        look = self._said()
        if self._put is None or self.answered_at is None:
            return look
        return without_doubt(look, self._put.answered_at, self.answered_at)

    def lost(self) -> Look:
        """Return the error of a look that the connection did not survive."""
        return look_lost(self.channel)

    def _said(self) -> Look:
        """Return whether the record is disabled, or what the server has kept of the value."""
        answer = self.answer
        if isinstance(answer, Exception):
            return self.lost() if str(answer) == _CLOSED else None
        may_be_disabled = self.link.may_be_disabled
        try:
            doubt = doubt_of(self.channel, answer, self._wait, self._raw) if may_be_disabled else None
            if doubt is not None:
                return doubt
            if self._request is self.link.read_request and not self.link.has_other_labels(answer):
                self.link.heard()
                reading = self.channel.reading(self.link.structure.update(answer))
                return Seen(reading, self._asked_at) if isinstance(reading, Reading) else None
        except UnicodeError:  # an alarm text that is not UTF-8 says something, but not that the record is disabled
            return None
        other = None if self._raw is None else compared(self.channel, self._raw, _kept(answer, self._raw))
        return other or (FINE if may_be_disabled else None)


def send_reads(connector: "PvaConnector", batch: Batch[Any], reads: list[tuple[int, LinkedChannel]]) -> None:
    """Ask for fresh values."""
    group = Group(connector, batch)
    for index, channel in reads:
        group.add(Read(group, index, channel))
    group.sent_all()


def send_puts(connector: "PvaConnector", batch: PutBatch, puts: list[tuple[int, LinkedChannel, Any, bool]]) -> None:
    """Send values, and look at them."""
    group = Group(connector, batch)
    for index, channel, raw, wait in puts:
        link: Any = channel.link
        if not link.structure.field:
            batch.settle(index, BadValueError("images and matrices cannot be written", source=channel.source))
            continue
        put = Put(group, index, channel, raw, wait=wait, sent=batch.sent)
        group.add(put)
        if batch.seen[index] is not None and wait and link.looks_read:
            batch.settle_look(index, FINE)  # nothing is known yet: it is looked at behind the completion
        elif link.looked_at:
            group.add(LookAt(group, batch.number + index, channel, link.look_request(raw), raw, wait, put))
    group.sent_all()


def send_looks(connector: "PvaConnector", batch: Batch[Look], looks: list[LookRequest]) -> None:
    """Look at puts that were completed before."""
    group = Group(connector, batch)
    for index, channel, raw, wait in looks:
        link: Any = channel.link
        request = link.read_request if link.looks_read else link.look_request(raw)
        if request is None:
            batch.settle(index, None)
        else:
            group.add(LookAt(group, index, channel, request, raw, wait))
    group.sent_all()


def _kept(answer: Value, sent: Any) -> Any:
    """Return what a server has kept of a raw value."""
    if isinstance(sent, Mapping):
        columns = cast(Mapping[str, Any], sent)
        return {name: _kept_field(answer, f"value.{name}", column) for name, column in columns.items()}
    return _kept_field(answer, "value", sent)


def _kept_field(answer: Value, name: str, sent: Any) -> Any:
    """Return the value of a field, or what is known of it where a text was cut off within a letter."""
    try:
        return answer[name]
    except UnicodeDecodeError as error:
        kept: bytes = error.object
        text = kept.decode(errors="ignore")
        if isinstance(sent, str):
            return text
        texts = cast(list[str], sent)  # of an array nothing else can be had
        cut = (at for at, item in enumerate(texts) if len(item.encode()) > len(kept) and item.encode().startswith(kept))
        at = next(cut, None)
        return None if at is None else [*texts[:at], text, *texts[at + 1 :]]


class _WithdrawnError(Exception):
    """Nobody waits for this put any more, so it must not be sent."""
