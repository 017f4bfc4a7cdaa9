"""Running plans of the demo so that Ctrl-C, and the end of the server, end the command in time."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterable
from types import FrameType, TracebackType
from typing import Any, Self

import click

from .outcome import CONTROL_SYSTEM, end, end_now, limit_time_after_interrupt

#: After the server has gone, the devices have this long to say so themselves; then the plan is aborted, then ended.
_NOTICE_S, _ABORT_S = 2.5, 1.0
_LOOK_AGAIN_S = 0.2
_ABORT_AGAIN_S = 0.01


class Interruptible:
    """Runs plans; a context manager, in the main thread.

    :param run_engine: has no handler of Ctrl-C of its own.
    :param server: the demo's server; its end is noticed.
    """

    def __init__(self, run_engine: Any, server: Any) -> None:
        self._run_engine = run_engine
        self._server = server
        self._interrupted = False
        self._lost = False
        self._finished = threading.Event()
        self._before: Any = None

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._before = signal.signal(signal.SIGINT, self._on_interrupt)
        threading.Thread(target=self._watch, name="demo server watch", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End watching."""
        self._finished.set()
        signal.signal(signal.SIGINT, self._before)

    def run(self, plan: Iterable[Any], callbacks: Iterable[Callable[..., Any]] = ()) -> None:
        """Run one plan.

        :raises KeyboardInterrupt: after Ctrl-C, when the devices are idle.
        :raises click.exceptions.Exit: when the server has gone and no device has said so.
        """
        try:
            self._run_engine(plan, list(callbacks))
        finally:
            if self._interrupted:
                raise KeyboardInterrupt
            if self._lost:
                end(CONTROL_SYSTEM)

    def _on_interrupt(self, signal_number: int, frame: FrameType | None) -> None:
        self._interrupted = True
        limit_time_after_interrupt()
        threading.Thread(target=self._abort, name="demo abort", daemon=True).start()

    def _abort(self) -> None:
        # It refuses while it is idle, which it still is when a plan is just about to start.
        while not self._finished.wait(_ABORT_AGAIN_S):
            with contextlib.suppress(Exception):
                self._run_engine.abort()
                return

    def _watch(self) -> None:
        while self._server.alive:
            if self._finished.wait(_LOOK_AGAIN_S):
                return
        if self._finished.wait(_NOTICE_S):
            return
        click.echo("error: the control system of the demo has ended; no device of the beamline answers", err=True)
        self._lost = True
        self._abort()
        if not self._finished.wait(_ABORT_S):
            end_now(CONTROL_SYSTEM)
