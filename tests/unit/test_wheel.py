"""The wheel carries all that a command needs, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ophyd_decl.demo import beamline_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    ("folder", "pattern", "inside"),
    [
        ("ophyd_decl", "*.py", "ophyd_decl"),
        ("ophyd_decl/errors/pages", "*.md", "ophyd_decl/errors/pages"),
        ("ophyd_decl/library", "*.yaml", "ophyd_decl/library"),
        ("beamlines/demo", "*.yaml", "ophyd_decl/demo/beamlines/demo"),
        ("beamlines/demo_tango", "*.yaml", "ophyd_decl/demo/beamlines/demo_tango"),
        ("schemas", "*", "ophyd_decl/schemas"),
        ("ophyd_decl", "py.typed", "ophyd_decl"),
        ("ophyd_decl/sim", "*.dbd", "ophyd_decl/sim"),
    ],
    ids=["code", "pages", "library", "demo", "demo on Tango", "schemas", "typed", "record type"],
)
def test_it_carries(carried: set[str], folder: str, pattern: str, inside: str) -> None:
    names = {(Path(inside) / file.relative_to(ROOT / folder)).as_posix() for file in (ROOT / folder).rglob(pattern)}
    names = {name for name in names if "__pycache__" not in name}
    assert names
    assert names - carried == set()


def test_it_carries_nothing_else(carried: set[str]) -> None:
    assert {name.split("/")[0] for name in carried if ".dist-info/" not in name} == {"ophyd_decl"}


@pytest.mark.parametrize("name", ["demo", "demo_tango"])
def test_the_demo_is_the_committed_one_in_a_checkout(name: str) -> None:
    assert beamline_folder(name) == ROOT / "beamlines" / name
