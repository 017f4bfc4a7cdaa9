"""Each type of the library has its page, which is what the library says, with an example that is valid."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ophyd_decl.compile import compile_paths
from ophyd_decl.schema.shipped import shipped_known
from tests.conformance.peers.table import PEERS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference" / "types"
TYPES = shipped_known().types


def part(name: str, title: str) -> str:
    """Return what stands below a heading of the page of a type."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_committed_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/reference/types_reference.py", "--check"],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_page_of_each_type_and_no_other() -> None:
    assert {file.stem for file in FOLDER.glob("*.md") if file.name != "README.md"} == {*TYPES, "index"}


@pytest.mark.parametrize("name", list(TYPES))
def test_a_page_has_every_param_member_and_role(name: str) -> None:
    model = TYPES[name]
    assert re.findall(r"^\| `(\w+)` ", part(name, "Params"), re.MULTILINE) == list(model.params)
    assert re.findall(r"^\| `(\w+)` ", part(name, "Members"), re.MULTILINE) == list(model.body.members)
    for row in re.findall(r"^\| `.*$", part(name, "Members"), re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 7, row
        assert all(cells[:3]), row
        assert cells[6], row
    for role, definition in model.body.roles.items():
        rows = re.findall(r"^\| `(\w+)` ", part(name, f"Role {role}"), re.MULTILINE)
        assert ["use", *rows] == list(definition.value)


@pytest.mark.parametrize("name", list(TYPES))
def test_a_page_says_where_the_pvs_come_from(name: str) -> None:
    peers = [peer for peer in PEERS if peer.ours == name]
    listed = re.findall(r"^### (\S+)$", part(name, "Beside other libraries"), re.MULTILINE)
    assert listed == [peer.name for peer in peers]
    addresses = [one.value for one in TYPES[name].body.members.values() if one.block in ("signals", "commands")]
    if any("suffix" in address for address in addresses):
        assert peers or part(name, "Source").strip()


@pytest.mark.parametrize("name", list(TYPES))
def test_the_example_of_a_page_is_valid_and_of_its_type(name: str, tmp_path: Path) -> None:
    found = re.search(r"^```yaml\n(.*?)^```$", part(name, "Example"), re.MULTILINE | re.DOTALL)
    assert (found is None) is bool(TYPES[name].source.body.get("abstract")), name
    if found is not None:
        file = tmp_path / "beamline.yaml"
        file.write_text(found[1], encoding="utf-8")
        compiled = compile_paths([file])
        assert compiled.diagnostics == ()
        assert f"type: {name}" in found[1]
