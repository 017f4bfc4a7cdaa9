"""Which event loop a synchronous caller gets: that of the newest RunEngine, else a daemon thread of ours.

See decision 0002. The thread lives as long as a beamline is bound to its loop.
"""

import asyncio
import sys
import threading


class LoopThread:
    """An event loop in a daemon thread, shared by all bindings that have no RunEngine; counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._users = 0

    def acquire(self) -> asyncio.AbstractEventLoop:
        """Return the loop, started for the first user."""
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                started = threading.Event()

                def work() -> None:
                    asyncio.set_event_loop(loop)
                    loop.call_soon(started.set)
                    loop.run_forever()
                    _end(loop)

                self._thread = threading.Thread(target=work, name="ophyd_decl-loop", daemon=True)
                self._thread.start()
                started.wait()
                self._loop = loop
            self._users += 1
            return self._loop

    def release(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give the loop up; the last user ends it. Other loops are passed over."""
        with self._lock:
            if loop is not self._loop:
                return
            self._users -= 1
            if self._users:
                return
            thread, self._thread, self._loop = self._thread, None, None
        loop.call_soon_threadsafe(loop.stop)
        if thread is not None and thread is not threading.current_thread():
            thread.join()


def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is left on a loop that was stopped, so that no thread waits for it for ever, and close it."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


_thread = LoopThread()


def newest_run_engine_loop() -> asyncio.AbstractEventLoop | None:
    """Return the running loop of the newest RunEngine; None if there is none, or bluesky was never imported."""
    run_engine = sys.modules.get("bluesky.run_engine")
    get_loop = getattr(run_engine, "get_bluesky_event_loop", None)  # it may just be being imported
    loop = None if get_loop is None else get_loop()
    return loop if loop is not None and loop.is_running() else None


class RunEngineFirst:
    """Chooses the loop of the newest RunEngine, else that of the daemon thread."""

    def choose(self) -> asyncio.AbstractEventLoop:
        """Return a loop that runs in another thread."""
        return newest_run_engine_loop() or _thread.acquire()

    def release(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give up the daemon thread if it was that."""
        _thread.release(loop)
