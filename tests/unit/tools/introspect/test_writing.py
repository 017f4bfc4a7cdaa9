"""Types from what was found: alike blocks share one, and the items of a vector say what all of them are."""

import doctest
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.compile import compile_paths
from ophyd_decl.tools.introspect import SourceError, reading, source_of, sources, write
from ophyd_decl.tools.introspect.reading import Body, Introspected, datatype_keys, datatype_note
from ophyd_decl.tools.introspect.writing import merged
from ophyd_decl.vocab.datatypes import NativeType

PVA = source_of("pva://A:PVI")


def text_of(body: Body, **left_out: str) -> str:
    return write(Introspected("box", "A:PVI", body, left_out), PVA, "pva://A:PVI", "box", "box.yaml").text


def signals(**keys: Any) -> Body:
    return Body(keys)


def test_the_examples_hold() -> None:
    for module in (reading, sources):
        results = doctest.testmod(module)
        assert results.attempted > 0
        assert results.failed == 0


def test_blocks_that_are_alike_share_a_type_and_names_are_not_taken_twice(tmp_path: Path) -> None:
    one, other = signals(a={"dtype": "int"}), signals(a={"dtype": "float"})
    inner = Body(children={"x": one})
    body = Body(children={"device": one, "second": one, "x": other, "box": inner}, vectors={"v": {1: one, 2: one}})
    (tmp_path / "box.yaml").write_text(text_of(body))
    assert compile_paths([tmp_path / "box.yaml"]).diagnostics == ()
    text = (tmp_path / "box.yaml").read_text()
    assert "device: {type: box.device_2}" in text
    assert "second: {type: box.device_2}" in text
    assert "x: {type: box.x}" in text
    assert "v: {type: box.device_2, keys: [1, 2]}" in text
    assert text.count("params:") == 4


def test_an_empty_device_is_written_too(tmp_path: Path) -> None:
    (tmp_path / "box.yaml").write_text(text_of(Body(), **{"box.out": "it is\nodd"}))
    assert compile_paths([tmp_path / "box.yaml"]).diagnostics == ()
    assert "#   out: it is odd\n" in (tmp_path / "box.yaml").read_text()


@pytest.mark.parametrize(("items", "expected"), [
    ([{"dtype": "int"}, {"dtype": "int"}], {"dtype": "int"}),
    ([{"dtype": "int"}, {"dtype": "float"}], {"dtype": "any"}),
    ([{"dtype": "int", "units": "s"}, {"dtype": "int", "units": "ms"}], {"dtype": "int"}),
    ([{"dtype": "int", "access": "rw"}, {"dtype": "int"}], {"dtype": "int"}),
    ([{"dtype": "int", "access": "rw"}, {"dtype": "int", "access": "w"}], {"dtype": "int", "access": "w"}),
    ([{"dtype": "enum", "choices": ["A"]}, {"dtype": "enum", "choices": ["B"]}], {"dtype": "enum"}),
    ([{"dtype": "int8", "shape": [None]}, {"dtype": "int8"}], {"dtype": "any"}),
])  # fmt: skip
def test_items_that_differ_say_less(items: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    made = merged([signals(s=dict(item)) for item in items])
    assert made.signals == {"s": expected}


def test_what_some_items_do_not_have_is_optional_or_left_out() -> None:
    whole = Body({"a": {"dtype": "int"}}, {"go": {}}, {"c": signals(x={"dtype": "int"})}, {"v": {1: Body()}})
    made = merged([whole, Body({"b": {"dtype": "int"}})])
    assert made.signals == {"a": {"dtype": "int", "optional": True}, "b": {"dtype": "int", "optional": True}}
    assert (made.commands, made.children, made.vectors) == ({}, {}, {})
    assert merged([whole, whole]) == whole


@pytest.mark.parametrize(("native", "expected"), [
    (NativeType("int", "uint16"), {"dtype": "int"}),
    (NativeType("enum", choices=("A", "A", "B")), {"dtype": "enum", "choices": ["#0", "#1", "B"]}),
    (NativeType("enum", choices=("A", "")), {"dtype": "enum", "choices": ["A", "#1"]}),
    (NativeType("enum", choices=("", "#0")), {"dtype": "enum"}),
    (NativeType("enum", choices=()), {"dtype": "enum"}),
    (NativeType("enum", choices=("$(P)", "${P}")), {"dtype": "enum", "choices": ["$(P)", "${P}"]}),
    (NativeType("enum", choices=("${{ x }}",)), {"dtype": "enum", "choices": ["${{ '${{' }} x }}"]}),
    (NativeType("str", shape=(None,)), {"dtype": "str", "shape": [None]}),
    (NativeType("bool", "bool", (None,)), {"dtype": "any"}),
    (NativeType("image"), {"dtype": "any"}),
    (NativeType("image", "uint8", (None, None)), {"dtype": "uint8", "shape": [None, None]}),
    (NativeType("table", columns=(("a", "uint16"),)), {"dtype": "table", "columns": {"a": "uint16"}}),
    (NativeType("table", columns=(("a", "bool"),)), {"dtype": "any"}),
])  # fmt: skip
def test_every_type_can_be_declared(native: NativeType, expected: dict[str, Any], tmp_path: Path) -> None:
    keys = datatype_keys(native)
    assert keys == expected
    (tmp_path / "box.yaml").write_text(text_of(signals(s=keys)))
    assert compile_paths([tmp_path / "box.yaml"]).diagnostics == ()


@pytest.mark.parametrize(("native", "expected"), [
    (NativeType("int", "uint16"), ""),
    (NativeType("enum", choices=("A", "B")), ""),
    (NativeType("enum", choices=("A", "")), "labels that are empty or repeated stand as # and their index"),
    (NativeType("enum", choices=("", "#0")), "its labels are not compared: one is called as an empty"),
    (NativeType("enum", choices=()), "its labels are not compared: there are none"),
    (NativeType("enum", shape=(None,), choices=("A",)), "no dtype is an array of enum: neither its type nor"),
    (NativeType("image", detail="NTNDArray"), "no dtype is image (NTNDArray): its type is not compared"),
    (NativeType("table", columns=(("a", "bool"),)), "no dtype is table: its type is not compared"),
])  # fmt: skip
def test_what_cannot_be_declared_is_said(native: NativeType, expected: str) -> None:
    note = datatype_note(native)
    assert note.startswith(expected)
    assert bool(note) == bool(expected)


def test_what_cannot_be_declared_is_said_above_it(tmp_path: Path) -> None:
    body = Body(
        {"s": {"dtype": "any"}},
        {"go": {}, "halt": {}},
        vectors={"v": {1: signals(a={"dtype": "int"}), 2: Body({"a": {"dtype": "str"}}, {"reset": {}})}},
        notes={"s": "of s", "go": "of\ngo"},
    )
    (tmp_path / "box.yaml").write_text(text_of(body))
    assert compile_paths([tmp_path / "box.yaml"]).diagnostics == ()
    lines = [line.strip() for line in (tmp_path / "box.yaml").read_text().splitlines()]
    for line, note in (
        ("s: {dtype: any}", "# of s"),
        ("go: {}", "# of go"),
        ("a: {dtype: any}", "# the items differ in dtype: no more is compared than what all have in common"),
        ("v:", "# left out, since not all items are alike in them: reset"),
    ):
        assert lines[lines.index(line) - 1] == note
    found = write(Introspected("box", "A:PVI", body), PVA, "pva://A:PVI", "box", "box.yaml")
    assert (found.left_out, found.in_part) == (0, 4)


def test_types_that_differ_in_what_is_said_of_them_are_two() -> None:
    one, other = (Body({"a": {"dtype": "any"}}, notes={"a": note}) for note in ("this", "that"))
    text = text_of(Body(children={"x": one, "y": other, "z": one}))
    assert "x: {type: box.x}" in text
    assert "y: {type: box.y}" in text
    assert "z: {type: box.x}" in text


def test_labels_that_look_like_something_else_stay_text(tmp_path: Path) -> None:
    labels = ["1", "0.5", "true", "null", "~", "No", "a: b", "a, b", "{x}", "#c", "-", "'q'", '"', "é", " x "]
    (tmp_path / "box.yaml").write_text(text_of(signals(s={"dtype": "enum", "choices": labels})))
    assert compile_paths([tmp_path / "box.yaml"]).diagnostics == ()


def test_a_source_needs_a_scheme_that_is_known() -> None:
    for address in ("A:PVI", "ca://A", "://"):
        with pytest.raises(SourceError, match="begins with none of pva://"):
            source_of(address)
    with pytest.raises(SourceError, match="write pva://PREFIX:PVI"):
        PVA.device("pva://")
