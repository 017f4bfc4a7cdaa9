"""What a read gives: a value, when the control system made it, and how far it can be trusted."""

from dataclasses import dataclass
from typing import Any, NamedTuple

#: Severity of a value that its server calls invalid or undefined (as ophyd-async gives it).
INVALID = -1


@dataclass(slots=True)
class Reading:
    """One value as a connector delivers it.

    :param value: already in the declared dtype; enums are labels.
    :param timestamp: seconds since 1970, from the control system.
    :param alarm_severity: 0 none, 1 minor, 2 major, -1 invalid.
    :param message: alarm text of the control system, empty where it gives none.
    """

    value: Any
    timestamp: float
    alarm_severity: int = 0
    message: str = ""

    def document(self) -> dict[str, Any]:
        """Return the reading in the form that event documents are made from."""
        return {"value": self.value, "timestamp": self.timestamp, "alarm_severity": self.alarm_severity}


class Limits(NamedTuple):
    """A range, in the unit of its signal; None where an end is open."""

    low: float | None = None
    high: float | None = None

    @classmethod
    def between(cls, low: float, high: float) -> "Limits | None":
        """Return the range that a control system means: NaN is an open end, 0 to 0 and the inverted are none."""
        lowest, highest = None if low != low else low, None if high != high else high
        if lowest is None and highest is None:
            return None
        return None if lowest is not None and highest is not None and lowest >= highest else cls(lowest, highest)

    def holds(self, value: float) -> bool:
        """Return whether the value lies inside; NaN never does."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high) and value == value

    def wider_than(self, other: "Limits") -> bool:
        """Return whether one end lies beyond that of another range; an open end is not compared."""
        low = self.low is not None and other.low is not None and self.low < other.low
        high = self.high is not None and other.high is not None and self.high > other.high
        return low or high

    def tighter(self, other: "Limits") -> "Limits":
        """Return the part that both ranges share."""
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Limits(max(lows) if lows else None, min(highs) if highs else None)
