"""Which blocks the language has, and what stands inside the keys of theirs that hold names or further blocks.

The tables of keys (`model`) say what each key may be. Where they say no more than `a mapping`, this module says which
block is found there. Schemas and the reference of the language follow it; a mapping that is missing here is an error
when they are made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ..model.blocks import Block, Key
from ..model.commands import COMMAND
from ..model.datatypes import ARGUMENT
from ..model.derived import DERIVED
from ..model.files import BEAMLINE_FILE, DEFAULTS, FRAGMENT_FILE, INCLUDE, PROFILE, TYPES_FILE
from ..model.kinds import Word
from ..model.params import PARAM
from ..model.python_class import PYTHON_DEVICE
from ..model.services import SERVICE
from ..model.signals import SIGNAL
from ..model.types import (
    CHILD,
    DEVICE,
    GROUP,
    OVERRIDABLE_OF_CHILDREN,
    PVI_DEVICE,
    REPEAT,
    SIGNAL_DEVICE,
    TANGO_DEVICE,
    TYPE,
    VECTOR,
)
from ..model.types import OVERRIDABLE as OVERRIDABLE_OF_SIGNALS
from ..vocab.keywords import CHILD_FORMATS, SIGNAL_FORMATS


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping from free names to entries of one kind.

    :param entry: name of a section, or of what `entries` makes.
    :param identifiers: whether the names must be identifiers.
    :param partial: whether the entries are merged onto others, so that they may lack keys.
    """

    entry: str
    identifiers: bool = True
    partial: bool = False


@dataclass(frozen=True, slots=True)
class One:
    """One mapping of its own block.

    :param partial: whether it is merged onto another, so that it may lack keys.
    """

    entry: str
    partial: bool = False


@dataclass(frozen=True, slots=True)
class TextOr:
    """A list whose items are texts or mappings of one block."""

    entry: str


Inside = Named | One | TextOr
#: Where a block stands: a file whose keys nobody else sets, the root of a beamline, an entry of its devices or
#: services, a type itself, or a member of a type.
Where = Literal["file", "beamline", "instance", "type", "member", "child"]

#: Entries that are no blocks: they depend on the type or plugin that is named in them.
ANY_DEVICE, ANY_CHILD, ANY_VECTOR, ANY_SERVICE = "any_device", "any_child", "any_vector", "any_service"
ANY_TYPE, ANY_GROUP, OVERRIDES, LOGIC = "any_type", "any_group", "overrides", "logic"
CONNECTOR, VALUE = "connector", "value"
_MEMBERS: Mapping[str, Inside] = {
    "signals": Named("signal"),
    "commands": Named("command"),
    "children": Named(ANY_CHILD),
    "vectors": Named(ANY_VECTOR),
    "derived": Named("derived"),
    "logic": One(LOGIC),
}
_REPEAT: Mapping[str, Inside] = {"repeat": One("repeat")}
_OVERRIDES: Mapping[str, Inside] = {"overrides": One(OVERRIDES)}
_TANGO_MEMBERS = {key: inside for key, inside in _MEMBERS.items() if key in TANGO_DEVICE.keys} | _REPEAT | _OVERRIDES


def _override() -> Block:
    """Return the keys that may stand below one path of `overrides`, whatever the path leads to."""
    found: dict[str, Key] = {}
    for name in (*OVERRIDABLE_OF_SIGNALS, *OVERRIDABLE_OF_CHILDREN):
        holders = [block.keys[name] for block in (SIGNAL, DERIVED, COMMAND, CHILD, DEVICE) if name in block.keys]
        found.setdefault(name, replace(holders[0], required=False, default=""))
    found["format"] = replace(found["format"], kind=Word(*dict.fromkeys((*SIGNAL_FORMATS, *CHILD_FORMATS))))
    return Block("an override", found)


@dataclass(frozen=True, slots=True)
class Section:
    """One block of the language.

    :param name: its name in schemas and in the reference.
    :param title: its heading in the reference.
    :param where: what it is part of, which decides who may set its keys.
    :param inside: what stands below those of its keys that hold mappings.
    :param expressions: whether its values may hold expressions.
    :param literal: keys whose values hold none nevertheless.
    :param borrowed: its keys are read where they end up, as those of other blocks.
    """

    name: str
    title: str
    where: Where
    block: Block
    inside: Mapping[str, Inside] = field(default_factory=dict[str, Inside])
    expressions: bool = True
    literal: frozenset[str] = frozenset({"type"})
    borrowed: bool = False


_ROOT: Mapping[str, Inside] = {
    "vars": Named(VALUE),
    "defaults": One("defaults"),
    "include": TextOr("include"),
    "services": Named(ANY_SERVICE),
    "devices": Named(ANY_DEVICE),
}
_SECTIONS = (
    Section("types", "File of kind types", "file", TYPES_FILE, {"types": Named(ANY_TYPE)}, expressions=False),
    Section(
        "beamline",
        "File of kind beamline",
        "beamline",
        BEAMLINE_FILE,
        {**_ROOT, "profiles": Named("profile", identifiers=False, partial=True)},
        expressions=False,
    ),
    Section(
        "fragment",
        "File of kind fragment",
        "file",
        FRAGMENT_FILE,
        {"params": Named("param"), **{key: inside for key, inside in _ROOT.items() if key in FRAGMENT_FILE.keys}},
        expressions=False,
    ),
    Section("include", "Include", "beamline", INCLUDE, {"with": Named(VALUE)}),
    Section("profile", "Profile", "beamline", PROFILE, _ROOT, expressions=False, borrowed=True),
    Section("defaults", "Defaults", "beamline", DEFAULTS),
    Section("service", "Service", "instance", SERVICE),
    Section("device", "Device", "instance", DEVICE, {**_OVERRIDES, **_REPEAT}),
    Section("group", "Device of type group", "instance", GROUP, {**_MEMBERS, **_OVERRIDES, **_REPEAT}),
    Section("signal_device", "Device of type signal", "instance", SIGNAL_DEVICE, _REPEAT),
    Section("tango_device", "Device of type tango.device", "instance", TANGO_DEVICE, _TANGO_MEMBERS),
    Section(
        "pvi_device",
        "Device of type pvi.device",
        "instance",
        PVI_DEVICE,
        {**_MEMBERS, **_REPEAT, **_OVERRIDES},
    ),
    Section("repeat", "Repeat", "instance", REPEAT),
    Section(
        "python_device",
        "Device of type python",
        "instance",
        PYTHON_DEVICE,
        {"args": Named(VALUE), **_REPEAT},
        literal=frozenset({"type", "class"}),
    ),
    Section("type", "Type", "type", TYPE, {"params": Named("param"), **_MEMBERS}, expressions=False),
    Section("param", "Param", "type", PARAM, expressions=False),
    Section("signal", "Signal", "member", SIGNAL),
    Section("derived", "Derived signal", "member", DERIVED, literal=frozenset({"get", "set", "inputs"})),
    Section("command", "Command", "member", COMMAND),
    Section("argument", "Type of an argument", "member", ARGUMENT),
    Section("child", "Child", "child", CHILD, {**_OVERRIDES, **_REPEAT}),
    Section("vector", "Vector", "child", VECTOR, _OVERRIDES),
    Section("override", "Override", "instance", _override(), borrowed=True),
)
#: The blocks of the language by name, in the order of the reference.
SECTIONS: Mapping[str, Section] = {section.name: section for section in _SECTIONS}
#: The blocks of devices that hold their structure themselves, by the word after `type`.
IN_PLACE: Mapping[str, str] = {
    "group": ANY_GROUP,
    "signal": "signal_device",
    "tango.device": "tango_device",
    "pvi.device": "pvi_device",
    "python": "python_device",
}
#: What each role of `logic` means.
ROLES: Mapping[str, str] = {
    "movable": "How it is moved: what `set` and `stop` do.",
    "triggerable": "How it is triggered: what `trigger` does.",
    "detector": "How it takes frames, in step scans and flyscans.",
    "flyer": "How it moves through a flyscan.",
}


#: Keys that `overrides` may set, by the name of the block.
OVERRIDABLE: Mapping[str, frozenset[str]] = {
    name: frozenset(keys) & SECTIONS[name].block.keys.keys()
    for names, keys in (
        (("signal", "derived", "command"), OVERRIDABLE_OF_SIGNALS),
        (("child", "vector"), OVERRIDABLE_OF_CHILDREN),
    )
    for name in names
}
