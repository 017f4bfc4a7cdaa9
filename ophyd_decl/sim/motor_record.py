"""What the EPICS motor record does when it is written and when its axis moves, on `Fields` and an `Axis`.

- a target outside the soft limits: the put completes, LVIO is 1, and VAL is what it was before;
- a hard limit ends the move: HLS or LLS is 1, VAL is what RBV is, no alarm (unless HLSV says so);
- STOP, or Stop of SPMG, slows down: when it stands VAL is what RBV is, DMOV 1, and the put completes;
- Pause of SPMG holds the move, with DMOV 0 where there are retries, and Go goes on; Move does one move, then pauses;
- a target during a move is what it goes to from then on; a put with completion waits for the one before (EPICS base);
- DMOV is 0 for a moment at a put that moves nothing, too;
- a readback that stays off by RDBD or more is tried again RTRY times; then MISS is 1;
- with BDST the last part of each move comes from one side, with BVEL and BACC;
- HOMF and HOMR move to where the dial is 0, which is home here; the record itself leaves that to the controller;
- with SET, VAL redefines where it is: by OFF, or the position itself where FOFF is Frozen.

Source: EPICS motor module, motorRecord.html and the comments of motorRecord.cc.
"""

import math
import time
from collections.abc import Callable

from .axis import Axis
from .record_type import Fields

#: The readback is updated this often during a move, s.
UPDATE_PERIOD_S = 0.02

_STOP, _PAUSE, _MOVE = 0, 1, 2  # SPMG
_HIGH_ALARM, _LOW_ALARM = 4, 6  # alarm.h
# Bits of MSTA, motor.h.
_DIRECTION, _DONE, _PLUS_SWITCH, _MOVING, _MINUS_SWITCH = 1 << 0, 1 << 1, 1 << 2, 1 << 10, 1 << 13

_TARGETS = ("VAL", "DVAL", "RVAL", "RLV", "TWF", "TWR", "HOMF", "HOMR")
_USER, _DIAL = ("VAL", "RBV", "HLM", "LLM"), ("DVAL", "DRBV", "DHLM", "DLLM")
_SPEEDS = ("VELO", "VBAS", "VMAX", "BVEL")


class MotorRecord:
    """One record; see `record_type.Support`.

    :param move: is called when it begins to move, so that it is processed until it stands.
    """

    def __init__(self, fields: Fields, axis: Axis, move: Callable[["MotorRecord"], None]) -> None:
        self.fields = fields
        self.axis = axis
        self._move = move
        #: `none`; `move`; `stop` and `pause`, while it slows down; `held`, by SPMG.
        self._course = "none"
        #: ends of the parts that the move still has after this one, dial, with velocity and acceleration time.
        self._parts: list[tuple[float, float, float]] = []
        self._put: list[str] = []
        self._last = 0.0
        self._last_spmg: int = fields["SPMG"]
        self._show_user_limits()
        self._update(time.monotonic())
        self._agree()

    @property
    def busy(self) -> bool:
        """Return whether it is to be processed until it stands."""
        return self._course in ("move", "stop", "pause")

    def next_s(self) -> float:
        """Return in which time it is to be processed again, s; only while the record is locked.

        That looks where the axis is, which ends a move into a switch.
        """
        return min(UPDATE_PERIOD_S, self.axis.remaining_s(time.monotonic()) + 0.001)

    # What the IOC asks for.

    def before_put(self, field: str) -> None:
        """Say that a target is coming, so that DMOV falls at each."""
        if field in _TARGETS and self.fields["DMOV"]:
            self.fields["DMOV"] = 0
            self.fields.post("DMOV")

    def after_put(self, field: str) -> None:
        """Keep fields that belong together in agreement."""
        f = self.fields
        if field in _TARGETS:
            self._put.append(field)
        elif field in ("HLM", "LLM"):
            self._take_user_limits()
        elif field in ("OFF", "DIR", "DHLM", "DLLM"):
            self._show_user_limits()
            f["RBV"], f["VAL"] = self._user(f["DRBV"]), self._user(f["DVAL"])
            self._last = f["VAL"]
        elif field in _SPEEDS:
            self._keep_speeds(field)
        elif field in ("ACCL", "BACC") and f[field] <= 0:
            f[field] = 0.1
        elif field == "RDBD":
            f["RDBD"] = max(f["RDBD"], f["MRES"])
        f.post_changes()

    def process(self) -> bool:
        """Look where the axis is, and do what was put."""
        now_s = time.monotonic()
        f = self.fields
        self._update(now_s)
        if self.busy and not f["MOVN"]:
            self._arrive(now_s)
        if f["STOP"] or f["SPMG"] != self._last_spmg:
            self._switch(now_s)
        if self._put:
            self._take_target(now_s)
        f["DIFF"] = f["DVAL"] - f["DRBV"]
        if f["HLS"]:
            f.alarm(_HIGH_ALARM, f["HLSV"])
        elif f["LLS"]:
            f.alarm(_LOW_ALARM, f["HLSV"])
        if self.busy:
            self._move(self)
        return bool(f["DMOV"])

    def limits(self, field: str) -> tuple[float, float] | None:
        """Return the soft limits of what is a position, and the range of the velocity."""
        f = self.fields
        if field in ("VAL", "RBV"):
            return f["LLM"], f["HLM"]
        if field in ("DVAL", "DRBV"):
            return f["DLLM"], f["DHLM"]
        return (f["VBAS"], f["VMAX"]) if field == "VELO" else None

    def units(self, field: str) -> str:
        """Return the unit of a field."""
        if field in ("ACCL", "BACC"):
            return "sec"
        egu = self.fields["EGU"]
        return f"{egu}/sec" if field in _SPEEDS else egu

    # How it moves.

    def _update(self, now_s: float) -> None:
        """Show what the controller says."""
        f = self.fields
        low, high = self.axis.switches(now_s)
        moving = self.axis.remaining_s(now_s) > 0
        f["RRBV"] = round(self.axis.position(now_s) / f["MRES"])
        f["DRBV"] = f["RRBV"] * f["MRES"]
        f["RBV"] = self._user(f["DRBV"])
        f["MOVN"] = moving
        f["RHLS"], f["RLLS"] = high, low
        f["HLS"], f["LLS"] = (low, high) if f["DIR"] else (high, low)
        bits = {_DIRECTION: f["TDIR"], _DONE: not moving, _PLUS_SWITCH: high, _MOVING: moving, _MINUS_SWITCH: low}
        f["MSTA"] = sum(bit for bit, holds in bits.items() if holds)

    def _arrive(self, now_s: float) -> None:
        """Go on where the axis stands: with the next part, another try, or nothing."""
        f = self.fields
        if self._course == "pause":
            self._course = "held"
            f["DMOV"] = f["RTRY"] == 0
        elif self._course == "stop" or f["RHLS"] or f["RLLS"]:
            self._agree()
            self._end()
        elif self._parts:
            self._go(now_s)
        elif abs(f["DVAL"] - f["DRBV"]) < max(f["RDBD"], f["MRES"]):
            f["MISS"] = 0
            self._end()
            if f["SPMG"] == _MOVE:
                f["SPMG"] = self._last_spmg = _PAUSE
        elif f["RTRY"] == 0:
            self._end()
        else:
            f["RCNT"] += 1
            if f["RCNT"] > f["RTRY"]:
                f["MISS"] = 1
                self._end()
            else:
                self._begin(now_s)

    def _switch(self, now_s: float) -> None:
        """Do what STOP and SPMG say."""
        f = self.fields
        spmg, self._last_spmg = f["SPMG"], f["SPMG"]
        if f["STOP"]:
            f["STOP"] = 0
            f.post("STOP")
            self._stop(now_s)
        elif spmg == _STOP:
            self._stop(now_s)
        elif spmg == _PAUSE:
            if self._course == "move":
                self.axis.halt(now_s)
                self._course = "pause"
        elif self._course in ("held", "pause"):
            f["RCNT"] = 0
            f["DMOV"] = 0
            self._begin(now_s)

    def _stop(self, now_s: float) -> None:
        """Slow down and stand; a record at rest stays as it is."""
        if self._course != "none":
            self.axis.halt(now_s)
            self._parts.clear()
            self._course = "stop"

    def _take_target(self, now_s: float) -> None:
        """Move to what was put, or say why not."""
        f = self.fields
        for field in self._put:
            self._compute_target(field)
        self._put.clear()
        if f["SET"]:
            self._redefine()
            return
        low, high = f["DLLM"], f["DHLM"]
        inside = math.isfinite(f["DVAL"]) and (low == high == 0 or low <= f["DVAL"] <= high)
        f["LVIO"] = not inside
        if not inside:
            f["VAL"] = self._last
            f["DVAL"] = self._dial(self._last)
            f["RVAL"] = round(f["DVAL"] / f["MRES"])
            f["DMOV"] = self._course == "none"
            return
        self._last = f["VAL"]
        f["RCNT"] = 0
        if f["SPMG"] in (_STOP, _PAUSE):
            self._course = "held"
        elif self._course == "none" and round((f["DVAL"] - f["DRBV"]) / f["MRES"]) == 0:
            f["MISS"] = 0
            self._end()
        else:
            self._begin(now_s)

    def _compute_target(self, field: str) -> None:
        f = self.fields
        if field == "DVAL":
            f["VAL"] = self._user(f["DVAL"])
        elif field == "RVAL":
            f["VAL"] = self._user(f["RVAL"] * f["MRES"])
        elif field == "RLV":
            f["VAL"] += f["RLV"]
            f["RLV"] = 0.0
        elif field in ("TWF", "TWR"):
            f["VAL"] += f["TWV"] if field == "TWF" else -f["TWV"]
            f[field] = 0
        elif field in ("HOMF", "HOMR"):
            f["VAL"] = f["OFF"]
            f[field] = 0
        f["DVAL"] = self._dial(f["VAL"])
        f["RVAL"] = round(f["DVAL"] / f["MRES"]) if math.isfinite(f["DVAL"]) else 0
        if field != "VAL":
            f.post(field)

    def _redefine(self) -> None:
        """Call the place where it stands what was put."""
        f = self.fields
        if f["FOFF"]:
            self.axis.place(f["DVAL"])
        else:
            f["OFF"] = f["VAL"] - (f["DRBV"] if not f["DIR"] else -f["DRBV"])
            self._show_user_limits()
        self._update(time.monotonic())
        self._agree()
        self._end()

    def _begin(self, now_s: float) -> None:
        """Begin a move to DVAL: at once, or past it and back where the last part must come from one side."""
        f = self.fields
        target, backlash = f["DVAL"], f["BDST"]
        distance = target - f["DRBV"]
        last = target, f["BVEL"] or f["VELO"], f["BACC"]
        if abs(backlash) < f["MRES"]:
            self._parts = [(target, f["VELO"], f["ACCL"])]
        elif distance * backlash > 0 and abs(distance) <= abs(backlash):
            self._parts = [last]
        else:
            self._parts = [(target - backlash, f["VELO"], f["ACCL"]), last]
        self._course = "move"
        self._go(now_s)

    def _go(self, now_s: float) -> None:
        f = self.fields
        end, velocity, acceleration_time = self._parts.pop(0)
        f["TDIR"] = end > f["DRBV"]
        # At VBAS, or below, the record asks for one step/s more than that.
        self.axis.go(end, max(velocity, f["VBAS"] + f["MRES"]), acceleration_time, now_s)
        self._update(now_s)

    def _end(self) -> None:
        self._course = "none"
        self._parts.clear()
        self.fields["DMOV"] = 1

    # User and dial.

    def _user(self, dial: float) -> float:
        return (-dial if self.fields["DIR"] else dial) + self.fields["OFF"]

    def _dial(self, user: float) -> float:
        dial = user - self.fields["OFF"]
        return -dial if self.fields["DIR"] else dial

    def _agree(self) -> None:
        """Make the target what the readback is."""
        f = self.fields
        f["VAL"], f["DVAL"], f["RVAL"] = f["RBV"], f["DRBV"], f["RRBV"]
        self._last = f["VAL"]

    def _show_user_limits(self) -> None:
        f = self.fields
        ends = self._user(f["DLLM"]), self._user(f["DHLM"])
        f["LLM"], f["HLM"] = (ends[1], ends[0]) if f["DIR"] else ends

    def _take_user_limits(self) -> None:
        f = self.fields
        ends = self._dial(f["LLM"]), self._dial(f["HLM"])
        f["DLLM"], f["DHLM"] = (ends[1], ends[0]) if f["DIR"] else ends

    def _keep_speeds(self, field: str) -> None:
        """Keep VELO and BVEL between VBAS and VMAX; a VMAX of 0 is none."""
        f = self.fields
        if field == "VMAX" and f["VMAX"] and f["VBAS"] > f["VMAX"]:
            f["VBAS"] = f["VMAX"]
        for speed in ("VELO", "BVEL"):
            high = f["VMAX"] or math.inf
            if f[speed] or speed == "VELO":
                f[speed] = min(max(f[speed], f["VBAS"]), high)
