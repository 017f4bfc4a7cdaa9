"""The batch of a connect: its outcomes, and what is waited for."""

import time
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

    __slots__ = ("_connector", "_others", "_timeout_s", "_waiting")

    def __init__(self, connector: "LinkedConnector", channels: Sequence[LinkedChannel], deadline: float) -> None:
        super().__init__(channels, [deadline] * len(channels))
        self._connector = connector
        self._timeout_s = deadline - time.monotonic()
        #: the first channel of each link that is not ready, and the others, which are few.
        self._waiting: dict[Link, int] = {}
        self._others: dict[Link, list[int]] = {}

    def late(self, index: int) -> SignalError:
        """Return the error of a channel that was not found in time."""
        return self._connector.not_found(self._channels[index], self._timeout_s)

    def await_ready(self, index: int, channel: LinkedChannel) -> None:
        """Give a channel its outcome when its link is ready."""
        link = channel.link
        if link not in self._waiting:
            self._waiting[link] = index
            link.when_ready(self)
        else:
            self._others.setdefault(link, []).append(index)

    def link_ready(self, link: Link) -> None:
        """Give the channels of a link their outcomes."""
        self.settle_ready(self._waiting.pop(link))
        if self._others:
            for index in self._others.pop(link, ()):
                self.settle_ready(index)

    def settle_ready(self, index: int) -> None:
        """Give a channel its outcome: what its server says, or why it cannot be used."""
        channel = self._channels[index]
        made = channel.made
        self.settle(index, channel.unavailable() if made is None or channel.failure is not None else made)

    def end_with(self, link: Link) -> None:
        """Settle the channels of a link that is given up."""
        if link in self._waiting:
            link.forget_waiting(self)
            for index in (self._waiting.pop(link), *self._others.pop(link, ())):
                self.settle(index, self._channels[index].unavailable())

    def end(self) -> None:
        """Take no outcome any more, and wait for no link."""
        for link in self._waiting:
            link.forget_waiting(self)
        self._waiting.clear()
        self._others.clear()
        super().end()
