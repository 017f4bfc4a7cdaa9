"""A motor on Tango that takes its time: Position, Velocity, AccelerationTime, Done, Stop.

- a target that is written during a move is what that move goes to from then on; Tango itself refuses what is outside
  the limits;
- `Stop` ends the move where the motor is, and the place is the target then.

On EPICS the motors of the demo are motor records: `motor_record`.
"""

import asyncio

from .attributes import Attributes
from .axis import Axis
from .motors import Motor

#: The position is updated this often during a move, s.
UPDATE_PERIOD_S = 0.05


class TangoMotor:
    """One axis.

    :param points: what clients see of it.
    :param velocity: at first, EGU/s.
    """

    def __init__(self, points: Attributes, motor: Motor, velocity: float) -> None:
        units = motor.units
        self._position = points.position(motor.position, units=units, limits=motor.limits, on_target=self._move)
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

    async def _move(self, _value: object) -> None:
        """Go to the target, or where later ones and `Stop` want it."""
        if self._position.target == self.position:
            return
        self._stop_asked = False
        self._at_rest.clear()
        self._done.set(False)
        try:
            while self._position.target != self.position:
                await self._follow(self._position.target)
        finally:
            self._done.set(True)
            self._at_rest.set()

    async def _follow(self, target: float) -> None:
        """Move until the target is reached, or something else is wanted."""
        clock = asyncio.get_running_loop().time
        axis = Axis(self.position)
        axis.go(target, self._velocity.get(), self._acceleration_time.get(), clock())
        while target == self._position.target and (remaining_s := axis.remaining_s(clock())) > 0:
            await asyncio.sleep(min(UPDATE_PERIOD_S, remaining_s))
            position = axis.position(clock())
            self._position.set(position)
            if self._stop_asked:
                self._position.rest(position)
                return

    async def _stop(self, _value: object) -> None:
        """End the move; returns when the motor is at rest."""
        self._stop_asked = True
        await self._at_rest.wait()
