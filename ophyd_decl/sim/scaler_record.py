"""What the EPICS scaler record does when it is written and while it counts, on `Fields`; its counters count clocks.

- Count of CNT zeroes the counters and begins, after DLY; the put completes when it has ended, by whatever;
- the first counter whose gate is Y and that reaches its preset ends it: CNT is Done, and the counts stand still;
- Done of CNT ends it at once;
- TP and PR1 say the same, by FREQ: T is S1 / FREQ; a preset that is put opens the gate of its counter;
- the counts are shown RATE times a second, and at the end.

Background counting (CONT) is not there. Counter 1 counts FREQ, counter n n thousand counts each second.

Source: EPICS scaler module, scalerRecord.md and scalerRecord.c.
"""

import math
import time
from collections.abc import Callable

from .record_type import Fields

#: So many counters has a record.
CHANNELS = 64
_RATE_HZ = 1000.0
#: More often than this is never looked at it, s.
_SHORTEST_S = 0.005
_MOST_COUNTS = 2**32 - 1


class ScalerRecord:
    """One record; see `record_type.Support`.

    :param count: is called when it begins to count, so that it is processed until it has ended.
    """

    def __init__(self, fields: Fields, count: Callable[["ScalerRecord"], None]) -> None:
        self.fields = fields
        self._count = count
        #: when it begins and ends, by `time.monotonic`; None while it does not count.
        self._begin_s: float | None = None
        self._end_s: float = 0.0
        fields["PR1"] = round(fields["TP"] * fields["FREQ"])
        fields["G1"] = 1

    @property
    def busy(self) -> bool:
        """Return whether it counts, or is about to."""
        return self._begin_s is not None

    def next_s(self) -> float:
        """Return in which time it is to be processed again, s."""
        rate = self.fields["RATE"]
        return max(min(self._end_s - time.monotonic(), 1 / rate if rate > 0.1 else math.inf, 0.1), _SHORTEST_S)

    def before_put(self, field: str) -> None:
        """Do nothing: it is enough to know what was put."""

    def after_put(self, field: str) -> None:
        """Keep fields that belong together in agreement."""
        f = self.fields
        if field == "TP":
            f["PR1"], f["G1"] = round(f["TP"] * f["FREQ"]), 1
        elif field.startswith("PR"):
            number = field.removeprefix("PR")
            if f[field]:
                f[f"G{number}"] = 1
            if number == "1":
                f["TP"] = f["PR1"] / f["FREQ"]
        elif field.startswith("G") and f[field] and not f[f"PR{field[1:]}"]:
            f[f"PR{field[1:]}"] = 1000
        f.post_changes()

    def process(self) -> bool:
        """Begin, look, or end."""
        f, now_s = self.fields, time.monotonic()
        if self._begin_s is None:
            if f["CNT"]:
                begin_s: float = now_s + f["DLY"]
                self._begin_s, self._end_s = begin_s, begin_s + self._longest_s()
                self._show(0.0)
                self._count(self)
        elif not f["CNT"] or now_s >= self._end_s:
            self._show(max(min(now_s, self._end_s) - self._begin_s, 0.0))
            self._begin_s = None
            f["CNT"] = 0
            f["VAL"] = f["T"]
        elif f["RATE"] > 0.1:
            self._show(max(now_s - self._begin_s, 0.0))
        return not self.busy

    def limits(self, field: str) -> tuple[float, float] | None:
        """Return None: no field has a range of its own."""

    def units(self, field: str) -> str:
        """Return EGU, as the record says it of every field."""
        return self.fields["EGU"]

    def _longest_s(self) -> float:
        f = self.fields
        open_gates = [number for number in self._numbers if f[f"G{number}"] and f[f"PR{number}"]]
        return min((f[f"PR{number}"] / self._rate_hz(number) for number in open_gates), default=math.inf)

    @property
    def _numbers(self) -> range:
        return range(1, self.fields["NCH"] + 1)

    def _rate_hz(self, number: int) -> float:
        return self.fields["FREQ"] if number == 1 else _RATE_HZ * number

    def _show(self, seconds: float) -> None:
        f = self.fields
        for number in self._numbers:
            f[f"S{number}"] = min(round(seconds * self._rate_hz(number)), _MOST_COUNTS)
        f["T"] = f["S1"] / f["FREQ"]
