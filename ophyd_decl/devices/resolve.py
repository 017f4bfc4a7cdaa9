"""From a reference in the blueprint to the node that it names, at build or first use."""

from collections.abc import Mapping
from typing import Any

from ..blueprint import Reference
from ..errors import OphydDeclError
from .node import Node
from .verbs import SignalR


def member(node: Any, path: tuple[str | int, ...]) -> Node:
    """Return the node at a path below another."""
    for key in path:
        node = node[key]
    return node


def find(node: Node, reference: Reference, values: Mapping[str, Any]) -> Node:
    """Return the node that a reference names.

    :param node: a member of the device that holds the reference.
    :param values: params of that device; one of type `ref` is a `Reference` from the root.
    """
    if reference.base == "device":
        return member(node.parent, reference.path)
    path = reference.path
    if reference.base == "param":
        target = values[str(path[0])]
        path = (*target.path, *path[1:])
    locate = node._context.shared.locate
    if locate is None:
        raise OphydDeclError(f"{node.path}: {reference} leads out of a device that belongs to no beamline")
    return locate(path)


def has_value(node: Any) -> bool:
    """Return whether a node stands for one value: a signal that can be read, or a movable."""
    return isinstance(node, SignalR) or hasattr(node, "readback_signal")


def value_signal_of(node: Any) -> SignalR:
    """Return the signal that is the value of a node: itself, or the readback of a movable."""
    return node if isinstance(node, SignalR) else node.readback_signal


def setpoint_of(node: Any) -> SignalR:
    """Return the signal that says where a node was told to be: itself, or the setpoint of a movable."""
    return node if isinstance(node, SignalR) else node.setpoint_signal
