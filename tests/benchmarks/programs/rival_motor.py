"""The motor of `tests/benchmarks/files.py` as somebody would write it by hand for ophyd-async."""

import sys
from collections.abc import Iterable

from ophyd_async.core import Device, Signal, StandardReadable, StandardReadableFormat
from ophyd_async.epics.core import epics_signal_r, epics_signal_rw


class Limits(StandardReadable):
    def __init__(self, prefix: str, name: str = "") -> None:
        with self.add_children_as_readables(StandardReadableFormat.CONFIG_SIGNAL):
            self.high = epics_signal_rw(float, f"{prefix}.HLM")
            self.low = epics_signal_rw(float, f"{prefix}.LLM")
        self.dial_high = epics_signal_rw(float, f"{prefix}.DHLM")
        self.dial_low = epics_signal_rw(float, f"{prefix}.DLLM")
        self.high_switch = epics_signal_r(int, f"{prefix}.HLS")
        self.low_switch = epics_signal_r(int, f"{prefix}.LLS")
        super().__init__(name=name)


class Motor(StandardReadable):
    def __init__(self, prefix: str, name: str = "") -> None:
        self.user_setpoint = epics_signal_rw(float, f"{prefix}.VAL")
        with self.add_children_as_readables(StandardReadableFormat.HINTED_SIGNAL):
            self.user_readback = epics_signal_r(float, f"{prefix}.RBV")
        self.dial_setpoint = epics_signal_rw(float, f"{prefix}.DVAL")
        self.dial_readback = epics_signal_r(float, f"{prefix}.DRBV")
        self.raw_readback = epics_signal_r(float, f"{prefix}.RRBV")
        self.done_moving = epics_signal_r(int, f"{prefix}.DMOV")
        self.moving = epics_signal_r(int, f"{prefix}.MOVN")
        with self.add_children_as_readables(StandardReadableFormat.CONFIG_SIGNAL):
            self.velocity = epics_signal_rw(float, f"{prefix}.VELO")
            self.base_velocity = epics_signal_rw(float, f"{prefix}.VBAS")
            self.max_velocity = epics_signal_rw(float, f"{prefix}.VMAX")
            self.acceleration_time = epics_signal_rw(float, f"{prefix}.ACCL")
            self.offset = epics_signal_rw(float, f"{prefix}.OFF")
            self.motor_egu = epics_signal_rw(str, f"{prefix}.EGU")
        self.backlash = epics_signal_rw(float, f"{prefix}.BDST")
        self.retry_deadband = epics_signal_rw(float, f"{prefix}.RDBD")
        self.resolution = epics_signal_rw(float, f"{prefix}.MRES")
        self.precision = epics_signal_rw(int, f"{prefix}.PREC")
        self.stop_ = epics_signal_rw(int, f"{prefix}.STOP")
        with self.add_children_as_readables():
            self.limits = Limits(prefix)
        super().__init__(name=name)


def check(devices: Iterable[Device], expected: str) -> None:
    """Ask every signal for its name; end the process where they are not as many as they should be."""
    names: set[str] = set()
    waiting = list(devices)
    while waiting:
        for _, child in waiting.pop().children():
            if isinstance(child, Signal):
                names.add(child.name)
            else:
                waiting.append(child)
    if len(names) != int(expected):
        sys.exit(f"{len(names)} names instead of {expected}")
