"""A thread that closes operations.

p4p waits for the worker thread of pvxs when an operation is closed, a tenth of a millisecond each, which is more than
the operation itself takes; the loop must not wait for that. They are closed some at a time, out of the way of the next.
"""

import atexit
import logging
import threading
from collections import deque
from collections.abc import Iterable

from .library import Closable

_log = logging.getLogger("ophyd_decl.connectors.pva")

#: How long operations may wait for others to be closed with them, in s.
GATHER_S = 0.02


class Disposal:
    """Closes what it is given, soon and in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._ended = False

    def add(self, closables: Iterable[Closable]) -> None:
        """Close these soon."""
        with self._lock:
            if self._ended:  # with the client, which closes all that is its
                return
            if self._worker is None:
                self._worker = _Worker()
                atexit.register(self.stop)
            worker = self._worker
        worker.add(closables)

    def stop(self) -> None:
        """Close what was given, and end the thread; the next one that is given begins another."""
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


class _Worker:
    """One thread, with what it has to close; the next one may begin before it has ended."""

    def __init__(self) -> None:
        self._waiting: deque[Closable] = deque()
        self._something = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pvAccess disposal", daemon=True)
        self._thread.start()

    def add(self, closables: Iterable[Closable]) -> None:
        self._waiting.extend(closables)
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
            while self._waiting:
                try:
                    self._waiting.popleft().close()
                except Exception:  # noqa: BLE001  # the others must be closed all the same
                    _log.exception("closing an operation")
