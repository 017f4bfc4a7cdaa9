"""Collects what is wrong, so that every phase can go on after a mistake."""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ..errors import Diagnostic, Note, Place
from .suggest import is_misspelt, nearest, suggest

Notes = Sequence[Note]
#: Comparing a word with a candidate costs some µs; after so many no more is proposed.
_MOST_COMPARISONS = 100_000
#: Nobody reads longer sentences; they come from names of any length.
_LONGEST = 400


class Repetition:
    """Passes over one text, as for a file that is included twice: what one has found, later ones do not say again."""

    __slots__ = ("failures", "found")

    def __init__(self) -> None:
        #: passes in which there were mistakes.
        self.failures = 0
        self.found: set[tuple[Place, str]] = set()


class Findings:
    """Every diagnostic of one run; the same mistake at the same place is kept once."""

    def __init__(self) -> None:
        #: by where it was found, where it is told, code and summary.
        self._found: dict[tuple[Place, Place, str, str], Diagnostic] = {}
        #: files of installed libraries that were read, and the names of these.
        self.libraries: dict[str, str] = {}
        self._context: tuple[Note, ...] = ()
        #: passes that are going on, with what this one has found.
        self._passes: list[tuple[Repetition, set[tuple[Place, str]]]] = []
        #: how many errors there are; a phase compares it before and after to know whether its part is sound.
        self.error_count = 0
        self._comparisons = 0

    def error(self, code: str, summary: str, place: Place, help: str | None = None, notes: Notes = ()) -> None:
        """Add a mistake that makes the files invalid."""
        self.error_count += 1
        self._add(Diagnostic("error", code, summary, place, help, (*notes, *self._context)))

    def warning(self, code: str, summary: str, place: Place, help: str | None = None, notes: Notes = ()) -> None:
        """Add something that is accepted but should be mended."""
        self._add(Diagnostic("warning", code, summary, place, help, (*notes, *self._context)))

    def _add(self, found: Diagnostic) -> None:
        found_at = found.place
        if found_at.file in self.libraries:
            found = self._told_to_the_user(found)
        for repetition, new in self._passes:
            if (found.place, found.code) in repetition.found:
                return
            new.add((found.place, found.code))
        if max(len(found.summary), len(found.help or "")) > _LONGEST:
            found = replace(found, summary=_shortened(found.summary), help=found.help and _shortened(found.help))
        self._found.setdefault((found_at, found.place, found.code, found.summary), found)

    def _told_to_the_user(self, found: Diagnostic) -> Diagnostic:
        """Return a mistake in a library with the place that has led to it, if a note names one outside of libraries.

        Who reads it can mend that place only; where it was found becomes a note.
        """
        for note in found.notes:
            if note.place is not None and note.place.file not in self.libraries:
                here = Note(f"found here, in a file of `{self.libraries[found.place.file]}`", found.place)
                return replace(found, place=note.place, notes=(here, *found.notes))
        return found

    @contextmanager
    def within(self, *notes: Note, repeats: Repetition | None = None) -> Generator[None]:
        """Add these notes to everything that is found inside the block.

        :param repeats: the block is one pass of these, and does not report again what an earlier one has found.
        """
        outer = self._context
        self._context = (*notes, *outer)
        new: set[tuple[Place, str]] = set()
        if repeats is not None:
            self._passes.append((repeats, new))
        try:
            yield
        finally:
            self._context = outer
            if repeats is not None:
                self._passes.pop()
                repeats.found |= new

    def suggest(self, word: str, candidates: Collection[str]) -> str | None:
        """Return a help text with the nearest candidate, or None; None also after very many mistakes."""
        self._comparisons += len(candidates)
        return suggest(word, candidates) if self._comparisons <= _MOST_COMPARISONS else None

    def nearest(self, word: str, candidates: Collection[str]) -> str | None:
        """Return the candidate that is likely meant, or None; None also after very many mistakes."""
        self._comparisons += len(candidates)
        return nearest(word, candidates) if self._comparisons <= _MOST_COMPARISONS else None

    def is_misspelt(self, name: str, written: Collection[str], known: Collection[str]) -> bool:
        """Return whether a name that is missing is there with a typing error; False after very many mistakes."""
        self._comparisons += len(known)
        return self._comparisons <= _MOST_COMPARISONS and is_misspelt(name, written, known)

    def extend(self, other: "Findings") -> None:
        """Take over what another collector found."""
        self.error_count += other.error_count
        for found in other._found.values():
            self._add(replace(found, notes=(*found.notes, *self._context)) if self._context else found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return all of it by file, line and column."""
        return tuple(sorted(self._found.values(), key=lambda found: (found.place, found.code)))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
