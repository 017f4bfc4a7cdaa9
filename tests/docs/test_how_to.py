"""The how-to guides do what they say: their files are written and their commands run as they stand."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "how-to"
FILE = re.compile(r"^<!-- file: (\S+) -->\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^<!-- python: (\S+) -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Blocks of commands; those that need a server name it, and are run in `tests/contract`.
_SHELL = re.compile(r"(<!-- server: \S+ -->\n)?^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(text: str, *, with_server: bool = False) -> list[list[str]]:
    """Return the arguments of every line that calls the program, without a server or with one."""
    lines = [
        line for server, block in _SHELL.findall(text) if bool(server) is with_server for line in block.splitlines()
    ]
    return [shlex.split(line)[1:] for line in lines if line.startswith("ophyd-decl ")]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ophyd_decl.cli", *arguments], cwd=folder, capture_output=True, text=True, timeout=60,
        check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.parametrize(
    "page",
    [
        "counters-and-positions.md",
        "migrate.md",
        "motors.md",
        "pvi.md",
        "settings.md",
        "slits-and-energy.md",
        "split-a-beamline.md",
        "tango-database.md",
        "test-without-a-server.md",
    ],
)
def test_the_files_of_a_guide_are_valid_and_its_commands_run(page: str, tmp_path: Path) -> None:
    text = (GUIDES / page).read_text()
    folder = tmp_path / "i99"
    folder.mkdir()
    for name, content in FILE.findall(text):
        (folder / name).write_text(content)
    called = commands(text)
    assert called
    for arguments in called:
        done = run(tmp_path, *arguments, *(["--strict"] if arguments[0] == "validate" else []))
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)


def test_splitting_gives_the_devices_that_the_guide_counts(tmp_path: Path) -> None:
    text = (GUIDES / "split-a-beamline.md").read_text()
    for name, content in FILE.findall(text):
        (tmp_path / name).write_text(content)
    done = run(tmp_path, "validate", ".")
    assert done.stdout.startswith("valid: 7 devices"), done.stdout + done.stderr
    explained = run(
        tmp_path, "render", ".", "--profile", "commissioning", "--explain", "stage.user_setpoint.limits"
    )  # fmt: skip
    assert explained.stdout.splitlines()[0] == "stage.user_setpoint.limits = [-1, 1]"


def test_the_code_of_a_guide_passes_its_tests(tmp_path: Path) -> None:
    text = (GUIDES / "test-without-a-server.md").read_text()
    for name, content in (*FILE.findall(text), *PYTHON.findall(text)):
        (tmp_path / name).write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_valves.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert "2 passed" in done.stdout, done.stdout + done.stderr
