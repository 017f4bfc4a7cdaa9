"""Work that nobody waits for: what is asked for at one time is done together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from ..errors import OphydDeclError

T = TypeVar("T")
log = logging.getLogger("ophyd_decl.session")


class Background(Generic[T]):
    """Does something with what it is given, on the device loop.

    :param work: called with what was asked for since the last time.
    :param what: it does, for the log.
    """

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[None]], what: str) -> None:
        self._do = work
        self._what = what
        self._waiting: dict[T, None] = {}
        self._task: asyncio.Task[None] | None = None

    def ask(self, item: T) -> None:
        """Have it done soon; on the device loop."""
        self._waiting[item] = None
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._work())

    async def close(self) -> None:
        """End what is being done."""
        self._waiting.clear()
        task, self._task = self._task, None
        if task is not None and not task.done() and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _work(self) -> None:
        while self._waiting:
            items = list(self._waiting)
            self._waiting.clear()
            try:
                await self._do(items)
            except OphydDeclError as error:  # nobody waits for this task
                log.warning("%s: %s", self._what, error)
