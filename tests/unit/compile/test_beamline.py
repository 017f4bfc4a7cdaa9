"""Whole files: headers, settings, several files at once, and that nothing heavy is imported."""

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.compile import compile_beamline, compile_paths

from .texts import HEAD, TYPES_HEAD, beamline, device, found

ROOT = Path(__file__).parents[3]


def test_an_empty_beamline_is_a_beamline(tmp_path: Path) -> None:
    compiled = beamline(tmp_path, "doc: nothing here\nx-note: [1, 2]\nread_only: true\nliveness: 2.5\n")
    assert compiled.blueprint is not None
    blueprint = compiled.blueprint
    assert (blueprint.name, blueprint.devices, blueprint.separator) == ("b", (), "-")
    assert (blueprint.read_only, blueprint.liveness_s, blueprint.mock) == (True, 2.5, False)
    assert blueprint.file == str(tmp_path / "beamline.yaml")


def test_a_file_and_its_folder_are_the_same(tmp_path: Path) -> None:
    beamline(tmp_path, "devices: {m: {type: epics.motor, prefix: 'X'}}")
    for path in (tmp_path, str(tmp_path), tmp_path / "beamline.yaml"):
        assert device(compile_beamline(path), "m").values == {"prefix": "X"}


def test_mock_in_defaults_holds_for_every_device(tmp_path: Path) -> None:
    text = "defaults: {connect: mock}\ndevices: {m: {type: epics.motor, prefix: X, connect: lazy}}"
    compiled = beamline(tmp_path, text)
    assert device(compiled, "m").connect == "mock"
    assert compiled.blueprint is not None
    assert compiled.blueprint.mock


@pytest.mark.parametrize(("text", "expected"), [
    ("", [("E111", 1, 1)]), ("# nothing\n", [("E111", 1, 1)]), ("a: 1\n", [("E111", 1, 1)]),
    ("- a\n", [("E120", 1, 1)]),
    ("text\n", [("E120", 1, 1)]), ("api: ophyd_decl/v1\n", [("E111", 1, 1)]), ("kind: beamline\n", [("E111", 1, 1)]),
    ("api: 1\nkind: beamline\nnix: 3", [("E113", 1, 6)]), ("api: ophyd_decl/v1\nkind: nix\nnix: 3", [("E114", 2, 7)]),
    ("api: ophyd_decl/v1\nkind: [beamline]\n", [("E114", 2, 7)]),
    ("api: ophyd_decl/v1\nkind: types\n", [("E111", 1, 1)] * 2),
    ("api: ophyd_decl/v1\nkind: beamline\n", [("E111", 1, 1)]),
    ("api: ophyd_decl/v1\nkind: fragment\n", []),
    ("apy: ophyd_decl/v1\nkind: beamline\n", [("E110", 1, 1)]),
    ("api: ophyd_decl/v1\nkind: types\nnamespace: 'a-b'\ntypes: {a: {doc: 3}}", [("E407", 3, 12), ("E121", 4, 18)]),
    ("api: ophyd_decl/v1\nkind: types\nnamespace: n\ntypes: {'a-b': {}, c: 3, d: {nix: 1, extends: []}}",
     [("E407", 4, 9), ("E120", 4, 23), ("E110", 4, 30), ("E123", 4, 47)]),
    ("api: ophyd_decl/v1\nkind: types\nnamespace: n\n"
     "types: {a: {params: {p: 3, type: {type: int}, 'p-q': {type: int}}}}",
     [("E120", 4, 25), ("E406", 4, 28), ("E407", 4, 47)]),
])  # fmt: skip
def test_headers_and_the_top_of_files(tmp_path: Path, text: str, expected: list[tuple[str, int, int]]) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(text)
    assert found(compile_paths([file])) == expected


def test_expressions_stand_in_values_of_vars_defaults_and_devices_only(tmp_path: Path) -> None:
    text = "vars: {p: pva, w: x}\ndefaults: {protocol: '${{ p }}'}\ndevices: {m: {type: epics.motor, prefix: X}}\n"
    assert device(beamline(tmp_path, text), "m").protocol == "pva"
    compiled = beamline(
        tmp_path,
        text + "doc: 'a ${{ w }}'\nuse: ['${{ w }}.yaml']\n",
    )
    assert found(compiled)[:1] == [("E304", 7, 9)]
    assert {code for code, *_ in found(compiled)} <= {"E304", "E201"}
    types = "  a: {doc: '${{ q }}', params: {p: {type: str, default: '${{ q }}x'}}}\n"
    assert found(beamline(tmp_path, "", types)) == [("E304", 5, 13), ("E304", 5, 58)]


def test_load_wants_a_beamline(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(TYPES_HEAD + "  a: {}\n")
    assert found(compile_beamline(file)) == [("E114", 2, 7)]
    assert found(compile_beamline(tmp_path)) == [("E100", 1, 1)]
    assert found(compile_beamline(tmp_path / "nix.yaml")) == [("E100", 1, 1)]


def test_settings_and_profile(tmp_path: Path) -> None:
    text = "vars: {p: A, q: '${{ p }}-${{ n }}', n: 1}\ndevices: {m: {type: epics.motor, prefix: '${{ q }}'}}\n"
    assert device(beamline(tmp_path, text, set={"vars.p": "B", "vars.n": 3}), "m").values == {"prefix": "B-3"}
    assert found(beamline(tmp_path, text, set={"vars.r": 1})) == [("E301", 1, 1)]
    assert found(beamline(tmp_path, "", set={"vars.r": 1})) == [("E301", 1, 1)]
    for path in ("p", "kind", "defaults.nix", "", "vars.", "1", "devices.nix.prefix"):
        assert found(beamline(tmp_path, text, set={path: {"a": 1}})) == [("E402", 1, 1)], path
    assert found(beamline(tmp_path, text, set={"vars.p": object()})) == [("E121", 1, 1)]
    assert found(beamline(tmp_path, text, profile="nix")) == [("E402", 1, 1)]


@pytest.mark.parametrize(("value", "result"), [
    ("3", 3), ("x", "x"), ('"3"', "3"), ("'3'", "3"), ("true", True), (3, 3), ([1], [1]), ("", None),
    ("1e3", 1000.0), ("[1, a: 2]", [1, {"a": 2}]), ("{a: {b: '1'}}", {"a": {"b": "1"}}), ((1, [2]), [1, [2]]),
    ({"a": None}, {"a": None}), ("a: b", "a: b"), ("# x", "# x"), ("*x", "*x"),
    ("${{ n }}", 7), ("<${{ n }}", "<7"), (["${{ n }}"], [7]),
])  # fmt: skip
def test_the_value_of_a_setting_means_what_it_means_in_a_file(tmp_path: Path, value: Any, result: Any) -> None:
    text = "vars: {v: old, n: 7}\ndevices: {d: {type: n.a, p: {x: '${{ v }}'}}}\n"
    compiled = beamline(tmp_path, text, "  a: {params: {p: {type: map}}}\n", set={"vars.v": value})
    found = device(compiled, "d").values["p"]["x"]
    assert found == result
    assert type(found) is type(result)


def test_several_files_are_checked_at_once(tmp_path: Path) -> None:
    beamline(
        tmp_path, "devices: {m: {type: n.a}, k: {type: epics.motor}}", "  a: {signals: {s: {soft: 1, dtype: in}}}\n"
    )
    other = tmp_path / "other.yaml"
    other.write_text(HEAD + "devices: {q: {type: epics.motor, prefix: X}}")
    compiled = compile_paths([tmp_path / "types.yaml", tmp_path, tmp_path, other, tmp_path / "nix.yaml"])
    assert [(code, line) for code, line, _ in found(compiled)] == [("E111", 5), ("E100", 1), ("E122", 5)]
    assert (compiled.blueprint, compiled.device_count) == (None, 2 + 2 + 1)
    alone = compile_paths([other])
    assert alone.blueprint is not None
    assert (alone.device_count, alone.signal_count) == (1, 32)
    assert compile_paths([other, other]).blueprint is None
    assert compile_paths([]).diagnostics == ()


def test_a_warning_does_not_stop_a_beamline(tmp_path: Path) -> None:
    compiled = beamline(tmp_path, "devices: {m: {type: epics.motor, prefix: A:B}}")
    assert [diagnostic.severity for diagnostic in compiled.diagnostics] == ["warning"]
    assert device(compiled, "m").values == {"prefix": "A:B"}


def test_the_garbage_collector_is_as_before(tmp_path: Path) -> None:
    assert gc.isenabled()
    beamline(tmp_path, "devices: 3")
    assert gc.isenabled()
    gc.disable()
    try:
        beamline(tmp_path, "devices: {}")
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("path", ["beamlines/demo", "beamlines/demo_tango"])
def test_a_usual_beamline_needs_neither_pydantic_nor_difflib(path: str) -> None:
    code = f"import sys\nfrom ophyd_decl.compile import compile_paths\nassert compile_paths([{path!r}]).blueprint\n"
    code += "print([name for name in ('pydantic', 'difflib', 'importlib.metadata', 'click') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_answer_is_the_same_for_every_hash_seed(tmp_path: Path) -> None:
    beamline(tmp_path, "devices: {m: {type: n.a, nix: 3, q: 4}, k: {type: epics.motor}}", "  a: {signals: 3, nix: 4}\n")
    code = f"from ophyd_decl.compile import compile_paths\nprint(compile_paths([{str(tmp_path)!r}]).diagnostics)\n"
    code += "print(compile_paths(['beamlines/demo']).blueprint)"
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(answers) == 1
