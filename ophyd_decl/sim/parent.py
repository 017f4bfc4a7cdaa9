"""The ties of a server of the demo to the process that started it: two pipes, whose other ends that process holds.

What a library prints goes to standard error, so that the only answer on standard output is that clients can connect.
The server ends when its standard input reaches its end, which happens when its parent dies in whatever way: it holds
no state that is worth an orderly end.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable

#: What a server writes to its standard output when clients can connect.
READY = "READY"


def follow() -> Callable[[], None]:
    """End with the parent from now on; return what tells it, once, that clients can connect."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_leave_at_end_of_input, name="end of input", daemon=True).start()
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def ready() -> None:
        os.write(answers, f"{READY}\n".encode())
        os.close(answers)

    return ready


def _leave_at_end_of_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)
