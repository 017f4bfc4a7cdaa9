"""Move an EPICS motor record: the end is the completion of the put, and what the record says where that is not enough.

A put of the record completes without an error also where nothing moved (a soft limit) and where the axis did not get
there (a limit switch, retries used up, somebody's stop). So the readback is compared with the target, and where they
differ at all the record is asked why: a move that ends right there reads nothing of that.

Source: EPICS motor module, motorRecord.html; behaviour of a real record, looked at over both protocols.
"""

import math
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from ..devices.command import Command
from ..devices.condition import Observation
from ..devices.reading import read_values
from ..devices.verbs import SignalR, SignalRW
from ..errors import LimitError, MoveFailedError, MoveTimeoutError, SignalError
from .ending import Course
from .setpoint import ASK_AGAIN_S, MARGIN_S, RELATIVE_TOLERANCE, Late, SetpointMove, time_of

#: The put has no end of its own: that of the move is looked after here. In s.
_NEVER_S = 1e7
#: Readback and target are the same where only the rounding of a double is between them.
_ROUNDING = 1e-9
#: Labels of SPMG in which the record does not move.
_HELD = ("Stop", "Pause")


class MotorRecordMove(SetpointMove):
    """The logic `movable: motor_record`; parameters as in `spec.MotorRecordOptions`, with nodes for paths."""

    def __init__(
        self,
        device: Any,
        *,
        setpoint: SignalRW,
        readback: SignalR,
        done: SignalR,
        stop: Command,
        velocity: SignalR,
        acceleration_time: SignalR,
        mode: SignalR,
        set_or_use: SignalR,
        beyond_limits: SignalR,
        high_switch: SignalR,
        low_switch: SignalR,
        missed: SignalR,
        resolution: SignalR,
        deadband: SignalR,
        backlash: SignalR,
        backlash_velocity: SignalR,
        backlash_acceleration_time: SignalR,
        tolerance: float | None = None,
        settle: float = 0.0,
        timeout: float | None = None,
        positions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            device,
            setpoint=setpoint,
            readback=readback,
            tolerance=tolerance,
            settle=settle,
            stop=stop,
            timeout=timeout,
            positions=positions,
        )
        self._at_rest = done
        self._stop_command = stop
        self._speeds = velocity, acceleration_time
        self._set_or_use, self._mode = set_or_use, mode
        self._reasons = beyond_limits, high_switch, low_switch, missed, resolution, deadband
        self._steps = resolution, deadband
        self._backlash = backlash, velocity, backlash_velocity, backlash_acceleration_time
        #: whether the time of the move was computed here, so that it may turn out to be longer.
        self._may_extend = False

    async def stop(self) -> None:
        """Put STOP where the record moves, and wait until it stands; a record at rest stays as it is.

        During a move of ours STOP is put before anything is read. Else the record is asked whether it moves.

        :raises SignalError: if the record could not be told, or does not say whether it stands.
        :raises MoveTimeoutError: if it moves on.
        """
        if self._device._context.mock:
            await super().stop()
            return
        told = self._may_move
        if told:  # before anything is read, which may take its time, and fail
            await self._stop_command.execute()
        async with Observation([self._at_rest]) as seen:
            await seen.refresh()
            if not told and not self._stands(seen):
                await self._stop_command.execute()
                await seen.refresh()
            if not self._stands(seen):
                deadline = time.monotonic() + await self._braking_s()
                while not self._stands(seen):
                    if not await seen.next(max(deadline - time.monotonic(), 0.001)) and time.monotonic() >= deadline:
                        raise self._about(MoveTimeoutError("it still moves after it was told to stop"))
        self._may_move = False

    async def _is_as_told(self, told: float, position: float) -> bool:
        """Return whether it is as near as the record can go, or tries to, or else within what a move may end."""
        if await super()._is_as_told(told, position):
            return True
        return abs(position - told) <= self._nearest(*await read_values(*self._steps))

    async def _may_be_at_rest(self) -> bool:
        (at_rest,) = await read_values(self._at_rest)
        return bool(at_rest)

    async def _longest(self, initial: Any, target: Any, timeout_s: float | None) -> float:
        """Return the longest time of a move, in s.

        :raises MoveFailedError: if the record would not move: it redefines positions, is held, or has no velocity.
        """
        velocity, acceleration_time, set_or_use, mode = await read_values(*self._speeds, self._set_or_use, self._mode)
        if set_or_use == "Set":
            raise self._about(
                MoveFailedError(
                    "SET is Set: the record would call where it stands the target, and not move; nothing was sent",
                    help="put Use to its SET",
                )
            )
        if mode in _HELD:
            raise self._about(MoveFailedError(f"SPMG is {mode}; nothing was sent", help="put Go to its SPMG"))
        if velocity <= 0:
            raise self._about(
                MoveFailedError(f"its velocity is {velocity}; nothing was sent", help="put a velocity to its VELO")
            )
        timeout_s = timeout_s if timeout_s is not None else self._timeout_s
        self._may_extend = timeout_s is None
        return timeout_s if timeout_s is not None else time_of(target - initial, velocity, acceleration_time) + MARGIN_S

    async def _put(
        self, value: Any, timeout_s: float, deadline: float, seen: Observation, course: Course
    ) -> AsyncGenerator[None]:
        """Write and wait for completion; time in which the record is paused does not count.

        It is asked for that each second, and when the time is over, so that a short move asks nothing.
        """
        may_pause = self._may_extend
        asked_at = time.monotonic()
        async with self.setpoint.set(value, timeout=_NEVER_S) as status:
            status.add_callback(seen.wake)
            while not status.done:
                ask_at = min(deadline, asked_at + ASK_AGAIN_S) if may_pause else deadline
                if await seen.next(max(ask_at - time.monotonic(), 0.001)):
                    yield
                now = time.monotonic()
                if status.done or now < ask_at:
                    continue
                if may_pause:
                    if await self._is_paused():
                        deadline = max(deadline + now - asked_at, now + ASK_AGAIN_S)
                    asked_at = now
                if now >= deadline and not status.done:
                    deadline = now + await self._more_time()
            status.result()

    async def _is_paused(self) -> bool:
        try:
            (mode,) = await read_values(self._mode)
        except SignalError:  # no reason to give up a move; where the connection is lost its put says so
            return False
        return mode == "Pause"

    async def _more_time(self) -> float:
        """Return for how much longer a move may last whose time is over, in s.

        :raises Late: if it may not.
        """
        if not self._may_extend:
            raise Late
        self._may_extend = False  # once
        backlash, velocity, backlash_velocity, acceleration_time = await read_values(*self._backlash)
        if not backlash:
            raise Late
        slow = min(speed for speed in (velocity, backlash_velocity or velocity) if speed > 0)
        return 2 * time_of(backlash, slow, acceleration_time)

    async def _judge(self, target: Any, seen: Observation, precision: int | None, units: str | None) -> None:
        """Raise what the record says of a move that did not end right at the target.

        What the record says does not count nearer than it can go, or than the file allows. The precision of the
        readback allows only what the record has no reason for.

        :raises LimitError: if the record refused the target.
        :raises MoveFailedError: if it did not get there.
        """
        if math.isclose(self._position(seen), target, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
            return
        beyond, high, low, missed, resolution, deadband, mode, setpoint, position = await read_values(
            *self._reasons, self._mode, self.setpoint, self.readback
        )
        if beyond:
            raise self._about(
                LimitError(
                    f"the record refused {target}: it is outside its soft limits (LVIO); nothing moved",
                    help="see LLM and HLM of the record",
                )
            )
        nearest = self._nearest(resolution, deadband)
        if abs(position - target) <= nearest:
            return
        reason = (
            "the high limit switch ended the move"
            if high
            else "the low limit switch ended the move"
            if low
            else "the record ran out of retries (MISS)"
            if missed
            else f"the move was ended by SPMG, which is {mode}"
            if mode in _HELD
            else "somebody else stopped it, or sent it elsewhere"
            if abs(setpoint - target) > nearest
            else None
        )
        if reason is None:
            self._compare(target, position, precision, units)
            return
        unit = f" {units}" if units else ""
        raise self._about(MoveFailedError(reason, expected=f"{target}{unit}", found=f"{position}{unit}"))

    def _nearest(self, resolution: float, deadband: float) -> float:
        """Return the distance within which what the record says does not count, with the rounding of a decimal."""
        nearest = max(abs(resolution), deadband) if self._tolerance is None else self._tolerance
        return nearest * (1 + RELATIVE_TOLERANCE)

    async def _braking_s(self) -> float:
        """Return a time in which it surely stands, s; the acceleration time is left out where it cannot be read."""
        try:
            (acceleration_time,) = await read_values(self._speeds[1])
        except SignalError:
            return MARGIN_S
        return acceleration_time + MARGIN_S

    def _stands(self, seen: Observation) -> bool:
        return bool(seen.value_of(self._at_rest))
