"""What `render` writes fits the schema for resolved files, in which no value is an expression."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from ophyd_decl.cli import main
from ophyd_decl.schema.shipped import shipped_schemas

GOLDEN = Path(__file__).parents[2] / "golden" / "valid"
BEAMLINES = [
    path for path in sorted(GOLDEN.iterdir())
    if re.search(rb"^kind: beamline", (path / "beamline.yaml" if path.is_dir() else path).read_bytes(), re.MULTILINE)
]  # fmt: skip
RESOLVED = Draft7Validator(shipped_schemas(resolved=True)["beamline"])


@pytest.mark.parametrize("path", BEAMLINES, ids=lambda path: path.stem)
def test_a_rendered_beamline_fits(path: Path) -> None:
    done = CliRunner().invoke(main, ["render", str(path)])
    assert done.exit_code == 0, done.output
    data: Any = YAML(typ="safe").load(done.stdout)
    assert [f"{'.'.join(map(str, error.path))}: {error.message}" for error in RESOLVED.iter_errors(data)] == []


def test_the_files_of_the_beamlines_were_found() -> None:
    assert len(BEAMLINES) >= 5
