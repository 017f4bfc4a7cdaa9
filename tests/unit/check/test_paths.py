"""Paths and names."""

from typing import Any

import pytest

from ophyd_decl.blueprint import ChildShape, CommandShape, Derived, Shape, SignalShape, Template, VectorShape
from ophyd_decl.check.names import identifier
from ophyd_decl.check.paths import Content, DeadEnd, PathError, Target, content_of, parse_path, walk, write_path
from ophyd_decl.errors import Place
from ophyd_decl.vocab.datatypes import Datatype

PLACE = Place("f", 1, 1, 1, 2)


@pytest.mark.parametrize(("text", "path"), [
    ("a", ("a",)), ("a.b.c", ("a", "b", "c")), ("a.1.b", ("a", 1, "b")), ('v["g.p1"].x', ("v", "g.p1", "x")),
    ("v[3]", ("v", 3)), (" a.b ", ("a", "b")), ("é.b", ("é", "b")),
])  # fmt: skip
def test_paths(text: str, path: tuple[Any, ...]) -> None:
    assert parse_path(text) == path
    assert parse_path(write_path(path)) == path


@pytest.mark.parametrize(
    "text", ["", " ", ".", "a.", ".a", "a..b", "1", "[1]", "a b", "a-b", "a[", "a[x]", "a['x']", "a:b", "a.[1]"]
)
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(PathError):
        parse_path(text)


def signal(key: str) -> SignalShape:
    return SignalShape(key, Derived("1", (), (), ()), Datatype("int"), "r", "none", PLACE)


INNER = Shape("inner", (signal("s"), CommandShape("go", None, 1, PLACE)), (), PLACE)  # type: ignore[arg-type]
CHILD = ChildShape("c", INNER, (("prefix", Template(("x",))),), "child", PLACE)
VECTOR = VectorShape(
    "v", (ChildShape(1, INNER, (), "child", PLACE), ChildShape("a b", INNER, (), "child", PLACE)), "child", PLACE
)
EMPTY = VectorShape("e", (), "child", PLACE)
CONTENT = content_of(Shape("outer", (signal("t"), CHILD, VECTOR, EMPTY), (), PLACE))


@pytest.mark.parametrize(("path", "kind"), [
    (("t",), "signal"), (("c",), "device"), (("c", "s"), "signal"), (("c", "go"), "command"), (("v",), "vector"),
    (("v", 1), "device"), (("v", "a b", "s"), "signal"), (("e", 5, "whatever"), "unknown"),
])  # fmt: skip
def test_what_paths_lead_to(path: tuple[Any, ...], kind: str) -> None:
    found = walk(CONTENT, path)
    assert isinstance(found, Target)
    assert found.kind == kind


@pytest.mark.parametrize(("path", "element", "known"), [
    (("x",), "x", ("t", "c", "v", "e")), (("c", "x"), "x", ("s", "go")), (("t", "s"), "s", ()),
    (("c", "s", "x"), "x", ()),
    (("v", 2), 2, ("1", "a b")), (("v", "s"), "s", ("1", "a b")), (("c", 1), 1, ("s", "go")),
])  # fmt: skip
def test_dead_ends_say_what_there_is(path: tuple[Any, ...], element: Any, known: tuple[str, ...]) -> None:
    assert walk(CONTENT, path) == DeadEnd(element, known)


def test_failed_and_absent_members() -> None:
    content = Content({}, frozenset(), frozenset({"bad"}), frozenset({"gone"}))
    assert walk(content, ("bad", "x")) == Target("unknown")
    assert walk(content, ("gone",)) == DeadEnd("gone", (), True)


@pytest.mark.parametrize(
    ("text", "name"), [("stage-x", "stage_x"), ("1a", "d_1a"), ("class", "class_"), ("--", "name"), ("a b.c", "a_b_c")]
)
def test_identifiers(text: str, name: str) -> None:
    assert identifier(text) == name
