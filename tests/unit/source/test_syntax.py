"""Texts that are no YAML: what is said, and where."""

import pytest

from ophyd_decl.source import Findings, SourceFile, load_text


@pytest.mark.parametrize(("text", "line", "column", "words"), [
    ("a: 'x\nb: 1\n", 1, 4, "a quote is not closed"),
    ('a: "x\nb: "y"\n', 1, 4, "a quote is not closed"),
    ('a: {b: "x}\nc: {d: P:m1, e: "y"}\n', 1, 8, "a quote is not closed"),
    ('a: {b: P:m1, c: "x\ny" z}\n', 1, 17, "a quote is not closed"),
    ('a: {b: "x" y}\n', 1, 12, "`,` or `}` was expected here"),
    ("a: 1\n\tb: 2\n", 2, 1, "a tab stands where blanks indent"),
    ("a: {b: c d: e}\n", 1, 11, "a comma is missing before `d`"),
    ("a: {b: c: d}\n", 1, 9, "`,` or `}` was expected here"),
    ('a: {b: "c" d: e}\n', 1, 12, "a comma is missing before `d`"),
    ("a: 1\nb\n  c: 2\n", 2, 1, "`b` has no `:`"),
    ("a:\n  b\n    c: d\n", 2, 3, "`b` has no `:`"),
    ("a: @b\n", 1, 4, "a value cannot begin with `@`"),
    ("a: %b\n", 1, 4, "a value cannot begin with `%`"),
    ("a: b: c\n", 1, 5, "a second `: ` in one line"),
    ("a: b\n  c: d\n", 2, 4, "this line is indented like a value, but holds a key"),
    ('a: "\\q"\n', 1, 6, "an unknown escape in double quotes"),
    ("a: {b: ${{ c }}}\n", 1, 9, "an expression stands without quotes in braces"),
    ("a: [1, 2\nb: 3\n", 2, 2, "`,` or `]` was expected here"),
    ("a: {b: 1\nc: 3\n", 2, 2, "`,` or `}` was expected here"),
    ("a: {b: 1}}\n", 1, 10, "a key was expected here"),
    ("- a\nb: c\n", 2, 1, "an item with `- ` was expected here"),
    ("a: x\x07y\n", 1, 5, "the control character U+0007 is not allowed"),
    ("a: [1\n\n\n", 1, 6, "`,` or `]` was expected here"),
])  # fmt: skip
def test_messages(text: str, line: int, column: int, words: str) -> None:
    findings = Findings()
    load_text(SourceFile("f", text), findings)
    (found,) = findings.sorted()
    assert (found.code, found.summary) == ("E101", words)
    assert (found.place.line, found.place.column) == (line, column)
    assert found.help


def test_what_is_not_closed_is_shown() -> None:
    findings = Findings()
    load_text(SourceFile("f", "a: 1\nb: {c: [1]\nd: {e: 2}\n"), findings)
    (found,) = findings.sorted()
    assert [(note.message, note.place.line, note.place.column) for note in found.notes if note.place] == [
        ("it is opened here", 2, 4)
    ]
