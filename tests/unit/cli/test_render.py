"""`render`: the resolved YAML, and which layer gives a value."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]
FILE = """
api: ophyd_decl/v1
kind: beamline
name: b
vars: {bl: BL}
devices:
  x: {type: epics.motor, prefix: "${{ bl }}:X", overrides: {user_setpoint: {limits: [-10, 10]}}}
profiles:
  safe: {devices: {x: {overrides: {user_setpoint: {limits: [-1, 1]}}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "beamline.yaml").write_text(FILE)
    return "b"


def test_the_resolved_yaml_is_printed(call: Call, folder: str) -> None:
    done = call("render", folder, "--set", "vars.bl=BL22I")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "# resolved from b/beamline.yaml"
    assert 'prefix: "BL22I:X"' in done.stdout
    assert "vars" not in done.stdout
    as_json = json.loads(call("render", folder, "--format", "json").stdout)
    assert as_json["devices"]["x"]["prefix"] == "BL:X"


def test_an_explanation_names_file_and_line_of_each_layer(call: Call, folder: str) -> None:
    done = call("render", folder, "--profile", "safe", "--explain", "x.user_setpoint.limits")
    assert done.stdout.splitlines() == [
        "x.user_setpoint.limits = [-1, 1]",
        "-> profile safe  b/beamline.yaml:9:60  [-1, 1]",
        "   overrides     b/beamline.yaml:7:85  [-10, 10]",
    ]
    answer = json.loads(call("render", folder, "--explain", "x.prefix", "--format", "json").stdout)
    assert answer == {
        "schema": 1,
        "path": "x.prefix",
        "value": "BL:X",
        "layers": [{"layer": "the device x", "value": "BL:X", "file": "b/beamline.yaml", "line": 7, "column": 34}],
    }


def test_a_path_that_leads_nowhere_is_a_mistake_of_the_call(call: Call, folder: str) -> None:
    for path in ("y.prefix", "x.prefx", "x..", "x"):
        done = call("render", folder, "--explain", path)
        assert done.exit_code == 2, path
        assert "--explain" in done.stderr


def test_a_beamline_with_mistakes_is_not_resolved(call: Call, folder: str) -> None:
    done = call("render", folder, "--set", "vars.lb=1")
    assert done.exit_code == 2  # the file is right
    assert "E301" in done.stderr
    assert done.stdout == ""
    Path(folder, "beamline.yaml").write_text(FILE + "  y: {type: nix}\n")
    done = call("render", folder)
    assert done.exit_code == 1
    assert done.stdout == ""
