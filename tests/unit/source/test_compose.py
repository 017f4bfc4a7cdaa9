"""The located tree: values, places, duplicate keys, merges, aliases, bounds."""

import time
from typing import Any

import pytest

from ophyd_decl.source import Findings, LocatedList, LocatedMapping, SourceFile, load_text
from ophyd_decl.source.compose import MAX_DEPTH
from ophyd_decl.source.events import SyntaxProblem, pure_events, veiled_events
from ophyd_decl.source.load import MAX_PURE_CHARACTERS


def load(text: str) -> tuple[Any, list[tuple[str, str, int, int]]]:
    """Return the root, and severity, code, line and column of what was found."""
    findings = Findings()
    loaded = load_text(SourceFile("f.yaml", text), findings)
    return loaded.root, [(d.severity, d.code, d.place.line, d.place.column) for d in findings.sorted()]


def test_the_c_parser_is_in_use() -> None:
    from ruamel.yaml import cyaml

    from ophyd_decl.source.events import c_events

    assert type(c_events("a: 1").__self__) is cyaml.CParser  # type: ignore[attr-defined]
    assert cyaml.CParser.__module__.endswith("_ruamel_yaml")


def test_every_key_and_value_keeps_its_place() -> None:
    root, found = load("a: 1\nb:\n  - x\n  - {c: 漢字, d: [1, 2]}\n")
    assert found == []
    assert isinstance(root["b"], LocatedList)
    inner = root["b"][1]
    assert isinstance(inner, LocatedMapping)
    assert str(root.key_place("b")) == "f.yaml:2:1"
    assert str(root["b"].value_place(0)) == "f.yaml:3:5"
    place = inner.value_place("c")
    assert (place.line, place.column, place.end_line, place.end_column) == (4, 9, 4, 11)
    assert (inner["d"].place.column, inner["d"].place.end_column) == (16, 22)


def test_a_block_ends_with_its_last_value_and_not_at_the_next_key() -> None:
    root, _ = load("a:\n  b:\n    - 1\n    - 22\n\n# a comment\nc: 3\n")
    place = root.value_place("a")
    assert (place.line, place.column, place.end_line, place.end_column) == (2, 3, 4, 9)


def test_an_empty_value_has_the_place_of_its_key() -> None:
    root, _ = load("aa:\nb: 1\n")
    assert (root.value_place("aa").column, root.value_place("aa").end_column) == (1, 3)


@pytest.mark.parametrize(("text", "value"), [
    ("on", "on"), ("yes", "yes"), ("12:30", "12:30"), ("1e3", 1000.0), ("0o17", 15), ("0x1F", 31), ("017", 17),
    ("~", None), ("null", None), ("", None), ("true", True), ("False", False), (".5", 0.5), ("-3", -3), ("+3", 3),
    ("1_000", "1_000"), ("0o8", "0o8"), ("0x", "0x"), (".inf", float("inf")), ("'1'", "1"), ('"~"', "~"),
    ("nothing", "nothing"), ("none", "none"), ("9" * 400, "9" * 400), ("1.2.3", "1.2.3"), ("1.", 1.0), ("e3", "e3"),
])  # fmt: skip
def test_plain_scalars_follow_yaml_1_2(text: str, value: Any) -> None:
    root, found = load(f"a: {text}\n")
    assert root["a"] == value
    assert type(root["a"]) is type(value)
    assert found == []


def test_a_duplicate_key_is_an_error_and_the_first_one_stays() -> None:
    root, found = load("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert root == {"a": 1, "b": {"c": 1}}
    assert found == [("error", "E102", 2, 11), ("error", "E102", 3, 1)]


def test_a_merge_gives_way_to_own_keys_and_keeps_its_position() -> None:
    root, found = load("b: &b {x: 1, y: 2}\nc: &c {z: 9, y: 8}\nd: {p: 0, <<: [*b, *c], x: 3, q: 4}\n")
    assert found == []
    assert list(root["d"].items()) == [("p", 0), ("y", 2), ("z", 9), ("x", 3), ("q", 4)]
    assert str(root["d"].key_place("z")) == "f.yaml:2:8"


def test_a_merge_of_something_else_is_an_error() -> None:
    assert load("a: {<<: 3}\n")[1] == [("error", "E120", 1, 9)]
    assert load("a: {<<: {}, <<: {}}\n")[1] == [("error", "E102", 1, 13)]


def test_an_alias_is_the_same_value_with_a_place_of_its_own() -> None:
    root, _ = load("a: &x {k: 1}\nb: *x\n")
    assert root["a"] is root["b"]
    assert str(root.value_place("b")) == "f.yaml:2:4"


@pytest.mark.parametrize(("text", "code"), [
    ("a: &a [*a]\n", "E101"), ("a: *b\n", "E101"), ("a: 1\n---\nb: 2\n", "E101"), ("a: !!str 1\n", "E104"),
    ("a: !include x\n", "E104"), ("? [a]\n: b\n", "E120"), ("{[1]: {q: 1}, c: d}\n", "E120"), ("a: 'x\n", "E101"),
    ("a: @b\n", "E101"), ("a:\n\tb: 1\n", "E101"), ("a: b: c\n", "E101"), ("a: [1\n", "E101"), ("a: \x00\n", "E101"),
    ('a: "\\q"\n', "E101"), ("a: {b: ${{ c }}}\n", "E101"), ("- a\nb: c\n", "E101"), ("a: {b: c}}\n", "E101"),
    ("a: b\n  c: d\n", "E101"), ("{a: *}", "E101"), ("%FOO\n", "E101"), ("&x *y : 1", "E101"), ("*x : 1\n", "E101"),
    ("&x a: 1\n*x : 1\n", "E120"),
])  # fmt: skip
def test_what_is_no_yaml_of_ours_gives_one_code(text: str, code: str) -> None:
    found = load(text)[1]
    assert [entry[1] for entry in found] == [code]


def test_what_only_the_pure_parser_accepts_is_accepted_with_a_warning() -> None:
    root, found = load("a: {pv: BL22I:m1, b: 2}\nb: [x:y]\n")
    assert root == {"a": {"pv": "BL22I:m1", "b": 2}, "b": ["x:y"]}
    assert found == [("warning", "E106", 1, 9), ("warning", "E106", 2, 5)]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_depth_is_bounded(opening: str) -> None:
    found = load(opening * 1000)[1]
    assert [entry[1] for entry in found] == ["E105"]
    assert load("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))[1] == []


def test_an_alias_bomb_is_stopped_before_it_is_walked() -> None:
    text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        text += f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    assert [entry[1] for entry in load(text)[1]] == ["E105"]


def test_line_ends_of_windows_and_wide_characters_do_not_shift_columns() -> None:
    root, _ = load("a: 1\r\n漢: {字: 2, b: 3}\r\n")
    assert str(root["漢"].key_place("b")) == "f.yaml:2:11"


def test_numbers_as_keys_are_text_that_remembers_what_it_was() -> None:
    root, _ = load("{1: a, true: b, c: d, '2': e}")
    assert list(root) == ["1", "true", "c", "2"]
    assert root.odd_keys == {"1": 1, "true": True}


def test_a_part_of_a_text_is_found_where_it_is_written() -> None:
    root, _ = load('a: "x ${{ q }} ${{ q }}"\nb: |\n  first\n  of ${{ q }}\nc: "\\x41${{ q }}"\n')
    assert str(root.part_place("a", "${{ q }}", 1)) == "f.yaml:1:16"
    assert str(root.part_place("b", "${{ q }}")) == "f.yaml:4:6"
    assert str(root.part_place("a", "not there")) == "f.yaml:1:4"


WORDS = ["BL:m1", "a::b", "P:", "ca://X:y", "a?b", "a b:c", "1:2", ":x", "a", '"q:r"', "'s:'", "[t:u, v:]", "-:x"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("form", ["{{k: {}}}", "{{k: {}, l: P:x}}", "[{}, P:x]", "k: {{l: [{}, P:x:]}}", "{{{}}}"])
def test_what_only_the_pure_parser_accepts_is_read_the_same_by_the_fast_way(word: str, form: str) -> None:
    text = form.format(word)
    expected = [(type(event).__name__, getattr(event, "value", None)) for event in pure_events(text)]
    next_event = veiled_events(text)
    try:
        events = list(iter(next_event, None))
    except SyntaxProblem:
        assert ":x" in word or word == "a b:c"  # rare enough for the slow way
        return
    assert [(type(event).__name__, getattr(event, "value", None)) for event in events] == expected


def test_unquoted_texts_in_a_large_file_are_read_and_named() -> None:
    text = "".join(f"d{number}: {{prefix: BL22I-MO-{number}:X}}\n" for number in range(20_000))
    assert len(text) > MAX_PURE_CHARACTERS
    findings = Findings()
    begin = time.process_time()
    loaded = load_text(SourceFile("f", text), findings)
    assert time.process_time() - begin < 5
    assert loaded.root["d19999"]["prefix"] == "BL22I-MO-19999:X"
    assert len(findings.sorted()) == 20_000
    assert {found.code for found in findings.sorted()} == {"E106"}
    last = findings.sorted()[-1].place
    assert (last.line, last.column, last.end_column) == (20_000, 18, 34)


@pytest.mark.parametrize("odd", ["\x85", "\u2028", "\u2029", "\ufeff", "\ue000"])
def test_a_line_ends_where_editors_end_it(odd: str) -> None:
    """The parsers end lines at other characters too, each at its own ones."""
    text = f"a: x{odd}y\nb: 'x{odd}y'\n# {odd}\nc: [d{odd}:e]\nf: *g\n"
    root, found = load(text)
    assert root == {"a": f"x{odd}y", "b": f"x{odd}y", "c": [f"d{odd}:e"], "f": None}
    assert found == [("warning", "E106", 4, 5), ("error", "E101", 5, 4)]
    line = f"a: [x{odd}y, :z, "
    assert load(f"{line}*b]\n")[1] == [("warning", "E106", 1, 10), ("error", "E101", 1, len(line) + 1)]


def test_a_line_feed_may_be_missing_between_carriage_returns() -> None:
    assert load("a: 1\rb: 2\r\nc: *d\n")[1] == [("error", "E101", 3, 4)]
    assert load("a: 1\rb: \x07\n")[1] == [("error", "E101", 2, 4)]
