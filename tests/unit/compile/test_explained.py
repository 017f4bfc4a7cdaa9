"""Each layer that gives a value to a key is named, the one that wins first."""

from pathlib import Path

import pytest

from ophyd_decl.check.paths import parse_path
from ophyd_decl.compile.beamline import reading_of
from ophyd_decl.compile.explained import Explanation, NoSuchKeyError, explain

FILES = {
    "types.yaml": """
api: ophyd_decl/v1
kind: types
namespace: t
types:
  base:
    params: {prefix: {type: str}, n: {type: int, default: 2}}
    signals:
      current: {suffix: I, dtype: float, access: rw, units: A, format: read, limits: [0, 9]}
  middle:
    extends: t.base
    signals: {current: {limits: [0, 8]}}
  holder:
    params: {prefix: {type: str}}
    children:
      inner: {type: t.middle, prefix: "${{ prefix }}IN:", overrides: {current: {limits: [0, 7], units: mA}}}
      many: {repeat: {var: i, over: [1, 2], name: "many${{ i }}"}, type: t.base, prefix: "${{ prefix }}M${{ i }}:"}
    vectors:
      row: {type: t.middle, keys: [1, 2], prefix: "${{ prefix }}${{ key }}:"}
    signals: {target: {suffix: T, dtype: float, access: rw}}
    logic:
      movable: {use: setpoint, setpoint: target, settle: 1}
""",
    "beamline.yaml": """
api: ophyd_decl/v1
kind: beamline
name: b
vars: {bl: BL}
defaults: {timeout: 4, protocol: pva}
use: [types.yaml]
devices:
  box:
    type: t.holder
    prefix: "${{ bl }}:BOX:"
    overrides:
      inner.current: {limits: [0, 6]}
      row.2.current: {format: none}
      logic.movable: {settle: 2}
  plain: {type: t.base, prefix: P}
  place:
    type: group
    extends: t.base
    prefix: "${{ bl }}:PL:"
    signals: {own: {soft: 1, dtype: int, units: "${{ bl }}"}}
profiles:
  safe: {devices: {box: {overrides: {inner.current: {limits: [0, 5]}}}}}
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def ask(folder: Path, path: str, profile: str | None = None, **settings: str) -> Explanation:
    reading, findings = reading_of(folder, profile=profile, set=settings)
    assert reading is not None
    assert findings.error_count == 0, findings.sorted()
    found = explain(reading, parse_path(path))
    assert findings.error_count == 0
    return found


def names(found: Explanation) -> list[tuple[str, object]]:
    return [(layer.name, layer.value) for layer in found.layers]


def test_every_layer_of_a_signal_is_named(folder: Path) -> None:
    setting = {"devices.box.overrides": "{inner.current: {limits: [0, 4]}}"}
    found = ask(folder, "box.inner.current.limits", "safe", **setting)
    assert names(found) == [
        ("--set", [0, 4]),
        ("profile safe", [0, 5]),
        ("overrides", [0, 6]),
        ("overrides", [0, 7]),
        ("the type t.middle", [0, 8]),
        ("the type t.base", [0, 9]),
    ]
    lines = [None if layer.place is None else layer.place.line for layer in found.layers]
    assert lines == [1, 23, 13, 16, 12, 9]


@pytest.mark.parametrize(
    ("path", "layers"),
    [
        ("box.inner.current.units", [("overrides", "mA"), ("the type t.base", "A")]),
        ("box.row.2.current.format", [("overrides", "none"), ("the type t.base", "read")]),
        ("box.row.1.current.format", [("the type t.base", "read")]),
        ("box.logic.movable.settle", [("overrides", 2), ("the type t.holder", 1)]),
        ("box.prefix", [("the device box", "BL:BOX:")]),
        ("devices.box.prefix", [("the device box", "BL:BOX:")]),
        ("box.many2.prefix", [("the type t.holder", "BL:BOX:M2:")]),
        ("box.many1.current.units", [("the type t.base", "A")]),
        ("place.current.units", [("the type t.base", "A")]),
        ("place.own.units", [("group", "BL")]),
        ("place.prefix", [("the device place", "BL:PL:")]),
        ("plain.n", [("the type t.base", 2)]),
        ("plain.protocol", [("defaults", "pva"), ("the language", "ca")]),
        ("plain.current.timeout", [("defaults", 4), ("the language", "5, 5, 10")]),
        ("plain.current.retries", [("the language", "0")]),
        ("defaults.connect", [("the language", "required")]),
        ("vars.bl", [("the file", "BL")]),
        ("name", [("the file", "b")]),
        ("liveness", [("the language", "5")]),
    ],
)
def test_the_winner_comes_first(folder: Path, path: str, layers: list[tuple[str, object]]) -> None:
    found = ask(folder, path)
    assert names(found) == layers
    assert found.value == layers[0][1]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("bax.prefix", "did you mean `box`?"),
        ("box.iner.current", "did you mean `inner`?"),
        ("box.inner.curent.units", "did you mean `current`?"),
        ("box.inner.current.unit", "did you mean `units`?"),
        ("box", "add one of its keys"),
        ("box.row.3.current.units", "no item `3`"),
        ("vars.lb", "did you mean `bl`?"),
    ],
)
def test_a_path_that_leads_nowhere_says_what_there_is(folder: Path, path: str, words: str) -> None:
    with pytest.raises(NoSuchKeyError) as raised:
        ask(folder, path)
    assert words in str(raised.value)
