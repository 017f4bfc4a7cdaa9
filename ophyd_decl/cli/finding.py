"""From what a user names on the command line to the signals of a beamline."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, cast

import click

from ..blueprint import DeviceBlueprint, Reference

if TYPE_CHECKING:
    from ..session.beamline import Beamline


def named(beamline: "Beamline", selectors: Iterable[str]) -> list[Any]:
    """Return the nodes that selectors name, each once.

    :raises click.BadParameter: if one names nothing.
    """
    from ..errors import OphydDeclError

    nodes: dict[int, Any] = {}
    for selector in selectors:
        try:
            found = beamline.find(selector)
        except OphydDeclError as error:
            raise click.BadParameter(f"{error}{_near(beamline, selector)}", param_hint="SIGNAL") from None
        if not found:
            raise click.BadParameter(f"{selector!r} names nothing", param_hint="SIGNAL")
        nodes.update((id(node), node) for node in found)
    return list(nodes.values())


def readable_signals(nodes: Iterable[Any]) -> dict[str, Any]:
    """Return the signals that stand for nodes, by path: itself, where a movable is, or all that can be read below."""
    from ..devices.node import walk
    from ..devices.resolve import has_value, value_signal_of
    from ..devices.verbs import SignalR

    signals: dict[str, Any] = {}
    for node in nodes:
        if has_value(node):
            signals[node.path] = value_signal_of(node)
        else:
            signals.update((below.path, below) for below in walk(node) if isinstance(below, SignalR))
    return signals


def devices_of(beamline: "Beamline", nodes: Iterable[Any]) -> list[str]:
    """Return the devices of the beamline that hold nodes, and those that they refer to, in file order."""
    references = {device.path: _referred(device) for device in beamline.blueprint.devices}
    wanted = {device_name(node) for node in nodes}
    open_names = list(wanted)
    while open_names:
        more = references[open_names.pop()] - wanted
        wanted |= more
        open_names.extend(more)
    return [name for name in references if name in wanted]


def _referred(device: DeviceBlueprint) -> set[str]:
    """Return the devices that a device refers to, directly."""
    found: set[str] = set()
    pending: list[Any] = [device.shape, device.values]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if isinstance(item, Reference):
            if item.base == "beamline":
                found.add(str(item.path[0]))
        elif id(item) not in seen:
            seen.add(id(item))
            if isinstance(item, Mapping):
                pending.extend(cast(Mapping[Any, Any], item).values())
            elif isinstance(item, tuple | list):
                pending.extend(cast(Iterable[Any], item))
            elif is_dataclass(item):
                pending.extend(getattr(item, field.name) for field in fields(item))
    return found


def device_name(node: Any) -> str:
    """Return the name of the device of the beamline that holds a node."""
    from ..devices.node import root_of

    return root_of(node).path


def _near(beamline: "Beamline", selector: str) -> str:
    from difflib import get_close_matches

    from .completion import paths

    near = get_close_matches(selector, list(paths(beamline.blueprint)), n=3, cutoff=0.7)
    return f"; did you mean {' or '.join(near)}?" if near else ""
