"""A detector with a few channels; what they count depends on where the stage is.

- a put to `Start` is completed when the exposure has ended, with the last counts in place;
- `Reset` sets all counts to 0;
- the exposure is the `AcquireTime`, and the mode of a channel that of its `Mode`, at the start.
"""

import asyncio

from . import pattern, records
from .motor import Motor

#: Labels of `Mode`; the index of the second is 1.
MODES = ("Low Energy", "High Energy")
EXPOSURE_LIMITS_S = (0.001, 60.0)


class PointDetector:
    """The detector and its records.

    :param name: what the names of its records begin with, the `:` included.
    :param x: motor whose position gives the x of the pattern.
    :param y: the same for y.
    :param channels: how many.
    """

    def __init__(self, name: str, *, x: Motor, y: Motor, channels: int = 3) -> None:
        self._x, self._y = x, y
        self._acquire_time = records.writable_number(
            f"{name}AcquireTime", 0.1, units="s", limits=EXPOSURE_LIMITS_S, on_update=self._show_acquire_time
        )
        self._acquire_time_readback = records.number(f"{name}AcquireTime_RBV", 0.1, units="s")
        self._acquiring = records.flag(f"{name}Acquiring", False, off="Idle", on="Acquiring")
        records.command(f"{name}Start", self._acquire)
        records.command(f"{name}Reset", self._reset)
        numbers = range(1, channels + 1)
        self._values = {number: records.count(f"{name}{number}:Value") for number in numbers}
        self._modes = {number: records.choice(f"{name}{number}:Mode", *MODES) for number in numbers}

    async def _acquire(self, _value: object) -> None:
        """Expose, with counts that grow."""
        high_energy = {number: mode.get() == 1 for number, mode in self._modes.items()}
        clock = asyncio.get_running_loop().time
        start = clock()
        self._acquiring.set(True)
        try:
            for elapsed_s in pattern.update_times(self._acquire_time.get()):
                await asyncio.sleep(start + elapsed_s - clock())
                x, y = self._x.position, self._y.position
                for number, value in self._values.items():
                    value.set(pattern.counts(x, y, number, high_energy[number], elapsed_s))
        finally:
            self._acquiring.set(False)

    async def _reset(self, _value: object) -> None:
        """Forget the counts."""
        for value in self._values.values():
            value.set(0)

    async def _show_acquire_time(self, value: float) -> None:
        """Follow `AcquireTime` with its readback."""
        self._acquire_time_readback.set(value)
