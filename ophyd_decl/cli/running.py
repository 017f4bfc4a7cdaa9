"""Running a coroutine for a command, so that Ctrl-C leaves devices idle and ends the process in time."""

import asyncio
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from .outcome import end_soon_after_interrupt, limit_time_after_interrupt

if TYPE_CHECKING:
    from ..session.beamline import Beamline

T = TypeVar("T")


def run(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on an event loop of its own and return what it returns.

    Ctrl-C cancels it, so that it can stop what moves; then `KeyboardInterrupt` is raised.
    """
    interrupted = False
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        in_main_thread = threading.current_thread() is threading.main_thread()

        async def work() -> T:
            task = asyncio.current_task()

            def interrupt() -> None:
                nonlocal interrupted
                interrupted = True
                limit_time_after_interrupt()
                if task is not None:
                    task.cancel()

            if in_main_thread:
                loop.add_signal_handler(signal.SIGINT, interrupt)
            return await make()

        try:
            return runner.run(work())
        except asyncio.CancelledError:
            if interrupted:
                raise KeyboardInterrupt from None
            raise
        finally:
            if in_main_thread:
                loop.remove_signal_handler(signal.SIGINT)
                signal.signal(signal.SIGINT, end_soon_after_interrupt)


@asynccontextmanager
async def connected(beamline: "Beamline", nodes: Sequence[Any], timeout_s: float | None) -> AsyncGenerator[None]:
    """Connect what holds some nodes for the time of the block, and what that refers to; an absent one does not raise.

    :param nodes: devices, signals or commands of the beamline.
    """
    try:
        await beamline.aconnect(timeout_s, only=[node.path for node in nodes])
        yield
    finally:
        await beamline.aclose()


async def until(condition: Callable[[], bool], period_s: float) -> None:
    """Look every `period_s` seconds whether something is true that tells nobody when it becomes so."""
    while not condition():  # noqa: ASYNC110  # nothing there could set an event
        await asyncio.sleep(period_s)
