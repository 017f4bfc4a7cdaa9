"""Children and vectors: what the file says of each one beside its type."""

from dataclasses import replace
from typing import Any

from ophyd_decl.blueprint import BeamlineBlueprint, DeviceBlueprint, Reference, VectorShape
from ophyd_decl.cli.manifest import manifest
from ophyd_decl.session.beamline import Beamline

from .shapes import HERE, child, derived, path, shape, soft, soft_motor


def beamline(**devices: DeviceBlueprint) -> Any:
    return Beamline(BeamlineBlueprint("test", "test.yaml", tuple(devices.values()), tuple(devices)))


def device(name: str, of: Any, **more: Any) -> DeviceBlueprint:
    return DeviceBlueprint(name, name, of, {"prefix": "T:", **more.pop("values", {})}, HERE, **more)


def doubled() -> Any:
    """Return a type whose derived signal is twice its param `source`."""
    signal = derived("twice", "2 * x", {"x": "x"}, format="hinted")
    origin = replace(signal.origin, inputs=(("x", Reference("param", ("source",))),))
    return shape("doubled", replace(signal, origin=origin))


async def test_a_child_gets_references_to_members_of_its_parent() -> None:
    twice = replace(child("d", doubled()), references=(("source", path("motor")),))
    bl = beamline(stage=device("stage", shape("stage", child("motor", soft_motor()), twice)))
    await bl.aconnect()
    await bl.stage.motor.readback.set(4.0)
    assert await bl.stage.d.twice.get_value() == 8.0
    await bl.aclose()


async def test_a_child_of_a_child_gets_the_reference_that_the_outermost_was_given() -> None:
    handed_on = Reference("param", ("axis", "velocity"))
    inner = replace(child("d", doubled()), references=(("source", handed_on),))
    middle = replace(child("m", shape("middle", inner)), references=(("axis", Reference("param", ("axis",))),))
    bl = beamline(
        x=device("x", soft_motor()),
        top=device("top", shape("top", middle), values={"axis": Reference("beamline", ("x",))}),
    )
    await bl.aconnect()
    await bl.x.velocity.set(3.0)
    assert await bl.top.m.d.twice.get_value() == 6.0
    await bl.aclose()


async def test_a_reference_of_an_item_starts_at_the_device_that_holds_its_vector() -> None:
    items = tuple(replace(child("d", doubled()), key=key, references=(("source", path("width")),)) for key in (1, 2))
    bl = beamline(det=device("det", shape("det", soft("width", 1.5), VectorShape("channel", items, "child", HERE))))
    await bl.aconnect()
    assert await bl.det.channel[2].twice.get_value() == 3.0
    await bl.aclose()


async def test_a_name_of_its_own_replaces_that_of_a_child_and_all_below_it() -> None:
    named = replace(child("x", soft_motor()), document_name="axis")
    items = (replace(child("a", shape("gauge", soft("p", 1.0, format="read"))), key=1),)
    vector = VectorShape("gauge", items, "child", HERE, document_name="vac")
    bl = beamline(stage=device("stage", shape("stage", named, vector)))
    await bl.aconnect()
    assert list(await bl.stage.read()) == ["axis", "vac-1-p"]
    assert bl.stage.x.velocity.name == "axis-velocity"
    assert bl.stage.x.velocity.path == "stage.x.velocity"
    await bl.aclose()


async def test_a_label_of_a_child_is_found_and_shown() -> None:
    labelled = replace(child("x", soft_motor()), labels=("motors",), doc="the fast one")
    items = tuple(
        replace(child("a", shape("gauge", soft("p", 1.0))), key=key, labels=("even",) if key == 2 else ())
        for key in (1, 2)
    )
    stage = shape("stage", labelled, child("y", soft_motor()), VectorShape("gauge", items, "child", HERE))
    devices = (
        device("a", shape("hutch", child("stage", stage)), labels=("motors",)),
        device("plain", shape("plain", soft("p", 1.0))),
        device("b", stage),
    )
    groups = {"group": ("label:even", "a.stage.x")}
    bl: Any = Beamline(BeamlineBlueprint("test", "test.yaml", devices, ("a", "plain", "b"), groups=groups))
    assert bl.find("label:motors") == [bl.a, bl.a.stage.x, bl.b.x]
    assert bl.groups == {"group": [bl.a.stage.gauge[2], bl.b.gauge[2], bl.a.stage.x]}
    assert bl.b.x.labels == {"motors"}
    nodes = {node["path"]: node for node in await manifest(bl)}
    assert (nodes["b.x"]["labels"], nodes["b.x"]["doc"]) == (["motors"], "the fast one")
    assert (nodes["b.y"]["labels"], nodes["b.y"]["doc"]) == ([], "")
    assert nodes["a"]["labels"] == ["motors"]
