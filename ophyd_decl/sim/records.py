"""The few kinds of EPICS record that the demo serves, with types.

The only module that knows pythonSoftIOC. Records are made first, then `serve` starts the IOC. A put that ends in
`on_update` is completed, over both protocols, when `on_update` has returned: so put completion is real. What
`on_update` wrote to records by then is what a client reads after the completion, since both go through the same
first-in-first-out queue of the IOC.

A put outside the limits is clamped, as EPICS does it (control limits); one of NaN is undone.
"""

# pythonSoftIOC has no type information; what is used of it is given types here.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import asyncio
import ctypes
import math
from typing import Any, cast

from softioc import asyncio_dispatcher, builder, fields, imports, softioc

from .points import Input, OnUpdate, Output

_builder, _fields = cast(Any, builder), cast(Any, fields)
_PRECISION = 3


class RecordPosition:
    """Records `Setpoint` and `Readback`; see `points.Position`.

    :param setpoint: name of the record, and the record.
    """

    def __init__(self, setpoint: tuple[str, Any], readback: Any) -> None:
        self._name, self._setpoint = setpoint
        self._readback = readback

    def get(self) -> float:
        """Return where it is, EGU."""
        return self._readback.get()

    def set(self, value: float) -> None:
        """Show where it is, EGU."""
        self._readback.set(value)

    def wanted(self) -> float:
        """Return what was put last, also when the record is busy with the put before and has not processed it."""
        value = ctypes.c_double()
        imports.db_get_field(self._name, _fields.DBF_DOUBLE, ctypes.addressof(value), 1)
        return value.value

    def rest(self, position: float) -> None:
        """Show this as the setpoint, without processing it."""
        self._setpoint.set(position, process=False)


class Records:
    """The records of one device; see `points.Points`.

    :param prefix: what their names begin with, the `:` included.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def position(self, value: float, *, units: str, limits: tuple[float, float], on_update: OnUpdate) -> RecordPosition:
        """Make `Setpoint` (ao) and `Readback` (ai)."""
        name = f"{self._prefix}Setpoint"
        setpoint = _writable_number(name, value, units, limits, on_update)
        return RecordPosition((name, setpoint), _number(f"{self._prefix}Readback", value, units))

    def setting(
        self, name: str, value: float, *, units: str, limits: tuple[float, float], readback: bool = False
    ) -> Output[float]:
        """Make an ao, and an ai with `_RBV` behind its name for the readback."""
        if not readback:
            return _writable_number(f"{self._prefix}{name}", value, units, limits)
        shown = _number(f"{self._prefix}{name}_RBV", value, units)

        async def show(value: float) -> None:
            shown.set(value)

        return _writable_number(f"{self._prefix}{name}", value, units, limits, show)

    def flag(self, name: str, value: bool, *, off: str, on: str) -> Input[bool]:
        """Make a bi."""
        return _builder.boolIn(f"{self._prefix}{name}", initial_value=value, ZNAM=off, ONAM=on)

    def count(self, name: str, *, channel: int) -> Input[int]:
        """Make a longin."""
        return _builder.longIn(f"{self._prefix}{channel}:{name}", initial_value=0, EGU="counts")

    def choice(self, name: str, *labels: str, channel: int) -> Output[int]:
        """Make an mbbo."""
        return _builder.mbbOut(f"{self._prefix}{channel}:{name}", *labels, initial_value=0)

    def command(self, name: str, run: OnUpdate) -> None:
        """Make a bo that runs something whenever it is processed; `run` gets its value."""
        _builder.Action(f"{self._prefix}{name}", on_update=run, blocking=True, initial_value=0)


def serve() -> None:
    """Start the IOC, on Channel Access and pvAccess; call it in the event loop where `on_update` shall run."""
    _builder.LoadDatabase()
    softioc.iocInit(asyncio_dispatcher.AsyncioDispatcher(asyncio.get_running_loop()), enable_pva=True)


def _number(name: str, value: float, units: str) -> Any:
    return _builder.aIn(name, initial_value=value, EGU=units, PREC=_PRECISION)


def _writable_number(
    name: str, value: float, units: str, limits: tuple[float, float], on_update: OnUpdate | None = None
) -> Any:
    low, high = limits
    return _builder.aOut(
        name,
        initial_value=value,
        EGU=units,
        PREC=_PRECISION,
        DRVL=low,
        DRVH=high,
        validate=_is_number,
        on_update=on_update,
        blocking=on_update is not None,
    )


def _is_number(_record: object, value: float) -> bool:
    return not math.isnan(value)
