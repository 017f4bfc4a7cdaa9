"""Which event loop a set of devices lives on, and how a call from anywhere gets there.

A binding belongs to a beamline (or to the signals made without one). It never creates an event loop itself: the session
gives it a way to choose one. It knows nothing of devices but how many of them are in use.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from ..connectors.protocol import Connector
from ..errors import WouldBlockError, WrongLoopError

T = TypeVar("T")


class LoopChooser(Protocol):
    """Gives a running loop to calls that come from no loop."""

    def choose(self) -> asyncio.AbstractEventLoop:
        """Return a loop that runs in another thread."""
        ...

    def release(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell that the binding has left this loop."""
        ...


class Binding:
    """The loop of a set of devices, their connectors, and how busy they are.

    :param name: of the beamline, for messages.
    :param chooser: gives a loop to synchronous callers.
    :param make_connector: called once for each protocol, with its name.
    """

    def __init__(self, name: str, chooser: LoopChooser, make_connector: Callable[[str], Connector]) -> None:
        self.name = name
        self.loop: asyncio.AbstractEventLoop | None = None
        #: operations that are running.
        self.in_flight = 0
        #: what holds a monitor, by the path of the signal; several users of one signal count.
        self.held: dict[str, int] = {}
        self._chooser = chooser
        self._make_connector = make_connector
        self._connectors: dict[str, Connector] = {}
        self._lock = threading.Lock()

    def connector(self, protocol: str) -> Connector:
        """Return the connector of a protocol, made at the first request.

        :raises OphydDeclError: if its client library is not installed.
        """
        connector = self._connectors.get(protocol)
        if connector is None:
            connector = self._connectors[protocol] = self._make_connector(protocol)
            if self.loop is not None:
                connector.bind(self.loop)
        return connector

    @property
    def connectors(self) -> list[Connector]:
        """Return every connector in use."""
        return list(self._connectors.values())

    @property
    def idle(self) -> bool:
        """Return whether nothing is staged, monitored or in flight."""
        return self.in_flight == 0 and not self.held

    def enter(self) -> asyncio.AbstractEventLoop:
        """Make the running loop the loop of the devices.

        :raises WrongLoopError: if they are in use on another loop.
        """
        running = asyncio.get_running_loop()
        if running is not self.loop:
            self._rebind(running)
        return running

    @contextmanager
    def operation(self) -> Generator[None]:
        """Count one operation on the running loop."""
        self.enter()
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    def hold(self, path: str) -> None:
        """Count one more user of a monitor."""
        self.held[path] = self.held.get(path, 0) + 1

    def let_go(self, path: str) -> None:
        """Count one user of a monitor less."""
        users = self.held.get(path, 0) - 1
        if users > 0:
            self.held[path] = users
        else:
            self.held.pop(path, None)

    def start(self, make: Callable[[], Coroutine[Any, Any, T]]) -> "asyncio.Task[T] | Future[T]":
        """Start a coroutine on the device loop, from wherever this is called.

        :returns: a task where the caller runs on that loop, else a future that can be waited for in a thread.
        """
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run_coroutine_threadsafe(make(), self.loop_for_threads())
        if running is not self.loop:
            self._rebind(running)
        return running.create_task(make())

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], what: str, instead: str) -> T:
        """Run a coroutine on the device loop and wait for it in this thread.

        :param what: the synchronous verb, for the error.
        :param instead: what to write where this thread runs a loop.
        :raises WouldBlockError: on any thread that runs an event loop.
        """
        self.refuse_on_loop(what, instead)
        future = asyncio.run_coroutine_threadsafe(make(), self.loop_for_threads())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    @staticmethod
    def refuse_on_loop(what: str, instead: str) -> None:
        """Raise where waiting would stop the event loop that has to do the work.

        :raises WouldBlockError: if this thread runs an event loop.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        raise WouldBlockError(
            f"{what} would block the event loop that runs here (a plan's body runs on it too); write {instead}"
        )

    def loop_for_threads(self) -> asyncio.AbstractEventLoop:
        """Return a loop that runs in another thread, binding to a new one where the old one has ended."""
        loop = self.loop
        if loop is not None and loop.is_running():
            return loop
        loop = self._chooser.choose()
        self._rebind(loop)
        return loop

    def leave(self) -> None:
        """Forget the loop, when the devices are closed."""
        with self._lock:
            loop, self.loop = self.loop, None
        if loop is not None:
            self._chooser.release(loop)

    def _rebind(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            old = self.loop
            if old is loop:
                return
            if old is not None and not old.is_closed() and not self.idle:
                raise WrongLoopError(self._in_use(old, loop))
            if old is not None and old.is_closed():
                self.held.clear()
                self.in_flight = 0
            for connector in self._connectors.values():
                connector.bind(loop)
            self.loop = loop
        if old is not None:
            self._chooser.release(old)

    def _in_use(self, old: asyncio.AbstractEventLoop, new: asyncio.AbstractEventLoop) -> str:
        held = list(self.held)
        shown = ", ".join(held[:5]) + (f" and {len(held) - 5} more" if len(held) > 5 else "")
        used = f"monitored there: {shown}" if held else f"{self.in_flight} operations in flight there"
        return (
            f"{self.name} is in use on event loop {id(old):#x} ({used}) and was called on event loop {id(new):#x}. "
            "Devices in use cannot change loops. If a RunEngine is to use them, swap these two lines so that the "
            "RunEngine comes first:\n    RE = RunEngine()\n    beamline.connect()\n"
            "or unstage and clear_sub what is listed before you call from the other loop."
        )
