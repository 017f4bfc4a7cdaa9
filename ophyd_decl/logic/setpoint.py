"""Move by writing a setpoint. The end is a condition on values read after the put, or completion and tolerance."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from ..devices.command import Command
from ..devices.condition import Condition, Observation
from ..devices.mock import set_mock_value
from ..devices.signal import WireSignal
from ..devices.status import AsyncStatus, WatcherUpdate, progress
from ..devices.verbs import SignalR, SignalRW
from ..errors import BadValueError, LimitError, MoveFailedError, MoveTimeoutError, SignalError
from ..formula import FormulaError
from ..vocab.readings import Reading

#: Added to the time that distance, speed and acceleration give, in s.
MARGIN_S = 10.0
#: Without `tolerance` a float readback must agree to its precision; where that is unknown, to these.
RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9
#: A server that is silent is asked for the condition again after this time, in s.
ASK_AGAIN_S = 1.0


class SetpointMove:
    """The logic `movable: setpoint`; parameters as in `spec.SetpointOptions`, with nodes in the place of paths."""

    def __init__(
        self,
        device: Any,
        *,
        setpoint: SignalRW,
        readback: SignalR | None = None,
        done: Condition | None = None,
        failed: Condition | None = None,
        tolerance: float | None = None,
        settle: float = 0.0,
        grace: float = 0.0,
        start: Command | None = None,
        stop: Command | None = None,
        velocity: SignalR | None = None,
        acceleration_time: SignalR | None = None,
        timeout: float | None = None,
        positions: Mapping[str, Any] | None = None,
    ) -> None:
        self._device = device
        self.setpoint: Any = setpoint
        self.readback: SignalR = readback if readback is not None else setpoint
        self._done = done
        self._failed = failed
        self._tolerance = tolerance
        self._settle_s = settle
        self._grace_s = grace
        self._start = start
        self._stop = stop
        self._velocity = velocity
        self._acceleration_time = acceleration_time
        self._timeout_s = timeout
        self._positions = positions or {}

    async def check(self, value: Any) -> Any:
        """Return the position; a name is looked up among the positions.

        :raises LimitError: outside the limits.
        :raises BadValueError: if the value is no number and no name of a position.
        """
        if isinstance(value, str) and value in self._positions:
            value = self._positions[value]
        elif isinstance(value, str) and self.setpoint._shape.datatype.name not in ("str", "enum", "any"):
            known = ", ".join(self._positions) or "none"
            raise self._about(BadValueError(f"{value!r} is neither a number nor a named position ({known})"))
        elif isinstance(value, float) and math.isnan(value):
            raise self._about(LimitError("cannot move to NaN; nothing was sent"))
        try:
            self.setpoint.check_value(value)
        except SignalError as error:
            error.signal = self._device.path
            raise
        return value

    async def move(self, value: Any, timeout_s: float | None) -> AsyncIterator[WatcherUpdate]:
        """Write the setpoint and yield an update for each readback until the end.

        :raises MoveTimeoutError: if the end does not come in time; the device is stopped.
        :raises MoveFailedError: if the device says so, or the readback is not at the target.
        :raises WriteError: if the put was refused, lost or not sent.
        :raises ReadError: if the connection breaks on the way.
        """
        if self._device._context.mock:
            async for only in self._move_mock(value):
                yield only
            return
        watched = [self.readback]
        for condition in (self._done, self._failed):
            watched.extend(condition.signals.values() if condition is not None else ())
        async with Observation(watched, self.readback._shape.timeouts.read) as seen:
            initial = self._position(seen)
            units, precision = await self._units_and_precision()
            timeout_s = timeout_s if timeout_s is not None else await self._time_for(initial, value)
            deadline = time.monotonic() + timeout_s

            def update() -> WatcherUpdate:
                return progress(self._position(seen), initial, value, self._device.name, units, precision)

            yield update()
            try:
                async for _ in self._put(value, timeout_s, deadline, seen):
                    yield update()
                async for _ in self._end(deadline, seen):
                    yield update()
            except TimeoutError as error:
                await self.stop()
                raise self._late(value, timeout_s, seen) from error
            self._compare(value, self._position(seen), precision, units)
            yield update()

    async def stop(self) -> None:
        """Execute the stop command; without one, make the setpoint what the readback is."""
        if self._stop is not None:
            await self._stop.execute()
        elif self.readback is not self.setpoint:
            await self.setpoint.set(await self.readback.get_value(cached=False))

    async def _put(self, value: Any, timeout_s: float, deadline: float, seen: Observation) -> AsyncIterator[None]:
        """Write and wait for completion, yielding at each update; the move's time holds for the put too."""
        status: AsyncStatus[None] = self.setpoint.set(value, timeout=timeout_s)
        status.add_callback(lambda _: seen.wake())
        try:
            while not status.done:
                if await seen.next(max(deadline - time.monotonic(), 0.001)):
                    self._raise_if_failed(seen)
                    yield
                elif not status.done and time.monotonic() >= deadline:
                    raise TimeoutError
        finally:
            if not status.done:
                status.task.cancel()
        status.result()
        if self._start is not None:
            await self._start.execute(timeout=max(deadline - time.monotonic(), 0.001))

    async def _end(self, deadline: float, seen: Observation) -> AsyncIterator[None]:
        """Wait until the condition holds for the settle time, on values that are younger than the put."""
        await seen.refresh()
        yield
        if self._done is None:
            await asyncio.sleep(self._settle_s)
            if self._settle_s:
                await seen.refresh()
            return
        grace_ends = time.monotonic() + self._grace_s
        was_false = not self._grace_s
        since: float | None = None
        while True:
            self._raise_if_failed(seen)
            holds = self._holds(self._done, seen)
            was_false = was_false or not holds
            now = time.monotonic()
            since = (since or now) if holds and (was_false or now >= grace_ends) else None
            if since is not None and now - since >= self._settle_s:
                return
            if now >= deadline:
                raise TimeoutError
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

    async def _move_mock(self, value: Any) -> AsyncIterator[WatcherUpdate]:
        """Without a server the device is at once where it was told to be."""
        await self.setpoint.set(value)
        if isinstance(self.readback, WireSignal) and self.readback is not self.setpoint:
            set_mock_value(self.readback, value)
        yield progress(value, value, value, self._device.name, None, None)

    def _position(self, seen: Observation) -> Any:
        outcome = self.readback._compute(seen.snapshot)
        if not isinstance(outcome, Reading):
            raise outcome.about(self.readback.path, self.readback._place)
        return outcome.value

    def _holds(self, condition: Condition, seen: Observation) -> bool:
        try:
            return condition.holds(seen.snapshot)
        except FormulaError as error:
            raise self._about(MoveFailedError(f"its condition gives no answer: {error}")) from None

    def _raise_if_failed(self, seen: Observation) -> None:
        if self._failed is not None and self._holds(self._failed, seen):
            why = self._failed.describe(seen.snapshot)
            raise self._about(MoveFailedError(f"the device says that it failed: {why}"))

    def _compare(self, target: Any, position: Any, precision: int | None, units: str | None) -> None:
        tolerance = self._tolerance
        if isinstance(position, str | bool) or not isinstance(target, int | float):
            near = position == target
        elif tolerance is not None:
            near = abs(position - target) <= tolerance
        elif precision is not None:
            tolerance = 10.0**-precision
            near = abs(position - target) <= tolerance
        else:
            near = math.isclose(position, target, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)
        if not near:
            unit = f" {units}" if units else ""
            raise self._about(
                MoveFailedError(
                    "the move ended, but the readback is not at the target",
                    expected=f"{target}{unit}" + (f" within {tolerance:g}{unit}" if tolerance is not None else ""),
                    found=f"{position}{unit}",
                    help="look for a limit or a stop on the device; if it may end further away, give `tolerance:`",
                )
            )

    async def _units_and_precision(self) -> tuple[str | None, int | None]:
        key = (await self.readback.describe())[self.readback.name]
        return key.get("units"), key.get("precision")

    async def _time_for(self, initial: Any, target: Any) -> float:
        """Return the longest time of a move, in s: distance over speed, twice the acceleration, and a margin."""
        if self._velocity is None or not isinstance(initial, int | float) or not isinstance(target, int | float):
            return self._timeout_s if self._timeout_s is not None else self.setpoint._shape.timeouts.write
        speed = abs(await self._velocity.get_value())
        acceleration = abs(await self._acceleration_time.get_value()) if self._acceleration_time is not None else 0.0
        if speed == 0.0:
            return self._timeout_s if self._timeout_s is not None else self.setpoint._shape.timeouts.write
        return abs(target - initial) / speed + 2 * acceleration + MARGIN_S

    def _late(self, target: Any, timeout_s: float, seen: Observation) -> MoveTimeoutError:
        waiting = f"; waiting for {self._done.describe(seen.snapshot)}" if self._done is not None else ""
        return self._about(
            MoveTimeoutError(
                f"not at {target} after {timeout_s:.3g} s{waiting}; it was stopped",
                found=self._position(seen),
                expected=target,
                help="if it needs longer, give `timeout:` or `velocity:` to its logic",
            )
        )

    def _about(self, error: Any) -> Any:
        error.source = error.source or self.setpoint.source
        return error.about(self._device.path, self._device._place)
