"""Types by name: files of a beamline, shipped ones, and what may not be read."""

from pathlib import Path

import pytest

from ophyd_decl.compile import compile_beamline, compile_paths
from ophyd_decl.resolve import catalog

HEAD = "api: ophyd_decl/v1\nkind: beamline\nname: b\n"
TYPES = "api: ophyd_decl/v1\nkind: types\nnamespace: n\ntypes: {a: {signals: {s: {soft: 1, dtype: int}}}}\n"


def found(folder: Path, text: str) -> list[tuple[str, int, int]]:
    (folder / "beamline.yaml").write_text(HEAD + text)
    return [(d.code, d.place.line, d.place.column) for d in compile_beamline(folder).diagnostics]


def test_files_are_taken_from_below_the_folder_of_the_beamline_only(tmp_path: Path) -> None:
    inside = tmp_path / "beamline"
    (inside / "deep").mkdir(parents=True)
    (inside / "deep" / "types.yaml").write_text(TYPES)
    (tmp_path / "outside.yaml").write_text(TYPES)
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (inside / "loop").symlink_to(inside / "loop")
    assert found(inside, "use: [deep/types.yaml]\ndevices: {d: {type: n.a}}") == []
    assert found(inside, "use: [deep/../deep/types.yaml]\ndevices: {d: {type: n.a}}") == []
    for path in ("../outside.yaml", "link.yaml", str(inside / "deep" / "types.yaml"), "/etc/passwd"):
        # The missing type is not reported: it may be in the file that was refused.
        assert found(inside, f"use: [{path}]\ndevices: {{d: {{type: n.a}}}}") == [("E203", 4, 7)]
    assert found(inside, "use: [nothing.yaml]\ndevices: {d: {type: n.a}}") == [("E201", 4, 7)]
    assert found(inside, "use: [loop]") == [("E201", 4, 7)]
    assert found(inside, "use: ['pkg:other']") == [("E501", 4, 7)]
    assert found(inside, "use: ['a\\0b', deep]") != []


@pytest.mark.parametrize(("text", "help_text"), [
    ("use: [vacum.yaml]", "did you mean `vacuum.yaml`?"), ("use: [vacuum.yml]", "did you mean `vacuum.yaml`?"),
    ("use: [deep/slit.yaml]", "did you mean `slits.yaml`?"), ("include: [vacum.yaml]", "did you mean `vacuum.yaml`?"),
    ("use: [deep/vacum.yaml]", "check the path"), ("use: [nodeep/slits.yaml]", "check the path"),
    ("use: [outsid.yaml]", "check the path"), ("use: [beamlin.yaml]", "check the path"),
    ("use: [dep.yaml]", "check the path"), ("use: [notes.yaml]", "check the path"),
])  # fmt: skip
def test_a_file_that_is_not_there_is_looked_for_in_its_folder(tmp_path: Path, text: str, help_text: str) -> None:
    inside = tmp_path / "beamline"
    (inside / "deep").mkdir(parents=True)
    for name in ("vacuum.yaml", "deep/slits.yaml", "notes.txt"):
        (inside / name).write_text(TYPES)
    (tmp_path / "elsewhere.yaml").write_text(TYPES)
    (inside / "outside.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    (inside / "beamline.yaml").write_text(HEAD + text)
    diagnostics = compile_beamline(inside).diagnostics
    assert [(d.code, d.help) for d in diagnostics] == [("E201", help_text)]


@pytest.mark.parametrize("path", ["../elsewher.yaml", "../beamline2/elsewher.yaml"])
def test_nothing_is_looked_for_outside(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "beamline"
    inside.mkdir()
    (tmp_path / "elsewhere.yaml").write_text(TYPES)
    (inside / "beamline.yaml").write_text(f"{HEAD}use: [{path}]")
    (found_one,) = compile_beamline(inside).diagnostics
    assert found_one.code == "E203"
    assert "elsewhere" not in str(found_one)


def test_a_file_of_another_kind_and_files_that_disagree(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TYPES)
    (tmp_path / "u.yaml").write_text(TYPES)
    assert found(tmp_path, "use: [beamline.yaml]") == [("E114", 4, 7)]
    assert [code for code, *_ in found(tmp_path, "use: [t.yaml, u.yaml]")] == ["E405"]
    assert found(tmp_path, "use: [t.yaml, ./t.yaml]\ndevices: {d: {type: n.a}}") == []


def test_the_namespace_of_shipped_types_is_taken(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TYPES.replace("namespace: n", "namespace: epics"))
    assert [code for code, *_ in found(tmp_path, "use: [t.yaml]")] == ["E405"]


def test_shipped_types_are_read_when_they_are_used(tmp_path: Path) -> None:
    assert found(tmp_path, 'devices: {m: {type: epics.motor, prefix: "X"}}') == []
    assert found(tmp_path, "devices: {m: {type: epics.moto, prefix: X}}") == [("E401", 4, 21)]
    assert found(tmp_path, "devices: {m: {type: epics, prefix: X}}") == [("E401", 4, 21)]
    assert found(tmp_path, "devices: {m: {type: panda.block}}") == [("E116", 4, 21)]
    assert found(tmp_path, "devices: {m: {type: ad.pilatus}}") == [("E116", 4, 21)]
    assert found(tmp_path, "devices: {m: {type: ad.sim_detecter}}") == [("E401", 4, 21)]
    assert found(tmp_path, "devices: {m: {type: path.uuid, root: /data}}") == [("E401", 4, 21)]


def test_every_shipped_file_is_valid_by_itself() -> None:
    library = Path(catalog.__file__).parents[1] / "library"
    files = sorted(library.rglob("*.yaml"))
    assert files
    assert [str(d.place) for d in compile_paths(files).diagnostics if d.severity == "error"] == []


def test_a_shipped_file_that_is_named_is_not_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "epics"
    folder.mkdir()
    (folder / "motor.yaml").write_text(
        "api: ophyd_decl/v1\nkind: types\nnamespace: epics\ntypes: {motor: {children: {c: {type: epics.nothing}}}}\n"
    )
    monkeypatch.setattr(catalog, "_LIBRARY", tmp_path)
    monkeypatch.setattr(catalog, "_REAL_LIBRARY", f"{tmp_path.resolve()}/")
    monkeypatch.setattr(catalog, "_shipped_types", catalog._shipped_types.__wrapped__)  # what it knows of the real one
    found = compile_paths([folder / "motor.yaml"]).diagnostics
    assert [diagnostic.code for diagnostic in found] == ["E401"]
