"""Golden files: YAML with marked mistakes, and the text that is printed for them.

A case is a file `invalid/NAME.yaml`, or a folder `invalid/NAME/` with a `beamline.yaml`; `invalid/NAME.txt` holds the
text beside it. What is wrong is marked in the YAML itself, by comments of two forms:

    velocty: 2
    # ^^^^^^ E110            the span of the line above, code points from the first caret to the last
    #<^^^^^^ E110            the same for a span that begins in column 1 or 2: `<` stands for the missing carets
    # @12:5-9 E301           line 12, columns 5 to 9 (exclusive), anywhere in the file: for block scalars, wide
    # @12:5-14:1 E120        characters, and spans of several lines
    # ^^^^ E106 warning      a warning

A folder `site` in a case holds what is installed beside ophyd_decl, as `pip` would do it: modules and entry points.
A folder that has no file to write marks into says them in `marks`, with the path before each: `folder @1:1-1 E100`.
Several marks may follow one line. Messages may be written anew (`python tests/golden/regenerate.py`); positions and
codes are written by hand only, and the command refuses where they do not hold.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ophyd_decl.errors import Diagnostic

HERE = Path(__file__).parent
_CARETS = re.compile(r"^\s*#(?P<first><?)(?P<blanks> *)(?P<carets>\^+) (?P<code>E\d{3})(?P<warning> warning)?\s*$")
_PLACED = re.compile(
    r"^\s*# @(?P<line>\d+):(?P<column>\d+)-(?:(?P<end_line>\d+):)?(?P<end>\d+) "
    r"(?P<code>E\d{3})(?P<warning> warning)?\s*$"
)
#: Name of the folder of a case that holds what is installed.
SITE = "site"


@dataclass(frozen=True, order=True)
class Mark:
    """One mistake as a golden file marks it, or as the compiler reports it."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    severity: str = "error"


@dataclass(frozen=True)
class Case:
    """One golden case; `path` is what is validated."""

    name: str
    path: Path
    text: Path

    @property
    def files(self) -> list[Path]:
        """Return the YAML files of the case."""
        if not self.path.is_dir():
            return [self.path]
        return sorted(file for file in self.path.rglob("*.yaml") if file.is_file())

    def marks(self) -> list[Mark]:
        """Return what the YAML says is wrong, in order of place."""
        marks = [mark for file in self.files for mark in marks_of(file, file.relative_to(self.text.parent))]
        outside = self.path / "marks"
        for line in outside.read_text(encoding="utf-8").splitlines() if outside.is_file() else ():
            name, _, place = line.partition(" ")
            marks.extend(_placed(name, f"# {place}"))
        return sorted(marks)


def cases(kind: str) -> list[Case]:
    """Return the cases below `invalid` or `valid`."""
    folder = HERE / kind
    paths = [path for path in folder.iterdir() if path.is_dir() or path.suffix == ".yaml"]
    return [Case(path.stem, path, folder / f"{path.stem}.txt") for path in sorted(paths)]


def marks_of(file: Path, name: Path) -> Iterator[Mark]:
    """Yield the marks of one file."""
    text = file.read_bytes().decode("utf-8-sig", errors="replace")
    above = 0
    for number, line in enumerate(re.split("\r\n|\r|\n", text), 1):
        if found := _CARETS.match(line):
            start, end = found.start("carets") + 1, found.end("carets") + 1
            start = 1 if found["first"] else start
            place = (above, start, above, end)
        elif _PLACED.match(line):
            yield from _placed(str(name), line)
            continue
        else:
            above = number
            continue
        yield Mark(str(name), *place, found["code"], "warning" if found["warning"] else "error")


def _placed(name: str, line: str) -> Iterator[Mark]:
    """Yield the mark of a line that says its place in numbers."""
    if found := _PLACED.match(line):
        first = int(found["line"])
        place = (first, int(found["column"]), int(found["end_line"] or first), int(found["end"]))
        yield Mark(name, *place, found["code"], "warning" if found["warning"] else "error")


def reported(case: Case, diagnostics: list[Diagnostic]) -> list[Mark]:
    """Return what the compiler reports about the files of the case, in order of place."""
    return sorted(
        Mark(
            os.path.normpath(diagnostic.place.file),
            diagnostic.place.line,
            diagnostic.place.column,
            diagnostic.place.end_line,
            diagnostic.place.end_column,
            diagnostic.code,
            diagnostic.severity,
        )
        for diagnostic in diagnostics
    )


def validate(case: Case) -> list[Diagnostic]:
    """Return the diagnostics of a case, as `ophyd-decl validate NAME` finds them in the folder of the case."""
    from ophyd_decl.compile import compile_paths

    with chdir(case.text.parent), _installed(case.path / SITE):
        return list(compile_paths([case.path.name]).diagnostics)


@contextmanager
def _installed(site: Path) -> Iterator[None]:
    """Let modules and entry points of a folder be found, if there is one."""
    from ophyd_decl.check.plugins import installed

    if not site.is_dir():
        yield
        return
    sys.path.insert(0, str(site))
    installed.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(site))
        installed.cache_clear()
        for file in site.glob("*.py"):
            sys.modules.pop(file.stem, None)


def rendered(case: Case, diagnostics: list[Diagnostic]) -> str:
    """Return what is printed there; `LIBRARY` stands for the folder of the shipped types, wherever it is installed."""
    import ophyd_decl
    from ophyd_decl.source.frames import render_text, shown_file

    with chdir(case.text.parent):
        library = shown_file(str(Path(ophyd_decl.__file__).parent / "library"))
        return render_text(diagnostics).replace(library, "LIBRARY") + "\n"
