"""Commands and derived signals."""

import pytest

from ophyd_decl.blueprint import Address, CommandShape, Param, Template
from ophyd_decl.model.commands import read_command
from ophyd_decl.model.derived import read_derived
from ophyd_decl.model.signals import Surroundings
from ophyd_decl.source import Findings

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
    ("cmd: On", [("E116", 2)]),
    ("pv: A, arg: int, returns: int", [("E116", 9), ("E116", 19)]),
    ("pv: A, suffx: B, timeout: x", [("E110", 9), ("E121", 28)]),
])  # fmt: skip
def test_mistakes_of_commands(text: str, found: list[tuple[str, int]]) -> None:
    shape, findings = command(text)
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
