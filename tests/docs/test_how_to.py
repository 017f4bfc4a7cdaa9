"""The how-to guides say what works."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from ophyd_decl.cli import main

EDITOR = (Path(__file__).parents[2] / "docs" / "how-to" / "editor.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", EDITOR, re.MULTILINE | re.DOTALL)


def run(*words: str) -> None:
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == 0, done.output


def test_the_commands_for_editors_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("init", "beamlines/i99")
    for file in Path("beamlines/i99/schemas").iterdir():
        file.unlink()
    for line in "".join(blocks("sh")).splitlines():
        run(*shlex.split(line)[1:])


def test_the_line_for_editors_is_the_one_that_init_writes(tmp_path: Path) -> None:
    run("init", str(tmp_path / "i99"))
    (line,) = blocks("yaml")
    assert (tmp_path / "i99" / "beamline.yaml").read_text(encoding="utf-8").startswith(line)


def test_the_settings_name_files_that_are_there(tmp_path: Path) -> None:
    run("init", str(tmp_path / "beamlines" / "i99"))
    (settings,) = map(json.loads, blocks("json"))
    for schema, file in settings["yaml.schemas"].items():
        assert (tmp_path / schema).exists()
        assert (tmp_path / file).exists()
