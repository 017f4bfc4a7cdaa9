"""Devices as a whole: names, documents, staging, vectors."""

import asyncio
from typing import Any

from facts import raised, scenario, values


def names_below(lib: Any, device: Any) -> dict[str, str]:
    return {path: node.name for path, node in lib.core.walk_devices(device).items()}


@scenario
async def names(lib: Any) -> Any:
    async with lib.devices() as d:
        return {name: names_below(lib, getattr(d, name)) for name in ("det", "m", "axes")}


@scenario
async def names_with_underscores(lib: Any) -> Any:
    async with lib.devices(separator="_") as d:
        return {name: names_below(lib, getattr(d, name)) for name in ("det", "axes")}


@scenario
async def parents(lib: Any) -> Any:
    async with lib.devices() as d:
        return {
            "of a signal": d.det.value.parent is d.det,
            "of a child of a child": d.det.inner.limit.parent.parent is d.det,
            "of an item": d.axes.axis[1].parent is d.axes.axis,
            "at the top": d.det.parent,
            "children": [str(key) for key, _ in d.det.children()],
        }


@scenario
async def documents_of_a_readable(lib: Any) -> Any:
    async with lib.devices() as d:
        found = {
            "read": values(await d.det.read()),
            "describe": await d.det.describe(),
            "read_configuration": values(await d.det.read_configuration()),
            "describe_configuration": await d.det.describe_configuration(),
            "hints": d.det.hints,
        }
        return {**found, "order of read": list(found["read"]), "order of describe": list(found["describe"])}


@scenario
async def documents_of_a_movable(lib: Any) -> Any:
    async with lib.devices() as d:
        return {
            "read": values(await d.m.read()),
            "describe": await d.m.describe(),
            "read_configuration": values(await d.m.read_configuration()),
            "hints": d.m.hints,
            "locate": await d.m.locate(),
            "get_value of its readback": await d.m.readback.get_value(),
        }


@scenario
async def documents_of_derived_signals(lib: Any) -> Any:
    async with lib.devices() as d:
        return {"describe": await d.lens.describe(), "hints": d.lens.hints}


@scenario
async def staged_devices_read_what_they_hold(lib: Any) -> Any:
    async with lib.devices() as d:
        await d.det.stage()
        held = {name: await raised(getattr(d.det, name).get_value(cached=True)) for name in ("value", "raw", "fast")}
        held["inner.temperature"] = await raised(d.det.inner.temperature.get_value(cached=True))
        held["gain"] = await raised(d.det.gain.get_value(cached=True))
        lib.outside(d.det.value, 9.5)
        lib.outside(d.det.raw, 4)
        lib.outside(d.det.gain, 3.0)
        await asyncio.sleep(0.05)
        found = {
            "read": values(await d.det.read()),
            "configuration": values(await d.det.read_configuration()),
            "without a held value": held,
        }
        await d.det.unstage()
        after = await raised(d.det.value.get_value(cached=True))
        return {**found, "after unstage": after}


@scenario
async def vectors(lib: Any) -> Any:
    async with lib.devices() as d:
        return {
            "keys": [*d.axes.axis, *d.axes.named],
            "length": len(d.axes.axis),
            "read": sorted(await d.axes.read()),
            "names": [d.axes.axis[2].value.name, d.axes.named["left"].value.name],
            "unknown key": await raised(lambda: d.axes.axis[3]),
            "is a mapping": [key for key, _ in d.axes.axis.items()],
            "a member by its attribute": d.axes.axis is dict(d.axes.children())["axis"],
        }


@scenario
async def paths(lib: Any) -> Any:
    async with lib.devices() as d:
        return {
            "devices": list(lib.core.walk_devices(d.det)),
            "of a vector": list(lib.core.walk_devices(d.axes)),
            "rw signals": list(lib.core.walk_rw_signals(d.det)),
            "config signals": sorted(await lib.core.walk_config_signals(d.det)),
            "sources": lib.core.walk_signal_sources(d.m),
        }


@scenario
async def a_device_that_was_not_connected(lib: Any) -> Any:
    device = lib.unconnected()
    return {"read": await raised(device.read())}


@scenario
async def mock_mode(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        found = {
            "sources": lib.core.walk_signal_sources(d.shutter),
            "zero": await d.shutter.wanted.get_value(),
            "soft values stay": await d.det.value.get_value(),
            "soft source": d.det.value.source,
        }
        await d.m.set(3.0)
        return {**found, "a move arrives at once": await d.m.readback.get_value(), "locate": await d.m.locate()}
