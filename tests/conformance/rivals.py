"""Environments of their own for rivals, made once in each checkout, so that they never share ours."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / ".rivals"
_INSTALL_TIMEOUT_S = 600


def rival(name: str, *requirements: str, base: str = sys.executable) -> Path:
    """Return the interpreter of an environment with these packages, made if it is not there.

    A test is skipped where they cannot be installed.

    :param base: interpreter that the environment is made from.
    """
    folder = FOLDER / name
    python = folder / "bin" / "python"
    marker = folder / "complete"
    wanted = "\n".join(requirements)
    if marker.exists() and marker.read_text() == wanted:
        return python
    subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True, capture_output=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-cache-dir", *requirements]
    done = subprocess.run(install, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S, check=False)
    if done.returncode:
        pytest.skip(f"{name} cannot be installed: {done.stderr[-500:]}")
    marker.write_text(wanted)
    return python


def answer(python: Path, script: Path, word: str, *arguments: str) -> Any:
    """Run a script with a rival's interpreter; return the JSON behind a word at the start of one of its lines.

    :raises AssertionError: if it fails, or has no such line.
    """
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(python), str(script), *arguments],
        capture_output=True, text=True, env=variables, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        if line.startswith(word + " "):
            return json.loads(line.removeprefix(word + " "))
    raise AssertionError(f"no line begins with {word}:\n{done.stdout}")
