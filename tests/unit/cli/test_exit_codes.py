"""One rule for wrong files: exit 1 and every mistake of every file; exit 2 is of the call, and leaves files alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
BEAMLINE = "api: ophyd_decl/v1\nkind: beamline\nname: b\nuse: [types.yaml]\n"
TYPES = "api: ophyd_decl/v1\nkind: types\nnamespace: n\ntypes: {a: {signals: {s: {soft: 1, dtpe: int}}}}\n"


def places(done: Any) -> list[tuple[str, int, str]]:
    return [(found["file"], found["line"], found["code"]) for found in json.loads(done.stdout)["diagnostics"]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_mistake_of_every_path_is_reported_and_none_twice(call: Call, here: Path) -> None:
    (here / "types.yaml").write_text(TYPES)
    for name in ("one", "two"):
        (here / f"{name}.yaml").write_text(f"{BEAMLINE}devices: {{d: {{type: n.a}}, e: {{type: n.nix_{name}}}}}\n")
    done = call("validate", "--format", "json", "one.yaml", "nothing.yaml", "two.yaml", "types.yaml", "one.yaml")
    assert done.exit_code == 1
    assert places(done) == [
        ("nothing.yaml", 1, "E100"),
        ("one.yaml", 5, "E401"),
        ("two.yaml", 5, "E401"),
        ("types.yaml", 4, "E110"),
    ]


def test_a_file_that_two_beamlines_include_is_reported_once(call: Call, here: Path) -> None:
    (here / "part.yaml").write_text("api: ophyd_decl/v1\nkind: fragment\ndevices: {x: {type: epics.motr}}\n")
    for name in ("one", "two"):
        text = f"api: ophyd_decl/v1\nkind: beamline\nname: {name}\ninclude: [part.yaml]\ndevices: {{}}\n"
        (here / f"{name}.yaml").write_text(text)
    assert places(call("validate", "--format", "json", "one.yaml", "two.yaml")) == [("part.yaml", 3, "E401")]


def test_the_exit_code_is_that_of_all_files(call: Call, here: Path) -> None:
    good, odd, wrong = "good.yaml", "odd.yaml", "wrong.yaml"
    head = "api: ophyd_decl/v1\nkind: beamline\nname: b\n"
    (here / good).write_text(f"{head}devices: {{}}\n")
    (here / odd).write_text(f"{head}devices: {{x: {{type: epics.motor, prefix: A:b}}}}\n")
    (here / wrong).write_text(f"{head}devices: {{x: 1}}\n")
    done = call("validate", good)
    assert done.exit_code == 0, done.output
    assert call("validate", good, odd).exit_code == 0
    assert call("validate", "--strict", good, odd).exit_code == 1
    for output in ("text", "json", "github"):
        assert call("validate", "--format", output, wrong, good, odd).exit_code == 1
    for command in ("tree", "read", "render", "schema"):
        assert call(command, wrong, *(["x"] if command == "read" else [])).exit_code == 1, command


@pytest.mark.parametrize(
    "wrong",
    [
        ["--profile", "nope"],
        ["--set", "nope=1"],
        ["--set", "vars.nope=1"],
        ["--set", "devices.x.nope=1"],
        ["--set", "devices.x.access=maybe"],
        ["--set", "vars.bl=[1"],
    ],
    ids=" ".join,
)
def test_a_mistake_in_the_call_is_not_one_of_the_files(call: Call, here: Path, wrong: list[str]) -> None:
    body = "vars: {bl: A}\nprofiles: {m: {read_only: true}}\ndevices:\n  x: {type: signal, soft: 1, dtype: int}\n"
    (here / "good.yaml").write_text(f"api: ophyd_decl/v1\nkind: beamline\nname: b\n{body}")
    for command in ("validate", "tree", "connect", "render", "stubs", "doctor"):
        done = call(command, "good.yaml", *wrong)
        assert done.exit_code == 2, (command, done.output)
        assert "error[E" in done.output
        assert f"\n  = in the call: {' '.join(wrong)}\n" in done.output
        assert ":1:1" not in done.output
    for name in ("read", "set"):
        assert call(name, "good.yaml", "x=2" if name == "set" else "x", *wrong).exit_code == 2
    (here / "wrong.yaml").write_text(f"api: ophyd_decl/v1\nkind: beamline\nname: b\n{body}  y: 1\n")
    for command in ("validate", "tree"):
        assert call(command, "wrong.yaml", *wrong).exit_code == 1


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "arguments",
    [
        ["init", "i99"],
        ["init", "i99/beamline.yaml"],
        ["init", "i99", "--nix"],
        ["schema", "--output", "i99/schemas"],
        ["schema", "i99", "--output", "i99/schemas"],
        ["schema", "--output", "i99/beamline.schema.json"],
        ["schema", "i99", "--check"],
        ["validate", "i99", "--format", "xml"],
    ],
    ids=" ".join,
)
def test_a_usage_error_leaves_files_as_they_are(call: Call, here: Path, arguments: list[str]) -> None:
    assert call("init", "i99").exit_code == 0
    assert call("schema", "--output", "i99/beamline.schema.json").exit_code == 0
    (here / "i99" / "beamline.yaml").write_text("mine\n" if arguments[0] == "init" else _own(here))
    before = files_of(here)
    assert call(*arguments).exit_code == 2
    assert files_of(here) == before


def _own(here: Path) -> str:
    return (here / "i99" / "beamline.yaml").read_text() + "# mine\n"
