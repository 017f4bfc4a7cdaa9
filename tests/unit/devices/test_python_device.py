"""Devices of Python classes: in their place, absent, and harmless."""

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
from ophyd_decl.errors import AbsentError, ReportError
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.vocab.datatypes import Datatype

from .shapes import HERE, shape, soft


def beamline(connect: Any = "required", **more: Any) -> Any:
    python = PythonClass("ophyd_decl_nowhere.linkam:Linkam", {"prefix": "T:", "stage": Reference("beamline", ("d",))})
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
        with pytest.raises(AbsentError, match=r"linkam: .*made by the Python class ophyd_decl_nowhere"):
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
