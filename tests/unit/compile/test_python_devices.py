"""Devices of Python classes: checked, and nothing imported."""

import sys
from pathlib import Path

import pytest

from ophyd_decl.blueprint import PythonClass, Reference

from .texts import beamline, device, found

ALLOW = 'python_allow: ["dodal.devices.*", "lab.Stage"]\n'


def test_a_class_and_its_arguments(tmp_path: Path) -> None:
    text = (
        ALLOW
        + """vars: {bl: BL22I}
services: {paths: {type: path.uuid, root: "/data"}}
devices:
  linkam:
    type: python
    class: "dodal.devices.linkam3:Linkam3"
    args:
      prefix: "${{ bl }}-EA-TEMPC-01:"
      n: 3
      nested: {list: [{ref: x}, 2, {axis: {ref: x.velocity}}], paths: {ref: paths}}
    labels: [sample]
    connect: optional
    doc: "a heater"
  x: {type: epics.motor, prefix: X}
  stage: {type: python, class: "lab:Stage"}
  cam: {type: n.uses, device: {ref: linkam}, movable: {ref: stage.x}}
groups: {baseline: [linkam, stage.x.y, "stage.x.*", "linka*"]}
"""
    )
    types = "  uses: {params: {device: {type: ref, to: device}, movable: {type: ref, to: movable}}}\n"
    before = set(sys.modules)
    compiled = beamline(tmp_path, text, types)
    assert not [name for name in set(sys.modules) - before if name.startswith(("dodal", "lab"))]
    linkam = device(compiled, "linkam")
    x = Reference("beamline", ("x",))
    assert linkam.python == PythonClass("dodal.devices.linkam3:Linkam3", {
        "prefix": "BL22I-EA-TEMPC-01:",
        "n": 3,
        "nested": {
            "list": [x, 2, {"axis": Reference("beamline", ("x", "velocity"))}],
            "paths": Reference("beamline", ("paths",)),
        },
    })  # fmt: skip
    assert (linkam.labels, linkam.connect, linkam.doc, linkam.shape.members) == (
        ("sample",),
        "optional",
        "a heater",
        (),
    )
    assert device(compiled, "stage").python == PythonClass("lab:Stage", {})
    assert compiled.blueprint is not None
    assert compiled.blueprint.python_allow == ("dodal.devices.*", "lab.Stage")
    assert compiled.blueprint.build_order == ("x", "linkam", "stage", "cam")
    assert compiled.blueprint.groups == {"baseline": ("linkam", "stage.x.y", "stage.x.*")}


@pytest.mark.parametrize(("body", "mistakes"), [
    ('class: "dodal.devices.linkam3:Linkam3"', []),
    ('class: "dodal.devices:Linkam3"', []),
    ('class: "dodal.device:Linkam3"', [("E503", 28)]),
    ('class: "lab.Stage:Stage"', [("E503", 28)]),
    ('class: "os:system"', [("E503", 28)]),
    ('class: "dodal.devices.Linkam3"', [("E124", 28)]),
    ('class: "dodal.devices:Linkam3()"', [("E124", 28)]),
    ('class: "../x:Y"', [("E124", 28)]),
    ("class: 3", [("E121", 28)]),
    ("doc: x", [("E111", 3)]),
    ('class: "lab:Stage", args: [1]', [("E120", 47)]),
    ('class: "lab:Stage", args: {a-b: 1}', [("E407", 48)]),
    ('class: "lab:Stage", args: {a: {ref: nix}}', [("E402", 51)]),
    ('class: "lab:Stage", args: {a: [{b: {ref: nix}}]}', [("E402", 56)]),
    ('class: "lab:Stage", args: {a: {ref: x, of: 3}}', [("E110", 60)]),
    ('class: "lab:Stage", args: {a: "${{ nix }}"}', [("E301", 56)]),
    ('class: "lab:Stage", args: {a: "$(P)"}', [("E305", 52)]),
    ('class: "lab:Stage", args: {a: {ref: d}}', [("E404", 47)]),
    ('class: "lab:Stage", protocol: ca, clas: x', [("E110", 41), ("E110", 55)]),
])  # fmt: skip
def test_mistakes(tmp_path: Path, body: str, mistakes: list[tuple[str, int]]) -> None:
    text = ALLOW + f"devices:\n  d: {{type: python, {body}}}\n  x: {{type: epics.motor, prefix: X}}\n"
    assert [(code, column) for code, _, column in found(beamline(tmp_path, text))] == mistakes


def test_without_a_list_nothing_is_allowed(tmp_path: Path) -> None:
    (mistake,) = beamline(tmp_path, 'devices: {d: {type: python, class: "lab:Stage"}}\n').diagnostics
    assert mistake.code == "E503"
    assert mistake.help == 'add "lab.Stage" to `python_allow`'


def test_a_device_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    text = ALLOW + 'devices: {d: {type: python, class: "lab:Stage", args: {a: {ref: nix}}, when: false}}\n'
    compiled = beamline(tmp_path, text)
    assert compiled.blueprint is not None
    assert compiled.blueprint.devices == ()


@pytest.mark.parametrize(("member", "column", "words"), [
    ("derived: {sum: {dtype: float, inputs: {a: x, b: stage.z}, get: a + b}}", 68, "`stage.z`"),
    ("derived: {sum: {dtype: float, inputs: {a: stage}, get: a}}", 62, "`stage`"),
    ("derived: {sum: {dtype: float, inputs: {a: x}, get: a, set: {stage: value}}}", 80, "`stage`"),
    ("signals: {v: {pv: V, dtype: float, expect: {ref: stage.z}}}", 63, "`stage.z`"),
])  # fmt: skip
def test_nothing_is_computed_of_values_in_hosted_devices(tmp_path: Path, member: str, column: int, words: str) -> None:
    text = ALLOW + 'devices:\n  stage: {type: python, class: "lab:Stage"}\n  x: {type: epics.motor, prefix: X}\n'
    (mistake,) = beamline(tmp_path, f"{text}  g: {{type: group, {member}}}\n").diagnostics
    assert (mistake.code, mistake.place.column) == ("E403", column)
    assert mistake.summary.startswith(f"{words} is a device of a Python class, or in one, not a ")
    assert mistake.help is not None
    assert mistake.help.startswith("declare the signal in the file too, at the same address")
