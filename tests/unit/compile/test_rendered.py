"""A resolved beamline gives the same devices as the files that it was made from."""

import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.compile import compile_beamline
from ophyd_decl.compile.beamline import reading_of
from ophyd_decl.compile.rendered import rendered
from ophyd_decl.errors import Place
from ophyd_decl.source.emit import yaml_text

ROOT = Path(__file__).parents[3]
VALID = ROOT / "tests" / "golden" / "valid"
_NOT_COMPARED = ("file", "place", "places", "profile")


def beamlines() -> list[Path]:
    """Return every valid beamline there is in the repository."""
    single = [path for path in sorted(VALID.glob("*.yaml")) if "kind: beamline" in path.read_text("utf-8-sig")]
    return [*single, *sorted(path.parent for path in VALID.glob("*/beamline.yaml")), ROOT / "beamlines" / "demo"]


def facts(value: Any) -> Any:
    """Return a blueprint as plain data, without places."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Place):
        names = [field.name for field in dataclasses.fields(value) if field.name not in _NOT_COMPARED]
        return {name: facts(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: facts(item) for key, item in value.items()}
    return [facts(item) for item in value] if isinstance(value, list | tuple) else value


def resolved(path: Path, **options: Any) -> str:
    reading, findings = reading_of(path, **options)
    assert reading is not None
    assert not [found for found in findings.sorted() if found.severity == "error"]
    return yaml_text(rendered(reading))


def check(path: Path, **options: Any) -> None:
    """Resolve a beamline, compile the result in the same folder, and compare."""
    file = path / "beamline.yaml" if path.is_dir() else path
    text = resolved(path, **options)
    again = file.with_name("resolved_for_a_test.yaml")
    try:
        again.write_text(text)
        compiled = compile_beamline(again)
        assert compiled.blueprint is not None, (text, compiled.diagnostics)
        first = compile_beamline(path, **options).blueprint
        assert facts(compiled.blueprint) == facts(first)
    finally:
        again.unlink()


@pytest.mark.parametrize("path", beamlines(), ids=lambda path: path.stem)
def test_every_valid_beamline_resolves_to_itself(path: Path, tmp_path: Path) -> None:
    if path.parent == VALID and path.is_dir():
        check(Path(shutil.copytree(path, tmp_path / path.name)))
    elif path.parent == VALID:
        (tmp_path / path.name).write_bytes(path.read_bytes())
        check(tmp_path / path.name)
    else:
        copy = tmp_path / path.name
        copy.mkdir()
        for file in path.glob("*.yaml"):
            (copy / file.name).write_bytes(file.read_bytes())
        check(copy)


FILES = {
    "types.yaml": """
api: ophyd_decl/v1
kind: types
namespace: t
types:
  follower:
    params: {prefix: {type: str}, leader: {type: ref, to: signal}}
    signals:
      value: {suffix: V, dtype: float, access: rw}
""",
    "part.yaml": """
api: ophyd_decl/v1
kind: fragment
params: {n: {type: int}, outside: {type: ref}}
requires: [bl]
vars: {gain: 3}
use: [types.yaml]
devices:
  own: {type: signal, pv: "${{ bl }}:OWN${{ n }}", dtype: float, access: rw, name: own_name}
  near: {type: t.follower, prefix: "${{ bl }}:N", leader: {ref: own}}
  far: {type: t.follower, prefix: "${{ bl }}:F", leader: {ref: outside}}
  both:
    type: group
    signals:
      mine: {pv: "${{ bl }}:MINE", dtype: float, access: rw}
    derived:
      sum: {dtype: float, inputs: {a: mine, b: own}, get: gain * a + b + n, set: {own: value / gain, mine: value}}
    children:
      axis:
        repeat: {var: i, over: "${{ range(1, n + 2) }}", name: "axis${{ i }}"}
        type: epics.motor
        prefix: "${{ bl }}:${{ i + n }}"
    vectors:
      row:
        type: t.follower
        keys: [1, 2]
        prefix: "${{ bl }}:${{ key * gain }}:${{ 'key n' }}"
        leader: {ref: mine}
    logic:
      movable: {use: setpoint, setpoint: mine, done: mine > gain}
""",
    "beamline.yaml": """
api: ophyd_decl/v1
kind: beamline
name: b
vars: {bl: BL, list: [1, 2]}
include:
- {file: part.yaml, with: {n: 1, outside: {ref: ring}}, prefix: a_}
- {file: part.yaml, with: {n: 2, outside: {ref: a_own}}, prefix: b_}
devices:
  ring: {type: signal, pv: "${{ bl }}:RING", dtype: float}
  axis:
    repeat: {var: i, over: "${{ list }}", name: "axis${{ i }}"}
    type: epics.motor
    prefix: "${{ bl }}:M${{ i }}"
    labels: ["row${{ i }}"]
  gone: {type: epics.motor, prefix: X, when: "${{ bl == 'other' }}"}
groups: {all: ["a_*", "label:row1"]}
profiles:
  mock:
    defaults: {connect: mock}
    vars: {bl: MOCK}
    devices: {axis2: {overrides: {velocity: {limits: [0, 1]}}}, more: {type: epics.motor, prefix: "${{ bl }}:MORE"}}
""",
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "options",
    [{}, {"profile": "mock"}, {"set": {"vars.bl": "BL22I", "vars.list": "[1, 5, 6]"}}],
    ids=["plain", "profile", "set"],
)
def test_fragments_profiles_and_settings_are_worked_out(files: Path, options: dict[str, Any]) -> None:
    check(files, **options)


def test_paths_of_a_fragment_are_those_of_the_beamline(files: Path) -> None:
    text = resolved(files)
    assert "leader: {ref: b_own}" in text
    assert "leader: {ref: a_own}" in text
    assert "leader: {ref: ring}" in text
    assert "3 * a + b + 2" in text
    assert "a_own_name" in text
