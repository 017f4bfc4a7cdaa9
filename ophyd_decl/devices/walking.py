"""Everything below a device, by path: keys joined by dots, in file order."""

from typing import Any

from .device import Device
from .node import Node
from .verbs import SignalNode, SignalRW


def walk_devices(device: Node, path_prefix: str = "") -> dict[str, Node]:
    """Return every device, vector, signal and command below a device by its path from there.

    :param path_prefix: before each path.
    """
    found: dict[str, Node] = {}
    for key, child in device.children():
        path = f"{path_prefix}{key}"
        found[path] = child
        found.update(walk_devices(child, f"{path}."))
    return found


def walk_rw_signals(device: Node) -> dict[str, SignalRW[Any, Any]]:
    """Return every signal below a device that is read and written, also derived ones, by its path from there."""
    return {path: node for path, node in walk_devices(device).items() if isinstance(node, SignalRW)}


async def walk_config_signals(device: Node) -> dict[str, SignalRW[Any, Any]]:
    """Return those of `walk_rw_signals` that are in `read_configuration`; no I/O."""
    config = set(device._plan.config) if isinstance(device, Device) else set[Any]()
    return {path: signal for path, signal in walk_rw_signals(device).items() if signal in config}


def walk_signal_sources(device: Node) -> dict[str, str]:
    """Return the source of every signal below a device by its path from there."""
    return {path: node.source for path, node in walk_devices(device).items() if isinstance(node, SignalNode)}
