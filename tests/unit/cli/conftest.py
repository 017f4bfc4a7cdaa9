"""A beamline made by `init`, and ways to call the command line."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ophyd_decl.cli import main

ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-m", "ophyd_decl.cli"]
Call = Callable[..., Result]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Call a command in this process; standard output and error are kept apart."""
    monkeypatch.delenv("OPHYD_DECL_PROFILE", raising=False)
    before = signal.getsignal(signal.SIGINT)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    yield run
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def beamline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> str:
    """A fresh beamline of soft signals, below the current folder."""
    monkeypatch.chdir(tmp_path)
    assert call("init", "beamlines/i99").exit_code == 0
    return "beamlines/i99"


@dataclass
class Started:
    """A command in a process of its own."""

    process: subprocess.Popen[str]

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    """Start a command in a process of its own, in the current folder; it is gone after the test."""
    started: list[Started] = []

    def run(*arguments: str, **options: object) -> Started:
        process = subprocess.Popen(
            [*PROGRAM, *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(Started(process))
        return started[-1]

    yield run
    for command in started:
        if command.process.poll() is None:
            command.process.kill()
        command.process.communicate()


@pytest.fixture
def on_a_terminal() -> Callable[..., str]:
    """Run a command whose output and errors go to a terminal, with variables, and return what that gets."""

    def run(variables: dict[str, str], *arguments: str) -> str:
        ours, theirs = pty.openpty()
        environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        environment |= {"PYTHONPATH": str(ROOT), **variables}
        with subprocess.Popen([*PROGRAM, *arguments], env=environment, stdout=theirs, stderr=theirs):
            os.close(theirs)
            shown = b""
            with contextlib.suppress(OSError):  # how a terminal ends that nobody writes to any more
                while part := os.read(ours, 65536):
                    shown += part
        os.close(ours)
        return shown.decode()

    return run
