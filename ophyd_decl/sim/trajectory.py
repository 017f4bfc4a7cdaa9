"""How a motor gets from one place to another: speed up, travel, slow down.

Arithmetic only, without clock and records.
"""

import math
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A move with a trapezoid as its velocity over time, or a triangle when it is too short to reach full velocity.

    :param start: position at 0 s, EGU.
    :param end: position at `duration_s` and later, EGU.
    :param peak_velocity: highest velocity of the move, EGU/s, signed.
    :param ramp_s: time of speeding up, the same as that of slowing down.
    :param duration_s: time of the whole move.
    """

    start: float
    end: float
    peak_velocity: float
    ramp_s: float
    duration_s: float

    @classmethod
    def plan(cls, start: float, end: float, velocity: float, acceleration_time: float) -> Self:
        """Return the fastest move that keeps to both.

        :param velocity: highest velocity, EGU/s, > 0.
        :param acceleration_time: time from standstill to that velocity, s, >= 0.
        """
        distance = abs(end - start)
        ramp_s, peak = acceleration_time, velocity
        if distance < velocity * acceleration_time:
            ramp_s = math.sqrt(distance * acceleration_time / velocity)
            peak = velocity * ramp_s / acceleration_time
        duration_s = distance / peak + ramp_s if distance else 0.0
        return cls(start, end, math.copysign(peak, end - start), ramp_s, duration_s)

    def position(self, elapsed_s: float) -> float:
        """Return where the motor is; exactly `end` from `duration_s` on."""
        left_s = self.duration_s - elapsed_s
        if left_s <= 0:
            return self.end
        if elapsed_s <= 0:
            return self.start
        if left_s < self.ramp_s:
            return self.end - self.peak_velocity * left_s**2 / (2 * self.ramp_s)
        if elapsed_s < self.ramp_s:
            return self.start + self.peak_velocity * elapsed_s**2 / (2 * self.ramp_s)
        return self.start + self.peak_velocity * (elapsed_s - self.ramp_s / 2)

    def velocity(self, elapsed_s: float) -> float:
        """Return how fast the motor is, EGU/s, signed."""
        left_s = self.duration_s - elapsed_s
        if left_s <= 0 or elapsed_s <= 0:
            return 0.0
        return (
            self.peak_velocity * min(elapsed_s, left_s, self.ramp_s) / self.ramp_s
            if self.ramp_s
            else self.peak_velocity
        )

    def braked(self, elapsed_s: float) -> Self:
        """Return the move that slows down from then on, as fast as it would have at its end."""
        if not 0 < elapsed_s < self.duration_s:
            return self
        velocity = self.velocity(elapsed_s)
        braking_s = self.ramp_s * velocity / self.peak_velocity
        end = self.position(elapsed_s) + velocity * braking_s / 2
        return replace(self, end=end, duration_s=elapsed_s + braking_s)
