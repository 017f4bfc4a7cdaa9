"""What the point detector counts: the pattern of ophyd-async's simulated detector, so that scans can be compared.

Arithmetic only, without clock and records.
"""

import numpy as np

#: Counts per second at full intensity.
FULL_RATE = 10_000
#: Counts are updated this often during an exposure, s.
UPDATE_PERIOD_S = 0.1
_PHASE = {False: 10, True: 100}


def intensity(x: float, y: float, channel: int, high_energy: bool) -> float:
    """Return how much of the beam a channel sees with the stage at (x, y), between 0 and 1.

    numpy's sine, not that of `math`: the two may differ in the last bit, and a count in its last digit.

    :param x: position of the stage, mm.
    :param y: position of the stage, mm.
    :param channel: number of the channel, from 1.
    Source: ophyd_async.sim 0.21.3, pattern generator of the simulated detectors.
    """
    return float((np.sin(x) ** channel + np.cos(x * y + _PHASE[high_energy]) + 2) / 4)


def counts(x: float, y: float, channel: int, high_energy: bool, elapsed_s: float) -> int:
    """Return what a channel has counted after `elapsed_s` of its exposure."""
    return int(intensity(x, y, channel, high_energy) * FULL_RATE * elapsed_s)


def update_times(exposure_s: float) -> list[float]:
    """Return when counts are updated, in seconds from the start: every period, and at the end of the exposure."""
    return [*(float(time) for time in np.arange(UPDATE_PERIOD_S, exposure_s, UPDATE_PERIOD_S)), exposure_s]
