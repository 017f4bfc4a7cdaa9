"""The batch of a connect: its outcomes, and what is waited for."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import SignalError
from .batches import ChannelBatch
from .linked_channel import LinkedChannel
from .protocol import Description

if TYPE_CHECKING:
    from .linked_connector import LinkedConnector


class ConnectBatch(ChannelBatch[Description | SignalError]):
    """What the servers of channels say."""

    __slots__ = ("_connector", "_timeout_s", "_waiting")

    def __init__(self, connector: "LinkedConnector", channels: Sequence[LinkedChannel], deadline: float) -> None:
        super().__init__(channels, [deadline] * len(channels))
        self._connector = connector
        self._timeout_s = deadline - time.monotonic()
        self._waiting: list[Waiting] = []

    def late(self, index: int) -> SignalError:
        """Return the error of a channel that was not found in time."""
        return self._connector.not_found(self._channels[index], self._timeout_s)

    def await_ready(self, index: int, channel: LinkedChannel) -> None:
        """Give a channel its outcome when its link is ready."""
        waiting = Waiting(self, index, channel)
        self._waiting.append(waiting)
        channel.link.when_ready(waiting, waiting)

    def settle_ready(self, index: int, channel: LinkedChannel) -> None:
        """Give a channel its outcome: what its server says, or why it cannot be used."""
        made = channel.made
        self.settle(index, channel.unavailable() if made is None or channel.failure is not None else made)

    def end(self) -> None:
        """Take no outcome any more, and wait for no link."""
        for waiting in self._waiting:
            if not waiting.settled:
                waiting.channel.link.forget(waiting)
        self._waiting.clear()
        super().end()


class Waiting:
    """A channel that has not answered: what its link calls back, and under which key."""

    __slots__ = ("_batch", "_index", "channel", "settled")

    def __init__(self, batch: ConnectBatch, index: int, channel: LinkedChannel) -> None:
        self._batch = batch
        self._index = index
        self.channel = channel
        self.settled = False

    def __call__(self) -> None:
        """Give the channel its outcome; called once."""
        self.settled = True
        self._batch.settle_ready(self._index, self.channel)
