"""Fly one motor at a constant velocity from one position to another, with a run-up before and a run-down behind."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from ..devices.condition import Observation
from ..devices.reading import read_values
from ..devices.status import WatchableAsyncStatus, WatcherUpdate
from ..devices.verbs import SignalR, SignalRW
from ..errors import LimitError, MoveFailedError, MoveTimeoutError, OphydDeclError
from ..vocab.readings import Reading
from .setpoint import MARGIN_S, RELATIVE_TOLERANCE


@dataclass(frozen=True, slots=True)
class FlyMotorInfo:
    """What `prepare` of a motor takes; that of ophyd-async with the same fields is taken, too.

    :param start_position: where the velocity is reached, EGU.
    :param end_position: until where it is kept, EGU.
    :param time_for_move: from the one to the other, s, > 0.
    :param timeout: of the flight with its ramps, in s; None: from distance and velocity.
    """

    start_position: float
    end_position: float
    time_for_move: float
    timeout: float | None = None

    @property
    def velocity(self) -> float:
        """Return the velocity, EGU/s, >= 0."""
        return abs(self.end_position - self.start_position) / self.time_for_move

    def ends(self, ramp: float) -> tuple[float, float]:
        """Return where the motor starts and where it stops, EGU.

        :param ramp: distance of the run-up, and of the run-down, EGU, >= 0.
        """
        signed = math.copysign(ramp, self.end_position - self.start_position)
        return self.start_position - signed, self.end_position + signed


def ramp_distance(velocity: float, base_velocity: float, acceleration_time: float) -> float:
    """Return the distance in which a motor gets from standstill to a velocity, EGU.

    :param velocity: EGU/s.
    :param base_velocity: that it has at once, EGU/s.
    :param acceleration_time: from the one to the other, s.
    Source: EPICS motor module, motorRecord.html, VBAS and ACCL: constant acceleration from VBAS to VELO in ACCL
    seconds, so that the mean velocity of the ramp is the mean of both.
    """
    return (velocity + base_velocity) / 2 * acceleration_time


class MotorFly:
    """The logic `flyer: motor`; parameters as in `spec.MotorFlyOptions`, with nodes in the place of paths."""

    def __init__(
        self,
        device: Any,
        *,
        velocity: SignalRW,
        max_velocity: SignalR,
        base_velocity: SignalR,
        acceleration_time: SignalR,
        backlash: SignalR,
        resolution: SignalR,
        deadband: SignalR,
    ) -> None:
        self._device = device
        self._velocity = velocity
        self._acceleration_time = acceleration_time
        self._steps = resolution, deadband
        self._asked = velocity, max_velocity, base_velocity, acceleration_time, backlash, resolution
        self._info = FlyMotorInfo(0.0, 0.0, 1.0)
        self._start = self._end = 0.0
        self._ramp_s = 0.0
        self._before: float | None = None
        self._flight: WatchableAsyncStatus | None = None

    @property
    def flying(self) -> bool:
        """Return whether a flight that was kicked off has not ended."""
        return self._flight is not None and not self._flight.done

    async def prepare(self, value: Any) -> None:
        """Go to the start of the run-up, as fast as the motor may, and set the velocity of the flight.

        :raises MoveFailedError: if the velocity is none, or the motor takes out backlash.
        :raises LimitError: if the velocity, or a position with its ramp, is outside the limits; nothing moves then.
        """
        await self.abort()  # what is left of a flight that nobody has completed
        info = _info(value)
        old, highest, base, ramp_s, backlash, resolution = await read_values(*self._asked)
        if not (info.time_for_move > 0 and 0 < info.velocity < math.inf):
            raise self._about(MoveFailedError(f"{info} has no velocity; nothing was sent"))
        if backlash and abs(backlash) >= abs(resolution):
            raise self._about(
                MoveFailedError(
                    f"it takes out a backlash of {backlash}, so no flight is one move; nothing was sent",
                    help="put 0 to its BDST for a flight",
                )
            )
        if info.velocity < base or (highest and info.velocity > highest):
            raise self._about(
                LimitError(
                    f"a velocity of {info.velocity:g} is outside [{base:g}, {highest or math.inf:g}]; nothing was sent",
                    help="give another `time_for_move`; see VBAS and VMAX of the record",
                )
            )
        start, end = info.ends(ramp_distance(info.velocity, base, ramp_s))
        for position in (start, end):
            await self._device.check_value(position)
        self._info, self._end, self._ramp_s = info, end, ramp_s
        self._before = old
        try:
            if highest:
                await self._velocity.set(highest)
            await self._device.set(start)
            await self._velocity.set(info.velocity)
            self._start = await self._device.get_value(cached=False)
            await self._check_ready("it did not take what the flight needs")
        except BaseException:
            await self._put_back()
            raise

    async def kickoff(self) -> None:
        """Begin to move; end when it passes the start position, so at its velocity.

        :raises MoveError: if it does not get there; before anything is sent if it is not as `prepare` left it.
        """
        info = self._info
        forward = info.end_position > info.start_position
        deadline = time.monotonic() + self._ramp_s + MARGIN_S
        readback = self._device.readback_signal
        try:
            await self._check_ready("it is not as `prepare` left it; nothing was sent")
            async with Observation([readback]) as seen:
                flight = self._flight = self._device.set(self._end, timeout=info.timeout)
                flight.add_callback(seen.wake)
                while not flight.done:
                    outcome = readback._compute(seen.snapshot)
                    position = outcome.value if isinstance(outcome, Reading) else info.start_position
                    if (position >= info.start_position) if forward else (position <= info.start_position):
                        return
                    if not await seen.next(max(deadline - time.monotonic(), 0.001)) and time.monotonic() >= deadline:
                        raise self._about(
                            MoveTimeoutError("it did not pass the start", expected=info.start_position, found=position)
                        )
                flight.result()
        except BaseException:
            await self.abort()
            raise

    async def complete(self) -> AsyncGenerator[WatcherUpdate]:
        """Follow the move to the end of the run-down, and put the velocity back.

        :raises MoveError: as the move.
        """
        flight = self._flight
        if flight is None:
            raise self._about(MoveFailedError("no flight is under way"))
        updates: asyncio.Queue[WatcherUpdate | None] = asyncio.Queue()
        flight.watch(lambda **update: updates.put_nowait(WatcherUpdate(**update)))
        flight.add_callback(lambda _: updates.put_nowait(None))
        try:
            while (update := await updates.get()) is not None:
                yield update
            flight.result()
        finally:
            await self.abort()

    async def abort(self) -> None:
        """Stop a move that has not ended, and put the velocity back; what failed is tried again by the next."""
        flight = self._flight
        try:
            if flight is not None and not flight.success:  # also one that failed because it could not be stopped
                await self._device.stop()
                flight.exception()
            self._flight = None
        finally:
            await self._put_back()

    async def _check_ready(self, message: str) -> None:
        """Raise if it does not stand at the start of the run-up, or would run up in another way than was planned.

        :raises MoveFailedError: with what differs.
        """
        position, velocity, ramp_s, resolution, deadband = await read_values(
            self._device.readback_signal, self._velocity, self._acceleration_time, *self._steps
        )
        nearest = max(abs(resolution), deadband) * (1 + RELATIVE_TOLERANCE)
        for name, expected, found, apart in (
            ("position", self._start, position, nearest),
            ("VELO", self._info.velocity, velocity, self._info.velocity * RELATIVE_TOLERANCE),
            ("ACCL", self._ramp_s, ramp_s, self._ramp_s * RELATIVE_TOLERANCE),
        ):
            if abs(found - expected) > apart:
                raise self._about(
                    MoveFailedError(
                        message, expected=f"{name} {expected:g}", found=f"{name} {found:g}", help="`prepare` it again"
                    )
                )

    async def _put_back(self) -> None:
        if self._before is not None:
            await self._velocity.set(self._before)
            self._before = None  # only now: until it is put, the next abort has to try it again

    def _about(self, error: Any) -> Any:
        error.source = self._velocity.source
        return error.about(self._device.path, self._device._place)


def _info(value: Any) -> FlyMotorInfo:
    if isinstance(value, FlyMotorInfo):
        return value
    try:
        timeout = value.timeout if isinstance(value.timeout, int | float) else None
        return FlyMotorInfo(value.start_position, value.end_position, value.time_for_move, timeout)
    except AttributeError as error:
        raise OphydDeclError(f"`prepare` of a motor takes a FlyMotorInfo, not {value!r}: {error}") from None
