"""Params: how they are declared, and which values they take."""

from typing import Any

import pytest

from ophyd_decl.model.kinds import FAILED, Spot
from ophyd_decl.model.params import ParamModel, read_param
from ophyd_decl.source import Findings

from .trees import OWNER, messages, places, tree


def declare(text: str) -> tuple[ParamModel | None, Findings]:
    findings = Findings()
    return read_param("p", tree("{" + text + "}"), OWNER, findings), findings


def give(declaration: str, value: str) -> tuple[Any, list[tuple[str, int]]]:
    model, declared = declare(declaration)
    assert model is not None, declared.sorted()
    findings = Findings()
    root = tree(f"{{v: {value}}}")
    result = model.read(root["v"], Spot(root, "v", findings))
    messages(findings)
    return result, places(findings)


@pytest.mark.parametrize(("declaration", "value", "result"), [
    ("type: str", "abc", "abc"), ("type: int", "3", 3), ("type: float", "3", 3.0), ("type: float", "1e3", 1000.0),
    ("type: bool", "true", True), ("type: list", "[1, {a: b}]", [1, {"a": "b"}]), ("type: map", "{a: [1]}", {"a": [1]}),
    ("type: list, of: int", "[1, 2]", [1, 2]), ("type: map, of: str", "{a: b}", {"a": "b"}),
    ("type: int, ge: 1, le: 3", "3", 3), ("type: float, gt: 0, lt: 1", "0.5", 0.5),
    ("type: str, pattern: '[A-Z]+:'", "'AB:'", "AB:"), ("type: str, choices: [a, b]", "b", "b"),
])  # fmt: skip
def test_values(declaration: str, value: str, result: Any) -> None:
    given, found = give(declaration, value)
    assert (given, found) == (result, [])
    assert type(given) is type(result)


@pytest.mark.parametrize(("declaration", "value", "code"), [
    ("type: str", "3", "E121"), ("type: int", "'3'", "E121"), ("type: int", "true", "E121"),
    ("type: int", "3.0", "E121"),
    ("type: float", "x", "E121"), ("type: bool", "1", "E121"), ("type: list", "x", "E121"),
    ("type: map", "[1]", "E121"),
    ("type: str", "null", "E121"), ("type: ref", "3", "E121"), ("type: list, of: int", "[1, x]", "E121"),
    ("type: int, ge: 1", "0", "E123"), ("type: int, gt: 1", "1", "E123"), ("type: int, le: 1", "2", "E123"),
    ("type: float, lt: 1", "1", "E123"), ("type: float, lt: 1", ".nan", "E123"), ("type: float, ge: 0", ".nan", "E123"),
    ("type: str, pattern: 'a+'", "ab", "E124"), ("type: str, choices: [abc, b]", "abd", "E122"),
    ("type: str", "'$(P)x'", "E305"), ("type: str", "'x${P}'", "E305"),
    ("type: str", "'{{ p }}x'", "E305"), ("type: str", "'x{% if p %}'", "E305"),
])  # fmt: skip
def test_refused_values(declaration: str, value: str, code: str) -> None:
    given, found = give(declaration, value)
    assert given is FAILED
    assert [entry[0] for entry in found] == [code]


@pytest.mark.parametrize(("text", "found"), [
    ("doc: x", [("E111", 0)]),
    ("type: string", [("E122", 8)]),
    ("type: int, default: x", [("E121", 22)]),
    ("type: int, ge: 3, default: 2", [("E123", 29)]),
    ("type: str, pattern: '['", [("E124", 22)]),
    ("type: str, of: int", [("E115", 13)]),
    ("type: str, to: device", [("E115", 13)]),
    ("type: options", [("E111", 0)]),
    ("type: list, of: text", [("E122", 18)]),
    ("type: ref, default: {ref: x}", [("E115", 13)]),
    ("type: str, defualt: x", [("E110", 13)]),
])  # fmt: skip
def test_mistakes_in_declarations(text: str, found: list[tuple[str, int]]) -> None:
    model, findings = declare(text)
    assert (model, places(findings)) == (None, found)
    messages(findings)


def test_a_param_without_default_is_required() -> None:
    assert declare("type: int")[0].required  # type: ignore[union-attr]
    for text in ("type: int, default: 3", "type: int, default: null", "type: list, default: []"):
        assert not declare(text)[0].required  # type: ignore[union-attr]


def test_a_suggestion_names_the_choice() -> None:
    findings = Findings()
    root = tree("{v: abd}")
    model = declare("type: str, choices: [abc, b]")[0]
    assert model is not None
    model.read("abd", Spot(root, "v", findings))
    (found,) = findings.sorted()
    assert found.help == "did you mean `abc`?"
    assert [note.place for note in found.notes] == [OWNER]
