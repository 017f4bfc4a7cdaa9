"""The documentation builds without a warning, and every page is reached."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-q",
            "-d",
            tmp_path / "doctrees",
            DOCS,
            tmp_path / "html",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = {page.relative_to(DOCS).with_suffix("") for page in DOCS.rglob("*.md") if page.name != "README.md"}
    built = {page.relative_to(tmp_path / "html").with_suffix("") for page in (tmp_path / "html").rglob("*.html")}
    assert pages <= built


@pytest.mark.parametrize(
    "decision", sorted((DOCS / "explanations/decisions").glob("0*.md")), ids=lambda file: file.stem
)
def test_a_decision_has_its_form(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    assert text.startswith(f"# {decision.name[:4]}: ")
    assert len(text.splitlines()) <= 80
    assert {"Context"} <= set(re.findall(r"^## (.*)$", text, re.MULTILINE))


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) < 100
    local = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert {link for link in local if not (ROOT / link).exists()} == set()


def test_the_files_of_the_readme_are_valid(tmp_path: Path) -> None:
    types, beamline = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "types.yaml").write_text(types, encoding="utf-8")
    (tmp_path / "beamline.yaml").write_text(beamline, encoding="utf-8")
    command = [sys.executable, "-m", "ophyd_decl.cli", "validate", "--strict", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("valid: 2 devices")


def test_the_python_of_the_readme_scans(tmp_path: Path) -> None:
    types, beamline = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (python,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    folder = tmp_path / "beamlines" / "i22"
    folder.mkdir(parents=True)
    (folder / "types.yaml").write_text(types, encoding="utf-8")
    (folder / "beamline.yaml").write_text(f"{beamline}defaults: {{connect: mock}}\n", encoding="utf-8")
    (folder / "__init__.py").write_text("from ophyd_decl import expose\n\nexpose(__name__)\n", encoding="utf-8")
    first = "import bluesky.plans as bp\nfrom bluesky import RunEngine\n\nRE = RunEngine()\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{first}{python}print('scanned')"], cwd=tmp_path, capture_output=True, text=True,
        check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "scanned\n"), done.stderr


@pytest.mark.parametrize("name", ["demo", "tests", "all tests"])
def test_a_command_of_the_readme_is_one_line(name: str) -> None:
    block = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert block is not None
    assert len(block[1].splitlines()) == 1
