"""Small trees for the tests of the language."""

from typing import Any

from ophyd_decl.errors import Diagnostic, Place
from ophyd_decl.source import Findings, SourceFile, load_text

OWNER = Place("f", 99, 1, 99, 2)


def tree(text: str) -> Any:
    """Return a located tree of a text that is YAML."""
    findings = Findings()
    root = load_text(SourceFile("f", text), findings).root
    assert findings.sorted() == ()
    return root


def places(found: Findings) -> list[tuple[str, int]]:
    """Return code and column of each diagnostic; what belongs to the owner has column 0."""
    return [(d.code, 0 if d.place == OWNER else d.place.column) for d in found.sorted()]


def messages(found: Findings) -> list[Diagnostic]:
    """Return what was found, after checking that each says what to do."""
    every = list(found.sorted())
    assert all(d.help and d.summary for d in every)
    return every
