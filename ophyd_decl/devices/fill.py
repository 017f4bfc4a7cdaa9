"""Members that only the server declares: made from the entries of a PVI structure, and part of no document."""

from typing import Any

from ..blueprint import Address, CommandShape, Shape, SignalShape
from ..vocab.addresses import pvi_address, pvi_member
from ..vocab.datatypes import Datatype
from ..vocab.names import name_here, reserved_below_device
from ..vocab.pvi import DEVICE, EXECUTE, Entry
from .classes import class_of
from .device import Branch, Device, Vector
from .listed import LISTED_CLASSES, ListedCommand
from .node import Node
from .parts import At, Part

#: Type of a device that only the server declares.
TYPE = "pvi.device"


def key_of(name: str) -> str:
    """Return the key of a member that the server declares; one that can be no attribute is had by item only."""
    here = name_here(name)
    return name if reserved_below_device(here) else here


def add(above: Part, at: At, key: str | int, entry: Entry) -> Part | None:
    """Return the part of a new member, or None if the entry says nothing that can be used.

    :param above: the device or vector that gets it.
    """
    parent: Any = above.node
    structure = structure_of(parent)
    address = pvi_address(structure, str(key))
    node: Node
    if entry.access:
        shape = SignalShape(
            str(key), Address("pva", None, None), Datatype("any"), entry.access, "none", parent._place  # type: ignore[arg-type]
        )  # fmt: skip
        node = LISTED_CLASSES[entry.access](parent._context, parent, key, None, shape, address, address)
    elif entry.pv(EXECUTE):
        command = CommandShape(str(key), Address("pva", None, None), 1, parent._place)
        node = ListedCommand(parent._context, parent, key, command, address)
    elif entry.pv(DEVICE):
        node = _device(parent, key)
    else:
        return None
    return _added(Part(node, above, at, filled=True), parent, key)


def add_vector(above: Part, key: str) -> Part:
    """Return the part of a new vector that is an array of entries, none of them added yet."""
    parent: Any = above.node
    vector = Vector(parent._context, parent, key, None, parent._place)
    part = Part(vector, above, ("", None), filled=True)
    part.is_array = True
    return _added(part, parent, key)


def make_vector(part: Part) -> None:
    """Put a vector in the place of a device whose structure turned out to have nothing but items."""
    device: Any = part.node
    parent: Any = device.parent
    vector = Vector(parent._context, parent, device._key, None, parent._place)
    part.node = vector
    _added(part, parent, device._key)


def structure_of(node: Any) -> str:
    """Return which part of a structure a device or vector is."""
    if isinstance(node, Device):
        return pvi_member(str(node._values["pvi"]))
    return pvi_member(structure_of(node.parent), node._key)


def _device(parent: Any, key: str | int) -> Device:
    shape = Shape(TYPE, (), (), parent._place)
    values = {"pvi": pvi_member(structure_of(parent), key)}
    return class_of(shape)(parent._context, parent, key, None, shape, values, parent._place)


def _added(part: Part, parent: Branch, key: str | int) -> Part:
    node: Any = part.node
    node._part = part
    parent._put(key, node)
    return part
