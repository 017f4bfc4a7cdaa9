"""Rivals for tests: a test is skipped where one cannot be installed; what its script answers is read from a line."""

import json
import os
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests import rivals


def rival(name: str, *requirements: str, base: str = sys.executable) -> Path:
    """Return the interpreter of an environment with these packages, made if it is not there.

    A test is skipped where they cannot be installed.

    :param base: interpreter that the environment is made from.
    """
    try:
        return rivals.rival(name, *requirements, base=base)
    except rivals.RivalUnavailableError as error:
        pytest.skip(str(error))


def ophyd_async() -> Path:
    """Return the interpreter of the environment with ophyd-async; a test is skipped where there can be none."""
    return rival("ophyd-async", *rivals.OPHYD_ASYNC)


def hosted() -> Path:
    """Return the interpreter of the environment with ophyd and ophyd-async, in which ours can be imported."""
    return rival("hosted", *rivals.HOSTED, *requirements_of_ours())


def requirements_of_ours(*extras: str) -> list[str]:
    """Return what ours needs in an environment of a rival, in which it is not installed.

    :param extras: none: those of EPICS.
    """
    found: list[str] = []
    for text in requires("ophyd-decl") or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or ("ca", "pva")):
            requirement.marker = None
            found.append(str(requirement))
    return found


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
