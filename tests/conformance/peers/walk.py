"""Walk a device of ophyd or ophyd-async without connecting it: `python walk.py LIBRARY CLASS PREFIX`.

Answers `{PV: [dtype, written]}`; an empty dtype where the class leaves the type to the server. Nothing may be reached:
the environment that the caller gives names no server.
"""

import asyncio
import enum
import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

Found = tuple[str, str, bool]


def of_ophyd(kind: Any, prefix: str) -> Iterator[Found]:
    """Yield what the class declares; it knows no types but text."""
    channel = getattr(importlib.import_module(kind.__module__), "ScalerChannel", None)
    if channel is not None:  # it asks the server for its name while it is made
        channel.match_name = lambda self: None
    for walked in kind(prefix, name="peer").walk_signals(include_lazy=True):
        signal = walked.item
        dtype = "str" if getattr(signal, "_string", False) else ""
        read, write = getattr(signal, "pvname", None), getattr(signal, "setpoint_pvname", None)
        written = type(signal).__name__ not in ("EpicsSignalRO", "ReadOnlyEpicsSignal")
        if read:
            yield read, dtype, written and write in (None, read)
        if write and write != read:
            yield write, dtype, True


def of_area_detector(kind: Any, prefix: str) -> Iterator[Found]:
    """Yield what a class of areaDetector declares; one that is made asks its server at once."""
    for walked in kind.walk_components():
        component = walked.item
        suffix, name = getattr(component, "suffix", None), component.cls.__name__
        if not isinstance(suffix, str) or "Signal" not in name:
            continue
        dtype = "str" if name == "EpicsPathSignal" or component.kwargs.get("string") else ""
        if name in ("EpicsSignalWithRBV", "EpicsPathSignal"):
            yield f"{prefix}{suffix}_RBV", dtype, True
        else:
            yield f"{prefix}{suffix}", dtype, name != "EpicsSignalRO"


def of_ophyd_async(device: Any) -> Iterator[Found]:
    """Yield what a device declares."""
    for _, child in device.children():
        if hasattr(child, "source"):
            datatype = child.datatype
            name = "enum" if isinstance(datatype, type) and issubclass(datatype, enum.Enum) else str(datatype)
            dtype = datatype.__name__ if datatype in (bool, int, float, str) else name
            yield child.source.partition("://")[2], dtype, hasattr(child, "set")
        elif hasattr(child, "execute"):
            yield child._connector.backend.source("", False).partition("://")[2], "command", True
        else:
            yield from of_ophyd_async(child)


async def main() -> None:
    """Answer for one class."""
    library, name, prefix = sys.argv[1:]
    module, _, kind = name.partition(":")
    found = getattr(importlib.import_module(module), kind)
    if library == "ophyd":
        walked = (of_area_detector if "areadetector" in module else of_ophyd)(found, prefix)
    else:
        walked = of_ophyd_async(found(prefix, name="peer"))
    print("ANSWER", json.dumps({pv: [dtype, written] for pv, dtype, written in sorted(walked)}))


asyncio.run(main())
