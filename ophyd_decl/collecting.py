"""Keeps the garbage collector away while much is made that stays.

It would walk a growing tree again and again, and finds nothing in it: a third of the time of loading a beamline, and
as much of that of connecting one. It is switched for the whole process, so threads that want it away are counted.
"""

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager

_lock = threading.Lock()
_pauses = 0
_was_enabled = False


class Pause:
    """Nothing is collected from here to the end of the last pause, which finds the collector as it was."""

    def __init__(self) -> None:
        global _pauses, _was_enabled  # as the collector is
        with _lock:
            if not _pauses:
                _was_enabled = gc.isenabled()
                gc.disable()
            _pauses += 1
        self._ended = False

    def end(self) -> None:
        """End it; once more does nothing."""
        global _pauses
        with _lock:
            if self._ended:
                return
            self._ended = True
            _pauses -= 1
            if not _pauses and _was_enabled:
                gc.enable()


@contextmanager
def without_collecting() -> Generator[None]:
    """Collect no garbage meanwhile; afterwards as before."""
    pause = Pause()
    try:
        yield
    finally:
        pause.end()
