"""A Tango device like those of motors: Position, Velocity, State, Stop; its State is MOVING while it moves.

A write of Position begins a move and returns at once, as Tango has no completion. Where it is follows from the clock,
so nothing runs meanwhile. A `PolledMover` is polled by its
server, which sends change events of Position and State.
"""

import time

from tango import AttrQuality, DevState, Except
from tango.server import Device, attribute, command


class Mover(Device):
    """One axis from -100 to 100 mm."""

    def init_device(self) -> None:
        """Stand at 0."""
        super().init_device()
        self.velocity = 20.0
        self.start = self.end = 0.0
        self.started = time.monotonic()
        #: What becomes of moves: the state in which they end on half of the way, instead of at their end.
        self.breaks_with: DevState | None = None
        #: How long after a write it is still at rest, in s, and says so.
        self.late_s = 0.0
        #: What it tells of its position are multiples of this, in mm; 0: all there is.
        self.grain = 0.0
        #: The state in which it is, whatever moves.
        self.broken: DevState | None = None

    @attribute(
        dtype="DevDouble",
        unit="mm",
        format="%.3f",
        min_value=-100,
        max_value=100,
        abs_change=0.001,
        doc="Where it is.",
    )
    def Position(self) -> tuple[float, float, AttrQuality]:  # noqa: N802
        """Return where it is."""
        moving = self.follow() < 1
        place = self.place()
        place = round(place / self.grain) * self.grain if self.grain else place
        return place, time.time(), AttrQuality.ATTR_CHANGING if moving else AttrQuality.ATTR_VALID

    @Position.write
    def write_position(self, target: float) -> None:
        """Begin to move there."""
        if self.dev_state() in (DevState.FAULT, DevState.OFF):
            Except.throw_exception("Mover_Off", "the axis does not move in this state", "Mover.write_position")
        self.start, self.end, self.started = self.place(), target, time.monotonic() + self.late_s

    @attribute(dtype="DevDouble", unit="mm/s", min_value=0.001, max_value=10000)
    def Velocity(self) -> float:  # noqa: N802
        """Return its speed."""
        return self.velocity

    @Velocity.write
    def write_velocity(self, value: float) -> None:
        """Move so fast from now on."""
        self.start, self.started = self.place(), time.monotonic()
        self.velocity = value

    @command
    def Stop(self) -> None:  # noqa: N802
        """Stand where it is."""
        self.start = self.end = self.place()

    @command
    def Reset(self) -> None:  # noqa: N802
        """Be in order again."""
        self.broken = self.breaks_with = None

    def dev_state(self) -> DevState:
        """Return MOVING on the way."""
        done = self.follow()
        return self.broken or (DevState.MOVING if done < 1 and time.monotonic() >= self.started else DevState.ON)

    def dev_status(self) -> str:
        """Say the same in words."""
        return f"the axis is {self.dev_state()}"

    def follow(self) -> float:
        """Return which part of the way is done, after breaking if it is to."""
        distance = abs(self.end - self.start)
        gone = max(time.monotonic() - self.started, 0.0) * self.velocity
        done = 1.0 if gone >= distance else gone / distance
        if self.breaks_with is not None and distance and done >= 0.5:
            self.start = self.end = self.start + (self.end - self.start) * min(done, 0.75)
            self.broken, self.breaks_with = self.breaks_with, None
            return 1.0
        return done

    def place(self) -> float:
        """Return where it is."""
        done = self.follow()
        return self.end if done >= 1 else self.start + (self.end - self.start) * done

    def test_break(self, state: str) -> None:
        """Let the next move end on half of its way, in this state."""
        self.breaks_with = getattr(DevState, state)

    def test_late(self, seconds: float) -> None:
        """Begin moves so long after they were written."""
        self.late_s = seconds

    def test_begin(self) -> None:
        """Begin now the move that is late."""
        self.started = time.monotonic()

    def test_grain(self, millimetres: float) -> None:
        """Tell positions in multiples of this."""
        self.grain = millimetres

    def test_state(self, state: str) -> None:
        """Be in this state, whatever moves, until Reset."""
        self.broken = getattr(DevState, state)

    def test_place(self, value: float) -> None:
        """Be somewhere else, at rest."""
        self.start = self.end = value


class PolledMover(Mover):
    """One whose server polls its Position and State, and so sends change events of both."""

    def init_device(self) -> None:
        """Have them polled."""
        super().init_device()
        for name in ("Position", "State"):
            self.poll_attribute(name, 50)
