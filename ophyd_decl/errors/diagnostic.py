"""Where a mistake is, and what is said about it: data only, rendering is `source.frames`."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Place(NamedTuple):
    """A span of a text file; a named tuple, as every key of a large file may have one.

    Lines and columns count from 1, in code points; the end is exclusive.
    `file` is the path as it was opened; it is made relative to the current folder when shown.
    For what was given beside the files it is `--profile NAME` or `--set PATH`.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        """Return `file:line:column`, the form that editors and terminals make clickable."""
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def in_call(self) -> bool:
        """Return whether this is in what was given beside the files."""
        return self.file.startswith(("--profile ", "--set "))


class Note(NamedTuple):
    """A second place, or a fact, that explains a diagnostic."""

    message: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake in a file: what, where, and one actionable edit."""

    severity: Severity
    code: str
    summary: str
    place: Place
    help: str | None = None
    notes: tuple[Note, ...] = ()
