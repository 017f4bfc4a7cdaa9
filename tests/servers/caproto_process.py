"""The program of a caproto server for tests: `caproto_process.py MODULE ARGUMENT...`.

Runs an example of caproto, such as `caproto.ioc_examples.random_walk`, unchanged. The server itself would go on after
the death of the process that started it, hence this program: it ends when its standard input does. It writes READY
to its standard output when clients can connect.
"""

import logging
import os
import runpy
import sys
import threading

READY = "READY"


def main() -> None:
    """Serve until the standard input ends."""
    threading.Thread(target=leave_at_end_of_input, name="end of input", daemon=True).start()
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # where caproto logs to
    logging.getLogger("caproto.ctx").addHandler(Announcer(answers))
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


class Announcer(logging.Handler):
    """Turns what the server logs when it has started into READY."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self._answers = answers

    def emit(self, record: logging.LogRecord) -> None:
        if "startup complete" in record.getMessage():
            os.write(self._answers, f"{READY}\n".encode())


def leave_at_end_of_input() -> None:
    """End the process when whoever started it is gone."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
