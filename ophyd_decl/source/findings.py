"""Collects what is wrong, so that every phase can go on after a mistake."""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager

from ..errors import Diagnostic, Note, Place
from .suggest import suggest

Notes = Sequence[Note]
_MANY_ERRORS = 200
_MANY_CANDIDATES = 200


class Findings:
    """Every diagnostic of one run; the same mistake at the same place is kept once."""

    def __init__(self) -> None:
        self._found: dict[tuple[Place, str, str], Diagnostic] = {}
        self._context: tuple[Note, ...] = ()
        #: how many errors there are; a phase compares it before and after to know whether its part is sound.
        self.error_count = 0

    def error(self, code: str, summary: str, place: Place, help: str | None = None, notes: Notes = ()) -> None:
        """Add a mistake that makes the files invalid."""
        diagnostic = Diagnostic("error", code, summary, place, help, (*notes, *self._context))
        self.error_count += 1
        self._found.setdefault((place, code, summary), diagnostic)

    def warning(self, code: str, summary: str, place: Place, help: str | None = None, notes: Notes = ()) -> None:
        """Add something that is accepted but should be mended."""
        diagnostic = Diagnostic("warning", code, summary, place, help, (*notes, *self._context))
        self._found.setdefault((place, code, summary), diagnostic)

    @contextmanager
    def within(self, *notes: Note) -> Generator[None]:
        """Add these notes to everything that is found inside the block."""
        outer = self._context
        self._context = (*notes, *outer)
        try:
            yield
        finally:
            self._context = outer

    def suggest(self, word: str, candidates: Collection[str]) -> str | None:
        """Return a help text with the nearest candidate, or None.

        Comparing costs some µs for each candidate, so after many mistakes it is done among few candidates only.
        """
        if self.error_count > _MANY_ERRORS and len(candidates) > _MANY_CANDIDATES:
            return None
        return suggest(word, candidates)

    def extend(self, other: "Findings") -> None:
        """Take over what another collector found."""
        self.error_count += other.error_count
        for key, diagnostic in other._found.items():
            self._found.setdefault(key, diagnostic)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return all of it by file, line and column."""
        return tuple(sorted(self._found.values(), key=lambda found: (found.place, found.code)))
