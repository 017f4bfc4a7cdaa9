"""The few kinds of EPICS record that the demo's detector is made of, with types.

The only module that knows pythonSoftIOC. Records are made first, then `serve` starts the IOC. A put that ends in
`on_update` is completed, over both protocols, when `on_update` has returned: so put completion is real. What
`on_update` wrote to records by then is what a client reads after the completion, since both go through the same
first-in-first-out queue of the IOC.

A put outside the limits is clamped, as EPICS does it (control limits); one of NaN is undone.
"""

# pythonSoftIOC has no type information; what is used of it is given types here.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import asyncio
import math
from typing import Any, cast

from softioc import asyncio_dispatcher, builder, softioc

from .points import Input, OnUpdate, Output

_builder = cast(Any, builder)
_PRECISION = 3


class Records:
    """The records of one device; see `points.Points`.

    :param prefix: what their names begin with, the `:` included.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def setting(self, name: str, value: float, *, units: str, limits: tuple[float, float]) -> Output[float]:
        """Make an ao, and an ai with `_RBV` behind its name for what is in force."""
        low, high = limits
        told = {"initial_value": value, "EGU": units, "PREC": _PRECISION}
        shown = _builder.aIn(f"{self._prefix}{name}_RBV", **told)

        async def show(value: float) -> None:
            shown.set(value)

        return _builder.aOut(
            f"{self._prefix}{name}",
            **told,
            DRVL=low,
            DRVH=high,
            validate=_is_number,
            on_update=show,
            blocking=True,
        )

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


def _is_number(_record: object, value: float) -> bool:
    return not math.isnan(value)
