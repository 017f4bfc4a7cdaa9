"""What a running device consists of, as the bodies of types: plain data, the same for every control system."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...blueprint import BeamlineBlueprint
from ...connectors.values.conversion import as_served
from ...connectors.values.labels import served_names
from ...devices.command import Command
from ...devices.device import Branch, Vector
from ...devices.node import Node
from ...devices.signal import WireSignal
from ...resolve.expressions import escaped
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
    :ivar notes: what of a signal or command is not declared as it is served, by its name; of the device itself by "".
    """

    signals: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    commands: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    children: dict[str, "Body"] = field(default_factory=dict[str, "Body"])
    vectors: dict[str, dict[int | str, "Body"]] = field(default_factory=dict[str, dict[int | str, "Body"]])
    notes: dict[str, str] = field(default_factory=dict[str, str])


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
                body.signals[name] = self._signal(node, name, body.notes)
            elif isinstance(node, Command):
                body.commands[name] = self._command(node, name, body.notes)
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

    def _command(self, command: Any, name: str, notes: dict[str, str]) -> dict[str, Any]:
        keys = dict(self._source.keys(command))
        description = command.channels[0].description
        found: dict[str, NativeType] = {}
        if description is not None and command._shape.argument is not None:
            found["arg"] = description.native
        if description is not None and description.returns is not None:
            found["returns"] = description.returns
        for key, native in found.items():
            keys[key] = self._type(native)
            if note := self._note(native):
                notes[name] = "; ".join([*([notes[name]] if name in notes else ()), f"{key}: {note}"])
        return keys

    def _type(self, native: NativeType) -> Any:
        """Return what declares the type that a command takes or returns."""
        keys = self._datatype(native)
        return keys["dtype"] if list(keys) == ["dtype"] else keys

    def _datatype(self, native: NativeType) -> dict[str, Any]:
        keys = datatype_keys(native)
        return {"dtype": "enum"} if keys["dtype"] == "enum" and self._source.fixes_labels(native) else keys

    def _note(self, native: NativeType) -> str:
        return "" if native.shape is None and self._source.fixes_labels(native) else datatype_note(native)

    def _signal(self, signal: WireSignal, name: str, notes: dict[str, str]) -> dict[str, Any]:
        channel = signal.channels[0]
        description = channel.description
        keys = dict(self._source.keys(signal))
        if description is None:
            notes[name] = "what it serves is not known: its type is not compared"
            return {**keys, "dtype": "any"}
        keys |= self._datatype(description.native)
        if note := self._note(description.native):
            notes[name] = note
        if signal._shape.access != "r":
            keys["access"] = signal._shape.access
        if description.units and description.native.kind in ("int", "float"):
            keys["units"] = escaped(description.units)
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
    labels = served_names(native.choices)
    if served.name == "enum" and _are_told_apart(labels):
        return {"dtype": "enum", "choices": [escaped(label) for label in labels]}
    return {"dtype": served.name}


def datatype_note(native: NativeType) -> str:
    """Return what `datatype_keys` leaves unsaid, so that a change of it is not reported; empty if nothing.

    >>> datatype_note(NativeType("bool", "bool", (None,)))
    'no dtype is an array of bool: its type is not compared'
    """
    served = as_served(native)
    keys = datatype_keys(native)
    if keys["dtype"] == "any" and served is not None and served.shape is not None:
        what = "neither its type nor its labels are compared" if native.choices else "its type is not compared"
        return f"no dtype is an array of {served.name}: {what}"
    if keys["dtype"] == "any":
        return f"no dtype is {native}: its type is not compared"
    if keys["dtype"] != "enum":
        return ""
    if "choices" not in keys:
        why = "one is called as an empty or repeated one is, # and a number" if native.choices else "there are none"
        return f"its labels are not compared: {why}"
    if served_names(native.choices) != native.choices:
        return "labels that are empty or repeated stand as # and their index, and only that is compared"
    return ""


def _are_told_apart(labels: tuple[str, ...]) -> bool:
    return bool(labels) and len(set(labels)) == len(labels)
