"""Signals: what each key gives, and what does not go together."""

from typing import Any

import pytest

from ophyd_decl.blueprint import Address, Param, SignalShape, Soft, TangoTemplate, Template, Timeouts
from ophyd_decl.model.signals import Surroundings, read_signal
from ophyd_decl.source import Findings
from ophyd_decl.vocab.datatypes import Choice, Datatype
from ophyd_decl.vocab.readings import Limits

from .trees import OWNER, messages, places, tree

PREFIX = Param("prefix")


def read(text: str, prefix: bool = True) -> tuple[SignalShape | None, Findings]:
    findings = Findings()
    signal = read_signal("s", tree("{" + text + "}"), OWNER, Surroundings(findings, prefix, params=("prefix",)))
    return signal, findings


def sound(text: str) -> SignalShape:
    signal, findings = read(text)
    assert findings.sorted() == ()
    assert signal is not None
    return signal


def tango(text: str) -> tuple[SignalShape | None, Findings]:
    findings = Findings()
    return read_signal("s", tree("{" + text + "}"), OWNER, Surroundings(findings, trl=True)), findings


def test_a_tango_attribute() -> None:
    shape, findings = tango("attr: Current, dtype: float, access: rw, events: archive")
    assert findings.sorted() == ()
    assert shape is not None
    address = TangoTemplate((Param("trl"), "Current"))
    assert (shape.origin, shape.events) == (Address("tango", address, address), "archive")
    assert shape.origin.read is shape.origin.write
    assert address.render({"trl": "a/b/c#dbase=no"}) == "a/b/c/Current#dbase=no"
    assert tango("attr: A, dtype: int, access: w")[0].origin == Address(
        "tango", None, TangoTemplate((Param("trl"), "A"))
    )


@pytest.mark.parametrize(("text", "found"), [
    ("attr: A, dtype: int, access: rw, rbv: true", [("E115", 35)]),
    ("attr: A, dtype: int, protocol: ca", [("E115", 23)]),
    ("attr: A, dtype: int, suffix: S", [("E115", 23)]),
    ("attr: A, dtype: int, pv: S", [("E115", 23)]),
    ("attr: a/b/c/A, dtype: int", [("E124", 8)]),
    ("attr: '', dtype: int", [("E124", 8)]),
    ("attr: 3, dtype: int", [("E121", 8)]),
    ("attr: '$(A)', dtype: int", [("E305", 9)]),
    ("dtype: int", [("E128", 0)]),
    ("attr: A, dtype: int, events: chnge", [("E122", 31)]),
])  # fmt: skip
def test_mistakes_of_tango_attributes(text: str, found: list[tuple[str, int]]) -> None:
    shape, findings = tango(text)
    assert (shape, places(findings)) == (None, found)
    messages(findings)


@pytest.mark.parametrize(("text", "value"), [
    ("pv: A, dtype: int, expect: 1", 1),
    ("pv: A, dtype: float, expect: 1", 1),
    ("pv: A, dtype: enum, expect: HDF5", "HDF5"),
    ("pv: A, dtype: enum, choices: {Opened: [OPEN], Closed: SHUT}, expect: Opened", "Opened"),
    ("pv: A, dtype: str, shape: [2], expect: [a, b]", ["a", "b"]),
    ("pv: A, dtype: bool, expect: false", False),
    ("pv: A, dtype: str, expect: ''", ""),
    ("pv: A, dtype: str, expect: {ref: b}", None),
])  # fmt: skip
def test_an_expected_value(text: str, value: Any) -> None:
    assert sound(text).expect == value


def test_a_deprecated_key_is_read_as_the_new_one() -> None:
    shape, findings = read("suffix: A, dtype: float, egu: K")
    assert shape is not None
    assert shape.units == "K"
    ((severity, code, help_text),) = [(d.severity, d.code, d.help) for d in messages(findings)]
    assert (severity, code, help_text) == ("warning", "E107", "write `units`")


def template(*parts: str | Param) -> Template:
    return Template(parts)


@pytest.mark.parametrize(("text", "address"), [
    ("suffix: X", Address(None, template(PREFIX, "X"), None)),
    ("suffix: ''", Address(None, template(PREFIX), None)),
    ("suffix: X, access: w", Address(None, None, template(PREFIX, "X"))),
    ("suffix: X, access: rw", Address(None, template(PREFIX, "X"), template(PREFIX, "X"))),
    ("suffix: X, access: rw, rbv: true", Address(None, template(PREFIX, "X_RBV"), template(PREFIX, "X"))),
    ("suffix: X.VAL, access: rw, rbv: true", Address(None, template(PREFIX, "X_RBV.VAL"), template(PREFIX, "X.VAL"))),
    ("suffix: .VAL, access: rw, rbv: true", Address(None, template(PREFIX, "_RBV.VAL"), template(PREFIX, ".VAL"))),
    ("pv: 'A:B', protocol: pva", Address("pva", template("A:B"), None)),
    ("pv: 'pva://A:B'", Address(None, template("pva://A:B"), None)),
    ("pv: {read: A, write: B}, access: rw", Address(None, template("A"), template("B"))),
    ("pv: {read: A}", Address(None, template("A"), None)),
    ("pv: {write: A}, access: w", Address(None, None, template("A"))),
    ("soft: 1", Soft(1.0)), ("soft: null", Soft(None)),
])  # fmt: skip
def test_where_a_value_lives(text: str, address: Any) -> None:
    assert sound(f"{text}, dtype: float").origin == address


def test_one_address_is_one_template() -> None:
    origin = sound("suffix: X, access: rw, dtype: float").origin
    assert isinstance(origin, Address)
    assert origin.read is origin.write


def test_defaults() -> None:
    signal = sound("pv: A, dtype: int")
    assert signal == SignalShape("s", Address(None, template("A"), None), Datatype("int"), "r", "none", OWNER)


def test_every_key() -> None:
    signal = sound(
        "pv: A, dtype: float, access: rw, format: hinted, doc: ' what ', units: mm, precision: 3, limits: [null, 4],"
        "timeout: {read: 1}, retries: 2, wait: non_zero, verify: readback, poll: 0.5, optional: true,"
        "name: other, x-free: [1], when: true, restore: 3"
    )
    assert (signal.access, signal.format, signal.doc, signal.units, signal.precision) == (
        "rw",
        "hinted",
        "what",
        "mm",
        3,
    )
    assert (signal.limits, signal.timeouts) == (Limits(None, 4), Timeouts(read=1))
    assert (signal.retries, signal.wait, signal.verify, signal.poll_s) == (2, "non_zero", "readback", 0.5)
    assert (signal.optional, signal.document_name, signal.restore) == (True, "other", 3)
    assert sound("pv: A, dtype: float, access: rw, restore: never").restore == "never"
    assert sound("pv: A, dtype: float, wait: false, timeout: 3").timeouts == Timeouts(3, 3, 3)
    assert sound("pv: A, dtype: float, wait: false").wait == "no"


@pytest.mark.parametrize(("text", "datatype"), [
    ("dtype: uint8, shape: [null, 3]", Datatype("uint8", (None, 3))),
    ("dtype: str, shape: [4]", Datatype("str", (4,))),
    ("dtype: enum", Datatype("enum")),
    ("dtype: enum, choices: [A, B]", Datatype("enum", None, (Choice("A", ("A",)), Choice("B", ("B",))))),
    ("dtype: enum, choices: {A: [A1, A2], B: B1}, match: subset",
     Datatype("enum", None, (Choice("A", ("A1", "A2")), Choice("B", ("B1",))), "subset")),
    ("dtype: table, columns: {x: float64, e: enum}", Datatype("table", columns=(("x", "float64"), ("e", "enum")))),
])  # fmt: skip
def test_datatypes(text: str, datatype: Datatype) -> None:
    assert sound(f"pv: A, {text}").datatype == datatype


@pytest.mark.parametrize(("text", "found"), [
    ("dtype: int", [("E128", 0)]),
    ("pv: A", [("E111", 0)]),
    ("pv: A, dtype: int, sufix: b", [("E110", 21)]),
    ("pv: A, dtype: int, hold: 1", [("E112", 21)]),
    ("pv: A, dtype: int, expect: x", [("E121", 29)]),
    ("pv: A, dtype: int, expect: true", [("E121", 29)]),
    ("pv: A, dtype: int, expect: null", [("E121", 29)]),
    ("pv: A, dtype: int, expect: {rf: x}", [("E121", 29)]),
    ("pv: A, dtype: enum, choices: [On, Off], expect: 'on'", [("E121", 50)]),
    ("pv: A, dtype: float64, shape: [null], expect: 3", [("E121", 48)]),
    ("pv: A, dtype: int, access: w, expect: 3", [("E115", 32)]),
    ("pv: A, dtype: int, connector: 3", [("E121", 32)]),
    ("pv: A, dtype: int, connector: {name: x}", [("E111", 32)]),
    ("attr: A, dtype: int", [("E128", 2)]),
    ("suffix: A, dtype: int, events: change", [("E115", 25)]),
    ("soft: 1, dtype: int, events: change", [("E115", 23)]),
    ("suffix: A, dtype: float, egu: K, units: K", [("E115", 27)]),
    ("suffix: A, dtype: float, egu: 3", [("E121", 32), ("E107", 27)]),
    ("pv: A, soft: 1, dtype: int, suffix: B", [("E115", 9), ("E115", 30)]),
    ("pv: '', dtype: int", [("E121", 6)]),
    ("pv: 3, dtype: int", [("E121", 6)]),
    ("pv: {}, dtype: int", [("E128", 6)]),
    ("pv: {red: A}, dtype: int", [("E110", 7)]),
    ("pv: {read: A}, dtype: int, access: rw", [("E128", 6)]),
    ("pv: {read: A, write: B}, dtype: int", [("E115", 16)]),
    ("pv: {read: A, write: B}, rbv: true, access: rw, dtype: int", [("E115", 27)]),
    ("pv: A, dtype: int, rbv: true", [("E115", 21)]),
    ("soft: 1, dtype: int, rbv: true", [("E115", 23)]),
    ("pv: 'cs://A', dtype: int", [("E122", 7)]),
    ("suffix: 'pva://A', dtype: int", [("E122", 11)]),
    ("pv: 'A$(P):x', dtype: int", [("E305", 8)]),
    ("pv: {read: '${P}x'}, dtype: int", [("E305", 14)]),
    ("pv: A, dtype: floaty", [("E122", 16)]),
    ("pv: A, dtype: int, access: x, format: child", [("E122", 29), ("E122", 40)]),
    ("pv: A, dtype: int, access: w, format: read", [("E115", 32)]),
    ("pv: A, dtype: int, verify: readback", [("E115", 21)]),
    ("pv: A, dtype: float, shape: [3]", [("E127", 23)]),
    ("pv: A, dtype: float64, shape: 3", [("E120", 32)]),
    ("pv: A, dtype: float64, shape: []", [("E120", 32)]),
    ("pv: A, dtype: float64, shape: [x, 0, true]", [("E121", 33), ("E121", 39), ("E123", 36)]),
    ("pv: A, dtype: int, choices: [A]", [("E127", 21)]),
    ("pv: A, dtype: enum, match: subset", [("E127", 22)]),
    ("pv: A, dtype: enum, choices: A", [("E120", 31)]),
    ("pv: A, dtype: enum, choices: []", [("E123", 31)]),
    ("pv: A, dtype: enum, choices: [1, on, true, on, 'null', null]",
     [("E125", 32), ("E125", 39), ("E405", 45), ("E125", 57)]),
    ("pv: A, dtype: enum, choices: {1: A, B: [2]}", [("E125", 32), ("E125", 42)]),
    ("pv: A, dtype: enum, choices: [A, '', A]", [("E125", 35), ("E405", 39)]),
    ("pv: A, dtype: enum, choices: {A: [], B: [C, C], D: C}", [("E123", 35), ("E405", 46), ("E405", 53)]),
    ("pv: A, dtype: table", [("E111", 0)]),
    ("pv: A, dtype: table, columns: {a: flat64}", [("E122", 36)]),
    ("pv: A, dtype: int, columns: {a: float64}", [("E127", 21)]),
    ("pv: A, dtype: str, limits: [0, 1], precision: 2", [("E127", 21), ("E127", 37)]),
    ("pv: A, dtype: int, limits: 3", [("E120", 29)]),
    ("pv: A, dtype: int, limits: [3]", [("E120", 29)]),
    ("pv: A, dtype: int, limits: [a, 1]", [("E121", 30)]),
    ("pv: A, dtype: int, limits: [2, 1]", [("E126", 29)]),
    ("pv: A, dtype: int, limits: [.nan, 1]", [("E123", 30)]),
    ("pv: A, dtype: float, precision: 99", [("E123", 34)]),
    ("pv: A, dtype: int, timeout: 0", [("E123", 30)]),
    ("pv: A, dtype: int, timeout: {red: 1}", [("E110", 31)]),
    ("pv: A, dtype: int, wait: maybe", [("E122", 27)]),
    ("pv: A, dtype: int, optional: yes", [("E121", 31)]),
    ("pv: A, dtype: int, units: 3, retries: 1.5", [("E121", 28), ("E121", 40)]),
    ("soft: x, dtype: int", [("E121", 8)]),
    ("soft: 1, dtype: bool", [("E121", 8)]),
    ("soft: 1.5, dtype: int32", [("E121", 8)]),
    ("soft: C, dtype: enum, choices: [A, B]", [("E121", 8)]),
    ("soft: A, dtype: enum", [("E127", 18)]),
    ("soft: 1, dtype: float64, shape: [2]", [("E121", 8)]),
    ("soft: [1, a], dtype: float64, shape: [2]", [("E121", 8)]),
])  # fmt: skip
def test_mistakes(text: str, found: list[tuple[str, int]]) -> None:
    signal, findings = read(text)
    assert sorted(places(findings)) == sorted(found)
    assert signal is None
    messages(findings)


def test_a_suffix_needs_a_prefix() -> None:
    signal, findings = read("suffix: X, dtype: int", prefix=False)
    assert signal is None
    assert places(findings) == [("E128", 2)]


def test_a_suggestion_names_the_key() -> None:
    assert messages(read("pv: A, dtype: int, acess: r")[1])[0].help == "did you mean `access`?"
    assert messages(read("pv: A, dtype: flaot")[1])[0].help == "did you mean `float`?"
