"""From a blueprint to devices: signals made, named and placed; no I/O."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..blueprint import (
    Address,
    ChildShape,
    CommandShape,
    Derived,
    DeviceBlueprint,
    Reference,
    RoleShape,
    Shape,
    SignalShape,
    VectorShape,
)
from ..errors import Place
from ..formula import Formula
from ..spec import Condition as ConditionMark
from ..spec import PluginSpec, ReferenceTo, factory_of, marker_of
from .classes import class_of
from .command import Command
from .condition import TARGET, Condition
from .context import Connection, Context, Shared
from .derived import DerivedSignalR, DerivedSignalRW
from .device import Device, Vector
from .listed import LISTED_CLASSES, ListedCommand, is_listed
from .node import Node
from .positions import PositionsSignalR, PositionsSignalRW
from .python_device import PythonDevice
from .resolve import find, from_root, value_signal_of
from .signal import WIRE_CLASSES

SpecFinder = Callable[[str, str], PluginSpec]
Mark = ReferenceTo | ConditionMark | None


def build(blueprint: DeviceBlueprint, shared: Shared, find_spec: SpecFinder, *, mock: bool = False) -> Any:
    """Return the device, or bare signal, of one blueprint.

    :param find_spec: gives the spec of a plugin by role and name.
    :param mock: build it without a control system, whatever the file says.
    """
    connection = Connection("mock" if mock else blueprint.connect, fill=blueprint.fill)
    context = Context(shared, connection, blueprint.protocol, blueprint.connector)
    if blueprint.python is not None:
        return PythonDevice(context, blueprint)
    if blueprint.is_signal:
        (member,) = blueprint.shape.members
        if not isinstance(member, SignalShape):
            raise TypeError(f"{blueprint.path}: a device of type signal has one signal, not a {type(member).__name__}")
        return _signal(context, None, blueprint.path, blueprint.document_name, member, blueprint.values)
    device = _device(
        context, None, blueprint.path, blueprint.document_name, blueprint.shape, blueprint.values, blueprint.place,
        find_spec,
    )  # fmt: skip
    device._labels = frozenset(blueprint.labels)
    return device


def _device(
    context: Context,
    parent: Node | None,
    key: str | int,
    name: str | None,
    shape: Shape,
    values: Mapping[str, Any],
    place: Place,
    find_spec: SpecFinder,
) -> Device:
    device = class_of(shape)(context, parent, key, name, shape, values, place)
    members, formats, attributes = device._members, device._formats, device.__dict__
    for member in shape.members:
        match member:
            case SignalShape():
                document_name = member.document_name
                if document_name is None and member.carries_device_name:
                    document_name = device.name
                node: Node = _signal(context, device, member.key, document_name, member, values)
                formats[member.key] = member.format
            case CommandShape():
                address = _text(member.address.write, values)
                command = ListedCommand if is_listed(address) else Command
                node = command(context, device, member.key, member, address)
                formats[member.key] = "none"
            case ChildShape():
                node = _child(context, device, device, member, values, find_spec)
                formats[member.key] = member.format
            case VectorShape():
                node = _vector(context, device, member, values, find_spec)
                formats[member.key] = member.format
        members[member.key] = node
        attributes[str(member.key)] = node
    if shape.roles:
        device.__dict__["_logic_of"] = {
            role.role: partial(_logic, device, role, values, find_spec) for role in shape.roles
        }
    return device


def _child(
    context: Context, holder: Device, parent: Node, member: ChildShape, values: Mapping[str, Any], find_spec: SpecFinder
) -> Device:
    """Return a sub-device.

    :param holder: the device whose shape has the member, and whose params are `values`.
    :param parent: the same, or the vector of it that holds this one.
    """
    if member.protocol is not None or member.connector is not None:
        context = context.nearer(member.protocol, member.connector)
    own: dict[str, Any] = {name: template.render(values) for name, template in member.values}
    if member.references:
        own.update((name, _passed_on(holder, reference, values)) for name, reference in member.references)
    device = _device(
        context, parent, member.key, member.document_name, member.shape, own, member.place, find_spec
    )  # fmt: skip
    if member.labels:
        device._labels = frozenset(member.labels)
    return device


def _passed_on(holder: Device, reference: Reference, values: Mapping[str, Any]) -> Reference | None:
    """Return a reference for a child from the root; None where it is a param for which its parent was given nothing."""
    if reference.base == "param" and values[str(reference.path[0])] is None:
        return None
    return from_root(holder, reference, values)


def _vector(
    context: Context, holder: Device, member: VectorShape, values: Mapping[str, Any], find_spec: SpecFinder
) -> Vector:
    vector = Vector(context, holder, member.key, member.document_name, member.place)
    for item in member.items:
        vector._members[item.key] = _child(context, holder, vector, item, values, find_spec)
        vector._formats[item.key] = item.format
    return vector


def _signal(
    context: Context,
    parent: Node | None,
    key: str | int,
    name: str | None,
    shape: SignalShape,
    values: Mapping[str, Any],
) -> Node:
    origin = shape.origin
    if isinstance(origin, Derived):
        if origin.positions:
            derived = PositionsSignalRW if shape.access == "rw" else PositionsSignalR
        else:
            derived = DerivedSignalRW if shape.access == "rw" else DerivedSignalR
        return derived(context, parent, key, name, shape, origin, values)
    read = write = None
    if isinstance(origin, Address):
        read = None if origin.read is None else _text(origin.read, values)
        write = None if origin.write is None else read if origin.write is origin.read else _text(origin.write, values)
    classes = LISTED_CLASSES if is_listed(read or write) else WIRE_CLASSES
    return classes[shape.access](context, parent, key, name, shape, read, write)


def _text(template: Any, values: Mapping[str, Any]) -> str:
    return str(template.render(values))


def _logic(device: Device, role: RoleShape, values: Mapping[str, Any], find_spec: SpecFinder) -> Any:
    """Return the logic of one role, with nodes in the place of paths."""
    spec = find_spec(role.role, role.plugin)
    options: dict[str, Any] = {}
    for name, value in role.options.items():
        options[name] = _option(device, value, marker_of(spec.options, name), values)
    return factory_of(spec)(device, **options)


def _option(device: Device, value: Any, mark: Mark, values: Mapping[str, Any]) -> Any:
    if isinstance(value, Reference):
        return _end(device, value, mark, values)
    if isinstance(value, str) and isinstance(mark, ConditionMark):
        formula = Formula(value)
        names = [name for name in formula.names if not mark.on_value or name != TARGET]
        signals = {name: value_signal_of(device[name]) for name in names if name in dict(device.children())}
        return Condition(formula, signals, {name: values[name] for name in names if name not in signals})
    return value


def _end(device: Device, reference: Reference, mark: Mark, values: Mapping[str, Any]) -> Any:
    if reference.base == "param":
        reference = from_root(device, reference, values)
    anchor = next((node for _, node in device.children()), device)
    node = find(anchor, reference, values)
    wants_signal = isinstance(mark, ReferenceTo) and mark.kind == "signal"
    return value_signal_of(node) if wants_signal else node
