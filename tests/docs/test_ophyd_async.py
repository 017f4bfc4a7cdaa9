"""The page about ophyd-async is what its tests compare."""

import subprocess
import sys
from pathlib import Path

from tests.conformance.behaviour.differences import DIFFERENCES
from tests.conformance.behaviour.rows import ROWS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "ophyd_async.md").read_text(encoding="utf-8")


def test_the_committed_page_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/reference/ophyd_async_reference.py", "--check"],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_row_and_every_difference_is_there_and_no_cell_is_empty() -> None:
    lines = PAGE.splitlines()
    for row in ROWS:
        (line,) = [line for line in lines if f" | `{row.id}` | " in line]
        assert all(cell.strip() for cell in line.strip("|").split(" | ")), line
    for one in DIFFERENCES:
        assert any(line.startswith(f"| {one.scenario.replace('_', ' ')}: {one.fact} | ") for line in lines), one
