"""Devices of Python classes: made when they are wanted, and harmless where they cannot be."""

import pickle
import sys
from dataclasses import replace
from typing import Any

import pytest
from bluesky.protocols import Movable, Readable

from ophyd_decl.blueprint import (
    BeamlineBlueprint,
    Derived,
    DeviceBlueprint,
    PythonClass,
    Reference,
    Shape,
    SignalShape,
)
from ophyd_decl.cli.manifest import manifest
from ophyd_decl.cli.report_text import report_json, report_text
from ophyd_decl.devices.node import walk
from ophyd_decl.errors import AbsentError, OphydDeclError, ReadOnlyError, ReportError
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.vocab.datatypes import Datatype

from .shapes import HERE, shape, soft


def beamline(connect: Any = "required", **more: Any) -> Any:
    python = PythonClass("ophyd_decl_nowhere.linkam:Linkam", {"prefix": "T:", "stage": Reference("beamline", ("d",))})
    more.setdefault("python_allow", ("*",))
    devices = (
        DeviceBlueprint("d", "d", shape("d", soft("x", 1.0, format="read")), {"prefix": "T:"}, HERE),
        DeviceBlueprint(
            "linkam", "linkam", Shape("python", (), (), HERE), {}, HERE, connect=connect, labels=("hot",),
            doc="heats", python=python,
        ),
    )  # fmt: skip
    return Beamline(BeamlineBlueprint("test", "test.yaml", devices, ("d", "linkam"), **more))


@pytest.mark.parametrize(("connect", "ok"), [("required", False), ("optional", True), ("lazy", False)])
async def test_it_is_absent_with_one_problem_and_the_others_connect(connect: str, ok: bool) -> None:
    bl = beamline(connect)
    report = await bl.aconnect()
    if connect == "lazy":
        assert [device.state for device in report.devices] == ["connected", "lazy"]
        report = await bl.aconnect(only="linkam")
    assert [device.state for device in report.devices] == ["connected", "absent"]
    (problem,) = report.devices[1].problems
    assert (problem.code, problem.signal, problem.line) == ("E504", "linkam", 1)
    assert "ophyd_decl_nowhere.linkam:Linkam" in problem.cause
    assert report.ok is (ok or connect == "lazy")
    assert await bl.d.read()
    assert "error[E504]" in report_text(report)
    assert report_json(report)["devices"][1]["type"] == "python"
    if connect == "required":
        with pytest.raises(ReportError, match="linkam"):
            report.or_raise()
    await bl.aclose()
    assert "ophyd_decl_nowhere" not in sys.modules


async def test_whatever_touches_it_learns_its_name() -> None:
    bl = beamline()
    for use in (
        lambda: bl.linkam.read(),
        lambda: bl.linkam.set(1),
        lambda: bl.linkam.temperature,
        lambda: bl["linkam.temperature"],
        lambda: bl.linkam["temperature"],
    ):
        with pytest.raises(
            AbsentError, match=r"linkam: the Python class ophyd_decl_nowhere.linkam:Linkam cannot be imported"
        ):
            use()
    assert not isinstance(bl.linkam, Readable | Movable)
    assert repr(bl.linkam) == "linkam <python ophyd_decl_nowhere.linkam:Linkam>"
    assert (bl.linkam.name, bl.linkam.path, bl.linkam.parent) == ("linkam", "linkam", None)
    assert list(walk(bl.linkam)) == [bl.linkam]
    assert bl.find("label:hot") == [bl.linkam]
    assert bl.find("*") == [bl.d, bl.d.x, bl.linkam]


async def test_mock_mode_and_the_manifest_show_it() -> None:
    bl = beamline("optional")
    assert (await bl.aconnect(mock=True)).ok
    await bl.aclose()
    node = (await manifest(beamline()))[-1]
    assert {key: node[key] for key in ("path", "name", "kind", "type", "labels", "protocols", "doc")} == {
        "path": "linkam",
        "name": "linkam",
        "kind": "device",
        "type": "python",
        "labels": ["hot"],
        "protocols": [],
        "doc": "heats",
    }


async def test_what_refers_to_it_says_so_when_it_is_used() -> None:
    there = Reference("beamline", ("linkam", "temperature"))
    reading = SignalShape("twice", Derived("2 * x", (), (("x", there),), ()), Datatype("float"), "r", "read", HERE)
    of = shape("user", soft("x", 1.0, expect=there), reading)
    user = DeviceBlueprint("user", "user", of, {}, HERE)
    bl = beamline("optional")
    bl = Beamline(replace(bl.blueprint, devices=(*bl.blueprint.devices, user)))
    report = await bl.aconnect()
    assert report.ok
    assert [problem.code for problem in report.devices[2].problems] == ["E626"]
    with pytest.raises(AbsentError, match="linkam"):
        await bl.user.read()
    with pytest.raises(AbsentError, match="linkam"):
        await bl.read_many(["linkam"])
    assert await bl.user.x.get_value() == 1.0
    await bl.aclose()


def test_it_is_pickled_as_a_reference_and_copied_as_itself() -> None:
    bl = beamline()
    with pytest.raises(TypeError, match="made without a file"):
        pickle.dumps(bl.linkam)


class Thing:
    """A device of no library."""

    parent = None
    made = 0

    def __init__(self, prefix: str, stage: Any, *, name: str) -> None:
        type(self).made += 1
        if prefix == "wrong":
            raise ValueError("wrong prefix")
        self.prefix, self.stage, self.name = prefix, stage, name
        self.temperature = [name, prefix]


def of(kind: type, *, allow: tuple[str, ...] = ("*",), prefix: str = "T:", **more: Any) -> Any:
    bl = beamline(python_allow=allow, **more)
    d, linkam = bl.blueprint.devices
    python = PythonClass(
        f"{kind.__module__}:{kind.__qualname__}", {"prefix": prefix, "stage": Reference("beamline", ("d",))}
    )
    return Beamline(replace(bl.blueprint, devices=(d, replace(linkam, python=python))))


async def test_it_is_made_once_when_it_is_wanted_and_every_way_leads_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Thing, "made", 0)
    bl = of(Thing)
    assert list(bl.devices) == ["d", "linkam"]
    assert "linkam" in bl.devices
    assert len(bl.devices) == 2
    await manifest(of(Thing))
    assert Thing.made == 0
    thing = bl.linkam
    assert type(thing) is Thing
    assert (thing.name, thing.prefix, thing.stage) == ("linkam", "T:", bl.d)
    assert bl["linkam"] is bl.devices["linkam"] is bl.find("label:hot")[0] is bl.find("linkam")[0] is thing
    assert bl["linkam.temperature"] is bl.find("linkam.temperature")[0] is thing.temperature
    with pytest.raises(OphydDeclError, match="names nothing"):
        bl.find("linkam.pressure")
    report = await bl.aconnect()
    assert [device.state for device in report.devices] == ["connected", "connected"]
    assert Thing.made == 1
    with pytest.raises(OphydDeclError, match="linkam is a Thing of Python"):
        await bl.read_many(["linkam"])
    await bl.aclose()


async def test_one_that_could_not_be_made_is_made_at_the_next_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    bl = of(Thing, prefix="wrong")
    with pytest.raises(AbsentError, match="raised ValueError: wrong prefix"):
        bl.linkam.read()
    monkeypatch.setattr(Thing, "__init__", lambda self, **_: None)
    assert [device.state for device in (await bl.aconnect()).devices] == ["connected", "connected"]
    assert type(bl.linkam) is Thing
    await bl.aclose()


def test_the_class_itself_must_be_allowed_and_not_only_the_name() -> None:
    bl = of(Thing, allow=("somewhere.else.*",))
    with pytest.raises(AbsentError, match=r"which may not be loaded.*python_allow"):
        bl.linkam.read()


def test_it_is_not_made_in_read_only_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Thing, "made", 0)
    bl = of(Thing, read_only=True)
    with pytest.raises(ReadOnlyError, match=r"linkam: .*read-only mode"):
        bl.linkam.set(1)
    assert Thing.made == 0
    assert not isinstance(bl.linkam, Readable | Movable)


async def test_only_native_signals_can_be_inputs() -> None:
    bl = of(Thing)
    there = Reference("beamline", ("linkam", "temperature"))
    twice = SignalShape("twice", Derived("2 * x", (), (("x", there),), ()), Datatype("float"), "r", "read", HERE)
    user = DeviceBlueprint("user", "user", shape("user", twice), {}, HERE)
    bl = Beamline(replace(bl.blueprint, devices=(*bl.blueprint.devices, user)))
    await bl.aconnect()
    with pytest.raises(AbsentError, match="only signals of this package can be used here"):
        await bl.user.twice.read()
    await bl.aclose()


async def test_a_subscription_that_the_beamline_has_ended_can_be_ended_again() -> None:
    """As `observe_value` of ophyd-async does, whose generator may be finalized later."""
    bl = beamline("optional")
    await bl.aconnect()
    number = bl.d.x.subscribe(lambda reading: None)
    await bl.aclose()
    bl.d.x.clear_sub(number)
    await bl.aconnect()
    with pytest.raises(OphydDeclError, match="is not subscribed"):
        bl.d.x.clear_sub(number)
    await bl.aclose()
