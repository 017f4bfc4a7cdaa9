"""Stubs are what is committed, the same at every run and place, and say what the devices are."""

import ast
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ophyd_decl
from ophyd_decl import load_beamline
from ophyd_decl.compile import compile_beamline
from ophyd_decl.devices.classes import ROLES
from ophyd_decl.devices.command import Command
from ophyd_decl.devices.derived import DerivedSignal
from ophyd_decl.devices.device import Vector
from ophyd_decl.devices.python_device import PythonDevice
from ophyd_decl.devices.verbs import SignalR, SignalW
from ophyd_decl.errors import ReadError
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.stubs.classes import ROLE_CLASSES
from ophyd_decl.stubs.module import stub_of
from ophyd_decl.stubs.values import quoted

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
EVERYTHING = HERE / "everything"
GOLDEN = [EVERYTHING, ROOT / "beamlines" / "demo", ROOT / "beamlines" / "demo_tango"]
HEAVY = ("numpy", "bluesky", "event_model", "aioca", "p4p", "epicscorelibs", "tango", "pydantic")


def stub(folder: Path) -> str:
    compiled = compile_beamline(folder)
    assert compiled.blueprint is not None, compiled.diagnostics
    return stub_of(compiled.blueprint)


def stub_of_text(folder: Path, devices: str, types: str = "") -> str:
    (folder / "types.yaml").write_text(f"api: ophyd_decl/v1\nkind: types\nnamespace: own\ntypes:\n{types or '  {}'}\n")
    (folder / "beamline.yaml").write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: lab\nuse: [types.yaml]\ndevices:\n{devices}\n"
    )
    return stub(folder)


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_the_committed_stub_is_what_is_written(folder: Path) -> None:
    committed = (folder / "__init__.pyi").read_bytes().decode("utf-8")
    assert stub(folder) == committed, f"ophyd-decl stubs {folder}"


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_two_runs_from_other_places_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "elsewhere" / "line"
    shutil.copytree(folder, copied)
    written: list[bytes] = []
    for seed, cwd, path in (("1", folder, "."), ("2", tmp_path, "elsewhere/line"), ("3", Path("/"), str(folder))):
        output = tmp_path / f"{seed}.pyi"
        program = [sys.executable, "-m", "ophyd_decl.cli", "stubs", path, "--output", str(output)]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        subprocess.run(program, cwd=cwd, env=environment, check=True, capture_output=True)
        written.append(output.read_bytes())
    assert set(written) == {(folder / "__init__.pyi").read_bytes()}


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_it_imports_nothing_heavy(folder: Path, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom ophyd_decl.cli import main\n"
        f"try:\n    main(['stubs', {str(folder)!r}, '--output', {str(tmp_path / 'x.pyi')!r}])\n"
        f"except SystemExit as ended:\n    print('imported:', *sorted(set({HEAVY!r}) & sys.modules.keys()))\n"
        "    raise\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "imported:"


def test_every_role_of_a_device_has_its_class() -> None:
    assert {role: kind.__name__ for role, kind in ROLES.items()} == ROLE_CLASSES
    assert set(ROLE_CLASSES.values()) <= set(ophyd_decl.__all__)


def test_connect_of_the_module_is_that_of_the_beamline() -> None:
    module = ast.parse(stub(ROOT / "beamlines" / "demo"))
    (written,) = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    method = inspect.signature(Beamline.connect)
    own = method.replace(parameters=[one for one in method.parameters.values() if one.name != "self"])
    assert f"({ast.unparse(written.args)}) -> Report" == re.sub(
        r"\b\w+(\.\w+)+\.(\w+)", r"\2", str(own).replace(" = ", "=")
    )


# What a stub says, against what the same files make: every node, with its type and its value.


class Stub:
    """A stub as it was parsed."""

    def __init__(self, text: str) -> None:
        self.module = ast.parse(text)
        self.classes = {node.name: node for node in self.module.body if isinstance(node, ast.ClassDef)}

    def members(self, body: list[ast.stmt]) -> dict[str, str]:
        """Return names and annotations, without the `_` that imports have where their own name is taken."""
        return {
            node.target.id: re.sub(r"\b_(?=[a-zA-Z]+\b(?!\d))", "", ast.unparse(node.annotation))
            for node in body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is None
        }

    def bases(self, name: str) -> set[str]:
        return {ast.unparse(base).partition("[")[0].lstrip("_") for base in self.classes[name].bases}

    def alias(self, name: str) -> str:
        for node in self.module.body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name and node.value is not None:
                return ast.unparse(node.value)
        return name


def first_argument(annotation: str) -> str:
    """Return the first argument of a type, `A[B, C]` gives `B`."""
    inside = ast.parse(annotation, mode="eval").body
    assert isinstance(inside, ast.Subscript)
    arguments = inside.slice.elts if isinstance(inside.slice, ast.Tuple) else [inside.slice]
    return ast.unparse(arguments[0])


def fits(value: Any, declared: str, parsed: Stub) -> bool:
    """Return whether a value has a type of the stub."""
    kind = parsed.alias(declared)
    if kind.startswith("Literal["):
        return value in ast.literal_eval(kind.removeprefix("Literal").replace("[", "(", 1)[:-1] + ",)")
    if ".ndarray[" in kind:
        return isinstance(value, np.ndarray) and value.dtype.name == kind.rpartition(".")[2].strip("]_")
    if declared.startswith("_Table"):
        return isinstance(value, dict)
    if kind == "list[str]":
        return isinstance(value, list)
    return kind == "Any" or type(value).__name__ == kind


async def agrees(node: Any, annotation: str, parsed: Stub) -> list[str]:
    """Return what is wrong with what a stub says of a node and of all below it."""
    if isinstance(node, SignalR | SignalW | Command):
        kind = annotation.partition("[")[0]
        kinds = {
            "SignalR": (True, False),
            "SignalW": (False, True),
            "SignalRW": (True, True),
            "Command": (False, False),
        }
        wrong = (
            [] if kinds[kind] == (isinstance(node, SignalR), isinstance(node, SignalW)) else [f"{node}: {annotation}"]
        )
        if isinstance(node, SignalR):
            try:
                value = await node.get_value()
            except ReadError:  # no angle is zero
                assert isinstance(node, DerivedSignal)
                return wrong
            if not fits(value, first_argument(annotation), parsed):
                wrong.append(f"{node}: {value!r} is no {annotation}")
        return wrong
    if isinstance(node, Vector):
        keys = ast.literal_eval(first_argument(annotation).removeprefix("Literal"))
        item = annotation.rpartition("], ")[2].removesuffix("]")
        wrong = [] if keys == list(node) else [f"{node}: {annotation}"]
        return wrong + [line for one in node.values() for line in await agrees(one, item, parsed)]
    said = parsed.members(parsed.classes[annotation].body)
    if list(said) != [str(key) for key, _ in node.children()]:
        return [f"{node}: {list(said)}"]
    wrong: list[str] = []
    bases = parsed.bases(annotation)
    for role, kind in ROLES.items():
        if isinstance(node, kind) is not (ROLE_CLASSES[role] in bases):
            wrong.append(f"{node}: {bases}")
    for key, child in node.children():
        wrong.extend(await agrees(child, said[str(key)], parsed))
    return wrong


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
async def test_what_is_written_is_what_the_devices_are(folder: Path) -> None:
    parsed = Stub(stub(folder))
    said = parsed.members(parsed.module.body)
    beamline = load_beamline(folder)
    await beamline.aconnect(mock=True)
    try:
        assert list(said) == [*beamline.devices, *beamline.services, "beamline", "provenance", "report"]
        of_class = parsed.members(parsed.classes[said["beamline"]].body)
        assert of_class == {name: said[name] for name in (*beamline.devices, *beamline.services)}
        for name, device in beamline.devices.items():
            if not isinstance(device, PythonDevice):
                assert await agrees(device, said[name], parsed) == []
    finally:
        await beamline.aclose()


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("    thickness: SignalRW[_float]", "    thickness: SignalR[_float]"),
        ("    name_: SignalRW[str]", "    name_: SignalRW[int]"),
        ('gauge: Vector[_Literal["p1"', 'gauge: Vector[_Literal["p2"'),
        ("class LabDetector(Triggerable, _Device)", "class LabDetector(_Device)"),
        ("    armed: SignalR[bool]\n", ""),
        ("image: SignalR[_Uint16Array2D]", "image: SignalR[_Uint8Array1D]"),
    ],
)
async def test_a_stub_that_says_another_thing_is_noticed(was: str, now: str) -> None:
    text = stub(EVERYTHING)
    assert text.count(was) == 1
    parsed = Stub(text.replace(was, now))
    said = parsed.members(parsed.module.body)
    beamline = load_beamline(EVERYTHING)
    await beamline.aconnect(mock=True)
    devices = [(name, one) for name, one in beamline.devices.items() if not isinstance(one, PythonDevice)]
    wrong = [line for name, device in devices for line in await agrees(device, said[name], parsed)]
    await beamline.aclose()
    assert wrong


# Classes.


def test_a_type_is_one_class_however_many_devices_have_it(tmp_path: Path) -> None:
    devices = "\n".join(f'  m{n}: {{type: epics.motor, prefix: "M{n}"}}' for n in range(50))
    text = stub_of_text(tmp_path, devices)
    assert re.findall(r"^class (\w+)", text, re.MULTILINE) == ["EpicsMotor", "LabBeamline"]
    assert text.count('\nm49: EpicsMotor\n"""prefix = M49;') == 1


def test_what_is_other_from_device_to_device_is_said_once(tmp_path: Path) -> None:
    types = """\
  thing:
    params: {n: {type: int}}
    signals:
      a: {pv: "P:${{ '%02d' % n }}", dtype: float}
      b: {pv: "Q", dtype: float}"""
    text = stub_of_text(tmp_path, "  x: {type: own.thing, n: 1}\n  y: {type: own.thing, n: 2}", types)
    assert text.count("class OwnThing(") == 1
    (said,) = re.findall(r'a: SignalR\[float\]\n    """(.*)"""', text)
    assert said == "P:01; differs from device to device; types.yaml:8"
    assert '"""Q; types.yaml:9"""' in text


@pytest.mark.parametrize(
    ("logic", "types"),
    [
        ("use: setpoint, setpoint: word", "str"),
        ("use: setpoint, setpoint: word, readback: number", "int, str"),
        ("use: setpoint, setpoint: number, positions: {out: 3}", 'int, int | Literal["out"]'),
        ("use: setpoint, setpoint: inner.word, readback: number", "int, str"),
        ("use: setpoint, setpoint: items.1.word, readback: number", "int, str"),
    ],
)
def test_an_axis_has_the_types_of_what_it_reads_and_writes(logic: str, types: str, tmp_path: Path) -> None:
    written = """\
  item:
    signals: {word: {soft: a, dtype: str, access: rw}, number: {soft: 1, dtype: int, access: rw}}
  axis:
    extends: own.item
    children: {inner: {type: own.item}}
    vectors: {items: {type: own.item, keys: [1]}}
    logic: {movable: {LOGIC}}"""
    text = stub_of_text(tmp_path, "  x: {type: own.axis}", written.replace("LOGIC", logic))
    assert f"class OwnAxis(Movable[{types}], Device):" in text


def test_a_motor_record_and_a_derived_axis_are_moved_to_numbers(tmp_path: Path) -> None:
    assert "class EpicsMotor(Movable[float], Flyer, Device):" in stub_of_text(
        tmp_path, "  x: {type: epics.motor, prefix: X}"
    )
    assert "class DemoMono(Movable[float], Device):" in stub(ROOT / "beamlines" / "demo")


@pytest.mark.parametrize("text", ['a "b"', "a\\", "\x07 \U0001f600 \U000e0001", "ü\n"])
def test_every_label_is_a_string_of_python(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text


@pytest.mark.parametrize("name", ["mine:class", "mine.import.more:Stage", "lambda:Stage"])
def test_a_class_that_no_import_can_name_is_anything(tmp_path: Path, name: str) -> None:
    devices = f'  a: {{type: python, class: "{name}"}}\n  b: {{type: python, class: "mine:Stage"}}\npython_allow: ["*"]'
    text = stub_of_text(tmp_path, devices)
    ast.parse(text)
    assert re.findall(r"^([ab]): (\w+)", text, re.MULTILINE) == [("a", "Any"), ("b", "Stage")]


def test_an_override_that_changes_no_type_makes_no_class(tmp_path: Path) -> None:
    types = """\
  axis:
    params: {prefix: {type: str}}
    signals: {velocity: {suffix: .VELO, dtype: float, access: rw, format: config}}"""
    devices = """\
  a: {type: own.axis, prefix: A}
  b: {type: own.axis, prefix: B, overrides: {velocity: {units: mm/s, limits: [0, 1], format: none}}}
  c: {type: own.axis, prefix: C, overrides: {velocity: {access: r}}}"""
    text = stub_of_text(tmp_path, devices, types)
    assert re.findall(r"^([abc]): (\w+)", text, re.MULTILINE) == [
        ("a", "OwnAxis"),
        ("b", "OwnAxis"),
        ("c", "OwnAxis_2"),
    ]
    assert "{prefix}.VELO; differs from device to device;" in text
    assert "    velocity: SignalR[float]\n" in text


def test_names_of_devices_hide_no_name_of_the_stub(tmp_path: Path) -> None:
    devices = """\
  Literal: {type: signal, soft: a, dtype: enum, choices: [a, b], access: rw}
  EpicsMotor: {type: epics.motor, prefix: A}
  EpicsMotor_2: {type: epics.motor, prefix: B}
  LabBeamline: {type: signal, soft: 1, dtype: int}
  SignalRW: {type: signal, soft: 1, dtype: int, access: rw}
  str: {type: group, signals: {dict: {soft: "", dtype: str}}}
  Str: {type: group, signals: {float: {soft: 1, dtype: float}, int: {soft: [1], dtype: float64, shape: [null]}}}"""
    module = ast.parse(stub_of_text(tmp_path, devices))
    said = {
        ast.unparse(node.target): ast.unparse(node.annotation)
        for node in module.body
        if isinstance(node, ast.AnnAssign)
    }
    assert said["Literal"] == "_SignalRW[_Literal['a', 'b'], _Literal['a', 'b']]"
    assert said["EpicsMotor"] == said["EpicsMotor_2"] == "EpicsMotor_3"
    assert said["beamline"] == "LabBeamline_2"
    assert said["str"] == "Str_2"
    assert said["Str"] == "Str_3"
    assert said["_Float64Array1D"].endswith("TypeAlias")
    names = [node.name for node in module.body if isinstance(node, ast.ClassDef)]
    assert len({*names, *said}) == len(names) + len(said)


@pytest.mark.parametrize(
    "doc",
    ['say """ this', 'ends with "', "ends with \\", "two\nlines", "\x07 rings", "ümläut \u2028 line", "\\N{x} \\"],
)
def test_every_text_is_a_docstring(doc: str, tmp_path: Path) -> None:
    in_yaml = json.dumps(doc)
    device = f"  x: {{type: group, doc: {in_yaml}, signals: {{a: {{soft: 1, dtype: int, units: {in_yaml}}}}}}}"
    module = ast.parse(stub_of_text(tmp_path, device))
    (found,) = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name == "X"]
    shown = ast.get_docstring(found)
    assert shown is not None
    assert shown.rpartition("\n\n")[0] == doc
    (unit,) = [node.value for node in found.body[1:] if isinstance(node, ast.Expr)]
    assert isinstance(unit, ast.Constant)
    assert f"; unit {' '.join(doc.split(None))}; " in unit.value or "\u2028" in doc


@pytest.mark.parametrize("name", ["a\nb = 1", "7 id's `x`", "\x07\0", "Any"])
def test_every_name_of_a_beamline_gives_a_stub(name: str, tmp_path: Path) -> None:
    file = tmp_path / "beamline.yaml"
    file.write_text(f"api: ophyd_decl/v1\nkind: beamline\nname: {json.dumps(name)}\ndevices: {{}}\n")
    blueprint = compile_beamline(file).blueprint
    assert blueprint is not None
    module = ast.parse(stub_of(blueprint, f"--set {name}"))
    assert [type(node) for node in module.body if isinstance(node, ast.Assign)] == [ast.Assign]
    assert len([node for node in module.body if isinstance(node, ast.ClassDef)]) == 1


def test_an_empty_vector_and_one_of_several_types(tmp_path: Path) -> None:
    types = """\
  item:
    params: {more: {type: bool}}
    signals:
      a: {soft: 1, dtype: int}
      b: {soft: 1, dtype: int, when: "${{ more }}"}
  holder:
    params: {keys_: {type: list}}
    vectors:
      v: {type: own.item, keys: "${{ keys_ }}", more: "${{ key == 1 }}"}"""
    text = stub_of_text(tmp_path, "  x: {type: own.holder, keys_: [1, 2]}\n  y: {type: own.holder, keys_: []}", types)
    assert "v: Vector[Literal[1, 2], OwnItem | OwnItem_2]" in text
    assert "v: Vector[Never, Never]" in text


def test_a_file_of_an_installed_library_is_shown_from_where_its_package_lies(tmp_path: Path) -> None:
    text = stub_of_text(tmp_path, "  x: {type: epics.motor, prefix: X}")
    assert re.search(r"^    epics.motor; ophyd_decl/library/epics/motor.yaml:\d+$", text, re.MULTILINE)
    assert str(ROOT) not in text
