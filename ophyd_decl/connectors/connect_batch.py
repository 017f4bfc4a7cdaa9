"""The batch of a connect: its outcomes, and what is waited for."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import SignalError
from .batch import Batch, Part
from .batches import ChannelBatch
from .linked_channel import LinkedChannel
from .protocol import Description

if TYPE_CHECKING:
    from .linked_connector import LinkedConnector


class ConnectBatch(ChannelBatch[Description | SignalError]):
    """What the servers of channels say."""

    __slots__ = ("_connector", "_timeout_s")

    def __init__(self, connector: "LinkedConnector", channels: Sequence[LinkedChannel], deadline: float) -> None:
        super().__init__(channels, [deadline] * len(channels))
        self._connector = connector
        self._timeout_s = deadline - time.monotonic()

    def late(self, index: int) -> SignalError:
        """Return the error of a channel that was not found in time."""
        return self._connector.not_found(self._channels[index], self._timeout_s)


class Waiting(Part):
    """A channel that has not answered: what its link calls back, and under which key."""

    __slots__ = ("_batch", "_channel", "_index", "_settled")

    def __init__(self, batch: Batch[Description | SignalError], index: int, channel: LinkedChannel) -> None:
        self._batch = batch
        self._index = index
        self._channel = channel
        self._settled = False

    def __call__(self) -> None:
        """Give the channel its outcome; called once."""
        self._settled = True
        settle_connected(self._batch, self._index, self._channel)

    def forget(self) -> None:
        """Wait no more."""
        if not self._settled:
            self._channel.link.forget(self)


def settle_connected(batch: Batch[Description | SignalError], index: int, channel: LinkedChannel) -> None:
    """Give a channel its outcome: what its server says, or why it cannot be used."""
    if channel.failure is not None or channel.made is None:
        batch.settle(index, channel.unavailable())
    else:
        batch.settle(index, channel.made)
