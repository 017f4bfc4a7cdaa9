"""The structural protocols of bluesky on a newer Python, whose `isinstance` looks at them in another way."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .rivals import rival

REPOSITORY = Path(__file__).parents[2]


def newer_python() -> str:
    """Return a Python 3.13 that works; the test is skipped where there is none."""
    for candidate in (shutil.which("python3.13"), *Path.home().glob(".pyenv/versions/3.13*/bin/python3.13")):
        if candidate is None:
            continue
        done = subprocess.run([str(candidate), "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if done.returncode == 0:
            return str(candidate)
    pytest.skip("no Python 3.13 with venv is installed")


@pytest.mark.timeout(600)  # it installs an environment, and runs a hundred tests in it
def test_devices_and_protocols_on_python_3_13() -> None:
    ours = f"{REPOSITORY}[tango]"  # the servers of the tests import it
    python = rival("python-3.13", ours, "pytest", "pytest-asyncio", "pytest-timeout", "psutil", base=newer_python())
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/devices"],
        cwd=REPOSITORY, env=variables, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
