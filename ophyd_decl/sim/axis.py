"""The hardware of a motor: where its axis is while it goes somewhere, and what stops it on the way.

Arithmetic over times that the caller gives; no protocol, no clock.
"""

import math

from .trajectory import Trajectory


class Axis:
    """One axis, in the coordinates of its controller.

    :param position: where it stands at first, EGU.

    :ivar low: where the low limit switch is, EGU.
    :ivar high: the same of the high one.
    :ivar lost: by how much each move ends short of its target, EGU, >= 0.
    """

    def __init__(self, position: float = 0.0) -> None:
        self.low, self.high = -math.inf, math.inf
        self.lost = 0.0
        self._from_s = 0.0
        self._move = Trajectory(position, position, 0.0, 0.0, 0.0)

    def go(self, target: float, velocity: float, acceleration_time: float, now_s: float) -> None:
        """Go there from where it is, from standstill.

        :param velocity: EGU/s, > 0.
        :param acceleration_time: from standstill to that velocity, s, >= 0.
        """
        start = self.position(now_s)
        end = target
        if self.lost:
            short = min(self.lost, abs(target - start))
            end = target - math.copysign(short, target - start)
        self._move = Trajectory.plan(start, end, velocity, acceleration_time)
        self._from_s = now_s

    def halt(self, now_s: float) -> None:
        """Slow down, and stand."""
        self.position(now_s)
        self._move = self._move.braked(now_s - self._from_s)

    def place(self, position: float) -> None:
        """Call the place where it stands this, EGU."""
        self._move = Trajectory(position, position, 0.0, 0.0, 0.0)

    def position(self, now_s: float) -> float:
        """Return where it is; a switch ends a move into it."""
        move = self._move
        position = move.position(now_s - self._from_s)
        if move.end > move.start and position > self.high:
            self.place(max(move.start, self.high))
        elif move.end < move.start and position < self.low:
            self.place(min(move.start, self.low))
        else:
            return position
        return self._move.end

    def remaining_s(self, now_s: float) -> float:
        """Return how long it still moves, s; 0 when it stands."""
        self.position(now_s)
        return max(self._from_s + self._move.duration_s - now_s, 0.0) if self._move.duration_s else 0.0

    def switches(self, now_s: float) -> tuple[bool, bool]:
        """Return whether it is at the low and at the high limit switch."""
        position = self.position(now_s)
        return position <= self.low, position >= self.high
