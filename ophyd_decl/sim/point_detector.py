"""A detector with a few channels; what they count depends on where the stage is.

- `Start` ends when the exposure has ended, with the last counts in place: over EPICS that completes its put;
- `Reset` sets all counts to 0;
- the exposure is the `AcquireTime`, and the mode of a channel that of its `Mode`, at the start.
"""

import asyncio
from collections.abc import Callable

from . import pattern
from .points import Points

#: Labels of `Mode`; the index of the second is 1.
MODES = ("Low Energy", "High Energy")
EXPOSURE_LIMITS_S = (0.001, 60.0)


class PointDetector:
    """The detector.

    :param points: what clients see of it.
    :param stage: returns where the stage is in x and y, mm.
    :param channels: how many.
    """

    def __init__(self, points: Points, stage: Callable[[], tuple[float, float]], *, channels: int = 3) -> None:
        self._stage = stage
        self._acquire_time = points.setting("AcquireTime", 0.1, units="s", limits=EXPOSURE_LIMITS_S)
        self._acquiring = points.flag("Acquiring", False, off="Idle", on="Acquiring")
        points.command("Start", self._acquire)
        points.command("Reset", self._reset)
        numbers = range(1, channels + 1)
        self._values = {number: points.count("Value", channel=number) for number in numbers}
        self._modes = {number: points.choice("Mode", *MODES, channel=number) for number in numbers}

    async def _acquire(self, _value: object) -> None:
        """Expose, with counts that grow."""
        high_energy = {number: mode.get() == 1 for number, mode in self._modes.items()}
        clock = asyncio.get_running_loop().time
        start = clock()
        self._acquiring.set(True)
        try:
            for elapsed_s in pattern.update_times(self._acquire_time.get()):
                await asyncio.sleep(start + elapsed_s - clock())
                x, y = self._stage()
                for number, value in self._values.items():
                    value.set(pattern.counts(x, y, number, high_energy[number], elapsed_s))
        finally:
            self._acquiring.set(False)

    async def _reset(self, _value: object) -> None:
        """Forget the counts."""
        for value in self._values.values():
            value.set(0)
