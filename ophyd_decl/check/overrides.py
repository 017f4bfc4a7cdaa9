"""Overrides: values in the place of those that a type gives, by the path of what they belong to.

They are merged onto the entries of the type before these are read, for each device that brings some; the outer ones
win over those that stand nearer to the entry. See the decision on layers and merging.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..blueprint import Address, SignalShape
from ..errors import Note, Place
from ..model.blocks import REPLACE, UNSET, Block, report_not_merged
from ..model.commands import COMMAND
from ..model.derived import DERIVED, is_set
from ..model.kinds import FAILED, Spot, shown
from ..model.signals import SIGNAL
from ..model.types import CHILD, OVERRIDABLE, OVERRIDABLE_OF_CHILDREN, TAKEN_BY_INSTANCES, VECTOR
from ..resolve.inheritance import LOGIC, Definition
from ..resolve.merge import merge
from ..source import Findings, LocatedList, LocatedMapping
from ..source.plain import is_list, is_mapping
from ..source.suggest import listed
from ..source.tree import UNKNOWN
from ..vocab.keywords import ACCESSES
from .paths import PathError, PathTuple, parse_path, written_element

LAYER = "overrides"
_BLOCKS: Mapping[str, Block] = {
    "signals": SIGNAL, "commands": COMMAND, "derived": DERIVED, "children": CHILD, "vectors": VECTOR,
}  # fmt: skip
_CONTAINERS = ("children", "vectors")


@dataclass(frozen=True, slots=True)
class Override:
    """One key of `overrides`.

    :param path: what is left of it, from the device that is looked at.
    :param holder: the mapping of overrides that it stands in.
    :param key: as it is written.
    :param gone: how many elements of its path lie behind.
    """

    path: PathTuple
    holder: LocatedMapping
    key: str
    gone: int = 0

    @property
    def values(self) -> LocatedMapping:
        """Return what is set."""
        return self.holder[self.key]

    def report_dead_end(self, findings: Findings, help_text: str) -> None:
        """Say that the next element of the path does not exist."""
        element = self.path[0]
        place = self.holder.key_part_place(self.key, *written_element(self.key, self.gone))
        findings.error("E402", f"`{self.key}` leads nowhere: there is no `{element}`", place, help_text)


@dataclass(frozen=True, slots=True)
class Overlay:
    """All overrides that reach into one device, weaker ones first."""

    overrides: tuple[Override, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.overrides)

    def over(self, nearer: "Overlay") -> "Overlay":
        """Return these together with weaker ones."""
        return Overlay((*nearer.overrides, *self.overrides)) if nearer else self

    def split(self, element: str | int) -> "tuple[tuple[Override, ...], Overlay]":
        """Return what is set on a member or item itself, and what reaches into it."""
        own: list[Override] = []
        below: list[Override] = []
        for override in self.overrides:
            if override.path[0] == element:
                if len(override.path) == 1:
                    own.append(override)
                else:
                    below.append(replace(override, path=override.path[1:], gone=override.gone + 1))
        return tuple(own), Overlay(tuple(below))

    def report_unknown(
        self, known: Sequence[str | int], findings: Findings, *, passed: Container[str | int] = (),
        absent: Container[str | int] = (),
    ) -> None:  # fmt: skip
        """Report every override that begins with a name that does not exist.

        :param passed: names of which nothing is said.
        :param absent: names that `when` removed.
        """
        for override in self.overrides:
            first = override.path[0]
            if first in absent:
                override.report_dead_end(findings, "remove it, or the `when` that removed the member")
            elif first not in known and first not in passed:
                help_text = findings.suggest(str(first), [str(name) for name in known]) or f"there are: {listed(known)}"
                override.report_dead_end(findings, help_text)

    @property
    def content(self) -> tuple[Any, ...]:
        """Return what is set, as a part of a key: devices with the same share a shape."""
        return tuple((override.path, frozen(override.values)) for override in self.overrides)


NOTHING = Overlay()


def read_overlay(mapping: LocatedMapping | None, findings: Findings) -> Overlay:
    """Return the overrides of a device, child or vector; keys that are no paths are reported."""
    if mapping is None:
        return NOTHING
    found: list[Override] = []
    for key, value in mapping.items():
        if key in (REPLACE, UNSET):
            report_not_merged(key, mapping, findings)
            continue
        try:
            path = parse_path(key)
        except PathError as error:
            help_text = 'write `name.child`; quote what is no name: vac["gauge.p1"]'
            findings.error("E402", str(error), mapping.key_place(key), help_text)
            continue
        if isinstance(value, LocatedMapping):
            found.append(Override(path, mapping, key))
        elif value is not UNKNOWN:
            summary = f"expected a mapping, got {shown(value)}"
            findings.error("E120", summary, mapping.value_place(key), _as_mapping(path, key))
    return Overlay(tuple(found))


def _as_mapping(path: PathTuple, key: str) -> str:
    """Return how an override is written whose value is no mapping."""
    owner, dot, last = key.rpartition(".")
    if dot and path[-1] == last and (last in OVERRIDABLE or path[0] == LOGIC):
        return f"write `{owner}: {{{last}: …}}`"
    return "write `{key: value, …}`"


def effective_entry(
    definition: Definition, mapping: LocatedMapping, overrides: Sequence[Override], findings: Findings
) -> LocatedMapping:
    """Return an entry of a type with overrides merged onto it; what cannot be overridden is reported and left out.

    :param mapping: the entry, or the options of a role, with its expressions replaced.
    """
    for override in overrides:
        values = _sound(override, definition, mapping, findings)
        mapping = merge(mapping, values, findings, layer=LAYER, below=definition.layer)
    return mapping


def _sound(override: Override, definition: Definition, mapping: LocatedMapping, findings: Findings) -> LocatedMapping:
    """Return those values that may be set."""
    refused: list[str] = []
    for key in override.values:
        if key.startswith("x-") or not _may_be_set(key, override, definition, mapping, findings):
            refused.append(key)
    return override.values.without(*refused) if refused else override.values


def _may_be_set(
    key: str, override: Override, definition: Definition, mapping: LocatedMapping, findings: Findings
) -> bool:
    values, place = override.values, override.values.key_place(key)
    if key == UNSET and isinstance(values[key], LocatedList):
        wrong = [
            index for index, name in enumerate(values[key])
            if name in mapping and (name == "access" or not _is_overridable(str(name), definition))
        ]  # fmt: skip
        for index in wrong:
            _refuse(f"`{values[key][index]}`", values[key].value_place(index), override, definition, findings)
        return not wrong
    if key == "access" and "access" in overridable(definition):
        return _is_narrower(values, override, definition, mapping, findings)
    if key == UNSET or _is_overridable(key, definition):
        return True
    block = _BLOCKS.get(definition.block)
    if block is None or key == REPLACE or key in block.keys or key in mapping or key in TAKEN_BY_INSTANCES:
        _refuse(f"`{key}`", place, override, definition, findings)
        return False
    known = overridable(definition)
    help_text = findings.suggest(key, known) or f"remove it; these can be overridden: {listed(known, 20)}"
    if definition.block in _CONTAINERS and isinstance(values[key], LocatedMapping):
        help_text = f"write the whole path as one key: `{override.key}.{key}: …`"
    findings.error("E110", f"unknown key `{key}` in {block.name}", place, help_text, (declared(definition),))
    return False


def overridable(definition: Definition) -> tuple[str, ...]:
    """Return the keys of a member that may be overridden."""
    if definition.block in _CONTAINERS:
        return OVERRIDABLE_OF_CHILDREN
    keys = _BLOCKS[definition.block].keys if definition.block in _BLOCKS else {}
    return tuple(key for key in OVERRIDABLE if key in keys)


def _is_overridable(key: str, definition: Definition) -> bool:
    if definition.block == LOGIC:
        return key not in ("use", REPLACE)
    return key in overridable(definition)


def _refuse(what: str, place: Place, override: Override, definition: Definition, findings: Findings) -> None:
    known = overridable(definition)
    rest = "write a type that `extends` this one for the rest"
    help_text = f"override {listed(known, 20)}; {rest}" if known else f"override options of the role; {rest}"
    summary = f"{what} of `{override.key}` cannot be overridden"
    findings.error("E206", summary, place, help_text, (declared(definition),))


def _is_narrower(
    values: LocatedMapping, override: Override, definition: Definition, mapping: LocatedMapping, findings: Findings
) -> bool:
    """Return whether an access is allowed that an override gives."""
    wanted, had = values["access"], access_of(definition, mapping)
    if SIGNAL.keys["access"].kind.read(wanted, Spot(values, "access", findings)) is FAILED:
        return False
    if UNKNOWN in (wanted, had) or set(str(wanted)) <= set(str(had)):
        return True
    summary = f"`access: {wanted}` is wider than the `{had}` of `{override.key}`"
    help_text = f"write `access: {had}` or less; write a type that `extends` this one for more"
    findings.error("E206", summary, values.value_place("access"), help_text, (declared(definition),))
    return False


def access_of(definition: Definition, mapping: LocatedMapping) -> Any:
    """Return the access that a signal has in its type."""
    return mapping.get("access", "rw" if definition.block == "derived" and is_set(mapping) else "r")


def narrowed(signal: SignalShape, access: Any) -> SignalShape:
    """Return a signal with less access, and without what needs more."""
    if access not in ACCESSES or access == signal.access:
        return signal
    origin = signal.origin
    if isinstance(origin, Address):
        origin = replace(
            origin, read=origin.read if "r" in access else None, write=origin.write if "w" in access else None
        )
    return replace(signal, access=access, origin=origin, verify="none")


def check_format(access: Any, mapping: LocatedMapping, findings: Findings) -> None:
    """Report a signal that an override makes unreadable, and that is part of documents."""
    if access == "w" and mapping.get("format", "none") not in ("none", UNKNOWN):
        place = mapping.value_place("access")
        summary = "a signal with `access: w` cannot be read into documents"
        findings.error("E115", summary, place, "add `format: none`, or leave its `access`")


def report_below(overlay: Overlay, definition: Definition, findings: Findings) -> None:
    """Report overrides that reach into a signal or command."""
    for override in overlay.overrides:
        key = override.path[0]
        help_text = "remove what follows the signal or command"
        if len(override.path) == 1 and key in overridable(definition):
            help_text = f"write `{definition.name}: {{{key}: …}}`"
        override.report_dead_end(findings, help_text)


def declared(definition: Definition) -> Note:
    """Return a note that says where a member or role stands in the file of the type."""
    return Note(f"`{definition.name}` is declared here", definition.place)


def frozen(value: Any) -> Any:
    """Return a value as a part of a key; 1, 1.0 and true are different."""
    if is_list(value):
        return tuple(frozen(item) for item in value)
    if is_mapping(value):
        return tuple((key, frozen(item)) for key, item in value.items())
    return type(value), value
