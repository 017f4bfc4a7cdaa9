"""Commands and derived signals."""

import pytest

from ophyd_decl.blueprint import Address, CommandShape, Param, TangoTemplate, Template
from ophyd_decl.model.commands import read_command
from ophyd_decl.model.derived import read_derived
from ophyd_decl.model.signals import Surroundings
from ophyd_decl.source import Findings
from ophyd_decl.vocab.datatypes import Datatype

from .trees import OWNER, messages, places, tree


def command(text: str, prefix: bool = True) -> tuple[CommandShape | None, Findings]:
    findings = Findings()
    return read_command("c", tree("{" + text + "}"), OWNER, Surroundings(findings, prefix)), findings


def test_a_command() -> None:
    shape, findings = command("suffix: Go.PROC, value: [1, 2], wait: false, timeout: 3, doc: d, protocol: pva")
    address = Address("pva", None, Template((Param("prefix"), "Go.PROC")))
    assert shape == CommandShape("c", address, [1, 2], OWNER, "d", 3, "no")
    assert findings.sorted() == ()
    plain, _ = command("pv: {write: A}")
    assert plain == CommandShape("c", Address(None, None, Template(("A",))), 1, OWNER)


@pytest.mark.parametrize(("text", "found"), [
    ("value: 1", [("E128", 0)]),
    ("suffix: A, pv: B", [("E115", 13)]),
    ("pv: {read: A}", [("E128", 6)]),
    ("cmd: On", [("E128", 2)]),
    ("pv: A, arg: int, returns: int", [("E115", 9), ("E115", 19)]),
    ("pv: A, suffx: B, timeout: x", [("E110", 9), ("E121", 28)]),
])  # fmt: skip
def test_mistakes_of_commands(text: str, found: list[tuple[str, int]]) -> None:
    shape, findings = command(text)
    assert (shape, places(findings)) == (None, found)
    messages(findings)


def tango(text: str) -> tuple[CommandShape | None, Findings]:
    findings = Findings()
    return read_command("c", tree("{" + text + "}"), OWNER, Surroundings(findings, trl=True)), findings


def test_a_tango_command() -> None:
    address = Address("tango", None, TangoTemplate((Param("trl"), "On")))
    assert tango("cmd: On")[0] == CommandShape("c", address, None, OWNER)
    shape, findings = tango("cmd: On, arg: {dtype: float64, shape: [null]}, returns: str, value: [1, 2.5], timeout: 3")
    assert findings.sorted() == ()
    assert shape is not None
    assert (shape.value, shape.argument, shape.returns) == ([1, 2.5], Datatype("float64", (None,)), Datatype("str"))


@pytest.mark.parametrize(("text", "found"), [
    ("cmd: On, value: 1", [("E115", 11)]),
    ("cmd: On, arg: int, value: x", [("E121", 28)]),
    ("cmd: On, arg: float, value: true", [("E121", 30)]),
    ("cmd: On, arg: {dtype: int16, shape: [null]}, value: 3", [("E121", 54)]),
    ("cmd: On, arg: table", [("E111", 16)]),
    ("cmd: On, returns: [int]", [("E122", 20)]),
    ("cmd: On, arg: {dtype: int, shape: [null]}", [("E127", 29)]),
    ("cmd: On, arg: {shape: [null]}", [("E111", 16)]),
    ("cmd: On, arg: {dtype: int, shpe: [null]}", [("E110", 29)]),
    ("cmd: On, protocol: ca", [("E115", 11)]),
    ("cmd: a/b/c/On", [("E124", 7)]),
    ("cmd: On, pv: A", [("E115", 11)]),
])  # fmt: skip
def test_mistakes_of_tango_commands(text: str, found: list[tuple[str, int]]) -> None:
    shape, findings = tango(text)
    assert (shape, places(findings)) == (None, found)
    messages(findings)


def test_a_command_needs_a_prefix_for_its_suffix() -> None:
    assert places(command("suffix: A", prefix=False)[1]) == [("E128", 2)]


@pytest.mark.parametrize(("text", "found"), [
    ("dtype: float, inputs: {a: b}, get: a, set: {b: value}, access: r, limits: [0, 1]", []),
    ("dtype: float, inputs: {a: b}, get: 3", []),
    ("dtype: float, get: a", [("E111", 0)]),
    ("dtype: float, inputs: {a: b}", [("E111", 0)]),
    ("inputs: {a: b}, get: a", [("E111", 0)]),
    ("dtype: float, inputs: [a], get: a", [("E120", 24)]),
    ("dtype: float, inputs: {}, get: a", [("E123", 24)]),
    ("dtype: float, inputs: {a: 3}, get: [a]", [("E121", 28), ("E121", 37)]),
    ("dtype: float, inputs: {a: b}, get: a, access: rw", [("E115", 48)]),
    ("dtype: float, inputs: {a: b}, get: a, suffix: X", [("E110", 40)]),
])  # fmt: skip
def test_derived_signals(text: str, found: list[tuple[str, int]]) -> None:
    findings = Findings()
    result = read_derived(tree("{" + text + "}"), OWNER, Surroundings(findings))
    assert places(findings) == found
    assert (result is None) == bool(found)
