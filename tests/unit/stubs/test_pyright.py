"""A plan file that uses a stub: pyright, in strict mode, accepts what is right and refuses each mistake at its line."""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from ophyd_decl.cli import main
from ophyd_decl.compile import compile_beamline
from ophyd_decl.stubs.module import stub_of

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PLANS = HERE / "plans"
GOLDEN = ROOT / "tests" / "golden" / "valid"
GUIDE = ROOT / "docs" / "how-to" / "type-check-plans.md"
_PLAN = re.compile(r"^<!-- plan: (\w+) -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"# error: (.*)$")
#: Lines of each file, and what pyright says there.
Said = dict[str, dict[int, list[str]]]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What pyright says of the plans, and of the stub and package that they use; it is slow, so it runs once."""
    folder = tmp_path_factory.mktemp("plans")
    shutil.copytree(HERE / "everything", folder / "beamlines" / "everything")
    for beamline in ("demo", "demo_tango"):
        shutil.copytree(ROOT / "beamlines" / beamline, folder / "beamlines" / beamline)
    for stub in folder.glob("beamlines/*/__init__.pyi"):  # as it is written now, whatever is committed
        blueprint = compile_beamline(stub.parent).blueprint
        assert blueprint is not None
        stub.write_text(stub_of(blueprint), encoding="utf-8")
    for plan in PLANS.glob("*.py"):
        shutil.copy(plan, folder)
    guide = GUIDE.read_text(encoding="utf-8")
    with chdir(folder):
        for arguments in (["init", "beamlines/i99"], *_calls(guide)):
            done = CliRunner().invoke(main, arguments)
            assert done.exit_code == 0, (arguments, done.output)
    for name, text in valid().items():
        (folder / "beamlines" / name).mkdir()
        (folder / "beamlines" / name / "__init__.pyi").write_text(text, encoding="utf-8")
    for number, (kind, text) in enumerate(_PLAN.findall(guide)):
        (folder / f"guide_{number}_{kind}.py").write_text(text)
    (folder / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "strict", "pythonVersion": "3.11", "extraPaths": [str(ROOT)]})
    )
    done = subprocess.run(
        [Path(sys.executable).with_name("pyright"), "--pythonpath", sys.executable, "--outputjson", "-p", folder],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found: Said = defaultdict(lambda: defaultdict(list))
    answer = json.loads(done.stdout)
    assert answer["summary"]["filesAnalyzed"] >= len(list(PLANS.glob("*.py"))) + 6
    for one in answer["generalDiagnostics"]:
        if one["severity"] in ("error", "warning"):
            name = Path(one["file"]).relative_to(folder).as_posix()
            found[name][one["range"]["start"]["line"] + 1].append(f"{one['message']} ({one.get('rule')})")
    return found


def valid() -> dict[str, str]:
    """Return the stubs of the golden files that are beamlines, by a name for a package."""
    stubs: dict[str, str] = {}
    for path in sorted(GOLDEN.iterdir()):
        blueprint = compile_beamline(path).blueprint
        if blueprint is not None:
            stubs[f"golden_{path.name.partition('.')[0]}"] = stub_of(blueprint)
    return stubs


def _calls(guide: str) -> list[list[str]]:
    """Return the arguments of each call of the command in a guide."""
    return [line.split()[1:] for line in guide.splitlines() if line.startswith("ophyd-decl ")]


def marked(file: Path) -> dict[int, str]:
    """Return the lines of a file that are wrong, and what is to be said there."""
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
    return {number: mark[1] for number, line in lines if (mark := _MARK.search(line))}


@pytest.mark.timeout(400)  # pyright reads every library too, which takes minutes where others compute
@pytest.mark.parametrize("name", sorted(file.name for file in PLANS.glob("*.py")))
def test_pyright_refuses_what_is_marked_and_nothing_else(said: Said, name: str) -> None:
    wanted = marked(PLANS / name)
    found = said.get(name, {})
    assert {line: messages for line, messages in found.items() if line not in wanted} == {}
    assert sorted(found) == sorted(wanted)
    for line, text in wanted.items():
        assert any(text in message for message in found[line]), (line, text, found[line])


def test_mistakes_of_each_kind_are_marked() -> None:
    assert len(marked(PLANS / "refused.py")) > 30
    assert marked(PLANS / "accepted.py") == {}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("beamline", ["everything", "demo", "demo_tango", "i99"])
def test_pyright_accepts_the_stub_itself(said: Said, beamline: str) -> None:
    assert {name: dict(lines) for name, lines in said.items() if name.startswith(f"beamlines/{beamline}/")} == {}


@pytest.mark.timeout(400)
def test_the_plans_of_the_guide_are_accepted_and_refused_as_it_says(said: Said) -> None:
    plans = _PLAN.findall(GUIDE.read_text(encoding="utf-8"))
    assert [kind for kind, _ in plans] == ["right", "wrong", "right"]
    for number, (kind, text) in enumerate(plans):
        wrong = [line for line, code in enumerate(text.splitlines(), 1) if kind == "wrong" and "#" in code]
        assert sorted(said.get(f"guide_{number}_{kind}.py", {})) == wrong


@pytest.mark.timeout(400)
def test_pyright_accepts_the_stub_of_every_golden_file(said: Said) -> None:
    names = valid()
    assert len(names) > 10
    files = {f"beamlines/{name}/__init__.pyi" for name in names}
    python = ("reportMissingImports", "reportUnknownVariableType")  # packages with devices, which are not here
    found = {
        name: [text for texts in lines.values() for text in texts] for name, lines in said.items() if name in files
    }
    wrong = [(name, text) for name, texts in found.items() for text in texts if not text.rstrip(")").endswith(python)]
    assert wrong == []
