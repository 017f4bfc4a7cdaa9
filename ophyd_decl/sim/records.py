"""The few kinds of EPICS record that the demo serves, with types.

The only module that knows pythonSoftIOC. Records are made first, then `serve` starts the IOC. A put that ends in
`on_update` is completed, over both protocols, when `on_update` has returned: so put completion is real. What
`on_update` wrote to records by then is what a client reads after the completion, since both go through the same
first-in-first-out queue of the IOC.

Record names are whole: prefix, device and signal.
"""

# pythonSoftIOC has no type information; what is used of it is given types here.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import asyncio
import ctypes
import math
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, cast

from softioc import asyncio_dispatcher, builder, fields, imports, softioc

_builder, _fields = cast(Any, builder), cast(Any, fields)

T = TypeVar("T")
OnUpdate = Callable[[Any], Awaitable[None]]


class Input(Protocol[T]):
    """A record that clients can only read."""

    def get(self) -> T:
        """Return what was set last."""
        ...

    def set(self, value: T) -> None:
        """Give clients a new value."""
        ...


class Output(Protocol[T]):
    """A record that clients can write."""

    def get(self) -> T:
        """Return the value that was put and processed last."""
        ...

    def set(self, value: T, process: bool = True) -> None:
        """Change the value; without `process` nothing happens but that clients see it."""
        ...


def number(name: str, value: float, *, units: str, precision: int = 3) -> Input[float]:
    """Make a float that clients can read (ai)."""
    return _builder.aIn(name, initial_value=value, EGU=units, PREC=precision)


def writable_number(
    name: str,
    value: float,
    *,
    units: str,
    limits: tuple[float, float],
    precision: int = 3,
    on_update: OnUpdate | None = None,
) -> Output[float]:
    """Make a float that clients can write (ao).

    `limits` are its control limits: a put outside is clamped, as EPICS does it; one of NaN is undone.
    """
    low, high = limits
    return _builder.aOut(
        name,
        initial_value=value,
        EGU=units,
        PREC=precision,
        DRVL=low,
        DRVH=high,
        validate=_is_number,
        on_update=on_update,
        blocking=on_update is not None,
    )


def count(name: str) -> Input[int]:
    """Make a number of counts that clients can read (longin), 0 at first."""
    return _builder.longIn(name, initial_value=0, EGU="counts")


def flag(name: str, value: bool, *, off: str, on: str) -> Input[bool]:
    """Make a two-state value that clients can read (bi)."""
    return _builder.boolIn(name, initial_value=value, ZNAM=off, ONAM=on)


def choice(name: str, *labels: str) -> Output[int]:
    """Make an enum that clients can write (mbbo), the first label at first; its value here is the index."""
    return _builder.mbbOut(name, *labels, initial_value=0)


def command(name: str, run: OnUpdate) -> None:
    """Make a record (bo) that runs something whenever it is processed; `run` gets its value."""
    _builder.Action(name, on_update=run, blocking=True, initial_value=0)


def value_in_record(name: str) -> float:
    """Return what was put last, also when the record is busy with the put before and has not processed it."""
    value = ctypes.c_double()
    imports.db_get_field(name, _fields.DBF_DOUBLE, ctypes.addressof(value), 1)
    return value.value


def _is_number(_record: object, value: float) -> bool:
    return not math.isnan(value)


def serve() -> None:
    """Start the IOC, on Channel Access and pvAccess; call it in the event loop where `on_update` shall run."""
    _builder.LoadDatabase()
    softioc.iocInit(asyncio_dispatcher.AsyncioDispatcher(asyncio.get_running_loop()), enable_pva=True)
