"""Which event loop a set of devices lives on, and how a call from anywhere gets there.

A binding belongs to a beamline (or to the signals made without one). It never creates an event loop itself: the session
gives it a way to choose one. It knows nothing of devices but how many of them are in use.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeVar

from ..blueprint import ConnectorChoice
from ..connectors.protocol import Connector
from ..errors import OphydDeclError, WouldBlockError, WrongLoopError
from .scanned import inside

T = TypeVar("T")
ConnectorMaker = Callable[[str, ConnectorChoice | None], Connector]
#: How often a thread that waits looks whether the loop still runs, in s.
LOOK_AGAIN_S = 0.5
#: How long a thread that was interrupted waits for the coroutine to clean up, in s.
CLEANUP_S = 2.0


class LoopChooser(Protocol):
    """Gives a running loop to calls that come from no loop."""

    def choose(self) -> asyncio.AbstractEventLoop:
        """Return a loop that runs in another thread."""
        ...

    def release(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell that the binding has left this loop."""
        ...


class LoopUse:
    """How busy a set of devices is on one loop.

    What ends late on a loop that was left is counted there: it makes the devices neither idle nor busy elsewhere.
    """

    __slots__ = ("held", "in_flight", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        #: operations that are running, or were asked for in another thread.
        self.in_flight = 0
        #: what holds a monitor, by the path of the signal; several users of one signal count.
        self.held: dict[str, int] = {}

    @property
    def idle(self) -> bool:
        """Return whether nothing is staged, monitored or in flight."""
        return self.in_flight == 0 and not self.held

    def let_go(self, path: str) -> None:
        """Count one user of a monitor less."""
        users = self.held.get(path, 0) - 1
        if users > 0:
            self.held[path] = users
        else:
            self.held.pop(path, None)


class Binding:
    """The loop of a set of devices, their connectors, and how busy they are.

    :param name: of the beamline, for messages.
    :param chooser: gives a loop to synchronous callers.
    :param make_connector: called once for each protocol, and for each connector that a file names with its options.
    """

    def __init__(self, name: str, chooser: LoopChooser, make_connector: ConnectorMaker) -> None:
        self.name = name
        self._chooser = chooser
        self._make_connector = make_connector
        self._connectors: dict[str, Connector] = {}
        #: why a connector cannot be made, so that this is found out once for all of its signals.
        self._unavailable: dict[str, OphydDeclError] = {}
        self._use: LoopUse | None = None
        #: held while the loop is chosen and while use of it is counted, so that nobody rebinds in between.
        self._lock = threading.Lock()

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """Return the loop that the devices live on, None before the first use."""
        use = self._use
        return None if use is None else use.loop

    @property
    def in_flight(self) -> int:
        """Return how many operations are running."""
        return 0 if self._use is None else self._use.in_flight

    @property
    def held(self) -> dict[str, int]:
        """Return how many users the monitor of each signal has, by its path."""
        return {} if self._use is None else self._use.held

    @property
    def idle(self) -> bool:
        """Return whether nothing is staged, monitored or in flight."""
        return self._use is None or self._use.idle

    def connector(self, protocol: str, choice: ConnectorChoice | None = None) -> Connector:
        """Return the connector of a protocol, or the one that the file names, made at the first request.

        :raises OphydDeclError: if it cannot be made, for instance since its client library is not installed.
        """
        key = protocol if choice is None else _key_of(choice)
        connector = self._connectors.get(key)
        if connector is None:
            with self._lock:
                connector = self._connectors.get(key)
                if connector is None:
                    connector = self._connectors[key] = self._made(key, protocol, choice)
        return connector

    def _made(self, key: str, protocol: str, choice: ConnectorChoice | None) -> Connector:
        if key in self._unavailable:
            raise self._unavailable[key].with_traceback(None)  # else it grows with every signal
        try:
            connector = self._make_connector(protocol, choice)
        except OphydDeclError as error:
            self._unavailable[key] = error
            raise
        if self._use is not None:
            connector.bind(self._use.loop)
        return connector

    def retry(self) -> None:
        """Try again to make connectors that could not be made."""
        self._unavailable.clear()

    @property
    def connectors(self) -> list[Connector]:
        """Return every connector in use."""
        return list(self._connectors.values())

    def enter(self) -> None:
        """Make the running loop the loop of the devices.

        :raises WrongLoopError: if they are in use on another loop.
        """
        running = asyncio.get_running_loop()
        if running is not self.loop:
            with self._bound(running):
                pass

    def operation(self) -> "_Operation":
        """Count one operation on the running loop, for as long as the block lasts.

        :raises WrongLoopError: if the devices are in use on another loop.
        """
        return _Operation(self)

    def hold(self, path: str) -> LoopUse:
        """Count one more user of a monitor on the running loop.

        :returns: where to let it go.
        :raises WrongLoopError: if the devices are in use on another loop.
        """
        with self._bound(asyncio.get_running_loop()) as use:
            use.held[path] = use.held.get(path, 0) + 1
        return use

    def start(self, make: Callable[[], Coroutine[Any, Any, T]]) -> "asyncio.Task[T] | Future[T]":
        """Start a coroutine on the device loop, from wherever this is called.

        :returns: a task where the caller runs on that loop, else a future that can be waited for in a thread.
        :raises WrongLoopError: if the caller runs on a loop, and the devices are in use on another one.
        """
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return self._submit(make)[0]
        self.enter()
        return running.create_task(make(), context=inside())

    @property
    def on_its_loop(self) -> bool:
        """Return whether this is called on the loop of the devices."""
        try:
            return asyncio.get_running_loop() is self.loop
        except RuntimeError:
            return False

    def call(self, action: Callable[[], None]) -> None:
        """Call something short on the device loop: now where that loop runs, or no loop does; else soon."""
        use = self._use
        if self.on_its_loop or use is None or not use.loop.is_running():
            action()
            return
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        use.loop.call_soon_threadsafe(act)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            done.wait(CLEANUP_S)

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], what: str, instead: str) -> T:
        """Run a coroutine on the device loop and wait for it in this thread.

        What interrupts the waiting (Ctrl-C) cancels the coroutine, and is raised when that has cleaned up.

        :param what: the synchronous verb, for the error.
        :param instead: what to write where this thread runs a loop.
        :raises WouldBlockError: on any thread that runs an event loop.
        :raises WrongLoopError: if the event loop ends while this waits.
        """
        self.refuse_on_loop(what, instead)
        future, use, ended = self._submit(make)
        try:
            while True:
                try:
                    return future.result(LOOK_AGAIN_S)
                except TimeoutError:
                    if future.done():
                        return future.result()
                    if not use.loop.is_running():
                        raise WrongLoopError(f"{what}: the event loop of {self.name} was stopped meanwhile") from None
        except BaseException:
            if future.cancel():
                ended.wait(CLEANUP_S)
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

    def leave(self) -> None:
        """Forget the loop, when the devices are closed."""
        with self._lock:
            use, self._use = self._use, None
        if use is not None:
            self._chooser.release(use.loop)

    def _submit(self, make: Callable[[], Coroutine[Any, Any, T]]) -> tuple["Future[T]", LoopUse, threading.Event]:
        """Start a coroutine from a thread that runs no loop; it counts from now on.

        :returns: its outcome, where it runs, and what is set when it has cleaned up too.
        """
        use = self._reserve()
        future: Future[T] = Future()
        ended = threading.Event()

        def end(_: object = None) -> None:
            self._ended(use)
            ended.set()

        def begin() -> None:
            if future.cancelled():
                end()
                return
            task = use.loop.create_task(make(), context=inside())
            task.add_done_callback(end)
            follow(task, future)

        try:
            use.loop.call_soon_threadsafe(begin)
        except RuntimeError as error:
            end()
            raise WrongLoopError(f"the event loop that {self.name} lives on was closed meanwhile") from error
        return future, use, ended

    def _reserve(self) -> LoopUse:
        """Count one operation on the device loop, which runs in another thread; choose a new one if it has ended."""
        left = None
        with self._lock:
            use = self._use
            if use is None or not use.loop.is_running():
                chosen = self._chooser.choose()
                try:
                    use, left = self._bind(chosen)
                except WrongLoopError:
                    self._chooser.release(chosen)
                    raise
            use.in_flight += 1
        if left is not None:
            self._chooser.release(left)
        return use

    def _begun(self) -> LoopUse:
        """Count one operation more on the running loop."""
        running = asyncio.get_running_loop()
        with self._lock:
            use = self._use
            if use is not None and use.loop is running:
                use.in_flight += 1
                return use
        with self._bound(running) as use:
            use.in_flight += 1
        return use

    def _ended(self, use: LoopUse) -> None:
        with self._lock:
            use.in_flight -= 1

    @contextmanager
    def _bound(self, loop: asyncio.AbstractEventLoop) -> Generator[LoopUse]:
        """Bind to a loop, and let nobody rebind inside the block."""
        with self._lock:
            use, left = self._bind(loop)
            yield use
        if left is not None:
            self._chooser.release(left)  # may wait for a thread, which may wait for the lock

    def _bind(self, loop: asyncio.AbstractEventLoop) -> tuple[LoopUse, asyncio.AbstractEventLoop | None]:
        """Return the use of a loop, and the loop that was left for it; the lock is held."""
        use = self._use
        if use is not None and use.loop is loop:
            return use, None
        if use is not None and not use.loop.is_closed() and not use.idle:
            raise WrongLoopError(self._in_use(use, loop))
        for connector in self._connectors.values():
            connector.bind(loop)
        left = None if use is None else use.loop
        use = self._use = LoopUse(loop)
        return use, left

    def _in_use(self, use: LoopUse, new: asyncio.AbstractEventLoop) -> str:
        held = list(use.held)
        shown = ", ".join(held[:5]) + (f" and {len(held) - 5} more" if len(held) > 5 else "")
        used = f"monitored there: {shown}" if held else f"{use.in_flight} operations in flight there"
        return (
            f"{self.name} is in use on event loop {id(use.loop):#x} ({used}) "
            f"and was called on event loop {id(new):#x}. "
            "Devices in use cannot change loops. If a RunEngine is to use them, swap these two lines so that the "
            "RunEngine comes first:\n    RE = RunEngine()\n    beamline.connect()\n"
            "or unstage and clear_sub what is listed before you call from the other loop."
        )


def _key_of(choice: ConnectorChoice) -> str:
    """Return what connectors are known by: one without options is the one of its protocol, if it has that name."""
    return f"{choice.name} {json.dumps(choice.options, default=str)}" if choice.options else choice.name


def follow(task: "asyncio.Task[T]", future: "Future[T]") -> None:
    """Give a future of other threads the outcome of a task, and cancel the task with it.

    To be called on the loop of the task, or when the task is done.
    """
    loop = task.get_loop()

    def take(done: "asyncio.Task[T]") -> None:
        with suppress(InvalidStateError):  # it was cancelled just now
            if done.cancelled():
                future.cancel()
            elif (error := done.exception()) is not None:
                future.set_exception(error)
            else:
                future.set_result(done.result())

    def cancel(followed: "Future[T]") -> None:
        if followed.cancelled() and not task.done():
            with suppress(RuntimeError):  # the loop is closed, and has cancelled its tasks
                loop.call_soon_threadsafe(task.cancel)

    if task.done():
        take(task)
        return
    task.add_done_callback(take)
    future.add_done_callback(cancel)


class _Operation:
    """One operation; a class, since every read and every put makes one, and a generator costs several objects."""

    __slots__ = ("_binding", "_use")

    def __init__(self, binding: Binding) -> None:
        self._binding = binding

    def __enter__(self) -> None:
        self._use = self._binding._begun()

    def __exit__(self, *_: object) -> None:
        self._binding._ended(self._use)
