"""A held value: one monitor for a signal, shared and counted by all that want its updates.

A held value is served only while it can be trusted: the connection is open, its server was heard from within the
liveness time of the beamline, no put of ours to that server was completed since (an update that the put caused may
still be under way), and updates could come all the time. See decision 0005.
"""

import asyncio
import copy
import logging
import math
import time
from collections.abc import Callable, Sequence

from ..connectors.protocol import Channel, Connector, Monitor, Update
from ..errors import SignalError
from ..vocab.readings import Reading
from .binding import LoopUse
from .context import Context, Server
from .puts import Puts

log = logging.getLogger("ophyd_decl.devices")
Listener = Callable[[Update], None]
#: Of a value that has not asked yet which server it comes from.
_NO_SERVER = Server(Puts(""))


class Held:
    """The monitor of one channel, from its first user to its last; used on the device loop only.

    :param use: of the running loop.
    :param path: of the signal, under which its users are counted there.
    """

    __slots__ = (
        "_all_updates",
        "_channel",
        "_connector",
        "_context",
        "_every",
        "_listeners",
        "_monitor",
        "_path",
        "_server",
        "_use",
        "_users",
        "last_reading",
        "received",
        "update",
    )

    def __init__(
        self, context: Context, use: LoopUse, connector: Connector, channel: Channel, path: str, all_updates: bool
    ) -> None:
        self._context = context
        self._use = use
        self._connector = connector
        self._channel = channel
        self._path = path
        self._all_updates = all_updates
        #: monitors of those who want every update, where the others want the newest only.
        self._every: dict[Monitor, Listener] = {}
        self._server = -1, _NO_SERVER
        self._users = 0
        self._listeners: list[Listener] = []
        #: the newest reading, or the error that ended it; None before the first.
        self.update: Update | None = None
        #: when it came, on the clock of `time.monotonic`.
        self.received = -math.inf
        #: the newest reading, also after an error.
        self.last_reading: Reading | None = None
        self._monitor: Monitor | None = connector.monitor(channel, self._take, all_updates=all_updates)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop on which it delivers."""
        return self._use.loop

    @property
    def ended(self) -> bool:
        """Return whether its monitor is closed."""
        return self._monitor is None

    def add(self, listener: Listener | None, *, every: bool = False) -> "Hold":
        """Return one more user; a listener is called at once if there is an update, then at each.

        :param every: whether it is called with every update, and not only with the newest of a burst.
        """
        self._users += 1
        if listener is not None and every and not self._all_updates:
            monitor = self._connector.monitor(self._channel, listener, all_updates=True)
            self._every[monitor] = listener
            return Hold(self, None, monitor)
        if listener is not None:
            self.listen(listener)
            if self.update is not None:
                self._tell(listener, self.update)
        return Hold(self, listener)

    def remove(self, listener: Listener | None, monitor: Monitor | None) -> None:
        """Count one user less; the last one ends the monitor."""
        if listener is not None:
            self.ignore(listener)
        if monitor is not None and self._every.pop(monitor, None) is not None:
            monitor.close()
        self._use.let_go(self._path)
        self._users -= 1
        if not self._users:
            self.close()

    def close(self) -> None:
        """End the monitor, whoever uses it."""
        monitor, self._monitor = self._monitor, None
        self._listeners.clear()
        self._server[1].puts.wanted.pop(self, None)
        if monitor is not None:
            monitor.close()
        while self._every:
            self._every.popitem()[0].close()

    def end(self, error: SignalError) -> None:
        """End the monitor though there may be listeners, who are told why nothing comes any more."""
        listeners = [*self._listeners, *self._every.values()]
        self.close()
        if self._use.loop.is_running():
            for listener in listeners:
                self._tell(listener, copy.copy(error))

    def listen(self, listener: Listener) -> None:
        """Call `listener` at each update, without counting a user."""
        self._listeners.append(listener)

    def ignore(self, listener: Listener) -> None:
        """Undo `listen`."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def trusted(self) -> Reading | None:
        """Return the held reading, or None where a fresh one must be asked for."""
        update = self.update
        if not isinstance(update, Reading) or self._monitor is None or self._channel.state != "connected":
            return None
        server = self.server
        server.puts.wanted[self] = None
        alive = time.monotonic() - server.heard_at <= self._context.shared.liveness_s
        overtaken_at = max(server.puts.completed_at, self._channel.overtaken_at)
        return update if alive and self.received > overtaken_at else None

    def goes_with(self, connector: Connector) -> bool:
        """Return whether it can be asked for with others of this connector, as a put has overtaken it."""
        asked = self._connector is connector and self._channel.state == "connected"
        return asked and self.received <= self.server.puts.completed_at

    @property
    def channel(self) -> Channel:
        """Return what it monitors."""
        return self._channel

    @property
    def server(self) -> Server:
        """Return its server, which is the same for one connection."""
        generation = self._channel.generation
        if self._server[0] != generation:
            self._server[1].puts.wanted.pop(self, None)
            self._server = generation, self._context.shared.server_of(self._channel)
        return self._server[1]

    def confirm(self, reading: Reading, asked_at: float) -> None:
        """Take a fresh reading in the place of the held one, unless that came from behind it.

        :param asked_at: when it was asked for: a put that was completed since may have changed the value.
        """
        if isinstance(self.update, Reading) and reading.timestamp >= self.update.timestamp:
            self.update = self.last_reading = reading
            self.received = asked_at

    @property
    def error(self) -> SignalError | None:
        """Return why there is no value now, as an error that can be raised; None if there is one."""
        return copy.copy(self.update) if isinstance(self.update, SignalError) else None

    def _take(self, update: Update) -> None:
        now = time.monotonic()
        before = self.last_reading
        self.update = update
        if isinstance(update, Reading):
            # An update that was under way while a fresh reading was taken is older than it.
            overtaken = before is not None and update.timestamp < before.timestamp
            self.received = -math.inf if overtaken else now
            self.last_reading = update
            self.server.heard_at = now
        for listener in tuple(self._listeners):
            self._tell(listener, update)

    def _tell(self, listener: Listener, update: Update) -> None:
        try:
            listener(update)
        except Exception:  # a user's callback; a move that waits for this update must not suffer
            log.exception("%s: a callback raised; the subscription goes on", self._path)


class Hold:
    """One user of a held value; closing it twice is allowed."""

    __slots__ = ("_listener", "_monitor", "held", "open")

    def __init__(self, held: Held, listener: Listener | None, monitor: Monitor | None = None) -> None:
        self.held = held
        self.open = True
        self._listener = listener
        self._monitor = monitor

    def close(self) -> None:
        """Give it up; the listener is not called any more."""
        if self.open:
            self.open = False
            self.held.remove(self._listener, self._monitor)


async def wait_for_first(helds: Sequence[Held], timeout_s: float) -> set[Held]:
    """Wait until each has its first update; one future and one timer for all.

    :returns: those that have none when the time is over.
    """
    waiting = {held for held in helds if held.update is None}
    if not waiting:
        return waiting
    everyone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    listeners: list[tuple[Held, Listener]] = []

    def listener_for(held: Held) -> Listener:
        def take(_: Update) -> None:
            waiting.discard(held)
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
    return waiting
