"""The batch of a connect: its outcomes, and what is waited for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import SignalError
from .batches import ChannelBatch
from .link import Link
from .linked_channel import LinkedChannel
from .protocol import Description

if TYPE_CHECKING:
    from .linked_connector import LinkedConnector


class ConnectBatch(ChannelBatch[Description | SignalError]):
    """What the servers of channels say."""

    __slots__ = ("_connector",)

    def __init__(self, connector: "LinkedConnector", channels: Sequence[LinkedChannel], deadline: float) -> None:
        super().__init__(channels, [deadline] * len(channels))
        self._connector = connector

    def late(self, index: int) -> SignalError:
        """Return the error of a channel that was not found in time."""
        return self._connector.not_found(self._channels[index], self.allowed_s(index))

    def settle_ready(self, index: int) -> None:
        """Give a channel its outcome: what its server says, or why it cannot be used."""
        channel = self._channels[index]
        made = channel.made
        self.settle(index, channel.unavailable() if made is None or channel.failure is not None else made)

    def end_with(self, link: Link) -> None:
        """Settle the channels of a link that is given up."""
        for index in self._over(link):
            if self.pending(index):
                self.settle(index, self._channels[index].unavailable())
        link.forget_waiting(self)

    def end(self) -> None:
        """Take no outcome any more, and wait for no link."""
        for channel in self._channels:
            channel.link.forget_waiting(self)
        super().end()
