"""Bulk reads and puts: one group for each call, whose answers wake the loop once.

pvxs would silently do an operation again after a reconnection. Here it ends with the connection: what was under way
is settled by `lost`, and the builder of a put refuses to fill in a value that nobody waits for any more.
"""

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import BadValueError, DisconnectedError, PutLostError, PutRefusedError, ReadError, SignalError
from ..batch import Batch
from ..batches import PutBatch
from ..linked_channel import LinkedChannel
from ..looks import DISABLE_MESSAGE, RIGHTS_HELP, Look, kept_less, look_lost, refusal_help, without_doubt
from .library import Cancelled, Closable, RemoteError, Value
from .structure import Builder

if TYPE_CHECKING:
    from .connector import PvaConnector
    from .link import PvaLink


#: What pvxs says of an operation that ended with its connection; it is no class of its own there.
_CLOSED = "Disconnected"
#: What EPICS servers and gateways say of a put that access security forbids; the protocol has no code for it.
_RIGHTS = "not permitted"
#: What they say of a record whose DISP is 1.
_DISP = "Field Disabled"


class Group:
    """What reads and puts have in common: operations, answers, and their end."""

    def __init__(self, connector: "PvaConnector", batch: Batch[Any], count: int) -> None:
        self._connector = connector
        self._batch = batch
        self._members: list[tuple[int, LinkedChannel, PvaLink]] = []
        self._operations: list[Closable] = []
        self._answers: list[tuple[int, Any]] = []
        self._expected = count
        self._seen = 0
        batch.collectors.append(self.finish)
        batch.cleanups.append(self.forget)

    def answered(self, member: int, answer: Any) -> None:
        """Keep an answer; called in a thread of pvxs."""
        self._answers.append((member, answer))
        if len(self._answers) == self._expected:
            self._connector.inbox.post(self.finish)

    def sent_all(self) -> None:
        """Note that nothing follows; what was not sent is not waited for."""
        if self._members and len(self._answers) >= self._expected:
            self._connector.inbox.post(self.finish)

    def finish(self) -> None:
        """Settle what has been answered."""
        answers = self._answers
        while self._seen < len(answers):
            member, answer = answers[self._seen]
            self._seen += 1
            if isinstance(answer, Cancelled):
                continue
            index, channel, link = self._members[member]
            link.under_way.discard((self, member))
            self._batch.settle(index, self.outcome(member, channel, link, answer))

    def outcome(self, member: int, channel: LinkedChannel, link: "PvaLink", answer: Any) -> Any:
        """Return what an answer means."""
        raise NotImplementedError

    def lost(self, member: int) -> None:
        """Settle what was under way when the connection broke."""
        raise NotImplementedError

    def forget(self) -> None:
        """End what is still under way."""
        for member, (_, _, link) in enumerate(self._members):
            link.under_way.discard((self, member))
        self._connector.disposal.add(self._operations)
        self._operations = []

    def _add(self, index: int, channel: LinkedChannel, link: "PvaLink") -> int:
        member = len(self._members)
        self._members.append((index, channel, link))
        link.under_way.add((self, member))
        return member


class ReadGroup(Group):
    """The reads of one call."""

    def send(self, reads: list[tuple[int, LinkedChannel]]) -> None:
        """Ask for all values."""
        get = self._connector.context.get
        for index, channel in reads:
            link: Any = channel.link
            member = self._add(index, channel, link)
            self._operations.append(get(link.name, partial(self.answered, member), request=link.read_request))

    def outcome(self, member: int, channel: LinkedChannel, link: "PvaLink", answer: Any) -> Any:
        """Return the reading, or the error of the server."""
        del member
        if isinstance(answer, Exception):
            if str(answer) == _CLOSED:
                return self.closed(channel, link)
            return ReadError(f"the server gave no value: {answer}", source=channel.source)
        link.heard()
        try:
            update = link.structure.update(answer)
        except Exception as error:  # noqa: BLE001  # text that is not UTF-8, for one
            return channel.odd(error)
        return channel.reading(update)

    def lost(self, member: int) -> None:
        """Settle a read that was under way when the connection broke."""
        index, channel, link = self._members[member]
        self._batch.settle(index, self.closed(channel, link))

    @staticmethod
    def closed(channel: LinkedChannel, link: "PvaLink") -> SignalError:
        """Return the error of a read that the connection did not survive."""
        error = DisconnectedError("the connection closed during the read", source=channel.source)
        error.age_s = link.age()
        return error


class LookGroup(Group):
    """Looks at puts, for the alarm, and for the length of arrays and texts; see `looks`."""

    def __init__(self, connector: "PvaConnector", batch: Batch[Any], count: int) -> None:
        super().__init__(connector, batch, count)
        self._sizes: dict[int, Any] = {}

    def send(self, looks: list[tuple[int, LinkedChannel, Any]]) -> None:
        """Look at puts that were completed before."""
        for index, channel, raw in looks:
            self.look(index, channel, raw)
        self.sent_all()

    def look(self, index: int, channel: LinkedChannel, raw: Any) -> None:
        """Look at one put.

        :param raw: what was put; None: do not compare its length.
        """
        link: Any = channel.link
        sized = raw is not None and link.structure.sized
        fields = (["value"] if sized else []) + (["alarm"] if link.may_be_disabled else [])
        if not fields:
            self._expected -= 1
            self._batch.settle(index, None)
            return
        member = self._add(index, channel, link)
        if sized:
            self._sizes[member] = raw
        request = self._connector.request(f"field({','.join(fields)})")
        get = self._connector.context.get
        self._operations.append(get(link.name, partial(self.answered, member), request=request))

    def outcome(self, member: int, channel: LinkedChannel, link: "PvaLink", answer: Any) -> Look:
        """Return whether the record is disabled, or what the server has kept of the value."""
        if isinstance(answer, Exception):
            return look_lost(channel) if str(answer) == _CLOSED else None
        if link.may_be_disabled and answer["alarm.message"] == DISABLE_MESSAGE:
            return True
        sent = self._sizes.get(member)
        less = None if sent is None else kept_less(channel, sent, _kept(answer))
        return less or (False if link.may_be_disabled else None)

    def lost(self, member: int) -> None:
        """Settle a look that was under way when the connection broke."""
        index, channel, _ = self._members[member]
        self._batch.settle(index, look_lost(channel))


def _kept(answer: Value) -> Any:
    """Return what a server has kept; text may be cut off within a letter."""
    try:
        return answer["value"]
    except UnicodeDecodeError as error:
        return error.object.decode(errors="ignore")


class PutGroup(LookGroup):
    """The puts of one call, each with the look behind it."""

    def __init__(self, connector: "PvaConnector", batch: PutBatch, count: int) -> None:
        super().__init__(connector, batch, 2 * count)
        self._puts = batch
        self._answered_at: dict[int, float] = {}

    def answered(self, member: int, answer: Any) -> None:
        """Keep an answer, and when it came: completion and look are compared."""
        self._answered_at[member] = time.monotonic()
        super().answered(member, answer)

    def send_puts(self, puts: list[tuple[int, LinkedChannel, Any, bool]]) -> None:
        """Send all values, and look at them."""
        connector, batch = self._connector, self._puts
        for index, channel, raw, wait in puts:
            link: Any = channel.link
            if not link.structure.field:
                batch.settle(index, BadValueError("images and matrices cannot be written", source=channel.source))
                self._expected -= 2
                continue
            member = self._add(index, channel, link)
            operation = connector.context.put(
                link.name,
                partial(self.answered, member),
                partial(self._fill_in, index, link, link.generation, link.structure.builder(raw)),
                connector.put_request(wait),
                False,
            )
            self._operations.append(operation)
            self.look(batch.number + index, channel, raw)
        self.sent_all()

    def outcome(self, member: int, channel: LinkedChannel, link: "PvaLink", answer: Any) -> Look:
        """Return None for done, or the refusal of the server in its words; of a look what it tells."""
        if self._members[member][0] >= self._puts.number:  # a look, whose put is the member before
            look = super().outcome(member, channel, link, answer)
            return without_doubt(look, self._answered_at.get(member - 1), self._answered_at[member])
        if answer is None:
            return None
        if isinstance(answer, _WithdrawnError):
            return channel.unavailable()
        if str(answer) == _CLOSED:
            return self.unknown(channel)
        if isinstance(answer, RemoteError):
            refused = PutRefusedError(f"the server refused the put: {answer}", source=channel.source)
            refused.for_rights = _RIGHTS in str(answer)
            if refused.for_rights:
                refused.help = RIGHTS_HELP
            else:
                refused.help = refusal_help(1 if _DISP in str(answer) else None)
            return refused
        return BadValueError(f"it does not fit the structure of the server: {answer}", source=channel.source)

    def lost(self, member: int) -> None:
        """Settle what was under way when the connection broke."""
        index, channel, _ = self._members[member]
        if index >= self._puts.number:
            super().lost(member)
        elif index in self._puts.sent:
            self._batch.settle(index, self.unknown(channel))
        else:
            self._batch.settle(index, channel.unavailable())

    @staticmethod
    def unknown(channel: LinkedChannel) -> SignalError:
        """Return the error of a put that was sent and never answered."""
        problem = "sent, then the connection closed: nobody knows whether it was done"
        return PutLostError(problem, source=channel.source)

    def _fill_in(self, index: int, link: "PvaLink", generation: int, build: Builder, value: Value) -> None:
        """Put the value into what is sent; called in a thread of pvxs."""
        if not self._batch.pending(index) or link.generation != generation or index in self._puts.sent:
            raise _WithdrawnError
        build(value)
        self._puts.sent.add(index)


class _WithdrawnError(Exception):
    """Nobody waits for this put any more, so it must not be sent."""
