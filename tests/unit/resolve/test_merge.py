"""Merging of mappings, and what a merged mapping knows of its origins."""

from typing import Any

import pytest

from ophyd_decl.resolve.inheritance import Definition, inherit
from ophyd_decl.resolve.merge import merge
from ophyd_decl.source import Findings, SourceFile, load_text
from ophyd_decl.source.plain import plain


def read(name: str, text: str) -> Any:
    """Return the tree of a file."""
    findings = Findings()
    root = load_text(SourceFile(name, text), findings).root
    assert findings.sorted() == ()
    return root


def merged(*texts: str) -> Any:
    """Return texts merged in order; each is a file of its own name: `a`, `b`, …"""
    findings = Findings()
    result, *others = (read("abc"[index], text) for index, text in enumerate(texts))
    for index, other in enumerate(others, 1):
        result = merge(result, other, findings, layer="abc"[index], below="a")
    assert findings.sorted() == ()
    return result


@pytest.mark.parametrize(("texts", "expected"), [
    (("{x: 1, y: 2}", "{y: 3, z: 4}"), {"x": 1, "y": 3, "z": 4}),
    (("{m: {a: 1, b: 2}}", "{m: {b: 3, c: 4}}"), {"m": {"a": 1, "b": 3, "c": 4}}),
    (("{l: [1, 2]}", "{l: [3]}"), {"l": [3]}),
    (("{m: {a: 1}}", "{m: 3}"), {"m": 3}),
    (("{m: 3}", "{m: {a: 1}}"), {"m": {"a": 1}}),
    (("{m: {a: 1}}", "{m: null}"), {"m": None}),
    (("{m: {a: 1, b: 2}, n: 1}", "{m: {$replace: true, c: 3}}"), {"m": {"c": 3}, "n": 1}),
    (("{m: {a: 1, b: 2}}", "{m: {$unset: [a]}}"), {"m": {"b": 2}}),
    (("{a: 1, b: 2}", "{$unset: [a], a: 3}"), {"b": 2, "a": 3}),
    (("{a: {x: 1}}", "{a: {y: 2}}", "{a: {x: 3}}"), {"a": {"x": 3, "y": 2}}),
    (("{a: {x: 1}}", "{a: {y: 2}}", "{a: {$replace: true, z: 3}}"), {"a": {"z": 3}}),
])  # fmt: skip
def test_mappings_merge_and_all_else_replaces(texts: tuple[str, ...], expected: dict[str, Any]) -> None:
    result = merged(*texts)
    assert plain(result) == expected
    assert list(result) == list(expected)


def test_each_key_points_at_the_file_that_won_and_knows_what_it_has_beaten() -> None:
    result = merged("{m: {a: 1, b: 2}, n: 1}", "\n{m: {b: 3}}", "\n\n{m: {b: 4, c: 5}, n: 6}")
    inner = result["m"]
    places = {key: (inner.value_place(key).file, inner.value_place(key).line) for key in inner}
    assert places == {"a": ("a", 1), "b": ("c", 3), "c": ("c", 3)}
    assert (result.key_place("n").file, result.key_place("n").column) == ("c", 19)
    assert [(origin.layer, origin.mapping["b"]) for origin in inner.origins["b"]] == [("c", 4), ("b", 3), ("a", 2)]
    assert [origin.layer for origin in result.origins["m"]] == ["c", "b", "a"]
    assert inner.part_place("b", "4").file == "c"


def test_the_merged_ones_stay_as_they_are() -> None:
    first, second = read("a", "{m: {a: 1}, n: 1}"), read("b", "{m: {$unset: [a], b: 2}}")
    merge(first, second, Findings(), layer="b")
    assert plain(first) == {"m": {"a": 1}, "n": 1}
    assert plain(second) == {"m": {"$unset": ["a"], "b": 2}}


@pytest.mark.parametrize(("over", "column", "help_text"), [
    ("{$replace: 1}", 12, "write `true`"),
    ("{$replace: false}", 12, "write `true`"),
    ("{$unset: a}", 10, "write `$unset: [key]`"),
    ("{$unset: [speed]}", 11, "did you mean `sped`?"),
    ("{$unset: [3]}", 11, "keys: `sped`, `m`"),
])  # fmt: skip
def test_directives_that_say_nothing(over: str, column: int, help_text: str) -> None:
    findings = Findings()
    result = merge(read("a", "{sped: 1, m: {x: 1}}"), read("b", over), findings, layer="b")
    (found,) = findings.sorted()
    assert (found.code, found.place.file, found.place.column, found.help) == ("E204", "b", column, help_text)
    assert plain(result) == {"sped": 1, "m": {"x": 1}}


def test_definitions_that_differ_in_words_only_agree() -> None:
    def definition(text: str, owner: str, above: tuple[str, ...] = ()) -> Definition:
        return Definition("signals", read(owner, f"{{x: {text}}}"), "x", owner, above)

    first = definition("{pv: A, dtype: int}", "a")
    assert first.agrees(definition("{pv: A, dtype: int, doc: words}", "b"))
    assert not first.agrees(definition("{pv: B, dtype: int}", "b"))
    assert first.agrees(definition("{pv: B, dtype: int}", "b", ("a",)))
    assert not first.agrees(Definition("commands", first.holder, "x", "b"))


def test_an_inherited_member_stands_where_the_base_has_it_and_points_at_both() -> None:
    findings = Findings()
    base = inherit("n.a", read("a", "{signals: {x: {pv: A, units: mm}, y: {pv: B}}}"), (), (), findings)
    own = read("b", "{signals: {z: {pv: C}, x: {units: deg}}}")
    body = inherit("n.b", own, (base,), ("n.a",), findings)
    assert list(body.members) == ["x", "y", "z"]
    x = body.members["x"]
    assert (x.place.file, x.value.value_place("units").file, x.value.value_place("pv").file) == ("b", "b", "a")
    assert [origin.layer for origin in x.value.origins["units"]] == ["the type n.b", "the type n.a"]
    assert (body.members["y"].owner, x.owner) == ("n.a", "n.b")
    assert findings.sorted() == ()
