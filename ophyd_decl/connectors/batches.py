"""The batches of reads and of puts: what their outcomes are, and what is said of those that come too late."""

from collections.abc import Sequence
from typing import Any, TypeVar

from ..errors import (
    DisconnectedError,
    PutLostError,
    PutNotSentError,
    PutTimeoutError,
    ReadTimeoutError,
    SignalError,
)
from ..vocab.readings import Reading
from .batch import Batch
from .link import Link
from .linked_channel import LinkedChannel
from .looks import Look, look_late, look_lost
from .protocol import PutRequest

T = TypeVar("T")

#: What to do about a read, and a put, that took too long.
READ_HELP = "does the server hang? If it is slow, give it longer: `timeout: {read: S}`"
WRITE_HELP = "read it to see whether it was done; if it takes longer, give it that: `timeout: {write: S}`"
NOT_SENT_HELP = "nothing was written; try again, or give it longer: `timeout: {write: S}`"


class ChannelBatch(Batch[T]):
    """A batch whose requests are of channels."""

    __slots__ = ("_by_link", "_channels")

    def __init__(self, channels: Sequence[LinkedChannel], deadlines: Sequence[float]) -> None:
        super().__init__(deadlines)
        self._channels = channels
        #: the requests over each connection, from when the first connection is given up.
        self._by_link: dict[Link, list[int]] | None = None

    def lost(self, index: int) -> T:
        """Return the outcome of a request whose connection was closed meanwhile."""
        raise NotImplementedError

    def end_with(self, link: Link) -> None:
        """Settle what is under way over a connection that is given up: client libraries may say nothing of it."""
        for index in self._over(link):
            self.settle(index, self.lost(index))

    def _over(self, link: Link) -> Sequence[int]:
        """Return the requests over a connection, without those that were answered before the first one was given up."""
        if self._by_link is None:
            self._by_link = {}
            for index, channel in enumerate(self._channels):
                self._by_link.setdefault(channel.link, []).append(index)
            for part in self.parts:
                part.finish()
        return self._by_link.get(link, ())


class ReadBatch(ChannelBatch[Reading | SignalError]):
    """The outcomes of reads."""

    __slots__ = ()

    def late(self, index: int) -> SignalError:
        """Return the error of a read that was not answered in time."""
        return read_late(self._channels[index], self.allowed_s(index))

    def lost(self, index: int) -> SignalError:
        """Return the error of a read that the connection did not survive."""
        return read_lost(self._channels[index])


class LookBatch(ChannelBatch[Look]):
    """The outcomes of looks at puts that were completed before."""

    __slots__ = ()

    def late(self, index: int) -> Look:
        """Return the error of a look that was not answered in time."""
        return look_late(self._channels[index], self.allowed_s(index))

    def lost(self, index: int) -> Look:
        """Return the error of a look that the connection did not survive."""
        return look_lost(self._channels[index])


class SettledBatch(Batch[None]):
    """Links that were asked what is served: an answer, or a connection that broke, is all that is waited for."""

    __slots__ = ()

    def late(self, index: int) -> None:
        """Wait no longer."""


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
            return put_late(self._channels[index], index in self.sent, self.allowed_s(index))
        return look_late(self._channels[index - self.number], self.allowed_s(index))

    def lost(self, index: int) -> SignalError:
        """Return the error of a put that the connection did not survive."""
        channel = self._channels[index]
        return put_lost(channel) if index in self.sent else channel.unavailable()

    def end_with(self, link: Link) -> None:
        """Settle what is under way over a connection that is given up, and the looks at puts that were completed."""
        super().end_with(link)
        for index in self._over(link):
            self.settle_look(index, look_lost(self._channels[index]))

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


def read_late(channel: LinkedChannel, allowed_s: float) -> SignalError:
    """Return the error of a read that was not answered in time."""
    if channel.link.phase in ("ready", "describing"):
        return no_answer("the server", channel.source, allowed_s)
    return channel.unavailable()


def no_answer(who: str, source: str, allowed_s: float) -> ReadTimeoutError:
    """Return the error of a read that somebody did not answer in time.

    :param who: `the server`, `the device`.
    """
    return ReadTimeoutError(f"{who} did not answer within {allowed_s:.1f} s", source=source, help=READ_HELP)


def no_completion(source: str, allowed_s: float) -> PutTimeoutError:
    """Return the error of a put whose completion did not arrive in time."""
    problem = f"sent, but its completion did not arrive within {allowed_s:.1f} s"
    return PutTimeoutError(problem, source=source, help=WRITE_HELP)


def read_lost(channel: LinkedChannel) -> DisconnectedError:
    """Return the error of a read that the connection did not survive."""
    error = DisconnectedError("the connection closed during the read", source=channel.source)
    error.age_s = channel.link.age()
    return error


def put_lost(channel: LinkedChannel) -> PutLostError:
    """Return the error of a put that was sent, and whose connection was closed before it was completed."""
    problem = "sent, then the connection closed: nobody knows whether it was done"
    return PutLostError(problem, source=channel.source)


def put_late(channel: LinkedChannel, sent: bool, allowed_s: float) -> SignalError:
    """Return the error of a put that was not completed in time.

    :param sent: whether the server may have seen it.
    """
    if sent:
        return no_completion(channel.source, allowed_s)
    behind = ", as an earlier put to it was not completed" if channel.link.is_completing else ""
    return PutNotSentError(
        f"it could not be sent within {allowed_s:.1f} s{behind}", source=channel.source, help=NOT_SENT_HELP
    )
