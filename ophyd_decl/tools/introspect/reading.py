"""What a running device consists of, as the bodies of types: plain data, the same for every control system."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...blueprint import BeamlineBlueprint
from ...connectors.values.conversion import as_served
from ...devices.command import Command
from ...devices.device import Branch, Vector
from ...devices.node import Node
from ...devices.signal import WireSignal
from ...session.beamline import Beamline
from ...vocab.datatypes import NUMPY_WIDTHS, NativeType
from .sources import Source

#: What a table may have columns of, and an array elements.
_ELEMENTS = {*NUMPY_WIDTHS, "str"}


@dataclass
class Body:
    """What a device has, in the order of its server.

    :ivar signals: keys of each signal by its name; of `commands` likewise.
    :ivar children: bodies by name; `vectors`: bodies by name and key.
    """

    signals: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    commands: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    children: dict[str, "Body"] = field(default_factory=dict[str, "Body"])
    vectors: dict[str, dict[int | str, "Body"]] = field(default_factory=dict[str, dict[int | str, "Body"]])


@dataclass
class Introspected:
    """A device, and what of it cannot be declared.

    :param name: for its namespace.
    :param address: as an instance gives it.
    :param left_out: path in the device, and why.
    """

    name: str
    address: str
    body: Body
    left_out: dict[str, str] = field(default_factory=dict[str, str])


async def introspect(source: Source, address: str, timeout_s: float) -> Introspected:
    """Return what a running device consists of.

    :param timeout_s: for all that it takes to connect, in s.
    :raises SourceError: if the address is none of this source.
    :raises ReportError: if the device does not answer.
    """
    blueprint = source.device(address)
    name = blueprint.path
    beamline = Beamline(BeamlineBlueprint(name, address, (blueprint,), (name,), read_only=True))
    try:
        (await beamline.aconnect(timeout_s)).or_raise()
        found = Introspected(name, source.value(address), Body())
        problems = {problem.signal: problem.cause for problem in beamline.report.devices[0].problems}
        _Reader(source, problems, found.left_out).fill(beamline.devices[name], found.body)
        return found
    finally:
        await beamline.aclose()


class _Reader:
    """Takes down nodes.

    :param problems: what is wrong with some of them, by path.
    :param left_out: gets what cannot be declared.
    """

    def __init__(self, source: Source, problems: dict[str, str], left_out: dict[str, str]) -> None:
        self._source = source
        self._problems = problems
        self._left_out = left_out

    def fill(self, device: Branch, body: Body) -> None:
        """Take down all members of a device."""
        for key, node in self._usable(device):
            name = self._source.name(str(key), (*body.signals, *body.commands))
            if not name:
                self._left_out[node.path] = "its name begins with `_`"
            elif isinstance(node, WireSignal):
                body.signals[name] = self._signal(node)
            elif isinstance(node, Command):
                body.commands[name] = self._command(node)
            elif isinstance(node, Vector):
                self._vector(name, node, body)
            elif isinstance(node, Branch):
                self.fill(node, body.children.setdefault(name, Body()))

    def _vector(self, name: str, vector: Any, body: Body) -> None:
        items = dict(self._usable(vector))
        if any(not isinstance(item, Branch) for item in items.values()):
            self._left_out[vector.path] = "a vector of signals or commands cannot be declared; `fill: true` adds it"
            return
        for key, item in items.items():
            if isinstance(item, Branch):
                self.fill(item, body.vectors.setdefault(name, {}).setdefault(key, Body()))

    def _usable(self, holder: Branch) -> Iterator[tuple[int | str, Node]]:
        """Yield the members that can be declared; note the others."""
        for key, node in holder.children():
            if node.path in self._problems:
                self._left_out[node.path] = self._problems[node.path]
            else:
                yield key, node

    def _command(self, command: Any) -> dict[str, Any]:
        keys = dict(self._source.keys(command))
        description = command.channels[0].description
        if description is not None and command._shape.argument is not None:
            keys["arg"] = self._type(description.native)
        if description is not None and description.returns is not None:
            keys["returns"] = self._type(description.returns)
        return keys

    def _type(self, native: NativeType) -> Any:
        """Return what declares the type that a command takes or returns."""
        keys = self._datatype(native)
        return keys["dtype"] if list(keys) == ["dtype"] else keys

    def _datatype(self, native: NativeType) -> dict[str, Any]:
        keys = datatype_keys(native)
        return {"dtype": "enum"} if keys["dtype"] == "enum" and self._source.fixes_labels(native) else keys

    def _signal(self, signal: WireSignal) -> dict[str, Any]:
        channel = signal.channels[0]
        description = channel.description
        keys = dict(self._source.keys(signal))
        if description is None:
            return {**keys, "dtype": "any"}
        keys |= self._datatype(description.native)
        if signal._shape.access != "r":
            keys["access"] = signal._shape.access
        if description.units and description.native.kind in ("int", "float") and "${{" not in description.units:
            keys["units"] = description.units
        return keys


def datatype_keys(native: NativeType) -> dict[str, Any]:
    """Return the keys that declare a native type, as narrowly as the language can say it.

    >>> datatype_keys(NativeType("enum", choices=("Off", "On")))
    {'dtype': 'enum', 'choices': ['Off', 'On']}
    >>> datatype_keys(NativeType("float", "float32", (None,)))
    {'dtype': 'float32', 'shape': [None]}
    """
    served = as_served(native)
    if served is None:
        return {"dtype": "any"}
    if served.name == "table":
        columns = dict(served.columns or ())
        return {"dtype": "table", "columns": columns} if set(columns.values()) <= _ELEMENTS else {"dtype": "any"}
    if served.shape is not None:
        if served.name not in _ELEMENTS:
            return {"dtype": "any"}
        return {"dtype": served.name, "shape": [None for _ in served.shape]}
    if served.name == "enum" and _can_be_written(native.choices):
        return {"dtype": "enum", "choices": list(native.choices)}
    return {"dtype": served.name}


def _can_be_written(labels: tuple[str, ...]) -> bool:
    """Return whether labels can stand in a file: each has a text of its own, and none is an expression."""
    return bool(labels) and all(labels) and len(set(labels)) == len(labels) and not any("${{" in one for one in labels)
