"""Threads of ours that call Tango, for which the end of the process waits.

A call that comes back to an interpreter that has ended would abort the process, whatever its exit code was to be. So
the end waits; each call ends by its client time-out, and what lasts longest is the end of a proxy while a server hangs.
"""

import atexit
import logging
import os
import sys
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from . import library

_log = logging.getLogger("ophyd_decl.connectors.tango")

#: How long the end of the process waits, and when it says so, in s.
EXIT_S, TELL_S = 30.0, 1.0
#: Exit code of a process that Ctrl-C has ended: 128 and the number of the signal.
_INTERRUPTED = 130
_calling: set[threading.Thread] = set()


@contextmanager
def calling() -> Generator[None]:
    """Let the current thread, which is one of ours, call Tango."""
    thread = threading.current_thread()
    _calling.add(thread)
    try:
        with library.thread():
            yield
    finally:
        _calling.discard(thread)


def join(threads: Iterable[threading.Thread], deadline: float) -> None:
    """Wait until these have ended, but not longer than until this time on the clock of `time.monotonic`."""
    for thread in list(threads):
        thread.join(max(deadline - time.monotonic(), 0))


def _wait() -> None:
    """Wait for what is under way; whoever presses Ctrl-C does not want to."""
    begun = time.monotonic()
    try:
        join(_calling, begun + TELL_S)
        if _calling:
            _log.warning("the process waits for calls to Tango devices that are under way, %g s at most", EXIT_S)
            join(_calling, begun + EXIT_S)
    except KeyboardInterrupt:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_INTERRUPTED)


# Before any connector has its own end registered, so it is called behind them: they let their threads end.
atexit.register(_wait)
