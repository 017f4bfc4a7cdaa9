"""Blueprints written by hand, for tests of the device core without YAML."""

import asyncio
from collections.abc import Callable
from typing import Any

from ophyd_decl.blueprint import (
    Address,
    ChildShape,
    CommandShape,
    Derived,
    DeviceBlueprint,
    Param,
    Reference,
    RoleShape,
    Shape,
    SignalShape,
    Soft,
    Template,
)
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.devices.binding import Binding
from ophyd_decl.devices.build import build
from ophyd_decl.devices.context import Shared
from ophyd_decl.errors import Place
from ophyd_decl.session.connecting import connect_devices
from ophyd_decl.session.loops import RunEngineFirst
from ophyd_decl.spec import SHIPPED, PluginSpec
from ophyd_decl.vocab.datatypes import Choice, Datatype

HERE = Place("test.yaml", 1, 1, 1, 2)


def find_spec(role: str, name: str) -> PluginSpec:
    return next(spec for spec in SHIPPED if (spec.role, spec.name) == (role, name))


def datatype(name: str, choices: tuple[str, ...] | None = None, **more: Any) -> Datatype:
    labels = None if choices is None else tuple(Choice(label, (label,)) for label in choices)
    return Datatype(name, choices=labels, **more)


def soft(key: str, initial: Any, dtype: str = "float", **more: Any) -> SignalShape:
    fields = {"access": "rw", "format": "none", "place": HERE, **more}
    return SignalShape(key=key, origin=Soft(initial), datatype=datatype(dtype), **fields)


def wire(key: str, address: str, dtype: str = "float", rbv: bool = False, **more: Any) -> SignalShape:
    fields: dict[str, Any] = {"access": "rw", "format": "none", "place": HERE, **more}
    write = Template((Param("prefix"), address))
    read = Template((Param("prefix"), address + "_RBV")) if rbv else write
    access = fields["access"]
    origin = Address(fields.pop("protocol", None), None if access == "w" else read, None if access == "r" else write)
    return SignalShape(key=key, origin=origin, datatype=datatype(dtype, fields.pop("choices", None)), **fields)


def command(key: str, address: str) -> CommandShape:
    return CommandShape(key, Address(None, None, Template((Param("prefix"), address))), 1, HERE)


def derived(key: str, get: str, inputs: dict[str, str], set: dict[str, str] | None = None, **more: Any) -> SignalShape:
    origin = Derived(
        get,
        tuple((path(target), text) for target, text in (set or {}).items()),
        tuple((name, path(target)) for name, target in inputs.items()),
        (),
    )
    fields = {"access": "rw" if set else "r", "format": "none", "place": HERE, **more}
    return SignalShape(key=key, origin=origin, datatype=datatype("float"), **fields)


def path(text: str) -> Reference:
    return Reference("device", tuple(text.split(".")))


def child(key: str, shape: Shape) -> ChildShape:
    return ChildShape(key, shape, (("prefix", Template((Param("prefix"), key, ":"))),), "child", HERE)


def shape(name: str, *members: Any, roles: tuple[RoleShape, ...] = ()) -> Shape:
    return Shape(f"test.{name}", members, roles, HERE)


def soft_motor(name: str = "motor") -> Shape:
    return shape(
        name,
        soft("setpoint", 0.0, units="mm"),
        soft("readback", 0.0, units="mm", format="hinted", carries_device_name=True, precision=3),
        soft("velocity", 1.0, format="config"),
        roles=(RoleShape("movable", "setpoint", {"setpoint": path("setpoint"), "readback": path("readback")}, HERE),),
    )


def make(root: Shape, name: str = "dev", prefix: str = "T:", protocol: str = "ca", **more: Any) -> Any:
    """Return a device of this shape in a beamline of its own."""
    shared = Shared(Binding("test", RunEngineFirst(), make_connector))
    mock = more.pop("mock", False)
    blueprint = DeviceBlueprint(name, name, root, {"prefix": prefix}, HERE, protocol=protocol, **more)
    return build(blueprint, shared, find_spec, mock=mock)


async def connect(*devices: Any, timeout_s: float | None = None) -> dict[Any, Any]:
    """Connect devices on the running loop; return what is not usable."""
    outcomes: dict[Any, Any] = {}
    await connect_devices(devices, timeout_s, outcomes)
    return outcomes


async def until(condition: Callable[[], Any]) -> None:
    """Turn the loop until it has done its work."""
    async with asyncio.timeout(2):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0)
