"""Values that signals must have when they connect."""

from pathlib import Path

import pytest

from ophyd_decl.blueprint import Reference
from ophyd_decl.compile import compile_signal
from ophyd_decl.errors import DefinitionError

from .texts import beamline, device, found, member, signal

TYPES = """\
  plugin:
    params: {prefix: {type: str}, other: {type: ref, to: signal, default: null}, mode: {type: str, default: A}}
    signals:
      port: {suffix: P, dtype: str}
      input: {suffix: I, dtype: str, access: rw, expect: {ref: port}}
      given: {suffix: J, dtype: str, expect: {ref: other}}
      mode: {suffix: M, dtype: enum, expect: "${{ mode }}"}
  chain:
    params: {prefix: {type: str}}
    children: {a: {type: n.plugin, prefix: "${{ prefix }}"}}
    signals: {input: {suffix: I, dtype: str, expect: {ref: a.port}}}
"""


def test_paths_of_a_type_start_at_the_type(tmp_path: Path) -> None:
    compiled = beamline(tmp_path, "devices:\n  c: {type: n.chain, prefix: C}\n", TYPES)
    c = device(compiled, "c")
    assert signal(c, "input").expect == Reference("device", ("a", "port"))
    plugin = member(c, "a")
    assert member(plugin, "input").expect == Reference("device", ("port",))
    assert member(plugin, "given").expect == Reference("param", ("other",))
    assert member(plugin, "mode").expect == "A"


def test_paths_of_a_beamline_start_at_its_root_and_may_make_a_circle(tmp_path: Path) -> None:
    text = """devices:
  s: {type: signal, pv: S, dtype: str, expect: {ref: g.t}}
  g: {type: group, signals: {t: {pv: T, dtype: str}, u: {pv: U, dtype: str, expect: {ref: t}},
                             v: {pv: V, dtype: str, expect: {ref: p.port}}, w: {pv: W, dtype: int, expect: 3}}}
  p: {type: n.plugin, prefix: P, other: {ref: s}}
"""
    compiled = beamline(tmp_path, text, TYPES)
    assert signal(device(compiled, "s"), "s").expect == Reference("beamline", ("g", "t"))
    g = device(compiled, "g")
    assert [signal(g, key).expect for key in "tuvw"] == [
        None, Reference("device", ("t",)), Reference("beamline", ("p", "port")), 3,
    ]  # fmt: skip


@pytest.mark.parametrize(("expect", "mistake"), [
    ("{ref: nix}", ("E402", 5, 64)),
    ("{ref: t.low}", ("E402", 5, 64)),
    ("{ref: c}", ("E403", 5, 64)),
    ("{ref: w}", ("E403", 5, 64)),
    ("{ref: s}", ("E403", 5, 64)),
    ("{ref: t, rf: 3}", ("E110", 5, 73)),
    ("3", ("E121", 5, 64)),
])  # fmt: skip
def test_mistakes(tmp_path: Path, expect: str, mistake: tuple[str, int, int]) -> None:
    text = f"""devices:
  g: {{type: group, signals: {{s: {{pv: S, dtype: str, expect:    {expect}}}, t: {{pv: T, dtype: str}},
                             w: {{pv: W, dtype: str, access: w}}}}, commands: {{c: {{pv: C}}}}}}
"""
    assert found(beamline(tmp_path, text)) == [mistake]


def test_a_signal_as_a_device(tmp_path: Path) -> None:
    text = "devices:\n  s: {type: signal, pv: S, dtype: str, expect: {ref: nix}}\n"
    assert [code for code, *_ in found(beamline(tmp_path, text))] == ["E402"]


def test_a_signal_without_a_file_refers_to_nothing() -> None:
    assert compile_signal("A", name="a", dtype="int", expect=3).shape.members[0].expect == 3  # type: ignore[union-attr]
    with pytest.raises(DefinitionError, match="there is none"):
        compile_signal("A", name="a", dtype="int", expect={"ref": "b"})
