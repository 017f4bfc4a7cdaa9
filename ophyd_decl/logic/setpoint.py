"""Move by writing a setpoint. The end is a condition on values read after the put, or completion and tolerance."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from ..devices.command import Command
from ..devices.condition import Condition, Observation
from ..devices.mock import set_mock_value
from ..devices.numbers import number_in, plain
from ..devices.signal import WireSignal
from ..devices.status import WatcherUpdate, progress
from ..devices.verbs import SignalR, SignalRW
from ..errors import (
    BadValueError,
    LimitError,
    MoveFailedError,
    MoveTimeoutError,
    NotAllowedError,
    PutTimeoutError,
    SignalError,
)
from .ending import Course, EndsByCondition

#: Added to the time that distance, speed and acceleration give, in s.
MARGIN_S = 10.0
#: Without `tolerance` a float readback must agree to its precision; where that is unknown or 0, to these.
RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9
#: A server that is silent is asked for the condition again after this time, in s.
ASK_AGAIN_S = 1.0
#: Where `done` may have been the one from before the move.
LATE_HELP = "; if it may begin later than {:g} s after the put, a longer `grace:`"


def time_of(distance: float, speed: float, acceleration_time: float) -> float:
    """Return a time in which a move has surely ended, in s.

    :param distance: in the unit of the readback, signed or not.
    :param speed: in that unit/s, > 0.
    :param acceleration_time: from standstill to that speed, s.
    Source: a trapezoid takes distance / speed + acceleration time, a move too short to reach its speed takes less
    than twice the acceleration time.
    """
    return abs(distance) / speed + 2 * acceleration_time


class Late(Exception):  # noqa: N818  # no error of a user: it ends as one
    """The time of the move is over; not a TimeoutError, which a read can raise too."""


class SetpointMove(EndsByCondition):
    """The logic `movable: setpoint`; parameters as in `spec.SetpointOptions`, with nodes in the place of paths."""

    def __init__(
        self,
        device: Any,
        *,
        setpoint: SignalRW,
        readback: SignalR | None = None,
        done: Condition | None = None,
        failed: Condition | None = None,
        allowed: Condition | None = None,
        tolerance: float | None = None,
        settle: float = 0.0,
        grace: float = 0.0,
        rests_at_target: bool = False,
        start: Command | None = None,
        stop: Command | None = None,
        velocity: SignalR | None = None,
        acceleration_time: SignalR | None = None,
        timeout: float | None = None,
        positions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(device, setpoint.source, done, failed)
        self.setpoint: Any = setpoint
        self.readback: SignalR = readback if readback is not None else setpoint
        self._allowed = allowed
        self._tolerance = tolerance
        self._settle_s = settle
        self._grace_s = grace
        self._rests_at_target = rests_at_target
        self._start = start
        self._stop = stop
        self._velocity = velocity
        self._acceleration_time = acceleration_time
        self._timeout_s = timeout
        self._positions = positions or {}
        #: whether a target was sent that is not known to be reached: what `stop` has to end.
        self._may_move = False
        self._target: float | None = None
        #: the target of a move of ours that the stop command has ended, for what cannot say that it is at rest there.
        self._given_up: float | None = None

    async def check(self, value: Any) -> Any:
        """Return the position; a name is looked up among the positions.

        :raises LimitError: outside the limits.
        :raises NotAllowedError: if it must not go there now.
        :raises ReadError: if that cannot be found out.
        :raises BadValueError: if the value is no number and no name of a position.
        """
        value = plain(value)
        if isinstance(value, str) and value in self._positions:
            value = self._positions[value]
        elif isinstance(value, str) and self.setpoint._shape.datatype.name not in ("str", "enum", "any"):
            known = ", ".join(self._positions) or "none"
            raise self._about(BadValueError(f"{value!r} is neither a number nor a named position ({known})"))
        if isinstance(value, float) and not math.isfinite(value):
            raise self._about(LimitError(f"cannot move to {value}; nothing was sent"))
        try:
            self.setpoint.check_value(value)
        except SignalError as error:
            error.signal = self._device.path
            raise
        if self._allowed is not None and not self._device._context.mock:
            await self._check_allowed(self._allowed, value)
        return value

    async def _check_allowed(self, allowed: Condition, value: Any) -> None:
        async with Observation(list(allowed.signals.values())) as seen:
            await seen.refresh()
            if not self._holds(allowed, seen.snapshot, value):
                raise self._about(
                    NotAllowedError(
                        f"is not allowed to go to {value} now: {allowed.describe(seen.snapshot)}; nothing was sent",
                        help="look for what holds it, such as an interlock",
                    )
                )

    async def move(self, value: Any, timeout_s: float | None) -> AsyncGenerator[WatcherUpdate]:
        """Write the setpoint and yield an update for each readback until the end.

        :raises MoveTimeoutError: if the end does not come in time; the device is stopped.
        :raises MoveFailedError: if the device says so, or the readback is not at the target.
        :raises WriteError: if the put was refused, lost or not sent.
        :raises ReadError: if the connection breaks on the way.
        """
        if self._device._context.mock:
            yield await self._move_mock(value)
            return
        watched = [self.readback]
        for condition in (self._done, self._failed):
            watched.extend(condition.signals.values() if condition is not None else ())
        async with Observation(watched, fresh=self._rests_at_target) as seen:
            initial = self._position(seen)
            units, precision = await self._units_and_precision()
            timeout_s = await self._longest(initial, value, timeout_s)
            deadline = time.monotonic() + timeout_s

            def update() -> WatcherUpdate:
                return progress(self._position(seen), initial, value, self._device.name, units, precision)

            yield update()
            self._may_move, self._target, self._given_up = True, number_in(value), None
            course = Course(self, seen, self._grace_s)
            try:
                async with aclosing(self._put(value, timeout_s, deadline, seen, course)) as puts:
                    async for _ in puts:
                        yield update()
                ends = self._end_condition(value, precision, course)
                arrived = self._arrival(value, initial, precision)
                is_near = self._nearness(value, precision)
                async with aclosing(self._end(ends, arrived, is_near, deadline, seen, course)) as steps:
                    async for _ in steps:
                        yield update()
            except Late:
                raise await self._late(value, timeout_s, seen) from None
            await self._judge(value, seen, precision, units)
            self._may_move = False
            yield update()

    async def resting_place(self, told: Any, position: Any) -> Any:
        """Return where it stands if it rests elsewhere than told, or else what it was told.

        A server keeps what was written last: also the target of a move that was stopped or failed, and often 0 where
        nobody has written since it started. What has no `done` rests while no set of ours moves it.

        :raises ReadError: if that cannot be found out.
        """
        if self._device._context.mock or number_in(told) is None or number_in(position) is None:
            return told
        if await self._is_as_told(told, position) or not (self._has_given_up(told) or await self._may_be_at_rest()):
            return told
        position = await self.readback.get_value(cached=False)  # it may have moved until it was at rest
        return told if await self._is_as_told(told, position) else position

    def _has_given_up(self, told: float) -> bool:
        return self._given_up is not None and math.isclose(told, self._given_up, rel_tol=RELATIVE_TOLERANCE)

    async def _is_as_told(self, told: float, position: float) -> bool:
        """Return whether a move to what it was told could have ended where it is."""
        _, precision = await self._units_and_precision()
        return self._is_near(told, position, precision)

    async def _may_be_at_rest(self) -> bool:
        return self._done is None or await self._is_at_rest()

    async def stop(self) -> None:
        """Execute the stop command, unless `done` says that it is at rest; without one, end a move of ours.

        That is done by making the setpoint what the readback is, where that is a number: nothing is half open.

        :raises SignalError: if the device could not be told.
        """
        if self._stop is not None:
            if self._may_move or not await self._is_at_rest():
                await self._stop.end(self._begun_by)
            if self._may_move:
                self._given_up = self._target
        elif self._may_move and self.readback is not self.setpoint:
            position = await self.readback.get_value(cached=False)
            if number_in(position) is not None:
                await self._redirect(position)
        self._may_move = False

    @property
    def _begun_by(self) -> str:
        """Return the source of what a move begins with."""
        if self._start is not None:
            return self._start.source
        return self.setpoint.write_source if isinstance(self.setpoint, WireSignal) else self.setpoint.source

    async def _redirect(self, position: Any) -> None:
        """Send it elsewhere while a put to its setpoint is under way."""
        if isinstance(self.setpoint, WireSignal):
            await self.setpoint.redirect(position)
        else:
            await self.setpoint.set(position)

    async def _is_at_rest(self) -> bool:
        if self._done is None or self._device._context.mock:
            return False
        async with Observation(list(self._done.signals.values())) as seen:
            await seen.refresh()
            return self._holds(self._done, seen.snapshot)

    async def _put(
        self, value: Any, timeout_s: float, deadline: float, seen: Observation, course: Course
    ) -> AsyncGenerator[None]:
        """Write and wait for completion, yielding at each update; the move's time holds for the put too."""
        async with self.setpoint.set(value, timeout=timeout_s) as status:
            status.add_callback(seen.wake)
            while not status.done:
                if await seen.next(max(deadline - time.monotonic(), 0.001)):
                    course.raise_if_failed()
                    yield
                elif not status.done and time.monotonic() >= deadline:
                    raise Late
            if isinstance(status.exception(), PutTimeoutError):
                raise Late
            reading = status.result()
        if reading is not None and self._start is None:
            seen.know(self.setpoint, reading)
        if self._start is not None:
            await self._start.execute(timeout=max(deadline - time.monotonic(), 0.001))

    def _end_condition(self, value: Any, precision: int | None, course: Course) -> Callable[[Observation], bool] | None:
        """Return what ends the move after the put; None where its completion did."""
        if self._done is not None:
            return lambda _: course.done_holds()
        if self.setpoint._shape.wait == "no":
            return self._nearness(value, precision)
        return None

    def _arrival(self, target: Any, initial: Any, precision: int | None) -> Callable[[Observation], bool]:
        """Return what tells that a move whose `done` was always true is over.

        A step that is smaller than the tolerance is over where the target is met exactly: within the tolerance it was
        before it began.
        """
        was_near = self._is_near(target, initial, precision)

        def arrived(seen: Observation) -> bool:
            position = self._position(seen)
            return bool(position == target) or (not was_near and self._is_near(target, position, precision))

        return arrived if self._rests_at_target else lambda _: False

    def _nearness(self, target: Any, precision: int | None) -> Callable[[Observation], bool]:
        """Return what tells that the readback is at the target."""
        return lambda seen: self._is_near(target, self._position(seen), precision)

    async def _end(
        self,
        ends: Callable[[Observation], bool] | None,
        arrived: Callable[[Observation], bool],
        is_near: Callable[[Observation], bool],
        deadline: float,
        seen: Observation,
        course: Course,
    ) -> AsyncGenerator[None]:
        """Wait until the condition holds for the settle time, on values that are younger than the put.

        Where the readback is not at the target then, the server is asked once more: an update may not have come yet.
        """
        await seen.refresh()
        yield
        if ends is None:
            if self._settle_s:
                await asyncio.sleep(self._settle_s)
                await seen.refresh()
            return
        grace_ends = time.monotonic() + self._grace_s
        since: float | None = None
        was_asked = False
        while True:
            course.raise_if_failed()
            holds = ends(seen)
            course.has_begun = course.has_begun or not holds
            if course.has_fallen:
                course.has_fallen, since = False, None
            now = time.monotonic()
            is_over = holds and (course.has_begun or arrived(seen) or now >= grace_ends)
            since = (since or now) if is_over else None
            was_asked = was_asked and since is not None
            if since is not None and now - since >= self._settle_s:
                if was_asked or is_near(seen):
                    return
                was_asked = True
                await seen.refresh()
                continue
            if now >= deadline:
                raise Late
            next_event = min(
                deadline,
                now + ASK_AGAIN_S,
                since + self._settle_s if since is not None else math.inf,
                grace_ends if holds and since is None else math.inf,
            )
            if await seen.next(max(next_event - now, 0.001)):
                yield
            elif next_event == now + ASK_AGAIN_S:
                await seen.refresh()

    async def _move_mock(self, value: Any) -> WatcherUpdate:
        """Without a server the device is at once where it was told to be."""
        await self.setpoint.set(value)
        if isinstance(self.readback, WireSignal) and self.readback is not self.setpoint:
            set_mock_value(self.readback, value)
        return progress(value, value, value, self._device.name, None, None)

    def _position(self, seen: Observation) -> Any:
        return seen.value_of(self.readback)

    def _is_near(self, target: Any, position: Any, precision: int | None) -> bool:
        if isinstance(position, str | bool) or not isinstance(target, int | float):
            return position == target
        tolerance = self._tolerance_at(precision)
        if tolerance is None:
            return math.isclose(position, target, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)
        # A step of the precision is a decimal, which the difference of two floats may miss by a rounding.
        return abs(position - target) <= tolerance * (1 + RELATIVE_TOLERANCE)

    def _tolerance_at(self, precision: int | None) -> float | None:
        """Return how far from the target the readback may be; None where neither file nor server says.

        A precision of 0 says nothing: a record has it where nobody has given one.
        """
        return 10.0**-precision if self._tolerance is None and precision else self._tolerance

    def _compare(self, target: Any, position: Any, precision: int | None, units: str | None) -> None:
        if not self._is_near(target, position, precision):
            tolerance = self._tolerance_at(precision)
            unit = f" {units}" if units else ""
            raise self._about(
                MoveFailedError(
                    "the move ended, but the readback is not at the target",
                    expected=f"{target}{unit}" + (f" within {tolerance:g}{unit}" if tolerance is not None else ""),
                    found=f"{position}{unit}",
                    help="look for a limit or a stop on the device; if it may end further away, give `tolerance:`"
                    + (LATE_HELP.format(self._grace_s) if self._done is not None else ""),
                )
            )

    async def _judge(self, target: Any, seen: Observation, precision: int | None, units: str | None) -> None:
        """Raise if the readback is not at the target, although the move ended.

        :raises MoveFailedError: with both.
        """
        if not self._is_near(target, self._position(seen), precision):
            await seen.refresh()  # of two values that are polled, the readback may be older than `done`
            self._compare(target, self._position(seen), precision, units)

    async def _units_and_precision(self) -> tuple[str | None, int | None]:
        key = (await self.readback.describe())[self.readback.name]
        return key.get("units"), key.get("precision")

    async def _longest(self, initial: Any, target: Any, timeout_s: float | None) -> float:
        """Return the longest time of a move, in s: what was asked for, else from distance and speed."""
        return timeout_s if timeout_s is not None else await self._time_for(initial, target)

    async def _time_for(self, initial: Any, target: Any) -> float:
        """Return the longest time of a move, in s: distance over speed, twice the acceleration, and a margin."""
        if self._velocity is None or not isinstance(initial, int | float) or not isinstance(target, int | float):
            return self._timeout_s if self._timeout_s is not None else self.setpoint._shape.timeouts.write
        speed = abs(await self._velocity.get_value())
        acceleration = abs(await self._acceleration_time.get_value()) if self._acceleration_time is not None else 0.0
        if speed == 0.0:
            return self._timeout_s if self._timeout_s is not None else self.setpoint._shape.timeouts.write
        return time_of(target - initial, speed, acceleration) + MARGIN_S

    async def _late(self, target: Any, timeout_s: float, seen: Observation) -> MoveTimeoutError:
        """Stop the device, and return the error that says so, or that it does not listen."""
        waiting = f"; waiting for {self._done.describe(seen.snapshot)}" if self._done is not None else ""
        if self._stop is None and self.readback is self.setpoint:
            stopped = "; it has nothing to stop it with"
        else:
            try:
                await self.stop()
                stopped = "; it was stopped"
            except SignalError as error:
                stopped = f"; it could not be stopped: {error}"
        return self._about(
            MoveTimeoutError(
                f"not at {target} after {timeout_s:.3g} s{waiting}{stopped}",
                found=self._position(seen),
                expected=target,
                help="if it needs longer, give `timeout:` or `velocity:` to its logic",
            )
        )
