"""Motor records in the IOC of the demo, and beside each the records with which a test changes its hardware.

Of a motor `M`: `M` itself; `M:HighSwitch` and `M:LowSwitch`, where its limit switches are, dial, EGU; `M:Lost`, by how
much each of its moves ends short, EGU.
"""

# pythonSoftIOC has no type information; what is used of it is given types here.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from softioc import builder

from .axis import Axis
from .database import load, load_text
from .motor_record import MotorRecord
from .motors import Motor
from .mover import Mover
from .record_type import Fields, RecordType

_builder = cast(Any, builder)
_FAR = 1e9
_RECORD = """record(motor, "{name}") {{
    field(DESC, "simulated motor") field(EGU, "{motor.units}") field(PREC, "3")
    field(MRES, "0.001") field(RDBD, "0.001")
    field(VELO, "{velocity}") field(VMAX, "1000") field(ACCL, "0.1") field(BACC, "0.1")
    field(DHLM, "{motor.limits[1]}") field(DLLM, "{motor.limits[0]}") field(TWV, "0.1")
}}
"""


def make_motor_records(motors: Mapping[str, Motor], velocity: float) -> Callable[[str], float]:
    """Make one motor of each name; call it before the IOC starts.

    :param velocity: VELO at first, EGU/s.
    :returns: a function of the name that returns where the axis is, dial, EGU: not the readback, which is in steps.
    """
    axes = {name: Axis(motor.position) for name, motor in motors.items()}
    mover = Mover()
    fields_of: dict[str, Fields] = {}

    def support(fields: Fields) -> MotorRecord:
        fields_of[fields.name] = fields
        return MotorRecord(fields, axes[fields.name], mover.add)

    def position(name: str) -> float:
        with fields_of[name].locked():
            return axes[name].position(time.monotonic())

    load(Path(__file__).with_name("motor_record.dbd"))
    RecordType("motor", support)
    records = (_RECORD.format(name=name, motor=motor, velocity=velocity) for name, motor in motors.items())
    load_text(".db", "".join(records))
    for name, axis in axes.items():
        _make_hardware(name, axis)
    return position


def _make_hardware(name: str, axis: Axis) -> None:
    def number(suffix: str, attribute: str, value: float) -> None:
        async def change(value: float) -> None:
            setattr(axis, attribute, value)

        _builder.aOut(f"{name}:{suffix}", initial_value=value, PREC=3, on_update=change, blocking=True)
        setattr(axis, attribute, value)

    number("HighSwitch", "high", _FAR)
    number("LowSwitch", "low", -_FAR)
    number("Lost", "lost", 0.0)
