"""Connectors that a file names."""

from pathlib import Path

import pytest

from ophyd_decl.blueprint import ConnectorChoice
from ophyd_decl.compile import compile_signal
from ophyd_decl.errors import DefinitionError

from .texts import beamline, device, found, member, signal

TYPES = """\
  axis:
    params: {prefix: {type: str}}
    signals: {a: {suffix: A, dtype: int, connector: pva}, b: {suffix: B, dtype: int}}
    commands: {go: {suffix: G, connector: {use: ca, x-why: test}}}
  pair:
    params: {prefix: {type: str}}
    children: {one: {type: n.axis, prefix: "${{ prefix }}1", connector: pva}}
    vectors: {many: {type: n.axis, keys: [1], prefix: "${{ prefix }}${{ key }}", connector: ca}}
"""
CA, PVA = ConnectorChoice("ca"), ConnectorChoice("pva")


def test_a_connector_of_everything_that_may_have_one(tmp_path: Path) -> None:
    text = """defaults: {connector: ca}
vars: {c: pva}
devices:
  p: {type: n.pair, prefix: P, connector: "${{ c }}"}
  q: {type: n.pair, prefix: Q}
  g: {type: group, connector: pva, signals: {s: {pv: S, dtype: int, connector: "${{ c }}"}}}
  s: {type: signal, pv: S, dtype: int, connector: pva}
  t: {type: tango.device, trl: a/b/c, connector: pva, signals: {s: {attr: S, dtype: int}}}
"""
    compiled = beamline(tmp_path, text, TYPES)
    p = device(compiled, "p")
    assert (p.connector, device(compiled, "q").connector) == (PVA, CA)
    assert (member(p, "one").connector, member(p, "many", 1).connector) == (PVA, CA)
    axis = member(p, "one")
    assert [member(axis, key).connector for key in ("a", "b", "go")] == [PVA, None, CA]
    assert [device(compiled, name).connector for name in "gst"] == [PVA, PVA, PVA]
    assert signal(device(compiled, "g"), "s").connector == PVA


@pytest.mark.parametrize(("value", "mistakes"), [
    ("cs", [("E501", 56)]), ("setpoint", [("E501", 56)]), ("3", [("E121", 56)]), ("{name: ca}", [("E111", 56)]),
    ("{use: 3}", [("E121", 62)]), ("{use: cs}", [("E501", 62)]), ("{use: ca, speed: 3}", [("E110", 66)]),
])  # fmt: skip
def test_mistakes(tmp_path: Path, value: str, mistakes: list[tuple[str, int]]) -> None:
    text = f"devices:\n  s: {{type: signal, pv: A, dtype: int, connector:      {value}}}\n"
    assert [(code, column) for code, _, column in found(beamline(tmp_path, text))] == mistakes
    text = f"devices:\n  s: {{type: group, connector:      {value}}}\n"
    assert [code for code, *_ in found(beamline(tmp_path, text))] == [code for code, _ in mistakes]
    text = f"defaults: {{connector: {value}}}\n"
    assert [code for code, *_ in found(beamline(tmp_path, text))] == [code for code, _ in mistakes]
    types = f"  a: {{commands: {{c: {{pv: A, connector: {value}}}}}}}\n"
    assert [code for code, *_ in found(beamline(tmp_path, "", types))] == [code for code, _ in mistakes]


def test_a_near_name_is_proposed(tmp_path: Path) -> None:
    text = "devices:\n  s: {type: signal, pv: A, dtype: int, connector: pvaa}\n"
    (mistake,) = beamline(tmp_path, text).diagnostics
    assert mistake.summary == "there is no connector `pvaa`"
    assert mistake.help == "did you mean `pva`?"


def test_a_signal_without_a_file_has_one_too() -> None:
    assert compile_signal("A", name="a", connector="pva").connector == PVA
    with pytest.raises(DefinitionError, match="no connector `pvaa`"):
        compile_signal("A", name="a", connector="pvaa")
