"""Params of type `options`: the options of a plugin, given by a device and used as a whole role."""

from pathlib import Path

import pytest

from ophyd_decl.blueprint import Reference

from .texts import beamline, device, found, member

TYPES = """\
  axis:
    params:
      prefix: {type: str}
      move: {type: options, of: setpoint, default: {setpoint: sp, tolerance: 0.1}}
    signals: {sp: {suffix: SP, dtype: float, access: rw}, rb: {suffix: RB, dtype: float}}
    logic: {movable: "${{ move }}"}
  stage:
    params: {move: {type: options, of: setpoint}, tol: {type: float, default: 2}}
    children:
      x: {type: n.axis, prefix: X, move: "${{ move }}"}
      y: {type: n.axis, prefix: Y, move: {setpoint: sp, tolerance: "${{ tol }}"}}
"""


def test_options_stand_for_a_whole_role(tmp_path: Path) -> None:
    text = """devices:
  a: {type: n.axis, prefix: P}
  b: {type: n.axis, prefix: P, move: {use: setpoint, setpoint: sp, readback: rb, positions: {in: 1}}}
  s: {type: n.stage, move: {setpoint: sp, timeout: 3}}
"""
    compiled = beamline(tmp_path, text, TYPES)
    sp, rb = Reference("device", ("sp",)), Reference("device", ("rb",))
    (role,) = device(compiled, "a").shape.roles
    assert (role.plugin, role.options) == ("setpoint", {"setpoint": sp, "tolerance": 0.1})
    assert member(device(compiled, "a"), "sp").carries_device_name
    b = device(compiled, "b")
    assert b.shape.roles[0].options == {"setpoint": sp, "readback": rb, "positions": {"in": 1}}
    assert b.values["move"] == {"use": "setpoint", "setpoint": "sp", "readback": "rb", "positions": {"in": 1}}
    s = device(compiled, "s")
    assert member(s, "x").shape.roles[0].options == {"setpoint": sp, "timeout": 3}
    assert member(s, "y").shape.roles[0].options == {"setpoint": sp, "tolerance": 2.0}


@pytest.mark.parametrize(("move", "expected"), [
    ("{setpoint: sp, tolerence: 1}", [("E110", 16)]),
    ("{setpoint: sp, tolerance: far}", [("E121", 27)]),
    ("{setpoint: sp, tolerance: -1}", [("E123", 27)]),
    ("{tolerance: 1}", [("E111", 1)]),
    ("{use: derived, setpoint: sp}", [("E122", 7)]),
    ("fast", [("E121", 1)]),
    ("[1]", [("E121", 1)]),
    ("{setpoint: spp}", [("E402", None)]),
    ("{setpoint: sp, done: rb >}", [("E310", None)]),
])  # fmt: skip
def test_mistakes_are_told_where_the_device_gives_them(
    tmp_path: Path, move: str, expected: list[tuple[str, int | None]]
) -> None:
    start = "  a: {type: n.axis, prefix: P, move: "
    compiled = beamline(tmp_path, f"devices:\n{start}{move}}}\n", TYPES)
    assert [code for code, _, _ in found(compiled)] == [code for code, _ in expected]
    for diagnostic, (_, column) in zip(compiled.diagnostics, expected, strict=True):
        if column is None:
            # Only the type knows what paths and conditions mean.
            assert (Path(diagnostic.place.file).name, diagnostic.place.line) == ("types.yaml", 10)
            assert [note.message for note in diagnostic.notes][-1] == "in the device `a`"
        else:
            assert (diagnostic.place.line, diagnostic.place.column) == (6, len(start) + column)
            assert "declared here" in diagnostic.notes[0].message


@pytest.mark.parametrize(("param", "expected"), [
    ("{type: options, of: setpont}", [("E501", 39)]),
    ("{type: options}", [("E111", 16)]),
    ("{type: options, of: 3}", [("E121", 39)]),
    ("{type: options, of: setpoint, default: {tolerance: x, setpoint: sp}}", [("E121", 70)]),
    ("{type: options, of: setpoint, default: 3}", [("E121", 58)]),
    ("{type: map, of: setpoint}", [("E122", 35)]),
    ("{type: int, of: setpoint}", [("E115", 31)]),
])  # fmt: skip
def test_mistakes_in_declarations(tmp_path: Path, param: str, expected: list[tuple[str, int]]) -> None:
    types = f"  a: {{params: {{m: {param}}}, logic: {{movable: '${{{{ m }}}}'}}}}\n"
    assert [(code, column) for code, _, column in found(beamline(tmp_path, "", types))] == expected
