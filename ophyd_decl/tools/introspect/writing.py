"""What was found, as a file of kind types: blocks that are alike share a type."""

import json
from dataclasses import dataclass
from typing import Any

from ...model.files import API
from ...source.emit import yaml_text
from .reading import Body, Introspected
from .sources import Source

#: Name of the type of the whole device.
TOP = "device"
#: Keys of a signal that say what it is; where the items of a vector differ in them it can be anything.
_DATATYPE = ("dtype", "shape", "choices", "columns")
_WIDTH = 118


@dataclass(frozen=True)
class Written:
    """A file, and how much is in it.

    :param types: how many types it has.
    :param left_out: how many members of the device cannot be declared.
    :param in_part: how many are declared, but not with all that the server says; a comment at each says what.
    """

    text: str
    types: int
    left_out: int
    in_part: int


def write(found: Introspected, source: Source, address: str, namespace: str, file: str) -> Written:
    """Return a file of kind types whose last type declares the device.

    :param address: that was asked.
    :param file: name of the file, for its own comment.
    """
    types = _Types(namespace, source.param)
    types.add_top(found.body)
    data = {"api": API, "kind": "types", "namespace": namespace, "types": types.bodies}
    lines = [
        f"Made by `ophyd-decl introspect {address}`. In a beamline:",
        f"  use: [{file}]",
        "  devices:",
        f"    {namespace}: {{type: {namespace}.{TOP}, {source.param}: {json.dumps(found.address)}}}",
    ]
    if found.left_out:
        lines.append("Left out:")
        lines += [_line(path.partition(".")[2] or path, why) for path, why in found.left_out.items()]
    comment = "".join(f"# {line}\n" for line in lines)
    notes = {("types", *path): " ".join(note.split()) for path, note in types.notes.items()}
    return Written(comment + yaml_text(data, notes), len(types.bodies), len(found.left_out), len(notes))


def _line(path: str, why: str) -> str:
    return f"  {path}: {' '.join(why.split())}"[:_WIDTH]


class _Types:
    """Names bodies as types, each once, those inside before those that hold them.

    :param param: of each type, which takes its address.

    `bodies` are the types by name; `notes`, what is said about one, or about a member of it, by its path there.
    """

    def __init__(self, namespace: str, param: str) -> None:
        self._namespace = namespace
        self._param = param
        self._names: dict[str, str] = {}
        self._taken = {TOP}
        self.bodies: dict[str, Any] = {}
        self.notes: dict[tuple[str, ...], str] = {}

    def add_top(self, body: Body) -> None:
        """Add the type of the whole device, behind those inside it."""
        self._add(TOP, self._made(body), body)

    def name(self, body: Body, wanted: str) -> str:
        """Return the name of the type of a body.

        :param wanted: what it is called if nothing else is.
        """
        made = self._made(body)
        content = json.dumps([made, body.notes])
        if content not in self._names:
            name, number = wanted, 1
            while name in self._taken:
                number += 1
                name = f"{wanted}_{number}"
            self._taken.add(name)
            self._names[content] = f"{self._namespace}.{name}"
            self._add(name, made, body)
        return self._names[content]

    def _add(self, name: str, made: dict[str, Any], body: Body) -> None:
        self.bodies[name] = made
        for member, note in body.notes.items():
            place = ("commands" if member in body.commands else "signals", member) if member else ()
            self.notes[name, *place] = note

    def _made(self, body: Body) -> dict[str, Any]:
        made: dict[str, Any] = {"params": {self._param: {"type": "str"}}}
        if body.signals:
            made["signals"] = body.signals
        if body.commands:
            made["commands"] = body.commands
        if body.children:
            made["children"] = {key: {"type": self.name(child, key)} for key, child in body.children.items()}
        if body.vectors:
            made["vectors"] = {
                key: {"type": self.name(merged(list(items.values())), key), "keys": list(items)}
                for key, items in body.vectors.items()
            }
        return made


def merged(bodies: list[Body]) -> Body:
    """Return what the items of a vector have in common: where they differ, less is said.

    A signal that some do not have is optional; a command or device that some do not have is left out. Notes say so.
    """
    first, *others = bodies
    if all(other == first for other in others):
        return first
    made = Body(notes={name: note for body in reversed(bodies) for name, note in body.notes.items()})
    for name in dict.fromkeys(name for body in bodies for name in body.signals):
        there = [body.signals[name] for body in bodies if name in body.signals]
        keys = _common(there)
        made.signals[name] = keys if len(there) == len(bodies) else {**keys, "optional": True}
        _note_difference(made, name, keys, there)
    for name, keys in first.commands.items():
        if all(name in body.commands for body in bodies):
            there = [keys, *(body.commands[name] for body in others)]
            made.commands[name] = _common(there)
            _note_difference(made, name, made.commands[name], there)
    for name in first.children:
        if all(name in body.children for body in bodies):
            made.children[name] = merged([body.children[name] for body in bodies])
    for name, items in first.vectors.items():
        if all(name in body.vectors and list(body.vectors[name]) == list(items) for body in bodies):
            made.vectors[name] = {key: merged([body.vectors[name][key] for body in bodies]) for key in items}
    there_is = (*made.signals, *made.commands, *made.children, *made.vectors)
    members = [name for body in bodies for part in (body.commands, body.children, body.vectors) for name in part]
    lost = [name for name in dict.fromkeys(members) if name not in there_is]
    if lost:
        made.notes[""] = f"left out, since not all items are alike in them: {', '.join(lost)}"
    made.notes = {name: note for name, note in made.notes.items() if not name or name in there_is}
    return made


def _note_difference(made: Body, name: str, keys: dict[str, Any], there: list[dict[str, Any]]) -> None:
    """Note which keys of a signal or command are not those of every item."""
    known = dict.fromkeys(key for one in there for key in one)
    differ = [key for key in known if any(one.get(key) != keys.get(key) for one in there)]
    if differ:
        made.notes[name] = f"the items differ in {', '.join(differ)}: no more is compared than what all have in common"


def _common(keys: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the keys that all have; a dtype with all that goes with it, or `any`."""
    first, *others = keys
    common = {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}
    if "dtype" in first and any(other.get(key) != first.get(key) for key in _DATATYPE for other in others):
        same_enum = common.get("dtype") == "enum"
        common = {key: value for key, value in common.items() if key not in _DATATYPE}
        common = {"dtype": "enum" if same_enum else "any", **common}
    if "access" in first or any("access" in other for other in others):
        access = "".join(letter for letter in "rw" if all(letter in one.get("access", "r") for one in keys)) or "r"
        common.pop("access", None)
        if access != "r":
            common["access"] = access
    return common
