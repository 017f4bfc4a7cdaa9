"""The batches of reads and of puts: what their outcomes are, and what is said of those that come too late."""

from collections.abc import Sequence
from typing import Any, TypeVar

from ..errors import PutNotSentError, PutTimeoutError, ReadTimeoutError, SignalError
from ..vocab.readings import Reading
from .batch import Batch
from .linked_channel import LinkedChannel
from .looks import Look, look_late
from .protocol import PutRequest

T = TypeVar("T")


class ChannelBatch(Batch[T]):
    """A batch whose requests are of channels."""

    __slots__ = ("_channels",)

    def __init__(self, channels: Sequence[LinkedChannel], deadlines: Sequence[float]) -> None:
        super().__init__(deadlines)
        self._channels = channels


class ReadBatch(ChannelBatch[Reading | SignalError]):
    """The outcomes of reads."""

    __slots__ = ()

    def late(self, index: int) -> SignalError:
        """Return the error of a read that was not answered in time."""
        return read_late(self._channels[index])


class LookBatch(ChannelBatch[Look]):
    """The outcomes of looks at puts that were completed before."""

    __slots__ = ()

    def late(self, index: int) -> Look:
        """Return the error of a look that was not answered in time."""
        return look_late(self._channels[index])


class PutBatch(ChannelBatch[Any]):
    """The outcomes of puts, then those of the looks behind them.

    :ivar number: of puts.
    :ivar sent: which of them may have reached a server.
    :ivar seen: what wants the value behind each; None: nothing.
    :ivar waits: whether each waits for its completion.
    :ivar breaks: of the connection of each, when it was completed.
    """

    __slots__ = ("breaks", "number", "seen", "sent", "waits")

    def __init__(self, channels: Sequence[LinkedChannel], requests: Sequence[PutRequest]) -> None:
        super().__init__(channels, [request.deadline for request in requests] * 2)
        self.sent = set[int]()
        self.number = len(channels)
        self.seen = [request.seen for request in requests]
        self.waits = [request.wait for request in requests]
        self.breaks = [0] * self.number

    def late(self, index: int) -> SignalError:
        """Return the error of a put, or of a look, that was not answered in time."""
        if index < self.number:
            return put_late(self._channels[index], index in self.sent)
        return look_late(self._channels[index - self.number])

    def settle(self, index: int, outcome: Any) -> None:
        """Give one put, or look, its outcome; behind a put that has failed there is nothing to see."""
        super().settle(index, outcome)
        if index < self.number:
            link = self._channels[index].link
            self.breaks[index] = link.breaks
            if outcome is not None or not link.looked_at:
                super().settle(index + self.number, None)

    def can_look(self, index: int) -> bool:
        """Return whether the connection is still the one over which a put was completed, though described anew."""
        link = self._channels[index].link
        return link.phase in ("ready", "describing") and link.breaks == self.breaks[index]

    def settle_look(self, index: int, look: Look) -> None:
        """Say what the look behind a put has told."""
        super().settle(self.number + index, look)


def read_late(channel: LinkedChannel) -> SignalError:
    """Return the error of a read that was not answered in time."""
    if channel.link.phase in ("ready", "describing"):
        return ReadTimeoutError("the server did not answer in time", source=channel.source)
    return channel.unavailable()


def put_late(channel: LinkedChannel, sent: bool) -> SignalError:
    """Return the error of a put that was not completed in time.

    :param sent: whether the server may have seen it.
    """
    if sent:
        return PutTimeoutError("sent, but its completion did not arrive in time", source=channel.source)
    return PutNotSentError("the deadline passed before it could be sent", source=channel.source)
