"""The page about EPICS types is what its tests measure."""

import re
import subprocess
import sys
from pathlib import Path

from tests.contract.types.columns import COLUMNS
from tests.contract.types.served import RECORDS, STRUCTURES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "epics_types.md").read_text(encoding="utf-8")


def test_the_committed_page_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/reference/epics_types_reference.py", "--check"],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_row_is_there_and_no_cell_is_empty() -> None:
    for protocol, rows in {"Channel Access": RECORDS, "pvAccess": (*RECORDS, *STRUCTURES)}.items():
        section = PAGE.partition(f"\n## {protocol}\n")[2].partition("\n## ")[0]
        found: list[str] = []
        for line in re.findall(r"^\| [^|`]*(?:`[^`]*`[^|`]*)*\| `[^`]+` \| .+$", section, re.MULTILINE):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == len(COLUMNS) + 2
            assert all(cells), line
            if cells[0] != "served":
                found.append(cells[1].strip("`"))
                assert set(cells[2:]) <= set("✓≤!≈–"), line
        assert found == [row.name for row in rows], protocol
