"""Members that only the server declares: made from its list of them, and part of no document."""

from collections.abc import Container
from typing import Any

from ..blueprint import Address, CommandShape, Shape, SignalShape
from ..vocab.addresses import pvi_address, pvi_member, source_of
from ..vocab.datatypes import Datatype
from ..vocab.listing import DEVICE, EXECUTE, Entry, item_key
from ..vocab.names import is_identifier, name_here, reserved_below_device
from .classes import class_of
from .command import Command
from .device import Branch, Device, Vector
from .listed import LISTED_CLASSES, ListedCommand
from .node import Node
from .parts import At, Listing, Part
from .signal import WireSignal

#: Type of a device that only the server declares.
TYPE = "pvi.device"
#: Type of a Tango device in place, and the param that says which one it is.
TANGO_TYPE, TRL = "tango.device", "trl"


def key_of(name: str) -> str:
    """Return the key of a member that the server declares; one that can be no attribute is had by item only.

    >>> [key_of(name) for name in ("Position", "read", "my.attr-1")]
    ['Position', 'read_', 'my.attr-1']
    """
    here = name_here(name)
    return here if is_identifier(here) and not reserved_below_device(here) else name


def free_key(name: str, taken: Container[str | int]) -> str:
    """Return the key of a member of a Tango device, with `_` behind it while the file has a member of that name."""
    key = key_of(name)
    while key in taken:
        key += "_"
    return key


def document_name(parent: Any, key: str | int) -> str | None:
    """Return the name in documents of a member whose key cannot stand there; None: it can.

    Source: event-model, "event_descriptor": names hold no `.` and no `/`.
    """
    text = str(key)
    if not set("./") & set(text):
        return None
    name = parent.name + parent._context.shared.separator + text.replace(".", "_").replace("/", "_")
    taken = {child.name for _, child in parent.children()}
    while name in taken:
        name += "_"
    return name


def is_tango(node: Any) -> bool:
    """Return whether a node is a Tango device in place, whose server lists what it has."""
    return isinstance(node, Device) and node._shape.type == TANGO_TYPE


def protocol_of(node: Any) -> str:
    """Return the protocol over which a device or vector is asked what it consists of."""
    return "tango" if is_tango(node) else "pva"


def declared(node: Any) -> set[tuple[bool, str]]:
    """Return what of a Tango device the file declares under whatever name: whether it is a command, and its address."""
    found: set[tuple[bool, str]] = set()
    for _, child in node.children():
        if isinstance(child, Command):
            found.add((True, child.source.lower()))
        elif isinstance(child, WireSignal):
            found |= {(False, child.source.lower()), (False, child.write_source.lower())}
    return found


def is_declared(entry: Entry, found: Container[tuple[bool, str]]) -> bool:
    """Return whether the file declares a member of a Tango device; capitals do not matter there."""
    return any((field == EXECUTE, source_of("tango", at).lower()) in found for field, at in entry.addresses)


def says_more(holder: Part, listing: Listing) -> bool:
    """Return whether a list has members that a device which fills itself does not have yet."""
    node: Any = holder.node
    if is_tango(node):
        taken, found = {part.at for part in holder.inside}, declared(node)
        return any(at not in taken and not is_declared(entry, found) for at, entry in listing.entries.items())
    return any(entry.addresses and not _has(node, at) for at, entry in listing.entries.items())


def _has(node: Branch, at: At) -> bool:
    """Return whether a device or vector has a member for an entry of its PVI structure, declared or added."""
    name, key = at
    if isinstance(node, Vector):
        item = item_key(name)
        return item is None or item in node
    found = dict(node.children()).get(key_of(name))
    return found is not None and (key is None or not isinstance(found, Vector) or key in found)


def add(above: Part, at: At, key: str | int, entry: Entry) -> Part | None:
    """Return the part of a new member, or None if the entry says nothing that can be used.

    :param above: the device or vector that gets it.
    """
    parent: Any = above.node
    protocol = protocol_of(parent)
    node: Node
    if entry.access:
        shape = SignalShape(
            str(key), Address(protocol, None, None), Datatype("any"), entry.access, "none", parent._place  # type: ignore[arg-type]
        )  # fmt: skip
        address = _address(parent, key, entry.readable or entry.writable)
        node = LISTED_CLASSES[entry.access](
            parent._context, parent, key, document_name(parent, key), shape, address, address
        )
    elif entry.at(EXECUTE):
        command = CommandShape(
            str(key), Address(protocol, None, None), None if is_tango(parent) else 1, parent._place,
            argument=Datatype("any") if entry.takes else None, returns=Datatype("any") if entry.returns else None,
        )  # fmt: skip
        node = ListedCommand(parent._context, parent, key, command, _address(parent, key, entry.at(EXECUTE)))
    elif entry.at(DEVICE):
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
    """Return where it stands what a device or vector consists of: which part of a PVI structure, or the TRL."""
    if is_tango(node):
        return str(node._values[TRL])
    if isinstance(node, Device):
        return pvi_member(str(node._values["pvi"]))
    return pvi_member(structure_of(node.parent), node._key)


def source_of_list(node: Any) -> str:
    """Return where it stands what a device consists of, with the scheme."""
    return source_of(protocol_of(node), structure_of(node))


def _address(parent: Any, key: str | int, found: str) -> str:
    """Return the address of a member before it is settled."""
    return found if is_tango(parent) else pvi_address(structure_of(parent), str(key))


def _device(parent: Any, key: str | int) -> Device:
    shape = Shape(TYPE, (), (), parent._place)
    values = {"pvi": pvi_member(structure_of(parent), key)}
    return class_of(shape)(parent._context, parent, key, None, shape, values, parent._place)


def _added(part: Part, parent: Branch, key: str | int) -> Part:
    node: Any = part.node
    node._part = part
    parent._put(key, node)
    return part
