"""A held value: one monitor for a signal, shared and counted by all that want its updates.

A held value is served only while it can be trusted: the connection is open, its server was heard from within the
liveness time of the beamline, and no put of ours to that server was completed since (an update that the put caused may
still be under way). See decision 0005.
"""

import asyncio
import inspect
import itertools
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..connectors.protocol import Channel, Connector, Monitor, Update
from ..errors import SignalError
from ..vocab.readings import Reading
from .context import Context

log = logging.getLogger("ophyd_decl.devices")
Listener = Callable[[Update], None]


def server_of(channel: Channel) -> str:
    """Return under which name the server of a channel is known to be alive; its source where it tells no host."""
    scheme, _, _ = channel.source.partition("://")
    description = channel.description
    return f"{scheme}://{description.host}" if description is not None and description.host else channel.source


class Held:
    """The monitor of one channel; used on the device loop only.

    :param path: of the signal, under which the binding counts it.
    """

    __slots__ = (
        "_channel",
        "_context",
        "_listeners",
        "_monitor",
        "_path",
        "_users",
        "last_reading",
        "loop",
        "received",
        "update",
    )

    def __init__(self, context: Context, connector: Connector, channel: Channel, path: str, all_updates: bool) -> None:
        self._context = context
        self._channel = channel
        self._path = path
        self._users = 0
        self._listeners: list[Listener] = []
        self.loop = asyncio.get_running_loop()
        #: the newest reading, or the error that ended it; None before the first.
        self.update: Update | None = None
        #: when it came, on the clock of `time.monotonic`.
        self.received = -math.inf
        #: the newest reading, also after an error.
        self.last_reading: Reading | None = None
        self._monitor: Monitor = connector.monitor(channel, self._take, all_updates=all_updates)

    def add(self, listener: Listener | None) -> None:
        """Count one more user; a listener is called at once if there is an update, then at each."""
        self._users += 1
        self._context.binding.hold(self._path)
        if listener is not None:
            self._listeners.append(listener)
            if self.update is not None:
                listener(self.update)

    def remove(self, listener: Listener | None) -> bool:
        """Count one user less; return whether it was the last, and the monitor is closed."""
        if listener is not None:
            self._listeners.remove(listener)
        self._context.binding.let_go(self._path)
        self._users -= 1
        if self._users:
            return False
        self.close()
        return True

    def close(self) -> None:
        """End the monitor, whoever uses it."""
        self._monitor.close()

    def listen(self, listener: Listener) -> None:
        """Call `listener` at each update, without counting a user."""
        self._listeners.append(listener)

    def ignore(self, listener: Listener) -> None:
        """Undo `listen`."""
        self._listeners.remove(listener)

    def trusted(self) -> Reading | None:
        """Return the held reading, or None where a fresh one must be asked for."""
        update = self.update
        if not isinstance(update, Reading) or self._channel.state != "connected":
            return None
        server = server_of(self._channel)
        heard = self._context.heard.get(server)
        if heard is None or time.monotonic() - heard > self._context.liveness_s:
            return None
        if self.received <= self._context.shared.written.get(server, -math.inf):
            return None
        return update

    def confirm(self, reading: Reading) -> None:
        """Take a fresh reading in the place of the held one."""
        if isinstance(self.update, Reading):
            self.update = self.last_reading = reading
            self.received = time.monotonic()

    @property
    def error(self) -> SignalError | None:
        """Return why there is no value now, or None."""
        return self.update if isinstance(self.update, SignalError) else None

    def _take(self, update: Update) -> None:
        now = time.monotonic()
        before = self.last_reading
        self.update = update
        if isinstance(update, Reading):
            # An update that was under way while a fresh reading was taken is older than it.
            overtaken = before is not None and update.timestamp < before.timestamp
            self.received = -math.inf if overtaken else now
            self.last_reading = update
            self._context.heard[server_of(self._channel)] = now
        for listener in tuple(self._listeners):
            listener(update)


async def wait_for_first(helds: Sequence[Held], timeout_s: float) -> list[Held]:
    """Wait until each has its first update; one future and one timer for all.

    :returns: those that have none when the time is over.
    """
    waiting = {held: None for held in helds if held.update is None}
    if not waiting:
        return []
    everyone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    listeners: list[tuple[Held, Listener]] = []

    def listener_for(held: Held) -> Listener:
        def take(_: Update) -> None:
            waiting.pop(held, None)
            if not waiting and not everyone.done():
                everyone.set_result(None)

        return take

    for held in waiting:
        listener = listener_for(held)
        listeners.append((held, listener))
        held.listen(listener)
    try:
        async with asyncio.timeout(timeout_s):
            await everyone
    except TimeoutError:
        pass  # what is still waiting is the answer
    finally:
        for held, listener in listeners:
            held.ignore(listener)
    return list(waiting)


class CallbackThread:
    """Runs ophyd-form callbacks, in order, outside the device loop; it lives while there are subscriptions."""

    def __init__(self) -> None:
        self._users = 0
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def add_user(self) -> None:
        """Start the thread with the first user."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._jobs = queue.SimpleQueue()
                threading.Thread(
                    target=self._work, args=(self._jobs,), name="ophyd_decl-callbacks", daemon=True
                ).start()

    def remove_user(self) -> None:
        """End the thread with the last user."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._jobs.put(None)

    def call(self, job: Callable[[], None]) -> None:
        """Run a job after those before it."""
        self._jobs.put(job)

    @staticmethod
    def _work(jobs: "queue.SimpleQueue[Callable[[], None] | None]") -> None:
        while (job := jobs.get()) is not None:
            try:
                job()
            except Exception:
                log.exception("a subscribed callback raised; the subscription goes on")


callback_thread = CallbackThread()
_subscription_ids = itertools.count(1)


def wants_keywords(callback: Callable[..., Any]) -> bool:
    """Return whether a callback has ophyd's form: a parameter named `value`."""
    try:
        return "value" in inspect.signature(callback).parameters
    except (TypeError, ValueError):
        return False


def next_subscription_id() -> int:
    """Return a number that no subscription of this process has."""
    return next(_subscription_ids)
