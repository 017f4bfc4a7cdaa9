"""The one way from the threads of a client library to the event loop: many events, one wake.

Client libraries call back in threads of their own, up to 100 000 times a second, and waking a loop costs ten times what
an event costs. So events are put into a queue, and the loop is woken only if it has not been woken already. Handlers
run on the loop; nothing else of a connector does, so its state needs no lock.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


class Inbox:
    """Events for the loop, in the order in which they happened.

    :param log: told of an exception in a handler, which never stops the others.
    :param around: the context of each turn; its end flushes what the handlers have asked for.
    """

    def __init__(self, log: logging.Logger, around: Callable[[], AbstractContextManager[None]]) -> None:
        self._events: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake = False
        self._closed = False
        self._log = log
        self._around = around

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """Return the loop that events are handled on."""
        return self._loop

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Handle events on this loop from now on, also those that are waiting."""
        self._loop = loop
        self._awake = False
        if self._events:
            self._wake()

    def post(self, handler: Callable[..., None], *args: Any) -> None:
        """Have `handler(*args)` called on the loop, soon; may be called in any thread."""
        self._events.append((handler, args))
        if not self._awake:
            self._wake()

    def clear(self) -> None:
        """Forget what is waiting."""
        self._events.clear()

    def close(self) -> None:
        """Handle nothing any more, on the loop: there is nothing left that a turn could use."""
        self._closed = True

    def _wake(self) -> None:
        loop = self._loop
        if loop is None:
            return
        self._awake = True
        try:
            loop.call_soon_threadsafe(self._drain)
        except RuntimeError:  # the loop is closed: events wait for the next `bind`
            self._awake = False

    def _drain(self) -> None:
        # Set before the queue is looked at: an event that comes now wakes the loop once more, which costs less
        # than one that nobody sees.
        self._awake = False
        if self._closed:
            self._events.clear()
            return
        try:
            with self._around():
                for _ in range(len(self._events)):
                    handler, args = self._events.popleft()
                    try:
                        handler(*args)
                    except Exception:  # noqa: BLE001  # the other events must not be lost
                        self._log.exception("in %s", getattr(handler, "__qualname__", handler))
        except Exception:  # noqa: BLE001  # the loop would only print it
            self._log.exception("in a turn of the inbox")
