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
        self._waiting: deque[Closable] = deque()
        self._something = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, closables: Iterable[Closable]) -> None:
        """Close these soon."""
        self._waiting.extend(closables)
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="pvAccess disposal", daemon=True)
            self._thread.start()
            atexit.register(self.stop)
        if not self._something.is_set():
            self._something.set()

    def stop(self) -> None:
        """Close what was given, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            atexit.unregister(self.stop)
            self._stopping.set()
            self._something.set()
            thread.join()

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
