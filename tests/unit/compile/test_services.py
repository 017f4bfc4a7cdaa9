"""Services: what devices use and is no device."""

import subprocess
import sys
from pathlib import Path

import pytest

from ophyd_decl.blueprint import Reference

from .texts import beamline, device, found

TYPES = "  cam: {params: {paths: {type: ref, to: service}, any: {type: ref, default: null}}}\n"


def test_a_service_is_part_of_the_beamline(tmp_path: Path) -> None:
    text = """vars: {bl: BL22I}
services:
  paths: {type: path.uuid, root: "/data/${{ bl }}", doc: " where ", x-note: 3}
  off: {type: path.uuid, when: false}
devices:
  cam: {type: n.cam, paths: {ref: paths}, any: {ref: paths}}
"""
    compiled = beamline(tmp_path, text, TYPES)
    assert device(compiled, "cam").values == {
        "paths": Reference("beamline", ("paths",)), "any": Reference("beamline", ("paths",)),
    }  # fmt: skip
    assert compiled.blueprint is not None
    assert compiled.blueprint.build_order == ("cam",)
    (paths,) = compiled.blueprint.services
    assert (paths.path, paths.plugin, paths.options, paths.doc) == (
        "paths",
        "path.uuid",
        {"root": "/data/BL22I"},
        "where",
    )
    assert (paths.place.line, paths.place.column) == (7, 3)


@pytest.mark.parametrize(("body", "mistakes"), [
    ('{root: "/data"}', [("E111", 5, 3)]),
    ('{type: path.uuid}', [("E111", 5, 3)]),
    ('{type: path.uid, root: "/data"}', [("E501", 5, 17)]),
    ('{type: setpoint, root: "/data"}', [("E501", 5, 17)]),
    ('{type: 3, root: "/data"}', [("E121", 5, 17)]),
    ('{type: path.uuid, root: data}', [("E124", 5, 34)]),
    ('{type: path.uuid, root: "/d", make_folders: 3}', [("E121", 5, 54)]),
    ('{type: path.uuid, root: "/d", make_folder: true}', [("E110", 5, 40)]),
    ('{type: path.uuid, root: "/d", suffix: "a/b"}', [("E124", 5, 48)]),
    ('{type: path.uuid, root: "${{ nix }}"}', [("E301", 5, 39)]),
    ('3', [("E120", 5, 10)]),
])  # fmt: skip
def test_mistakes_in_a_service_are_reported_once(
    tmp_path: Path, body: str, mistakes: list[tuple[str, int, int]]
) -> None:
    text = f"services:\n  paths: {body}\ndevices:\n  cam: {{type: n.cam, paths: {{ref: paths}}}}\n"
    text = text.replace("{type: n.cam", "{type: n.cam")
    compiled = beamline(tmp_path, text, TYPES)
    assert found(compiled) == [(code, line + 1, column) for code, line, column in mistakes]


def test_names_are_shared_with_devices_and_groups(tmp_path: Path) -> None:
    text = """services:
  a: {type: path.uuid, root: "/data"}
  report: {type: path.uuid, root: "/data"}
devices:
  a: {type: signal, pv: A, dtype: int}
groups: {a: [a], b: [a]}
"""
    assert found(beamline(tmp_path, text)) == [("E406", 6, 3), ("E405", 8, 3), ("E405", 9, 10)]


def test_the_second_of_two_names_is_reported_in_file_order(tmp_path: Path) -> None:
    text = 'devices: {a: {type: signal, pv: A, dtype: int}}\nservices: {a: {type: path.uuid, root: "/data"}}\n'
    (mistake,) = beamline(tmp_path, text).diagnostics
    assert (mistake.code, mistake.place.line, mistake.notes[0].place.line) == ("E405", 5, 4)


def test_references_to_the_wrong_kind(tmp_path: Path) -> None:
    text = """services: {paths: {type: path.uuid, root: "/data"}, off: {type: path.uuid, root: "/d", when: false}}
devices:
  x: {type: signal, pv: A, dtype: int}
  a: {type: n.cam, paths: {ref: x}}
  b: {type: n.cam, paths: {ref: paths.root}}
  c: {type: n.cam, paths: {ref: off}}
  d: {type: n.dev, device: {ref: paths}}
groups: {g: [paths]}
"""
    types = TYPES + "  dev: {params: {device: {type: ref, to: device}}}\n"
    assert [code for code, *_ in found(beamline(tmp_path, text, types))] == ["E403", "E402", "E402", "E403", "E403"]


def test_options_that_plainly_fit_need_no_model(tmp_path: Path) -> None:
    beamline(tmp_path, 'services: {paths: {type: path.uuid, root: "/data", make_folders: true, suffix: ".h5"}}\n')
    program = (
        "import sys\nfrom ophyd_decl.compile import compile_beamline\n"
        f"assert compile_beamline({str(tmp_path)!r}).blueprint is not None\n"
        "assert 'pydantic' not in sys.modules and 'importlib.metadata' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
