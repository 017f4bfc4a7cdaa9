"""Selectors: a path, a path with `*`, or `label:NAME`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..blueprint import ChildShape, DeviceBlueprint, Shape, VectorShape
from ..devices.hosted import leaves_of, member_of
from ..devices.node import Node, walk
from ..devices.python_device import PythonDevice
from ..devices.resolve import member
from ..errors import OphydDeclError

_ELEMENT = re.compile(r'\[\s*(?:"([^"]*)"|\'([^\']*)\'|(\d+))\s*\]|([^.\[\]]+)')


def parse_path(path: str) -> tuple[str | int, ...]:
    """Return the elements of a path; whole numbers are vector keys, `["text"]` is any other key.

    :raises OphydDeclError: if the text is no path.
    """
    elements: list[str | int] = []
    position = 0
    while position < len(path):
        if elements and path[position] == ".":
            position += 1
        match = _ELEMENT.match(path, position)
        if match is None:
            raise OphydDeclError(f"{path!r} is no path; write `stage.x.velocity` or `pdet.channel.1.value`")
        quoted, single, number, plain = match.groups()
        text = quoted if quoted is not None else single if single is not None else plain
        if number is not None:
            elements.append(int(number))
        else:
            elements.append(int(text) if plain is not None and text.isdecimal() else text)
        position = match.end()
    if not elements:
        raise OphydDeclError("an empty path names nothing")
    return tuple(elements)


def select(devices: Mapping[str, Any], blueprints: Sequence[DeviceBlueprint], selector: str) -> list[Any]:
    """Return what a selector names, in file order; `*` stands for any text, also with dots.

    It looks into a hosted device, which makes it, where the device stands before the `*`.

    :raises OphydDeclError: if a path without `*` names nothing.
    """
    kind, colon, label = selector.partition(":")
    if colon and kind == "label":
        return _labelled(devices, blueprints, label)
    if "*" in selector:
        pattern = re.compile(".*".join(map(re.escape, selector.split("*"))))
        found = [node for device in devices.values() for node in walk(device) if pattern.fullmatch(node.path)]
        inside = devices.get(selector.partition("*")[0].partition(".")[0])
        if isinstance(inside, PythonDevice) and "." in selector.partition("*")[0]:
            leaves = leaves_of(inside.made(), inside._library)
            found += [leaf.signal for leaf in leaves if pattern.fullmatch(f"{inside.path}.{leaf.path}")]
        return found
    first, *rest = parse_path(selector)
    node = devices.get(str(first))  # a whole number names no device
    for key in rest:
        if isinstance(node, PythonDevice) or (node is not None and not isinstance(node, Node)):
            node = _hosted(node, key)
            continue
        members = dict(node.children()) if node is not None else {}
        node = members.get(key)
    if node is None:
        raise OphydDeclError(f"{selector!r} names nothing; there are the devices {', '.join(devices)}")
    return [node]


def _hosted(node: Any, key: str | int) -> Any:
    """Return what is under a key of a hosted device, or of something in it; None if there is nothing."""
    try:
        return node[key] if isinstance(node, PythonDevice) else member_of(node, key)
    except KeyError:
        return None


def _labelled(devices: Mapping[str, Any], blueprints: Sequence[DeviceBlueprint], label: str) -> list[Any]:
    """Return the devices and sub-devices with a label; shapes that have it nowhere are not walked again."""
    held: dict[Shape, bool] = {}
    found: list[Any] = []

    def holds(shape: Shape) -> bool:
        if shape not in held:
            held[shape] = any(label in child.labels or holds(child.shape) for _, child in _children(shape))
        return held[shape]

    def search(node: Any, shape: Shape) -> None:
        for keys, child in _children(shape) if holds(shape) else ():
            below = member(node, keys)
            if label in child.labels:
                found.append(below)
            search(below, child.shape)

    for blueprint in blueprints:
        if label in blueprint.labels:
            found.append(devices[blueprint.path])
        search(devices[blueprint.path], blueprint.shape)
    return found


def _children(shape: Shape) -> Iterator[tuple[tuple[str | int, ...], ChildShape]]:
    """Yield the sub-devices of a shape, also those in vectors, with their keys."""
    for one in shape.members:
        if isinstance(one, ChildShape):
            yield (one.key,), one
        elif isinstance(one, VectorShape):
            for item in one.items:
                yield (one.key, item.key), item
