"""Where a mistake is, and what is said about it: data only, rendering is `source.frames`."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

#: What the `file` of a place in a call begins with.
_CALLS = ("--profile ", "--set ", "signal('", 'signal("')

Severity = Literal["error", "warning"]


def in_call(file: str) -> bool:
    """Return whether the `file` of a place is what was given beside the files."""
    return file.startswith(_CALLS)


class Place(NamedTuple):
    """A span of a text file; a named tuple, as every key of a large file may have one.

    Lines and columns count from 1, in code points; the end is exclusive.
    `file` is the path as it was opened; it is made relative to the current folder when shown.
    For what was given beside the files it is `--profile NAME`, `--set PATH=VALUE` or `signal('NAME')`.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        """Return `file:line:column`, the form that editors and terminals make clickable; of a call, what was given."""
        return self.file if self.in_call else f"{self.file}:{self.line}:{self.column}"

    @property
    def in_call(self) -> bool:
        """Return whether this is in what was given beside the files."""
        return in_call(self.file)

    @property
    def declared(self) -> "Place | None":
        """Return where a library declares what is told at this place, which uses it; else None."""
        return None


class PlaceOfUse(Place):
    """Where a type of a library is used, which is what its user can mend; `declared` is the place in the library."""

    _declared: Place

    @classmethod
    def of(cls, used: Place, declared: Place) -> "PlaceOfUse":
        """Return the place of a use of what a library declares."""
        place = cls(*used)
        place._declared = declared
        return place

    @property
    def declared(self) -> Place:
        """Return where the library declares it."""
        return self._declared

    def __str__(self) -> str:
        """Return the place of the use, and after it that in the library."""
        return f"{super().__str__()}, declared at {self._declared}"


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
