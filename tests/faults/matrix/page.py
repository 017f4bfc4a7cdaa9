"""Writes the matrix, and what was measured, into the docs.

    python -m tests.faults.matrix.page [FIGURES.json ...]

The text of a cell is the docstring of what looks at it; the figures are those of `--soak --figures FILE`.
"""

import json
import sys
from inspect import getdoc
from pathlib import Path

from tests.faults.matrix.cells import DOINGS, FAULTS, PROTOCOLS, Cell
from tests.faults.matrix.rows import ROWS

PAGE = Path(__file__).parents[3] / "docs" / "explanations" / "faults.md"
_WIDTHS = {"ca": "Channel Access", "pva": "pvAccess"}


def matrix() -> str:
    """Return the matrix: a table for each fault."""
    lines: list[str] = []
    for fault in FAULTS:
        row = ROWS[fault]
        head = " | ".join(_WIDTHS[protocol] for protocol in PROTOCOLS)
        lines += ["", f"### {fault.capitalize()}", "", str(getdoc(type(row))), ""]
        lines += [f"| | what the user gets | {head} |", "| --- | --- " + "| --- " * len(PROTOCOLS) + "|"]
        for doing in DOINGS:
            text = getdoc(getattr(row, doing.replace(" ", "_")))
            runs = ["every run" if Cell(fault, protocol, doing).in_core else "`--soak`" for protocol in PROTOCOLS]
            lines.append(f"| {doing} | {text} | {' | '.join(runs)} |")
    return "\n".join([*lines, ""])


def figures(files: list[Path]) -> str:
    """Return the figures of some runs as a table, with their date."""
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    dates = list(dict.fromkeys(run["date"] for run in runs))
    lines = ["", f"Measured on {' and '.join(dates)}.", "", "| what | then |", "| --- | --- |"]
    lines += [f"| {what} | {figure} |" for run in runs for what, figure in run["figures"].items()]
    return "\n".join([*lines, ""])


def replaced(page: str, name: str, text: str) -> str:
    """Return a page with another text between the marks of a section."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    return f"{head}{begin}{text}\n{end}{tail}"


def main() -> None:
    """Write the page."""
    page = replaced(PAGE.read_text(encoding="utf-8"), "matrix", matrix())
    files = [Path(name) for name in sys.argv[1:]]
    if files:
        page = replaced(page, "figures", figures(files))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
