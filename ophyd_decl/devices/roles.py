"""Roles: mixins that give a device the verbs of what it can do. The logic behind them comes from a plugin.

A role knows bluesky's verbs and nothing of how a device moves or triggers; that is the logic's, which knows nothing of
bluesky.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from ..errors import BusyError, MoveError, StoppedError
from .node import Node
from .status import AsyncStatus, WatchableAsyncStatus, WatcherUpdate
from .verbs import SignalR, SignalRW


class MoveLogic(Protocol):
    """How a device moves."""

    @property
    def readback(self) -> SignalR:
        """Return the signal that says where it is."""
        ...

    @property
    def setpoint(self) -> SignalR:
        """Return the signal that says where it was told to be."""
        ...

    async def check(self, value: Any) -> Any:
        """Return the position that this value means; raise if it would be refused, before anything moves."""
        ...

    def move(self, value: Any, timeout_s: float | None) -> AsyncIterator[WatcherUpdate]:
        """Move to a checked position; end when it is there, raise if it is not."""
        ...

    async def stop(self) -> None:
        """Stop the motion."""
        ...


class TriggerLogic(Protocol):
    """How a device acquires."""

    async def trigger(self) -> None:
        """Acquire once; end when the data can be read."""
        ...

    async def stop(self) -> None:
        """End an acquisition."""
        ...


class Role(Node):
    """What all roles share: the logic, made at its first use."""

    _logic_of: dict[str, Any]

    def _logic(self, role: str) -> Any:
        logic = self._logic_of[role]
        if callable(logic):
            logic = self._logic_of[role] = logic()
        return logic


class Movable(Role):
    """A device that can be moved: bluesky's Movable, Locatable, Stoppable, Checkable and Subscribable."""

    _plan: Any
    _move_task: "asyncio.Task[Any] | None" = None
    _stop_success: bool | None = None

    @property
    def hints(self) -> dict[str, Any]:
        """Return `{"fields": [...]}`: of what can be moved, where it is; else what its members say."""
        fields = [field for field in self._plan.hinted if field == self.name]
        return {"fields": fields or list(self._plan.hinted)}

    @property
    def readback_signal(self) -> SignalR:
        """Return the signal that says where it is."""
        return self._logic("movable").readback

    @property
    def setpoint_signal(self) -> SignalR:
        """Return the signal that says where it was told to be."""
        return self._logic("movable").setpoint

    def set(self, value: Any, timeout: float | None = None) -> WatchableAsyncStatus:
        """Move; done when it is there.

        :param value: in the unit of the readback, or the name of a position.
        :param timeout: in s; None: from distance and speed, else as the file says.
        :raises: the status holds a `LimitError` before anything moves, a `BusyError` while another set moves it, a
            `MoveError` or `WriteError` if it does not get there.
        """
        return WatchableAsyncStatus(lambda: self._move(value, timeout), self._context.binding, self.name)

    async def stop(self, success: bool = False) -> None:
        """Stop the motion.

        :param success: whether the status of the move ends well.
        """
        with self._context.binding.operation():
            if self._move_task is not None:
                self._stop_success = success
            await self._logic("movable").stop()
            task = self._move_task
            if task is not None and task is not asyncio.current_task():
                task.cancel()

    async def locate(self) -> dict[str, Any]:
        """Return `{"setpoint", "readback"}`, both fresh.

        :raises ReadError: if one cannot be read.
        """
        setpoint, readback = self.setpoint_signal, self.readback_signal
        ask = setpoint._get_setpoint() if isinstance(setpoint, SignalRW) else setpoint.get_value(cached=False)
        values = await asyncio.gather(ask, readback.get_value())
        return {"setpoint": values[0], "readback": values[1]}

    async def check_value(self, value: Any) -> None:
        """Raise if a set to this value would be refused.

        :raises LimitError: outside the limits.
        """
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            await self._logic("movable").check(value)

    async def get_value(self, cached: bool | None = None) -> Any:
        """Return where it is; parameters and errors as `SignalR.get_value`."""
        return await self.readback_signal.get_value(cached)

    def subscribe(self, callback: Callable[..., Any]) -> int:
        """Subscribe to where it is; see `SignalR.subscribe`."""
        return self.readback_signal.subscribe(callback)

    def subscribe_reading(self, callback: Callable[[dict[str, Any]], Any]) -> int:
        """Subscribe to where it is, in bluesky's form."""
        return self.readback_signal.subscribe(callback)

    def clear_sub(self, callback: Callable[..., Any] | int) -> None:
        """End a subscription; see `SignalR.clear_sub`."""
        self.readback_signal.clear_sub(callback)

    def get(self) -> Any:
        """Return where it is, fresh, from a thread that runs no event loop.

        :raises WouldBlockError: on the device loop.
        :raises ReadError: if there is no value.
        """
        return self._context.binding.run(
            lambda: self.get_value(cached=False),
            f"{self.path}.get()",
            "`await device.get_value()`, or in a plan `yield from bps.rd(device)`",
        )

    def put(self, value: Any, timeout: float | None = None) -> None:
        """Move and wait, from a thread that runs no event loop.

        :raises WouldBlockError: on the device loop.
        :raises OphydDeclError: as `set`.
        """

        async def move() -> None:
            async for _ in self._move(value, timeout):
                pass

        self._context.binding.run(
            move, f"{self.path}.put()", "`await device.set(value)`, or in a plan `yield from bps.mv(device, value)`"
        )

    async def _move(self, value: Any, timeout: float | None) -> AsyncIterator[WatcherUpdate]:
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            logic: MoveLogic = self._logic("movable")
            target = await logic.check(value)
            if self._move_task is not None:
                raise self._about(BusyError(f"another set is moving it; the set to {value} was not started"))
            self._move_task = asyncio.current_task()
            self._stop_success = None
            try:
                async for update in logic.move(target, timeout):
                    yield update
            except asyncio.CancelledError:
                if self._stop_success is None:
                    await asyncio.shield(logic.stop())
                    raise
                if not self._stop_success:
                    raise self._about(StoppedError(f"was stopped on the way to {value}")) from None
            finally:
                self._move_task = None

    def _about(self, error: MoveError) -> MoveError:
        error.source = error.source or self.setpoint_signal.source
        return error.about(self.path, self._place)


class Triggerable(Role):
    """A device that can be triggered: bluesky's Triggerable."""

    def trigger(self) -> AsyncStatus[None]:
        """Acquire once; done when the data can be read."""
        return AsyncStatus(self._trigger, self._context.binding, self.name)

    async def _trigger(self) -> None:
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            await self._logic("triggerable").trigger()


ROLES: dict[str, type[Role]] = {"movable": Movable, "triggerable": Triggerable}
