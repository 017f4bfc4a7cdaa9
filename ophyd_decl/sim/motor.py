"""A motor that takes its time: setpoint, readback, velocity, acceleration time, done, stop.

- the update of a target ends when the motor is at rest again: over EPICS that completes the put;
- a target that is written during a move, over EPICS without completion, is what that move goes to from then on;
- over EPICS a put with completion during a move waits until the motor is at rest, as in any record;
- `Stop` ends the move where the motor is: its put is completed as if it had arrived, and the place is the target then.
"""

import asyncio
import math

from .axis import Axis
from .points import Points

#: The readback is updated this often during a move, s.
UPDATE_PERIOD_S = 0.05


class Motor:
    """One axis.

    :param points: what clients see of it.
    :param units: EGU of positions.
    :param limits: soft limits, EGU; a put beyond is clamped.
    :param position: where it stands at first, EGU.
    :param velocity: EGU/s.
    """

    def __init__(
        self, points: Points, *, units: str, limits: tuple[float, float], position: float = 0.0, velocity: float = 1.0
    ) -> None:
        self._limits = limits
        self._position = points.position(position, units=units, limits=limits, on_update=self._move)
        self._velocity = points.setting("Velocity", velocity, units=f"{units}/s", limits=(0.001, 10_000))
        self._acceleration_time = points.setting("AccelerationTime", 0.1, units="s", limits=(0, 60))
        self._done = points.flag("Done", True, off="Moving", on="Done")
        points.command("Stop", self._stop)
        self._stop_asked = False
        self._at_rest = asyncio.Event()
        self._at_rest.set()

    @property
    def position(self) -> float:
        """Return where it is, EGU."""
        return self._position.get()

    async def _move(self, target: float) -> None:
        """Go to the target, or where later puts and `Stop` want it."""
        if target == self.position:
            return
        self._stop_asked = False
        self._at_rest.clear()
        self._done.set(False)
        try:
            while target != self.position:
                target = await self._follow(target)
        finally:
            self._done.set(True)
            self._at_rest.set()

    async def _follow(self, target: float) -> float:
        """Move until the target is reached, or something else is wanted; return what is wanted then."""
        clock = asyncio.get_running_loop().time
        axis = Axis(self.position)
        axis.go(target, self._velocity.get(), self._acceleration_time.get(), clock())
        while (remaining_s := axis.remaining_s(clock())) > 0:
            await asyncio.sleep(min(UPDATE_PERIOD_S, remaining_s))
            position = axis.position(clock())
            self._position.set(position)
            if self._stop_asked:
                self._position.rest(position)
                return position
            wanted = self._wanted(target)
            if wanted != target:
                return wanted
        return target

    async def _stop(self, _value: object) -> None:
        """End the move; returns when the motor is at rest."""
        self._stop_asked = True
        await self._at_rest.wait()

    def _wanted(self, target: float) -> float:
        """Return the newest target, inside the limits; what is no number changes nothing."""
        wanted = self._position.wanted()
        low, high = self._limits
        return target if math.isnan(wanted) else min(max(wanted, low), high)
