"""From a reference in the blueprint to the node that it names, at build or first use."""

from collections.abc import Mapping
from typing import Any, cast

from ..blueprint import Reference
from ..errors import AbsentError, OphydDeclError
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
    locate = node._context.shared.locate
    if locate is None:
        raise OphydDeclError(f"{node.path}: {reference} leads out of a device that belongs to no beamline")
    return locate(from_root(node.parent, reference, values).path)


def from_root(device: Node, reference: Reference, values: Mapping[str, Any]) -> Reference:
    """Return the same reference, from the root of the beamline.

    :param device: that holds the reference.
    :param values: its params.
    :raises OphydDeclError: if it begins with a param for which nothing was given.
    """
    match reference.base:
        case "device":
            return Reference("beamline", (*keys_of(device), *reference.path))
        case "param":
            first, *rest = reference.path
            given = values[str(first)]
            if given is None:
                raise OphydDeclError(f"{device.path}: nothing was given for `{first}`, which is needed here")
            return Reference("beamline", (*given.path, *rest))
        case "beamline":
            return reference


def keys_of(node: Node) -> tuple[str | int, ...]:
    """Return the path of a node from the root of the beamline, as keys."""
    keys: list[str | int] = []
    at: Any = node
    while at is not None:
        keys.append(at._key)
        at = at.parent
    return tuple(reversed(keys))


def has_value(node: Any) -> bool:
    """Return whether a node stands for one value: a signal that can be read, or a movable."""
    return isinstance(node, SignalR) or hasattr(node, "readback_signal")


def value_signal_of(node: Any) -> SignalR:
    """Return the signal that is the value of a node: itself, or the readback of a movable."""
    return cast("SignalR", node if isinstance(node, SignalR) else _native(node).readback_signal)


def setpoint_of(node: Any) -> SignalR:
    """Return the signal that says where a node was told to be: itself, or the setpoint of a movable."""
    return cast("SignalR", node if isinstance(node, SignalR) else _native(node).setpoint_signal)


def _native(node: Any) -> Any:
    if not isinstance(node, Node):
        name = getattr(node, "name", "") or type(node).__name__
        raise AbsentError(
            f"{name} is a {type(node).__name__} of a Python class, and only signals of this package can be used here",
            help="declare the signal in the file, at the same address",
        )
    return node
