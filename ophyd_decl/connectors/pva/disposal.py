"""A thread that closes operations.

p4p waits for the worker thread of pvxs when an operation is closed, a tenth of a millisecond each, which is more than
the operation itself takes; the loop must not wait for that.
"""

import atexit
import contextlib
import logging
import queue
import threading
from collections.abc import Iterable

from .library import Closable

_log = logging.getLogger("ophyd_decl.connectors.pva")


class Disposal:
    """Closes what it is given, in order."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Closable | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, closables: Iterable[Closable]) -> None:
        """Close these soon."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pvAccess disposal", daemon=True)
            self._thread.start()
            atexit.register(self.stop)
        for closable in closables:
            self._queue.put(closable)

    def stop(self) -> None:
        """Close what was given, and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            atexit.unregister(self.stop)
            self._queue.put(None)
            thread.join()

    def _run(self) -> None:
        while (closable := self._queue.get()) is not None:
            try:
                closable.close()
            except Exception:  # noqa: BLE001  # the others must be closed all the same
                _log.exception("closing an operation")
            with contextlib.suppress(NameError):
                del closable  # nothing is kept while the thread waits
