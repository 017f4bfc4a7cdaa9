"""The compiled beamline: frozen, JSON-serializable, every name final, no I/O.

`compile` writes it, `session` builds devices from it. A `Shape` holds what all devices of one type share;
what differs from instance to instance (addresses, numbers) is in `DeviceBlueprint.values`, and a shape refers to
it by `Template`. So the cost of a device does not grow with the text of its type.

What is small, and never copied with changes, is a named tuple: a dataclass takes five times as long to define, which
`validate` of one device feels, and twice as long to make.

Must not know YAML, expressions of the language, devices or a control system.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from .errors import Place
from .vocab.addresses import pvi_address, pvi_member, tango_address
from .vocab.datatypes import Datatype
from .vocab.keywords import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    WRITE_TIMEOUT_S,
    Access,
    ConnectPolicy,
    Events,
    Format,
    Restore,
    Verify,
    Wait,
)
from .vocab.readings import Limits

Json = Any


class Param(NamedTuple):
    """Stands in a `Template` for the value of one param of the device."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """Text made of literals and params; all else was already evaluated. A single number or truth value stays one."""

    parts: tuple[str | float | bool | Param, ...]

    def render(self, values: Mapping[str, Json]) -> Json:
        """Return the text; a template that is one param keeps the type of its value."""
        parts = self.parts
        if len(parts) == 1:
            (part,) = parts
            return values[part.name] if isinstance(part, Param) else part
        return "".join([str(values[part.name]) if isinstance(part, Param) else str(part) for part in parts])


@dataclass(frozen=True, slots=True)
class TangoTemplate(Template):
    """Address of an attribute or command of a Tango device: the first part is its TRL, the others are the name."""

    def render(self, values: Mapping[str, Json]) -> Json:
        """Return the TRL and the name joined; `#dbase=no` stays at the end."""
        first, *name = self.parts
        return tango_address(str(Template((first,)).render(values)), str(Template((*name, "")).render(values)))


@dataclass(frozen=True, slots=True)
class PviTemplate(Template):
    """A part of a PVI structure: the first part is the structure of a device, the others lead from there.

    :param leaf: whether it is a signal or command, so that this is an address; else it is a device.
    """

    leaf: bool = True

    def render(self, values: Mapping[str, Json]) -> Json:
        """Return `pvi://PV#name`, or `PV#name` for a device."""
        first, *path = self.parts
        structure = str(Template((first,)).render(values))
        if self.leaf:
            return pvi_address(structure, str(path[0]))
        return pvi_member(structure, *(part if isinstance(part, int) else str(part) for part in path))


@dataclass(frozen=True, slots=True)
class Reference:
    """A path to a device, signal or command.

    :param base: `device`: from the device that holds the reference; `beamline`: from the root;
        `param`: the first element names a param of type `ref`, whose value is a path from the root.
    :param path: attribute names and vector keys.
    """

    base: Literal["device", "beamline", "param"]
    path: tuple[str | int, ...]

    def __str__(self) -> str:
        """Return the path as it is written."""
        return ".".join(str(part) for part in self.path)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that one operation may take."""

    connect: float = CONNECT_TIMEOUT_S
    read: float = READ_TIMEOUT_S
    write: float = WRITE_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Address:
    """Where a value lives.

    :param protocol: `ca`, `pva`, `tango`, or None: the scheme in the rendered text, else that of the device.
    :param read: where it is read; None for a write-only signal.
    :param write: where it is written; None for a read-only signal.
    """

    protocol: str | None
    read: Template | None
    write: Template | None


class Soft(NamedTuple):
    """A value that lives in this process; `initial` is in the declared dtype, None: the zero of the dtype."""

    initial: Json


@dataclass(frozen=True, slots=True)
class NamedPosition:
    """One position of a table.

    :param values: by name of the input, all of them.
    """

    name: str
    values: tuple[tuple[str, Json], ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """A value computed from others.

    :param get: formula over `inputs` and `params`.
    :param set: target and formula over `value`, inputs and params; empty: cannot be set.
    :param inputs: name in the formulas, and what it reads (for a movable: its readback).
    :param params: names of params of the device that the formulas use.
    :param positions: in the place of formulas: the value is the name of the one that all inputs are at, and a set moves
        them there.
    :param tolerances: how far an input of numbers may be from a position, in its unit.
    :param in_turn: whether the inputs move one after the other.
    """

    get: str
    set: tuple[tuple[Reference, str], ...]
    inputs: tuple[tuple[str, Reference], ...]
    params: tuple[str, ...]
    positions: tuple[NamedPosition, ...] = ()
    tolerances: tuple[tuple[str, float], ...] = ()
    in_turn: bool = False


class ConnectorChoice(NamedTuple):
    """A connector that is named in the file, in place of the one of the protocol.

    :param name: of the plugin that brings it.
    :param options: valid for its options model; name and plain value.
    """

    name: str
    options: tuple[tuple[str, Json], ...] = ()


@dataclass(frozen=True, slots=True)
class SignalShape:
    """One signal of a shape.

    :param expect: value that it must have when it connects, or the signal whose value it must have; None: any.
    :param connector: None: that of the device.
    :param restore: phase of `settings restore`; None: the first one, and `never` for the setpoint of a movable.
    :param places: where keys stand that `overrides` give it; the others stand at `place`.
    """

    key: str
    origin: Address | Soft | Derived
    datatype: Datatype
    access: Access
    format: Format
    place: Place
    doc: str = ""
    units: str | None = None
    precision: int | None = None
    limits: Limits | None = None
    timeouts: Timeouts = Timeouts()
    wait: Wait = "yes"
    verify: Verify = "none"
    retries: int = 0
    poll_s: float | None = None
    events: Events = "auto"
    optional: bool = False
    document_name: str | None = None
    carries_device_name: bool = False
    all_updates: bool = False
    expect: Json | Reference = None
    connector: ConnectorChoice | None = None
    restore: Restore | None = None
    places: tuple[tuple[str, Place], ...] = ()
    kind: Literal["signal"] = "signal"

    def place_of(self, key: str) -> Place:
        """Return where a key of the signal was given."""
        return dict(self.places).get(key, self.place)


@dataclass(frozen=True, slots=True)
class CommandShape:
    """One command of a shape: a write of `value` that ends when the server completes it.

    :param argument: type of the argument of a Tango command; None: it takes none.
    :param returns: type of what a Tango command returns; None: nothing.
    """

    key: str
    address: Address
    value: Json
    place: Place
    doc: str = ""
    timeout_s: float = WRITE_TIMEOUT_S
    wait: Wait = "yes"
    argument: Datatype | None = None
    returns: Datatype | None = None
    connector: ConnectorChoice | None = None
    kind: Literal["command"] = "command"


@dataclass(frozen=True, slots=True)
class ChildShape:
    """One sub-device of a shape; `values` give the params of its own shape from those of the parent.

    :param references: params of type `ref`: paths from the parent (`device`), or one of the parent's own (`param`).
    :param document_name: replaces its name in documents; None: parent, separator and key.
    """

    key: str | int
    shape: "Shape"
    values: tuple[tuple[str, Template], ...]
    format: Format
    place: Place
    protocol: str | None = None
    references: tuple[tuple[str, Reference], ...] = ()
    document_name: str | None = None
    labels: tuple[str, ...] = ()
    doc: str = ""
    connector: ConnectorChoice | None = None
    kind: Literal["child"] = "child"


@dataclass(frozen=True, slots=True)
class VectorShape:
    """A keyed family of sub-devices with one type."""

    key: str
    items: tuple[ChildShape, ...]
    format: Format
    place: Place
    doc: str = ""
    document_name: str | None = None
    kind: Literal["vector"] = "vector"


@dataclass(frozen=True, slots=True)
class RoleShape:
    """Logic attached to a device: `options` are valid for the options model of the plugin.

    References in options are `Reference`, conditions are formula text.
    """

    role: str
    plugin: str
    options: Mapping[str, Json]
    place: Place


Member = SignalShape | CommandShape | ChildShape | VectorShape


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Shape:
    """What all devices of one type, with the same structural params, share.

    :param type: name of the type, `epics.motor`; `group` or `signal` for what is written in place.
    :param bases: names of the types that it extends, nearest first.
    :param members: in file order, bases first.
    """

    type: str
    members: tuple[Member, ...]
    roles: tuple[RoleShape, ...]
    place: Place
    bases: tuple[str, ...] = ()
    doc: str = ""


@dataclass(frozen=True, slots=True)
class PythonClass:
    """A class of a Python module that makes a device.

    :param name: `module:Class`.
    :param arguments: by name; a `Reference` at any depth stands for what it leads to.
    """

    name: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class ServiceBlueprint:
    """What devices use and is no device, such as where files are written.

    :param plugin: name of the plugin that makes it.
    :param options: valid for the options model of the plugin.
    """

    path: str
    plugin: str
    options: Mapping[str, Json]
    place: Place
    doc: str = ""


@dataclass(frozen=True, slots=True)
class DeviceBlueprint:
    """One device of the beamline.

    A device of type `signal` has a shape with one member, which is the device itself.

    :param path: its name, a Python identifier.
    :param document_name: what its keys in documents begin with.
    :param values: params of the instance by name: plain data; a param of type `ref` is a `Reference`.
    :param protocol: effective protocol of addresses without a scheme.
    :param fill: members that the server declares are added when it connects.
    :param python: the class that makes the device; its shape has no members.
    """

    path: str
    document_name: str
    shape: Shape
    values: Mapping[str, Json]
    place: Place
    protocol: str = "ca"
    connect: ConnectPolicy = "required"
    labels: tuple[str, ...] = ()
    doc: str = ""
    connector: ConnectorChoice | None = None
    fill: bool = False
    python: PythonClass | None = None

    @property
    def is_signal(self) -> bool:
        """Return whether the device is one bare signal."""
        return self.shape.type == "signal"


@dataclass(frozen=True, slots=True)
class BeamlineBlueprint:
    """A whole beamline, ready to be built.

    :param devices: in file order; `build_order` holds the same names with every reference before its user.
    :param environment: variables of EPICS and Tango; those of the process win.
    :param python_allow: patterns of `module.Class` that may be loaded.
    :param read_only: no put ever leaves the process.
    :param liveness_s: a held value is served only while its server was heard from within this time.
    :param libraries: files of installed libraries that declare types of it.
    """

    name: str
    file: str
    devices: tuple[DeviceBlueprint, ...]
    build_order: tuple[str, ...]
    profile: str | None = None
    separator: str = "-"
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    services: tuple[ServiceBlueprint, ...] = ()
    python_allow: tuple[str, ...] = ()
    read_only: bool = False
    liveness_s: float = 5.0
    mock: bool = False
    libraries: tuple[str, ...] = ()
