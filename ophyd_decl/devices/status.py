"""Statuses: what a verb such as `set` or `trigger` returns at once while the work goes on.

They satisfy bluesky's `Status` protocol, can be awaited on any event loop and waited for in any other thread. Awaiting
a status and being cancelled cancels the work.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ..errors import OphydDeclError
from .binding import Binding, follow
from .numbers import number_in

T = TypeVar("T")
log = logging.getLogger("ophyd_decl.devices")


class AsyncStatus(Generic[T]):
    """The outcome of one coroutine.

    :param make: makes the coroutine; it is called on the device loop's behalf at once.
    :param binding: whose loop runs it.
    :param name: of the device, for `repr` and messages.
    """

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]], binding: Binding, name: str) -> None:
        self.name = name
        self._seen = False
        self._why_cancelled: tuple[Any, ...] = ()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[Any], None]] = []
        self._coroutine_name = getattr(make, "__qualname__", repr(make))
        self.task: asyncio.Task[T] | Future[T] = binding.start(make)
        self.task.add_done_callback(self._finish)

    def add_callback(self, callback: Callable[[Any], None]) -> None:
        """Call `callback(self)` when the work has ended, at once if it has."""
        with self._lock:
            if not self.done:
                self._callbacks.append(callback)
                return
        callback(self)

    @property
    def done(self) -> bool:
        """Return whether the work has ended."""
        return self.task.done()

    @property
    def success(self) -> bool:
        """Return whether the work has ended well."""
        return self.done and self._error() is None

    def exception(self, timeout: float | None = 0.0) -> BaseException | None:
        """Return why the work failed, or None.

        :param timeout: time to wait for the end, in s; None: without limit; 0: not at all.
        :raises TimeoutError: if the work has not ended.
        :raises WouldBlockError: if waiting was asked for on an event loop.
        """
        if not self.done:
            if timeout == 0.0:
                raise TimeoutError(f"{self!r} has not ended")
            self._wait(timeout)
        self._seen = True
        return self._error()

    def result(self) -> T:
        """Return what the coroutine returned.

        :raises BaseException: what the coroutine raised.
        """
        self._seen = True
        return self.task.result()

    def wait(self, timeout: float | None = None) -> None:
        """Wait in this thread for the end.

        :param timeout: in s; None: without limit.
        :raises TimeoutError: if it does not end in time; the work goes on.
        :raises WouldBlockError: on a thread that runs an event loop; `await` the status there, or in a plan
            `yield from bps.wait(...)`.
        """
        error = self.exception(timeout=timeout if timeout != 0.0 else 1e-9)
        if error is not None:
            raise error

    def __await__(self) -> Generator[Any, None, T]:
        """Wait on an event loop; being cancelled cancels the work."""
        self._seen = True
        task = self.task
        if isinstance(task, asyncio.Task) and task.get_loop() is asyncio.get_running_loop():
            return task.__await__()
        if isinstance(task, asyncio.Task):
            task = _as_concurrent(task)
        return asyncio.wrap_future(task).__await__()

    async def __aenter__(self) -> "AsyncStatus[T]":
        """Return the status; its work is cancelled at the end of the block, if it has not ended."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cancel the work if it has not ended, and wait until it has cleaned up."""
        self._seen = True
        task = self.task
        if not task.done():
            task.cancel()
            if isinstance(task, asyncio.Task):
                await asyncio.wait([task])

    def __repr__(self) -> str:
        """Return class, device, coroutine and state."""
        if not self.done:
            state = "pending"
        elif self.success:
            state = "done"
        else:
            state = "cancelled" if self.task.cancelled() else f"errored: {self._error()!r}"
        return f"<{type(self).__name__}, device: {self.name}, task: {self._coroutine_name}, {state}>"

    def __del__(self) -> None:
        """Say in the log what nobody asked for: a failure must not pass unseen."""
        task = getattr(self, "task", None)
        if task is not None and not self._seen and task.done() and not task.cancelled():
            error = task.exception()
            if error is not None:
                log.error("%s failed and nobody looked at its status: %s", self.name, error)

    def _error(self) -> BaseException | None:
        if self.task.cancelled():
            return asyncio.CancelledError(*self._why_cancelled)
        return self.task.exception()

    def _finish(self, _: Any) -> None:
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
        try:
            self.task.exception()  # seen by asyncio; `__del__` tells what nobody asked for
        except (asyncio.CancelledError, CancelledError) as error:
            self._why_cancelled = error.args
        if callbacks:
            self._seen = True
        for callback in callbacks:
            try:
                callback(self)
            except Exception:  # a user's callback; the others must be called
                log.exception("a callback of %r raised", self)

    def _wait(self, timeout: float | None) -> None:
        Binding.refuse_on_loop("status.wait()", "`await status`, or `yield from bps.wait(group)` in a plan")
        ended = threading.Event()

        def end(_: Any) -> None:
            ended.set()

        self.add_callback(end)
        try:
            if not ended.wait(timeout):
                raise TimeoutError(f"{self.name}: not done after {timeout} s; it goes on")
        finally:
            with self._lock:
                if end in self._callbacks:
                    self._callbacks.remove(end)


def _as_concurrent(task: "asyncio.Task[T]") -> "Future[T]":
    """Return a future for other loops and threads that follows a task, and cancels it when it is cancelled."""
    future: Future[T] = Future()
    if task.done():
        follow(task, future)
    else:
        task.get_loop().call_soon_threadsafe(follow, task, future)
    return future


@dataclass(frozen=True, slots=True)
class WatcherUpdate:
    """How far a move is; positions in the unit of the device."""

    current: Any
    initial: Any
    target: Any
    name: str = ""
    unit: str | None = None
    precision: int | None = None
    fraction: float | None = None
    time_elapsed: float | None = None
    time_remaining: float | None = None


def progress(
    current: Any, initial: Any, target: Any, name: str, unit: str | None, precision: int | None
) -> WatcherUpdate:
    """Return an update with the fraction of the way that is left, 1 at the start and 0 at the target.

    Between labels or texts there is no way, so such an update has no initial position; a progress bar would take one
    from the other.
    """
    if any(number_in(value) is None for value in (current, initial, target)):
        return WatcherUpdate(current, None, target, name, unit, precision)
    fraction = min(abs(target - current) / abs(target - initial), 1.0) if target != initial else None
    return WatcherUpdate(current, initial, target, name, unit, precision, fraction)


class Watcher(Protocol):
    """What a progress bar offers: bluesky's keywords."""

    def __call__(self, **update: Any) -> Any:
        """Take one update."""
        ...


class WatchableAsyncStatus(AsyncStatus[None]):
    """A status that tells how far the work is.

    :param updates: makes an async iterator of updates, which does the work.
    """

    def __init__(self, updates: Callable[[], AsyncIterator[WatcherUpdate]], binding: Binding, name: str) -> None:
        self._watchers: list[Watcher] = []
        self._last: WatcherUpdate | None = None
        self._started = time.monotonic()

        async def follow() -> None:
            async for update in updates():
                self._tell(update)

        super().__init__(follow, binding, name)
        self._coroutine_name = getattr(updates, "__qualname__", self._coroutine_name)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with keywords at each update, and at once with the newest there is."""
        self._watchers.append(watcher)
        if self._last is not None:
            self._call(watcher, self._last)

    def _tell(self, update: WatcherUpdate) -> None:
        self._last = update
        for watcher in self._watchers:
            self._call(watcher, update)

    def _call(self, watcher: Watcher, update: WatcherUpdate) -> None:
        elapsed = time.monotonic() - self._started if update.time_elapsed is None else update.time_elapsed
        try:
            watcher(
                name=update.name or self.name,
                current=update.current,
                initial=update.initial,
                target=update.target,
                unit=update.unit or "",  # a progress bar shows it as it is
                precision=update.precision,
                fraction=update.fraction,
                time_elapsed=elapsed,
                time_remaining=update.time_remaining,
            )
        except Exception:
            log.exception("a watcher of %s raised; the move goes on", self.name)


def wait(*statuses: AsyncStatus[Any], timeout: float | None = None) -> None:
    """Wait in this thread until all have ended.

    :param timeout: for all together, in s; None: without limit.
    :raises TimeoutError: if one has not ended in time.
    :raises WouldBlockError: on a thread that runs an event loop.
    :raises OphydDeclError: the failure of one; several are listed in one error.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    failures: list[BaseException] = []
    for status in statuses:
        left = None if deadline is None else max(deadline - time.monotonic(), 1e-9)
        error = status.exception(timeout=left)
        if error is not None:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise OphydDeclError("\n".join(f"{type(error).__name__}: {error}" for error in failures))
