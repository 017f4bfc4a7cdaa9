"""Connecting only some devices connects those that they refer to."""

from dataclasses import replace
from typing import Any

from ophyd_decl.blueprint import BeamlineBlueprint, DeviceBlueprint, PythonClass, Reference, RoleShape, Shape
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.session.references import with_referred

from ..devices.shapes import HERE, child, derived, shape, soft, soft_motor


def leading_to(name: str, *path: str) -> Shape:
    signal = derived("d", "2 * x", {"x": "x"})
    origin = replace(signal.origin, inputs=(("x", Reference("beamline", (name, *path))),))
    return shape(f"to_{name}", replace(signal, origin=origin))


def device(name: str, of: Shape, **more: Any) -> DeviceBlueprint:
    return DeviceBlueprint(name, name, of, {"prefix": "T:", **more.pop("values", {})}, HERE, **more)


async def test_only_connects_what_the_chosen_devices_refer_to_however_far() -> None:
    expecting = shape("e", soft("x", 1.0, expect=Reference("beamline", ("m", "velocity"))))
    devices = (
        device("idle", soft_motor()),
        device("m", soft_motor()),
        device("second", leading_to("m", "velocity")),
        device("third", leading_to("second", "d")),
        device("expecting", expecting),
        device("given", shape("g", soft("x", 1.0)), values={"axis": Reference("beamline", ("m",))}),
    )
    for only, connected in (
        ("third.d", ["m", "second", "third"]),
        ("expecting", ["m", "expecting"]),
        ("given", ["m", "given"]),
        ("m.velocity", ["m"]),
    ):
        bl: Any = Beamline(BeamlineBlueprint("test", "test.yaml", devices, ()))
        await bl.aconnect(only=only)
        assert [name for name, made in bl.devices.items() if made._context.opened] == connected
        await bl.aclose()


def test_references_are_found_at_any_depth_and_services_are_none() -> None:
    role = RoleShape("movable", "setpoint", {"setpoint": Reference("beamline", ("a",))}, HERE)
    devices = (
        device("a", shape("a")),
        device("b", shape("b")),
        device("deep", shape("deep", child("c", shape("c", roles=(role,))))),
        device("made", shape("p"), python=PythonClass("m:C", {"to": [{"x": Reference("beamline", ("b", "s"))}]})),
        device("served", shape("s"), values={"paths": Reference("beamline", ("paths",))}),
    )
    assert with_referred(devices, ["deep"]) == ["a", "deep"]
    assert with_referred(devices, ["made"]) == ["b", "made"]
    assert with_referred(devices, ["served"]) == ["served"]
    assert with_referred(devices, []) == []
