"""The resolved form of a beamline: one file in which nothing is left to include, to expand or to merge.

Compiling it gives the same devices. Types stay in their files, which are named by `use`.
"""

import os
from collections.abc import Mapping
from typing import Any

from ..blueprint import Reference
from ..check.facts import CONDITIONS, OptionFacts, PluginFacts
from ..check.formulas import with_constants
from ..check.paths import PathError, PathTuple, parse_path, write_path
from ..check.plugins import find_plugin
from ..check.requirement import Requirement
from ..formula import FormulaError
from ..model.types import MEMBER_BLOCKS
from ..resolve.partly import expand_partly
from ..resolve.pieces import Entry, Piece
from ..resolve.scope import expand
from ..source import LocatedMapping, Node
from ..source.plain import is_list, is_mapping, plain
from .reading import Reading
from .shapes import is_scalar

#: Keys of an entry that have done their work.
_DONE = ("repeat", "when")
#: Keys of the root that are made anew from what was read, or have done their work.
_MADE = ("vars", "use", "include", "profiles", "services", "devices", "groups", "defaults", "environment")
#: Blocks whose entries are instances of types, and may see names of their own.
_OF_TYPES = ("children", "vectors")
VALUE = "value"


def rendered(reading: Reading) -> dict[str, Any]:
    """Return the resolved root of a beamline without mistakes, as plain data."""
    found = _expanded(reading, reading.root.without(*_MADE))
    found |= _expanded(reading, reading.root.only(("defaults", "environment")))
    if used := _used(reading):
        found["use"] = used
    absent = reading.devices.absent | reading.devices.services.absent
    for name, entries in (("services", reading.assembly.services), ("devices", reading.assembly.devices)):
        made = {entry.name: _Body(entry, reading).resolved() for entry in entries if entry.name not in absent}
        if made:
            found[name] = made
    return found | _expanded(reading, reading.root.only(("groups",)))


def _expanded(reading: Reading, mapping: LocatedMapping) -> dict[str, Any]:
    """Return keys of the root with their expressions replaced."""
    return plain(expand(mapping, reading.scope))


def _used(reading: Reading) -> list[str]:
    """Return the names of the files of types, from the folder of the beamline."""
    folder = os.path.dirname(os.path.abspath(reading.file.name))
    names: list[str] = []
    for location in reading.builder.book.catalog.files:
        path = os.path.relpath(os.path.abspath(location.path), os.path.abspath(location.root.folder))
        if location.root.library:
            names.append(f"pkg:{location.root.library}/{path}")
        else:
            names.append(os.path.relpath(os.path.abspath(location.path), folder))
    return list(dict.fromkeys(names))


def _later(block: str, entry: Node) -> frozenset[str]:
    """Return the names that an entry sees which only its items have."""
    names = {"key"} if block == "vectors" else set[str]()
    repeat = entry.get("repeat") if isinstance(entry, LocatedMapping) else None
    if isinstance(repeat, LocatedMapping) and isinstance(repeat.get("var"), str):
        names.add(repeat["var"])
    return frozenset(names)


class _Body:
    """The body of one device or service, with names and paths as the beamline has them."""

    def __init__(self, entry: Entry, reading: Reading) -> None:
        self._entry = entry
        self._piece: Piece = entry.piece
        self._names = reading.links.view(entry.piece).names
        self._constants = {name: value for name, value in entry.scope.values.items() if is_scalar(value)}
        self._own: frozenset[str] = frozenset()

    def resolved(self) -> Any:
        """Return the body as plain data."""
        body = self._entry.body
        if not isinstance(body, LocatedMapping):
            return self._plain(body)
        blocks = [body[block] for block in MEMBER_BLOCKS if isinstance(body.get(block), LocatedMapping)]
        self._own = frozenset(name for block in blocks for name in block)
        made = {key: self._value(key, self._expanded(key, value)) for key, value in body.items() if key not in _DONE}
        if self._piece.prefix and isinstance(made.get("name"), str):
            made["name"] = self._piece.prefix + made["name"]
        return made

    def _expanded(self, key: str, value: Node) -> Any:
        """Return one key of the body with its expressions replaced."""
        values = self._entry.scope.values
        if key not in _OF_TYPES or not isinstance(value, LocatedMapping):
            return expand_partly(value, values, frozenset())
        return {name: expand_partly(entry, values, _later(key, entry)) for name, entry in value.items()}

    def _value(self, key: str, value: Any) -> Any:
        if key == "derived" and is_mapping(value):
            return {name: self._derived(entry) if is_mapping(entry) else entry for name, entry in value.items()}
        if key == "logic" and is_mapping(value):
            return {role: self._role(options) if is_mapping(options) else options for role, options in value.items()}
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        """Return plain data with references as the beamline has them."""
        if isinstance(value, Reference):
            return {"ref": self._path(str(value))}
        if is_mapping(value):
            if set(value) == {"ref"} and isinstance(value["ref"], str):
                return {"ref": self._path(value["ref"])}
            return {key: self._plain(item) for key, item in value.items()}
        if is_list(value):
            return [self._plain(item) for item in value]
        return value

    def _derived(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        made = {key: self._plain(value) for key, value in entry.items()}
        inputs = entry.get("inputs")
        names = set(inputs) if is_mapping(inputs) else set[str]()
        if is_mapping(inputs):
            made["inputs"] = {name: self._reference(path) for name, path in inputs.items()}
        if "get" in entry:
            made["get"] = self._formula(entry["get"], names)
        if is_mapping(targets := entry.get("set")):
            made["set"] = {
                self._path(path): self._formula(formula, {*names, VALUE}) for path, formula in targets.items()
            }
        return made

    def _role(self, options: Mapping[str, Any]) -> dict[str, Any]:
        plugin = find_plugin(str(options.get("use")))
        facts: Mapping[str, OptionFacts] = plugin.options if isinstance(plugin, PluginFacts) else {}
        made: dict[str, Any] = {}
        for name, value in options.items():
            mark = facts[name].mark if name in facts else None
            if isinstance(mark, Requirement):
                made[name] = self._reference(value)
            elif mark in CONDITIONS:
                made[name] = self._formula(value, set(self._own))
            else:
                made[name] = self._plain(value)
        return made

    def _reference(self, value: Any) -> Any:
        return self._path(value) if isinstance(value, str) else self._plain(value)

    def _formula(self, value: Any, hidden: set[str]) -> Any:
        """Return a formula with the variables of its file replaced by their values."""
        if not isinstance(value, str):
            return value
        constants = {name: item for name, item in self._constants.items() if name not in hidden}
        try:
            return with_constants(value, constants)
        except FormulaError:
            return value

    def _path(self, text: str) -> str:
        """Return a path from the root of the beamline, or from the device itself where its own members come first."""
        try:
            path = parse_path(text)
        except PathError:
            return text
        if self._names is None or path[0] in self._own:
            return text
        start: PathTuple | None = self._names.get(str(path[0]))
        return text if start is None else write_path((*start, *path[1:]))
