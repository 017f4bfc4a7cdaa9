"""The role of a device that flies: bluesky's Preparable and Flyable. The logic behind it comes from a plugin."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import aclosing, contextmanager
from typing import Any, Protocol

from ..errors import BusyError, MoveFailedError
from .roles import Role
from .status import AsyncStatus, WatchableAsyncStatus, WatcherUpdate


class FlyLogic(Protocol):
    """How a device flies."""

    @property
    def flying(self) -> bool:
        """Return whether a flight that was kicked off has not ended."""
        ...

    async def prepare(self, value: Any) -> None:
        """Go to where the flight begins; raise before anything moves if it would leave its limits."""
        ...

    async def kickoff(self) -> None:
        """Begin; end when it flies as it was prepared to."""
        ...

    def complete(self) -> AsyncGenerator[WatcherUpdate]:
        """Follow the flight to its end, and put back what was changed for it."""
        ...

    async def abort(self) -> None:
        """End a flight, and put back what was changed for it; does nothing where there is none."""
        ...


class Flyer(Role):
    """A device that moves through a flyscan.

    A plan that fails stops only what it has `set`, so `unstage` ends a flight: stage every flyer.
    """

    #: what it is ready for: `prepare`, `kickoff` or `complete`.
    _ready_for = "prepare"
    #: what runs a verb.
    _task: "asyncio.Task[Any] | None" = None

    def prepare(self, value: Any) -> AsyncStatus[None]:
        """Go to where the flight begins; done when it is there.

        :param value: what the plugin takes; of a motor a `FlyMotorInfo`.
        :raises: the status holds a `BusyError` during a flight, which goes on.
        """
        return AsyncStatus(lambda: self._prepare(value), self._context.binding, self.name)

    def kickoff(self) -> AsyncStatus[None]:
        """Begin the flight; done when it flies as it was prepared to.

        :raises: the status holds a `MoveFailedError` if it was not prepared.
        """
        return AsyncStatus(self._kickoff, self._context.binding, self.name)

    def complete(self) -> WatchableAsyncStatus:
        """Follow the flight; done at its end.

        :raises: the status holds a `MoveFailedError` if it was not kicked off, else how the flight failed.
        """
        return WatchableAsyncStatus(self._complete, self._context.binding, self.name)

    async def _prepare(self, value: Any) -> None:
        with self._running("prepare"):
            await self._context.ensure(self.path)
            await self._logic("flyer").prepare(value)
            self._ready_for = "kickoff"

    async def _kickoff(self) -> None:
        with self._running("kickoff", after="prepare"):
            await self._logic("flyer").kickoff()
            self._ready_for = "complete"

    async def _complete(self) -> AsyncIterator[WatcherUpdate]:
        with self._running("complete", after="kickoff"):
            async with aclosing(self._logic("flyer").complete()) as updates:
                async for update in updates:
                    yield update

    @contextmanager
    def _running(self, verb: str, after: str | None = None) -> Generator[None]:
        """Take note of the task of a verb; it must be the turn of the verb."""
        with self._context.binding.operation():
            if after is not None and self._ready_for != verb:
                error = MoveFailedError(f"`{verb}` comes after `{after}`; nothing was sent")
                raise error.about(self.path, self._place)
            flies = verb == "prepare" and self._ready_for == "complete" and self._logic("flyer").flying
            if flies or self._task is not None:
                raise BusyError(f"it still flies; `{verb}` was not begun").about(self.path, self._place)
            self._ready_for = "prepare"
            self._task = asyncio.current_task()
            try:
                yield
            finally:
                self._task = None

    async def _rest(self) -> None:
        """End a flight that the plan has left under way."""
        task = self._task
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            await asyncio.wait([task])
        self._ready_for = "prepare"
        if not callable(self._logic_of["flyer"]):  # else it never flew
            await self._logic("flyer").abort()
        await super()._rest()
