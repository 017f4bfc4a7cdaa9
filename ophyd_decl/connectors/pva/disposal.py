"""A thread that closes operations.

p4p waits for the worker thread of pvxs when an operation is closed, a tenth of a millisecond each, which is more than
the operation itself takes; the loop must not wait for that. They are closed some at a time, out of the way of the next.
What is left when the client is closed goes with it, at no cost. (In the worker thread itself there would be nothing to
wait for, but pvxs logs an error for each operation that is closed there.)
"""

import atexit
import logging
import threading
from collections import deque
from collections.abc import Iterable

from .library import Closable

_log = logging.getLogger("ophyd_decl.connectors.pva")

#: How long operations may wait for others to be closed with them, in s.
GATHER_S = 0.1


class Disposal:
    """Closes what it is given, soon and in order."""

    def __init__(self) -> None:
        self._waiting: deque[Closable] = deque()
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._ended = False

    def add(self, closables: Iterable[Closable]) -> None:
        """Close these soon."""
        self._waiting.extend(closables)
        worker = self._worker
        if worker is None:
            with self._lock:
                if self._ended:  # no thread can be started any more; they go with the client
                    return
                if self._worker is None:
                    self._worker = _Worker(self._waiting)
                    atexit.register(self.stop)
                worker = self._worker
        worker.wake()

    def stop(self) -> None:
        """End the thread; the next operation that is given begins another."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            atexit.unregister(self.stop)
            worker.stop()

    def end(self) -> None:
        """Stop for good, since the interpreter ends, in which no thread can be started any more."""
        with self._lock:
            self._ended = True
        self.stop()

    def forget(self) -> None:
        """Let go of what waits, after the client was closed, and they with it."""
        self._waiting.clear()


class _Worker:
    """One thread that closes; the next one may begin before it has ended."""

    def __init__(self, waiting: deque[Closable]) -> None:
        self._waiting = waiting
        self._something = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pvAccess disposal", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        if not self._something.is_set():
            self._something.set()

    def stop(self) -> None:
        self._stopping.set()
        self._something.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._something.wait()
            self._stopping.wait(GATHER_S)
            self._something.clear()
            while self._waiting and not self._stopping.is_set():
                try:
                    self._waiting.popleft().close()
                except Exception:  # noqa: BLE001  # the others must be closed all the same
                    _log.exception("closing an operation")
