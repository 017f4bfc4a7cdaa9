"""The batches of reads and of puts: what their outcomes are, and what is said of those that come too late."""

from collections.abc import Sequence
from typing import Any

from ..errors import PutNotSentError, PutTimeoutError, ReadTimeoutError, SignalError
from ..vocab.readings import Reading
from .batch import Batch
from .linked_channel import LinkedChannel
from .looks import Look, look_late

ReadBatch = Batch[Reading | SignalError]


class PutBatch(Batch[Any]):
    """The outcomes of puts, then those of the looks behind them.

    :ivar number: of puts.
    :ivar sent: which of them may have reached a server.
    """

    __slots__ = ("_channels", "number", "sent")

    def __init__(self, channels: Sequence[LinkedChannel], deadlines: list[float]) -> None:
        sent, number = set[int](), len(channels)
        self.sent, self.number, self._channels = sent, number, channels
        super().__init__(
            deadlines * 2,
            lambda at: put_late(channels[at], at in sent) if at < number else look_late(channels[at - number]),
        )

    def settle(self, index: int, outcome: Any) -> None:
        """Give one put, or look, its outcome; behind a put that has failed there is nothing to see."""
        super().settle(index, outcome)
        if index < self.number and (outcome is not None or not self._channels[index].link.looked_at):
            super().settle(index + self.number, None)

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
