"""Roles: mixins that give a device the verbs of what it can do. The logic behind them comes from a plugin.

A role knows bluesky's verbs and nothing of how a device moves or triggers; that is the logic's, which knows nothing of
bluesky.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Generic, Protocol, runtime_checkable

from ..errors import BusyError, MoveError, OphydDeclError, StoppedError
from .node import Node
from .scanned import note_set
from .status import AsyncStatus, WatchableAsyncStatus, WatcherUpdate
from .type_variables import MoveTarget_contra, Value_co
from .verbs import SignalR, SignalRW

if TYPE_CHECKING:
    from bluesky.protocols import Hints, Location

log = logging.getLogger("ophyd_decl.devices")

#: Held while the logic of a device is made: a thread that asks where it is must not make a second one beside that which
#: moves it, as a stop would then reach the wrong one. One lock for all, since logic may be made of that of others.
_making = threading.RLock()


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

    def move(self, value: Any, timeout_s: float | None) -> AsyncGenerator[WatcherUpdate]:
        """Move to a checked position; end when it is there, raise if it is not."""
        ...

    async def stop(self) -> None:
        """Stop the motion; bluesky calls it at the end of every plan, so a device at rest must not change."""
        ...


@runtime_checkable
class RestingLogic(Protocol):
    """Logic of a device that may rest elsewhere than its server says that it was told to be."""

    async def resting_place(self, told: Any, position: Any) -> Any:
        """Return where it stands if it rests elsewhere than told, or else what it was told.

        :param told: what the server says was written last.
        :param position: where it was a moment ago.
        """
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
            with _making:
                logic = self._logic_of[role]
                if callable(logic):
                    logic = self._logic_of[role] = logic()
        return logic

    async def _rest(self) -> None:
        """End what a plan has left under way, at `unstage`."""


class Move:
    """One set of a device, from the call to its end: what `stop` acts on, also before anything was sent.

    :ivar success: how it was asked to end; None while nobody has.
    :ivar error: why the device could not be told to stop.
    """

    __slots__ = ("error", "success", "task", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.success: bool | None = None
        self.task: asyncio.Task[Any] | None = None
        self.error: BaseException | None = None

    async def end(self, success: bool) -> None:
        """Have it stop the device and end; done when it has."""
        self.success = success
        if self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait([self.task])


class Movable(Role, Generic[Value_co, MoveTarget_contra]):
    """A device that can be moved: bluesky's Movable, Locatable, Stoppable, Checkable and Subscribable.

    Type checkers know the type of its readback, and that of what `set` takes where it is another one.
    """

    if TYPE_CHECKING:

        @property
        def _plan(self) -> Any:  # of the device
            ...

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        #: sets that have not ended; the first one moves, others will be refused.
        self._moves: list[Move] = []

    @property
    def hints(self) -> "Hints":
        """Return `{"fields": [...]}`: of what can be moved, where it is; else what its members say."""
        fields = [field for field in self._plan.hinted if field == self.name]
        return {"fields": fields or list(self._plan.hinted)}

    @property
    def readback_signal(self) -> SignalR[Value_co]:
        """Return the signal that says where it is."""
        return self._logic("movable").readback

    @property
    def setpoint_signal(self) -> SignalR:
        """Return the signal that says where it was told to be."""
        return self._logic("movable").setpoint

    def set(self, value: MoveTarget_contra, timeout: float | None = None) -> WatchableAsyncStatus:
        """Move; done when it is there.

        :param value: in the unit of the readback, or the name of a position.
        :param timeout: in s; None: from distance and speed, else as the file says.
        :raises: the status holds a `LimitError` before anything moves, a `BusyError` while another set moves it, a
            `MoveError` or `WriteError` if it does not get there.
        """
        note_set(self)
        move = Move(value)
        self._moves.append(move)
        try:
            status = WatchableAsyncStatus(lambda: self._move(move, timeout), self._context.binding, self.name)
        except BaseException:
            self._forget(move)
            raise
        status.add_callback(lambda _: self._forget(move))
        return status

    def _as_axis(self) -> tuple[list[SignalR], list[str]]:
        """Return what says where it is, for a device above that does not read it, and the names that plots show."""
        return self._plan.read or [self.readback_signal], self.hints.get("fields", [])

    @property
    def _busy(self) -> bool:
        """Return whether a set is moving it."""
        return bool(self._moves)

    async def stop(self, success: bool = False) -> None:
        """Stop the motion; done when the device was told so and the sets that were under way have ended.

        :param success: whether their statuses end well.
        :raises SignalError: if the device could not be told.
        """
        with self._context.binding.operation():
            moves = list(self._moves)
            if not moves:
                await self._context.ensure(self.path)
                await self._logic("movable").stop()
            for move in moves:
                await move.end(success)
            for move in moves:
                if move.error is not None:
                    raise move.error

    async def locate(self) -> "Location[Any]":
        """Return `{"setpoint", "readback"}`, both fresh.

        Of what no set of ours moves, and rests elsewhere than it was told to be, the setpoint is where it stands: a
        plan that moves it by a distance begins there.

        :raises ReadError: if one cannot be read.
        """
        setpoint, readback = self.setpoint_signal, self.readback_signal
        ask = setpoint._get_setpoint() if isinstance(setpoint, SignalRW) else setpoint.get_value(cached=False)
        told, position = await asyncio.gather(ask, readback.get_value())
        return {"setpoint": await self._told_or_resting(told, position), "readback": position}

    async def _told_or_resting(self, told: Any, position: Any) -> Any:
        """Return where it stands if no set of ours moves it and it rests elsewhere than told, or else what it was told.

        :raises ReadError: if that cannot be found out.
        """
        logic = self._logic("movable")
        if self._busy or not isinstance(logic, RestingLogic):
            return told
        return await logic.resting_place(told, position)

    async def check_value(self, value: MoveTarget_contra) -> None:
        """Raise if a set to this value would be refused.

        :raises LimitError: outside the limits.
        """
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            await self._logic("movable").check(value)

    async def get_value(self, cached: bool | None = None) -> Value_co:
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

    def get(self) -> Value_co:
        """Return where it is, fresh, from a thread that runs no event loop.

        :raises WouldBlockError: on the device loop.
        :raises ReadError: if there is no value.
        """
        return self._context.binding.run(
            lambda: self.get_value(cached=False),
            f"{self.path}.get()",
            "`await device.get_value()`, or in a plan `yield from bps.rd(device)`",
        )

    def put(self, value: MoveTarget_contra, timeout: float | None = None) -> None:
        """Move and wait, from a thread that runs no event loop.

        :raises WouldBlockError: on the device loop.
        :raises OphydDeclError: as `set`.
        """

        async def move() -> None:
            await self.set(value, timeout)

        self._context.binding.run(
            move, f"{self.path}.put()", "`await device.set(value)`, or in a plan `yield from bps.mv(device, value)`"
        )

    async def _move(self, move: Move, timeout: float | None) -> AsyncIterator[WatcherUpdate]:
        with self._context.binding.operation():
            move.task = asyncio.current_task()
            try:
                if move.success is None:
                    async with aclosing(self._follow(move, timeout)) as updates:
                        async for update in updates:
                            yield update
                    return
            except asyncio.CancelledError:
                await self._stop_for(move)
                if move.success is None:
                    raise
            except OphydDeclError:
                if move.success is None:
                    raise
            finally:
                self._forget(move)
            if move.error is not None:
                raise move.error
            if not move.success:
                raise self._about(StoppedError(f"was stopped on the way to {move.value}"))

    async def _follow(self, move: Move, timeout: float | None) -> AsyncGenerator[WatcherUpdate]:
        if self._moves[0] is not move:
            raise self._about(BusyError(f"another set is moving it; the set to {move.value} was not started"))
        await self._context.ensure(self.path)
        logic: MoveLogic = self._logic("movable")
        target = await logic.check(move.value)
        async with aclosing(logic.move(target, timeout)) as updates:
            async for update in updates:
                yield update

    async def _stop_for(self, move: Move) -> None:
        """Stop the device because a move of it was cancelled; what goes wrong must not hide that."""
        if self._moves[0] is not move:
            return
        try:
            await self._logic("movable").stop()
        except OphydDeclError as error:
            move.error = error
            log.error("%s could not be told to stop: %s", self.path, error)

    def _forget(self, move: Move) -> None:
        if move in self._moves:
            self._moves.remove(move)

    def _about(self, error: MoveError) -> MoveError:
        error.source = error.source or self.setpoint_signal.source
        return error.about(self.path, self._place)


class Triggerable(Role):
    """A device that can be triggered: bluesky's Triggerable."""

    _acquiring: "asyncio.Task[Any] | None" = None

    def trigger(self) -> AsyncStatus[None]:
        """Acquire once; done when the data can be read."""
        return AsyncStatus(self._trigger, self._context.binding, self.name)

    async def _trigger(self) -> None:
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            await self._rest()  # a plan that was paused has left its trigger alone
            task = self._acquiring = asyncio.current_task()
            logic: TriggerLogic = self._logic("triggerable")
            try:
                await logic.trigger()
            except asyncio.CancelledError:
                await self._stop_acquiring(logic)
                raise
            finally:
                if self._acquiring is task:
                    self._acquiring = None

    async def _stop_acquiring(self, logic: TriggerLogic) -> None:
        """End an acquisition because its trigger was cancelled; what goes wrong must not hide that."""
        try:
            await logic.stop()
        except OphydDeclError as error:
            log.error("%s could not be told to stop: %s", self.path, error)

    async def _rest(self) -> None:
        """End an acquisition that nobody waits for any more."""
        task, self._acquiring = self._acquiring, None
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            await asyncio.wait([task])
        await super()._rest()
