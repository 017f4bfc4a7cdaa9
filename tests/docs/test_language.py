"""The reference of the language is what the tables of keys say, and its examples are valid."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ophyd_decl import formula
from ophyd_decl.compile import compile_paths
from ophyd_decl.resolve import sandbox
from ophyd_decl.resolve.catalog import shipped_types
from ophyd_decl.schema.grammar import SECTIONS
from ophyd_decl.schema.shipped import shipped_known

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference" / "language"
PAGE = (ROOT / "docs" / "reference" / "language.md").read_text(encoding="utf-8")
INTRODUCTIONS = sorted(FOLDER.glob("*.md.in"))


def test_the_committed_page_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/reference/language_reference.py", "--check"],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_key_has_one_row() -> None:
    for section in SECTIONS.values():
        text = re.sub(r" \(now `\w+`\)", "", PAGE).partition(f"\n## {section.title}\n")[2].partition("\n## ")[0]
        assert text, section.name
        rows = re.findall(r"^\| `([^`]+)` \| .+ \|$", text, re.MULTILINE)
        others = "".join(re.findall(r"^(?:Deprecated|Not in this version): .*", text, re.MULTILINE))
        rest = set(re.findall(r"`([^`]+)`", re.sub(r" \(now `\w+`\)", "", others)))
        assert len(rows) == len(set(rows)), section.name
        assert set(section.block.keys) - rest == set(rows), section.name


def test_no_cell_is_empty_that_must_not_be() -> None:
    for row in re.findall(r"^\| `.*$", PAGE, re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) in (2, 4, 6), row
        assert cells[0], row
        assert cells[1], row
        assert cells[-1], row


def test_every_block_has_an_introduction() -> None:
    names = {file.name.removesuffix(".md.in") for file in INTRODUCTIONS}
    rules = {"expressions", "references", "formulas", "selectors"}
    assert names == {*SECTIONS, *rules, "language", "logic", "shipped"}


def section(title: str) -> str:
    """Return what stands below a heading of the page."""
    text = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert text, title
    return text


def test_every_name_that_expressions_and_formulas_know_is_there() -> None:
    words = set(re.findall(r"`([^`\n]+)`", section("Expressions").rpartition("```")[2]))
    named = {*sandbox.FUNCTIONS, *sandbox.FILTERS, *sandbox.TESTS, *sandbox.TEXT_METHODS}
    assert {name for name in named if name.isidentifier()} <= words
    assert set(formula.FUNCTIONS) <= set(re.findall(r"`([^`\n]+)`", section("Formulas").rpartition("```")[2]))


def test_every_shipped_type_is_listed_with_its_page() -> None:
    found = re.findall(r"^\| \[(\S+)\]\(types/(\S+)\.md\) \|", section("Shipped types"), re.MULTILINE)
    assert [name for name, _ in found] == [page for _, page in found] == list(shipped_known().types)
    assert set(shipped_types()) <= {name for name, _ in found}


def examples(text: str) -> Iterator[tuple[str, str]]:
    """Yield the examples of an introduction, and the names of their files."""
    for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        name = re.match(r"# (\S+\.yaml)\n", block)
        yield name[1] if name else "beamline.yaml", block


@pytest.mark.parametrize("file", INTRODUCTIONS, ids=lambda file: file.name.removesuffix(".md.in"))
def test_its_example_is_valid(file: Path, tmp_path: Path) -> None:
    found = dict(examples(file.read_text(encoding="utf-8")))
    assert found or file.name == "language.md.in"
    for name, text in found.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in found:
        assert compile_paths([tmp_path / name]).diagnostics == ()
