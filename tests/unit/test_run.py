"""run.py installs when it must, and only then; it becomes the command that it was asked for."""

import importlib.util
import json
import subprocess
import sys
import types
import venv
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "run.py"


class Checkout:
    """A copy of run.py in a folder of its own, whose installations are only noted."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.made: list[bool] = []
        self.installed: list[str] = []
        self.pip_fails = False
        (folder / "pyproject.toml").write_text("[project]")
        (folder / "run.py").write_text(SCRIPT.read_text())
        monkeypatch.setattr(venv, "create", self._create)
        monkeypatch.setattr(subprocess, "run", self._run)
        self.script = self.load()

    def load(self) -> types.ModuleType:
        specification = importlib.util.spec_from_file_location("run", self.folder / "run.py")
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        return module

    def _create(self, folder: Path, *, clear: bool, **options: Any) -> None:
        self.made.append(clear)
        folder.mkdir(exist_ok=True)

    def _run(self, command: list[str], **options: Any) -> None:
        if self.pip_fails:
            raise subprocess.CalledProcessError(1, command)
        self.installed.append(command[-1].removeprefix(str(self.folder)))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def test_it_installs_once(checkout: Checkout) -> None:
    checkout.script.prepare("demo")
    checkout.script.prepare("demo")
    assert checkout.installed == ["[demo]"]


def test_tools_of_development_are_added_when_one_is_asked_for_and_contain_the_rest(checkout: Checkout) -> None:
    for extra in ("demo", "dev", "demo", "dev"):
        checkout.script.prepare(extra)
    assert checkout.installed == ["[demo]", "[demo,dev]"]


def test_a_changed_project_is_installed_again_with_all_that_was_there(checkout: Checkout) -> None:
    checkout.script.prepare("dev")
    (checkout.folder / "pyproject.toml").write_text("[project] # changed")
    checkout.script.prepare("demo")
    assert checkout.installed == ["[dev]", "[demo,dev]"]
    assert checkout.made == [False, False]


@pytest.mark.parametrize("key", ["place", "python"])
def test_a_moved_checkout_and_another_interpreter_get_a_new_environment(checkout: Checkout, key: str) -> None:
    checkout.script.prepare("demo")
    stamp = json.loads(checkout.script.STAMP.read_text())
    checkout.script.STAMP.write_text(json.dumps({**stamp, key: "another"}))
    checkout.script.prepare("demo")
    assert checkout.made == [False, True]
    assert checkout.installed == ["[demo]", "[demo]"]


def test_an_installation_that_failed_is_tried_again(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.pip_fails = True
    assert checkout.script.main(["ophyd-decl", "demo"]) == 1
    assert "could not install the project: pip ended with 1" in capsys.readouterr().err
    checkout.pip_fails = False
    checkout.script.prepare("demo")
    assert checkout.installed == ["[demo]"]


@pytest.mark.parametrize("stamp", ["", "[]", "no JSON", '{"extras": 5}'])
def test_a_damaged_stamp_counts_as_none(checkout: Checkout, stamp: str) -> None:
    checkout.script.ENVIRONMENT.mkdir()
    checkout.script.STAMP.write_text(stamp)
    checkout.script.prepare("demo")
    assert checkout.installed == ["[demo]"]


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_without_a_command_it_says_what_it_wants(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")


def test_it_becomes_the_command(tmp_path: Path, checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout.script.prepare("dev")
    checkout.script.SCRIPTS.mkdir()
    for name in ("ophyd-decl", "pytest"):
        program = checkout.script.SCRIPTS / name
        program.write_text('#!/bin/sh\necho "$(basename "$0") $* in $PWD $PYTHONPATH"; exit 7\n')
        program.chmod(0o755)
    monkeypatch.undo()
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    said = {}
    for name in ("ophyd-decl", "pytest"):
        command = [sys.executable, "-S", checkout.folder / "run.py", name, "a b"]
        done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (7, "")
        said[name] = done.stdout.rstrip()
    assert said == {"ophyd-decl": f"ophyd-decl a b in {elsewhere}", "pytest": f"pytest a b in {checkout.folder}"}
    missing = [sys.executable, checkout.folder / "run.py", "no-such-command"]
    assert subprocess.run(missing, capture_output=True, check=False).returncode == 2
