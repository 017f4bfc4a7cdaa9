"""The live values of settings: one round trip for each protocol."""

from collections.abc import Sequence
from typing import NamedTuple

from ...devices.setpoints import read_setpoints, setpoint_description
from ...errors import SignalError
from ...vocab.readings import Reading
from .choice import Setting, dtype_text
from .values import NotASettingError, portable


class Live(NamedTuple):
    """What one signal was told to be.

    :param value: plain data.
    :param units: None where there is none.
    :param precision: digits after the point, None where nobody says.
    :param float_type: numpy type of the floats that the server holds.
    """

    value: object
    dtype: str
    units: str | None
    precision: int | None
    float_type: str


async def snapshot(settings: Sequence[Setting]) -> dict[str, "Live | SignalError | NotASettingError"]:
    """Return what is live by path: a value, or why there is none."""
    if not settings:
        return {}
    with settings[0].signal._context.binding.operation():
        outcomes = await read_setpoints([setting.signal for setting in settings])
    found: dict[str, Live | SignalError | NotASettingError] = {}
    for setting, outcome in zip(settings, outcomes, strict=True):
        try:
            found[setting.path] = _live(setting, outcome) if isinstance(outcome, Reading) else outcome
        except (NotASettingError, SignalError) as error:
            found[setting.path] = error
    return found


def _live(setting: Setting, reading: Reading) -> Live:
    shape = setting.signal._shape
    described = setpoint_description(setting.signal)
    units = described.units if described.units is not None else shape.units
    precision = described.precision or shape.precision
    served = described.native.numpy
    return Live(
        portable(reading.value),
        dtype_text(shape.datatype),
        units or None,
        precision,
        served if served.startswith("float") else "float64",
    )
