"""Every key of the language has a valid golden file that uses it, and an invalid one with a mistake in it.

Nothing is listed by hand: while the golden files are compiled, it is noted which blocks are read and which of their
keys stand where; a mistake counts for a key if it lies in the key or its value, or says that the key is missing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from harness import Case, cases, validate

import ophyd_decl
from ophyd_decl.errors import Diagnostic, Place
from ophyd_decl.model.blocks import Block
from ophyd_decl.model.files import KINDS
from ophyd_decl.schema.grammar import IN_PLACE, SECTIONS, One
from ophyd_decl.source import Findings, LocatedMapping

PACKAGE = Path(ophyd_decl.__file__).parent
#: Where `validate` comes from.
FRONT_END = ("source", "resolve", "model", "check", "compile")
LEAST_MARKS, LEAST_FILES, LEAST_WITH_SEVERAL, SEVERAL = 3, 60, 10, 3
#: What is still missing. It only ever shrinks: an entry that is covered must be taken out.
OPEN: frozenset[str] = frozenset()
_MISSING = re.compile(r"`(?P<key>\w+)` is missing in (?P<block>.*)")
_HEADER = re.compile(r"(?P<keys>`\w+`(?: and `\w+`)*) (?:is|are) missing at the top of the file")


@dataclass(frozen=True)
class Use:
    """One key of a block that was read: where it begins, and where its value ends."""

    section: str
    key: str
    place: Place

    def holds(self, place: Place) -> bool:
        """Return whether a mistake lies in the key or its value."""
        own = self.place
        if place.file != own.file:
            return False
        begin, end = (own.line, own.column), (own.end_line, own.end_column)
        return begin <= (place.line, place.column) and (place.end_line, place.end_column) <= end


@dataclass
class Observer:
    """Notes which blocks are read, and the places of their keys."""

    uses: set[Use] = field(default_factory=set)
    strangers: set[str] = field(default_factory=set)

    def block(self, block: Block, mapping: LocatedMapping, owner: Place) -> None:
        """Note the keys of a mapping that is read along a block, and the key that holds it.

        Where a mapping is taken out of the one that holds it before that one is read, as `repeat` is, it counts for
        every block that has such a key.
        """
        found = [name for name, section in SECTIONS.items() if section.block is block]
        if not found:
            self.strangers.add(block.name)
        for name in found:
            self.uses.update(uses_of(name, block, mapping))
            self.uses.update(holders_of(name, mapping, owner))

    def header(self, root: Any) -> None:
        """Note the keys of a header, which are read before it is known what kind of file this is."""
        if isinstance(root, LocatedMapping):
            kind = root.get("kind")
            for name in [kind] if kind in KINDS else KINDS:
                block = SECTIONS[name].block if name in SECTIONS else SECTIONS["beamline"].block
                header = root.without(*[key for key in root if key not in ("api", "kind")])
                self.uses.update(uses_of(name, block, header))


def uses_of(section: str, block: Block, mapping: LocatedMapping) -> Iterator[Use]:
    for key in mapping:
        if key in block.keys:
            begin, end = mapping.key_place(key), mapping.value_place(key)
            if begin.file == end.file:
                yield Use(section, key, Place(begin.file, begin.line, begin.column, end.end_line, end.end_column))


def holders_of(name: str, mapping: LocatedMapping, owner: Place) -> Iterator[Use]:
    word = mapping.file.line(owner.line - 1)[owner.column - 1 : owner.end_column - 1]
    end = mapping.place
    for section in SECTIONS.values():
        inside = section.inside.get(word)
        if isinstance(inside, One) and inside.entry == name and owner.file == end.file:
            yield Use(section.name, word, Place(end.file, owner.line, owner.column, end.end_line, end.end_column))


@cache
def observed(kind: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return what the golden files of one kind use, what they have mistakes in, and the blocks that nobody knows."""
    import ophyd_decl.compile.beamline as beamline

    read, read_header = Block.read, beamline.read_header
    used: set[str] = set()
    mistaken: set[str] = set()
    strangers: set[str] = set()
    for case in cases(kind):
        observer = Observer()

        def note(
            block: Block, mapping: LocatedMapping, findings: Findings, owner: Place, observer: Observer = observer
        ) -> Any:
            observer.block(block, mapping, owner)
            return read(block, mapping, findings, owner)

        def note_header(loaded: Any, findings: Findings, observer: Observer = observer) -> Any:
            observer.header(loaded.root)
            return read_header(loaded, findings)

        Block.read, beamline.read_header = note, note_header  # type: ignore[method-assign]
        try:
            diagnostics = validate(case)
        finally:
            Block.read, beamline.read_header = read, read_header  # type: ignore[method-assign]
        strangers |= observer.strangers
        used |= {f"{use.section}.{use.key}" for use in observer.uses if in_case(use, case)}
        for diagnostic in diagnostics:
            mistaken |= {f"{use.section}.{use.key}" for use in observer.uses if use.holds(diagnostic.place)}
            mistaken |= set(absent(diagnostic))
    return frozenset(used), frozenset(mistaken), frozenset(strangers)


def in_case(use: Use, case: Case) -> bool:
    """Return whether a use is in a file of the case, and not in a shipped one."""
    return not Path(use.place.file).resolve().is_relative_to(PACKAGE) and bool(case.files)


def absent(diagnostic: Diagnostic) -> Iterator[str]:
    """Yield the keys whose absence a mistake is about."""
    if found := _MISSING.fullmatch(diagnostic.summary):
        for name, section in SECTIONS.items():
            if section.block.name == found["block"]:
                yield f"{name}.{found['key']}"
    elif found := _HEADER.fullmatch(diagnostic.summary):
        for key in re.findall(r"\w+", found["keys"]):
            yield from (f"{kind}.{key}" for kind in KINDS if key != "and")


def keys(*, deprecated: bool) -> Iterable[str]:
    """Return all keys of all blocks.

    :param deprecated: also those that another key has replaced, which no valid file has without a warning.
    """
    for name, section in SECTIONS.items():
        if not section.borrowed:
            rows = section.block.keys.items()
            yield from (f"{name}.{key}" for key, row in rows if deprecated or not row.replaced_by)


def emitted_codes() -> set[str]:
    """Return the codes that stand in the sources of the front end."""
    texts = [file.read_text(encoding="utf-8") for folder in FRONT_END for file in (PACKAGE / folder).rglob("*.py")]
    return {code for text in texts for code in re.findall(r'"(E\d{3})"', text)}


def missing() -> Iterator[str]:
    """Yield everything that has no golden file."""
    used, mistaken = observed("valid")[0] | of_repeat("valid"), observed("invalid")[1] | of_repeat("invalid")
    yield from (f"valid {key}" for key in keys(deprecated=False) if key not in used)
    # With another word there, the entry is no such device.
    chosen = {f"{section.removeprefix('any_')}.type" for section in IN_PLACE.values()}
    yield from (f"invalid {key}" for key in keys(deprecated=True) if key not in mistaken | chosen)
    invalid = cases("invalid")
    marks = {case.name: case.marks() for case in invalid}
    count = Counter(mark.code for found in marks.values() for mark in found)
    yield from (f"code {code}" for code in sorted(emitted_codes()) if count[code] < LEAST_MARKS)
    if len(invalid) < LEAST_FILES:
        yield f"files {len(invalid)} of {LEAST_FILES}"
    several = sum(len(found) >= SEVERAL for found in marks.values())
    if several < LEAST_WITH_SEVERAL:
        yield f"files with {SEVERAL} marks: {several} of {LEAST_WITH_SEVERAL}"


def of_repeat(kind: str) -> set[str]:
    """Return where `repeat` stands: it is taken out of an entry before the entry is read."""
    texts = [file.read_text(encoding="utf-8", errors="replace") for case in cases(kind) for file in case.files]
    sections = [name for name, section in SECTIONS.items() if section.block.keys.keys() >= {"repeat", "connect"}]
    return {f"{name}.repeat" for name in sections if any("repeat: {" in text for text in texts)}


def test_every_block_that_is_read_is_known_to_the_grammar() -> None:
    assert (observed("valid")[2] | observed("invalid")[2]) == set()


def test_every_key_and_every_code_has_its_golden_files() -> None:
    found = set(missing())
    assert sorted(found - OPEN) == [], "\n".join(["no golden file for", *sorted(found - OPEN)])
    assert sorted(OPEN - found) == [], "these are covered now: take them out of OPEN"
