"""Collecting: order, repetition, context."""

import time

from ophyd_decl.errors import Note, Place
from ophyd_decl.source import Findings
from ophyd_decl.source.suggest import is_misspelt, listed, suggest


def place(line: int, column: int = 1, file: str = "f") -> Place:
    return Place(file, line, column, line, column + 1)


def test_the_order_is_that_of_the_files() -> None:
    findings = Findings()
    findings.error("E1", "b", place(2))
    findings.warning("E1", "a", place(1, 5))
    findings.error("E1", "c", place(1, 2))
    findings.error("E1", "d", place(9, file="a"))
    assert [found.summary for found in findings.sorted()] == ["d", "c", "a", "b"]
    assert findings.error_count == 3


def test_the_same_mistake_is_kept_once() -> None:
    findings = Findings()
    findings.error("E1", "a", place(1))
    findings.error("E1", "a", place(1), "another help")
    other = Findings()
    other.extend(findings)
    other.extend(findings)
    assert len(findings.sorted()) == len(other.sorted()) == 1


def test_context_is_added_to_what_is_found_inside() -> None:
    findings = Findings()
    with findings.within(Note("outer")):
        with findings.within(Note("inner")):
            findings.error("E1", "a", place(1), notes=[Note("own")])
        findings.error("E1", "b", place(2))
    findings.error("E1", "c", place(3))
    assert [[note.message for note in found.notes] for found in findings.sorted()] == [
        ["own", "inner", "outer"],
        ["outer"],
        [],
    ]


def test_suggestions() -> None:
    assert suggest("velocty", ["prefix", "velocity"]) == "did you mean `velocity`?"
    assert suggest("b1", ["bl", "mo"]) == "did you mean `bl`?"
    assert suggest("egu", ["units", "doc"]) == "did you mean `units`?"
    assert suggest("update", ["update_interval"]) == "did you mean `update_interval`?"
    assert suggest("zzz", ["prefix"]) is None
    assert listed(range(10)) == "`0`, `1`, `2`, `3`, `4`, `5`, `6`, `7` and 2 more"
    assert listed([]) == "none"


def test_suggestions_for_short_names_and_other_letter_cases() -> None:
    assert suggest("BL", ["bl", "mo"]) == "did you mean `bl`?"
    assert suggest("lb", ["mo", "bl"]) == "did you mean `bl`?"
    assert suggest("foo", ["o"]) is None
    assert suggest("Prefix", ["protocol", "prefix"]) == "did you mean `prefix`?"
    assert suggest("a" * 100_000, ["a"]) is None


def test_a_misspelt_name_is_no_missing_one_too() -> None:
    known = ["type", "prefix", "dtype"]
    assert is_misspelt("type", ["tpe", "prefix"], known)
    assert not is_misspelt("type", ["dtype", "prefix"], known)
    assert not is_misspelt("type", ["prefix"], known)
    assert not is_misspelt("prefix", ["tpe"], known)


def test_after_very_many_mistakes_nothing_is_proposed_any_more() -> None:
    findings = Findings()
    names = [f"device_{number}" for number in range(1000)]
    assert findings.suggest("devise_1", names) is not None
    begin = time.process_time()
    for number in range(5000):
        findings.suggest(f"devise_{number}", names)
        findings.is_misspelt("x", [f"devise_{number}"], names)
    assert time.process_time() - begin < 3
    assert findings.suggest("devise_1", names) is None
