"""Threads for calls that block: as many as there are calls under way, each used again while it has nothing to do.

There is no bound on their number but that of the calls: a device that hangs must not keep others from being asked. A
device makes its reads one after the other, and its writes, so it has few threads; and every call ends by its client
time-out.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

from . import proxies
from .threads import calling, join

_log = logging.getLogger("ophyd_decl.connectors.tango")

Job = Callable[[], None]
#: What a thread is given to do; None: to end.
Box = SimpleQueue[Job | None]
#: How long a thread waits for something to do before it ends, in s.
IDLE_S = 1.0


class Workers:
    """The threads of one connector."""

    def __init__(self) -> None:
        #: where threads wait that have nothing to do: the one behind the others is given the next job, so that those
        #: which are not needed end.
        self._idle: list[Box] = []
        self._lock = threading.Lock()
        self._closed = False
        self._threads: set[threading.Thread] = set()

    def submit(self, job: Job) -> None:
        """Have a job done, at once, in a thread of its own; may be called in any thread."""
        with self._lock:
            if self._closed:
                return
            if self._idle:
                self._idle.pop().put(job)
                return
            box: Box = SimpleQueue()
            box.put(job)
            thread = threading.Thread(target=self._run, args=(box,), name="Tango call", daemon=True)
            self._threads.add(thread)
        thread.start()

    def close(self, timeout_s: float) -> None:
        """Do nothing more, and wait for the calls that are under way, but not longer than this."""
        with self._lock:
            self._closed = True
            for box in self._idle:
                box.put(None)
            self._idle.clear()
            threads = list(self._threads)
        join(threads, time.monotonic() + timeout_s)

    def _run(self, box: Box) -> None:
        try:
            with calling():
                while (job := self._next(box)) is not None:
                    try:
                        job()
                    except Exception:  # noqa: BLE001  # the thread must go on
                        _log.exception("in a call of Tango")
                    del job  # it holds the values of its call
                proxies.let_go()
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _next(self, box: Box) -> Job | None:
        """Return what was put into the box of a thread, or is within a time; None: the thread ends."""
        with self._lock:
            if box.empty():
                if self._closed:
                    return None
                self._idle.append(box)
        try:
            job = box.get(timeout=IDLE_S)
        except Empty:
            with self._lock:
                if box in self._idle:
                    self._idle.remove(box)
                    return None
            job = box.get()  # it came at the last moment
        return None if self._closed else job


class Lane:
    """Calls that are made one after the other, in the order in which they were asked for."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._jobs: deque[Job] = deque()
        self._lock = threading.Lock()
        self._busy = False

    def submit(self, job: Job) -> None:
        """Have a job done when those before it are."""
        with self._lock:
            self._jobs.append(job)
            if self._busy:
                return
            self._busy = True
        self._workers.submit(self._run)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._busy = False
                    return
                job = self._jobs.popleft()
            try:
                job()
            except Exception:  # noqa: BLE001  # those behind it must be done
                _log.exception("in a call of Tango")
            del job
