"""`ophyd-decl schema`: prints, writes and compares."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from ophyd_decl.schema.shipped import shipped_schemas, text_of

Call = Callable[..., Result]
SHIPPED = shipped_schemas()


def test_it_prints_one_kind(call: Call) -> None:
    assert call("schema").stdout == text_of(SHIPPED["beamline"])
    assert json.loads(call("schema", "--kind", "types").stdout) == SHIPPED["types"]
    assert call("schema", "--kind", "types", "--resolved").stdout == text_of(shipped_schemas(resolved=True)["types"])
    assert call("schema", "--kind", "tpyes").exit_code == 2


def test_it_writes_a_folder_or_one_file(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    assert call("schema", "--output", folder).exit_code == 0
    assert {file.name for file in folder.iterdir()} == {f"{kind}.schema.json" for kind in SHIPPED}
    assert call("schema", "--kind", "types", "--output", tmp_path / "one.json").exit_code == 0
    assert (tmp_path / "one.json").read_text() == text_of(SHIPPED["types"])


def test_it_replaces_nothing_without_force(call: Call, tmp_path: Path) -> None:
    there = tmp_path / "types.schema.json"
    there.write_text("mine")
    done = call("schema", "--output", tmp_path)
    assert (done.exit_code, there.read_text()) == (2, "mine")
    assert str(there) in done.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["types.schema.json"]
    assert call("schema", "--output", tmp_path, "--force").exit_code == 0
    assert there.read_text() == text_of(SHIPPED["types"])


def test_check_shows_what_differs_and_writes_nothing(call: Call, tmp_path: Path) -> None:
    assert call("schema", "--check").exit_code == 2
    assert call("schema", "--check", "--output", tmp_path).exit_code == 1
    call("schema", "--output", tmp_path)
    assert call("schema", "--check", "--output", tmp_path).stdout == ""
    file = tmp_path / "types.schema.json"
    file.write_text(file.read_text().replace('"namespace"', '"namspace"'))
    done = call("schema", "--check", "--output", tmp_path)
    assert done.exit_code == 1
    assert '-  "namspace": {' in done.stdout
    assert '+  "namespace": {' in done.stdout
    assert "namspace" in file.read_text()


def test_check_shows_the_beginning_of_a_long_difference_and_what_mends_it(call: Call, tmp_path: Path) -> None:
    call("schema", "--output", tmp_path)
    (tmp_path / "types.schema.json").write_text("{}\n")
    done = call("schema", "--check", "--output", tmp_path)
    lines = done.stdout.splitlines()
    assert (done.exit_code, len(lines)) == (1, 101)
    assert lines[-1].startswith("… and ")
    assert lines[-1].endswith(f" more lines of {tmp_path / 'types.schema.json'}")
    assert done.stderr.endswith(
        "1 file differs; the same command with --force in the place of --check writes it anew\n"
    )


def test_a_wrong_beamline_has_no_schema(call: Call, beamline: str, tmp_path: Path) -> None:
    Path(beamline, "beamline.yaml").write_text("api: ophyd_decl/v1\nkind: beamline\nnme: x\n")
    done = call("schema", beamline, "--output", tmp_path / "schemas")
    assert done.exit_code == 1
    assert "E110" in done.stderr
    assert not (tmp_path / "schemas").exists()
