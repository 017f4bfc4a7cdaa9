"""What an editor shows: the YAML language server has nothing to say about right files, and finds unknown keys."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from harness import cases

from ophyd_decl.cli import main
from ophyd_decl.model.files import KINDS
from ophyd_decl.schema.shipped import file_name

from .language_server import LanguageServer, language_server

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"
SHIPPED = [*sorted(ROOT.glob("ophyd_decl/library/**/*.yaml")), *sorted(ROOT.glob("beamlines/**/*.yaml"))]
GOLDEN_VALID = [file for case in cases("valid") for file in case.files]
MODELINE = "yaml-language-server: $schema"
#: Severity in the protocol of language servers.
ERROR = 1


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    schemas = {SCHEMAS / file_name(kind): f"**/golden/{kind}/**/*.yaml" for kind in KINDS}
    with language_server(ROOT, schemas) as running:
        yield running


def text_of(file: Path) -> str:
    return file.read_bytes().decode("utf-8-sig")


def golden_text(file: Path) -> str:
    """Return the text of a golden file; what a modeline in it names is not beside it."""
    return text_of(file).replace(MODELINE, "")


def golden_uri(file: Path) -> str:
    """Return a path that says the kind of the file, as the settings of an editor would."""
    kind = re.search(r"^kind: (\w+)", text_of(file), re.MULTILINE)
    return f"file:///golden/{kind[1] if kind else 'beamline'}/{file.parent.name}/{file.name}"


def shown(diagnostics: list[dict[str, Any]]) -> list[str]:
    return [f"line {one['range']['start']['line'] + 1}: {one['message']}" for one in diagnostics]


def test_nothing_is_wrong_with_shipped_files(server: LanguageServer) -> None:
    found = server.diagnostics({file.as_uri(): text_of(file) for file in SHIPPED})
    assert {uri: shown(said) for uri, said in found.items() if said} == {}


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_shipped_file_names_its_schema(file: Path) -> None:
    name = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text_of(file))
    assert name is not None
    kind = re.search(r"^kind: (\w+)", text_of(file), re.MULTILINE)
    assert kind is not None
    assert (file.parent / name[1]).resolve() == SCHEMAS / file_name(kind[1])


def test_nothing_is_wrong_with_what_init_writes(server: LanguageServer, tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["init", str(tmp_path / "i99")]).exit_code == 0
    files = sorted(tmp_path.rglob("*.yaml"))
    assert len(files) == 2
    found = server.diagnostics({file.as_uri(): text_of(file) for file in files})
    assert {uri: shown(said) for uri, said in found.items() if said} == {}
    wrong = text_of(tmp_path / "i99" / "beamline.yaml").replace("i99.axis", "i99.axes")
    (said,) = server.diagnostics({(tmp_path / "i99" / "other.yaml").as_uri(): wrong}).values()
    assert ["i99.axis" in line for line in shown(said)] == [True, True]


def test_nothing_is_wrong_with_valid_golden_files(server: LanguageServer) -> None:
    found = server.diagnostics({golden_uri(file): golden_text(file) for file in GOLDEN_VALID})
    errors = {uri: shown([one for one in said if one["severity"] == ERROR]) for uri, said in found.items()}
    assert {uri: said for uri, said in errors.items() if said} == {}


def test_every_unknown_key_of_the_golden_files_is_found(server: LanguageServer) -> None:
    only = [case for case in cases("invalid") if {mark.code for mark in case.marks()} == {"E110"}]
    assert len(only) >= 10
    texts = {golden_uri(file): golden_text(file) for case in only for file in case.files}
    found = server.diagnostics(texts)
    for case in only:
        for file in case.files:
            said = found[golden_uri(file)]
            lines = {one["range"]["start"]["line"] + 1 for one in said if one["severity"] == ERROR}
            name = str(file.relative_to(case.text.parent))
            marked = {mark.line for mark in case.marks() if mark.file == name}
            assert marked <= lines, f"{case.name}: {shown(said)}"


def test_a_key_shows_what_it_means(server: LanguageServer) -> None:
    file = ROOT / "beamlines" / "demo" / "beamline.yaml"
    lines = text_of(file).splitlines()
    line = next(number for number, text in enumerate(lines) if "labels:" in text)
    uri = (file.parent / "hover.yaml").as_uri()
    said = server.ask("hover", uri, text_of(file), line, lines[line].index("labels:") + 1)
    assert "find it by" in str(said["contents"])


def test_types_are_offered(server: LanguageServer) -> None:
    text = "api: ophyd_decl/v1\nkind: beamline\nname: i99\ndevices:\n  x:\n    type: \n"
    answer = server.ask("completion", "file:///golden/beamline/new.yaml", text, 5, 10)
    offered = {item["label"] for item in answer["items"]}
    assert {"epics.motor", "group", "signal"} <= offered


def test_params_of_a_type_are_offered(server: LanguageServer) -> None:
    text = "api: ophyd_decl/v1\nkind: beamline\nname: i99\ndevices:\n  x:\n    type: epics.motor\n    \n"
    answer = server.ask("completion", "file:///golden/beamline/newer.yaml", text, 6, 4)
    offered = {item["label"] for item in answer["items"]}
    assert {"prefix", "labels", "connect"} <= offered
    assert "params" not in offered
