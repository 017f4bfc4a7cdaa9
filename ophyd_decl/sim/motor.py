"""A motor that takes its time: setpoint, readback, velocity, acceleration time, done, stop.

Shown to clients like a motor record, but made of plain records:

- a put to `Setpoint` is completed when the motor is at rest again;
- a put without completion during a move gives that move a new target;
- a put with completion during a move waits until the motor is at rest, as in any EPICS record;
- `Stop` ends the move where the motor is: its put is completed as if it had arrived, and `Setpoint` shows the place.
"""

import asyncio
import math

from . import records
from .trajectory import Trajectory

#: The readback is updated this often during a move, s.
UPDATE_PERIOD_S = 0.05


class Motor:
    """One axis.

    :param name: what the names of its records begin with, the `:` included.
    :param units: EGU of positions.
    :param limits: soft limits, EGU; a put beyond is clamped.
    :param position: where it stands at first, EGU.
    :param velocity: EGU/s.
    """

    def __init__(
        self, name: str, *, units: str, limits: tuple[float, float], position: float = 0.0, velocity: float = 1.0
    ) -> None:
        self._limits = limits
        self._setpoint_name = f"{name}Setpoint"
        self._setpoint = records.writable_number(
            self._setpoint_name, position, units=units, limits=limits, on_update=self._move
        )
        self._readback = records.number(f"{name}Readback", position, units=units)
        self._velocity = records.writable_number(
            f"{name}Velocity", velocity, units=f"{units}/s", limits=(0.001, 10_000)
        )
        self._acceleration_time = records.writable_number(f"{name}AccelerationTime", 0.1, units="s", limits=(0, 60))
        self._done = records.flag(f"{name}Done", True, off="Moving", on="Done")
        records.command(f"{name}Stop", self._stop)
        self._stop_asked = False
        self._at_rest = asyncio.Event()
        self._at_rest.set()

    @property
    def position(self) -> float:
        """Return the readback, EGU."""
        return self._readback.get()

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
        move = Trajectory.plan(self.position, target, self._velocity.get(), self._acceleration_time.get())
        clock = asyncio.get_running_loop().time
        start = clock()
        elapsed_s = 0.0
        while elapsed_s < move.duration_s:
            await asyncio.sleep(min(UPDATE_PERIOD_S, move.duration_s - elapsed_s))
            elapsed_s = clock() - start
            position = move.position(elapsed_s)
            self._readback.set(position)
            if self._stop_asked:
                self._setpoint.set(position, process=False)
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
        """Return the newest setpoint, inside the limits; what is no number changes nothing."""
        setpoint = records.value_in_record(self._setpoint_name)
        low, high = self._limits
        return target if math.isnan(setpoint) else min(max(setpoint, low), high)
