"""The tutorials do what they say: their YAML and Python are run as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.ioc import RandomWalk

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (TUTORIALS / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    folder = tmp_path / "walk"
    folder.mkdir()
    (yaml,) = blocks("first-beamline.md", "yaml")
    (folder / "beamline.yaml").write_text(yaml)
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    paths = f"{Path(__file__).parents[2]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip


def test_the_first_beamline(walk: Path, random_walk: RandomWalk) -> None:
    commands = [line for line in blocks("first-beamline.md", "sh")[1].splitlines() if line.startswith("ophyd-decl")]
    assert len(commands) == 3
    for command in commands:
        words = command.partition("#")[0].split()[1:]
        done = run(walk, "-m", "ophyd_decl.cli", *words)
        assert done.returncode == 0, done.stdout + done.stderr
    scan, single = blocks("first-beamline.md", "python")
    done = run(walk, "-c", scan)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if re.match(r"\|\s+\d+ \|", line)]
    assert [row.split("|")[3].strip() for row in rows] == ["0", "0", "1", "3"]
    done = run(walk, "-c", single + "print(type(x.get()).__name__)")
    assert done.stdout.split() == ["float"], done.stderr


def test_the_mistake_of_the_first_beamline_is_explained(walk: Path) -> None:
    file = walk / "walk" / "beamline.yaml"
    file.write_text(file.read_text().replace("dtype: float, access", "dtpe: float, access"))
    done = run(walk, "-m", "ophyd_decl.cli", "validate", "walk")
    assert done.returncode == 1
    assert "did you mean `dtype`?" in done.stdout + done.stderr
