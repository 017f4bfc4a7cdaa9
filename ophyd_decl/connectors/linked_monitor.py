"""A running subscription of one listener; many share the subscription of their link."""

import logging
from typing import TYPE_CHECKING

from ..errors import SignalError
from .link import RawUpdate
from .linked_channel import LinkedChannel
from .protocol import Listener, Update

if TYPE_CHECKING:
    from .linked_connector import LinkedConnector

_log = logging.getLogger(__name__)


class LinkedMonitor:
    """Calls one listener, on the loop, with the newest reading of a burst or with every one."""

    __slots__ = ("_connector", "_listener", "all_updates", "channel", "closed")

    def __init__(
        self, connector: "LinkedConnector", channel: LinkedChannel, listener: Listener, all_updates: bool
    ) -> None:
        self._connector = connector
        self._listener = listener
        self.channel = channel
        self.all_updates = all_updates
        self.closed = False

    def close(self) -> None:
        """End it; the listener is not called any more."""
        if not self.closed:
            self.closed = True
            self._connector.drop_monitor(self)

    def deliver(self, updates: list[RawUpdate]) -> None:
        """Give updates to the listener, oldest first."""
        if self.channel.failure is not None:
            return
        if not self.all_updates and len(updates) > 1:
            self.channel.skipped += len(updates) - 1
            updates = updates[-1:]
        for update in updates:
            self._call(self.channel.reading(update))

    def fail(self, error: SignalError) -> None:
        """Give an error to the listener."""
        self._call(error)

    def _call(self, update: Update) -> None:
        if self.closed:
            return
        try:
            self._listener(update)
        except Exception:  # noqa: BLE001  # the other listeners must not suffer
            _log.exception("the listener of %s failed", self.channel.source)
