"""Devices of types that extend others, with overrides and references among children, as they are built."""

import asyncio
from pathlib import Path

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import OphydDeclError
from ophyd_decl.types import layered

TYPES = """\
api: ophyd_decl/v1
kind: types
namespace: layered
types:
  base:
    abstract: true
    params: {prefix: {type: str}}
    signals: {sp: {suffix: SP, dtype: float, access: rw, units: mm}, rb: {suffix: RB, dtype: float, units: mm}}
    logic: {movable: {use: setpoint, setpoint: sp, readback: rb, tolerance: 0.1}}
  axis: {extends: layered.base, signals: {sp: {limits: [0, 5]}, x: {suffix: X, dtype: int, format: config}}}
  follower:
    params: {lead: {type: ref, to: movable}}
    derived: {twice: {dtype: float, inputs: {a: lead}, get: 2 * a, format: hinted}}
  stage:
    params: {prefix: {type: str}, outer: {type: ref, to: movable}}
    children:
      m: {repeat: {var: i, over: [1, 2], name: "m${{ i }}"}, type: layered.axis, prefix: "${{ prefix }}${{ i }}:"}
      f: {type: layered.follower, lead: {ref: m2}}
      g: {type: layered.follower, lead: {ref: outer}}
    vectors: {v: {type: layered.follower, keys: [1], lead: {ref: m1}}}
"""
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: b
use: [types.yaml]
devices:
  s: {type: layered.stage, prefix: "S:", outer: {ref: a}, overrides: {m1.rb: {units: um}}}
  a: {type: layered.axis, prefix: "A:", overrides: {x: {format: read}}}
  g:
    type: group
    extends: layered.stage
    prefix: "G:"
    outer: {ref: a}
    children: {k: {type: layered.follower, lead: {ref: a}}}
"""


def test_all_of_it_is_built_and_read(tmp_path: Path) -> None:
    (tmp_path / "types.yaml").write_text(TYPES, encoding="utf-8")
    (tmp_path / "beamline.yaml").write_text(BEAMLINE, encoding="utf-8")
    bl = load_beamline(tmp_path)

    async def main() -> None:
        assert (await bl.aconnect(mock=True)).ok
        stage = ["m1", "m2", "f-twice", "g-twice", "v-1-twice"]
        assert list(await bl.s.describe()) == [f"s-{name}" for name in stage]
        assert list(await bl.g.describe()) == [f"g-{name}" for name in (*stage, "k-twice")]
        assert list(await bl.a.describe()) == ["a", "a-x"]
        assert (await bl.s.describe())["s-m1"]["units"] == "um"
        await bl.s.m1.set(3)
        await bl.a.set(2)
        assert [reading["value"] for reading in (await bl.s.read()).values()] == [3, 0, 0, 4, 6]
        assert (await bl.g.k.read())["g-k-twice"]["value"] == 4

    asyncio.run(main())
    assert isinstance(bl.a, layered.base)
    assert isinstance(bl.s.m1, layered.axis)
    assert isinstance(bl.g, layered.stage)


GAINS = """\
api: ophyd_decl/v1
kind: types
namespace: gains
types:
  inner:
    params: {gain: {type: float, default: 2}, on: {type: bool, default: true}, source: {type: ref, to: signal}}
    derived: {v: {dtype: float, inputs: {x: source}, get: gain * x if on else 0.0, format: read}}
  middle:
    params: {gain: {type: float, default: 3}, on: {type: bool, default: true}}
    signals: {s: {soft: 1.0, dtype: float}}
    children: {i: {type: gains.inner, gain: "${{ gain }}", on: "${{ on }}", source: {ref: s}}}
  outer:
    params: {half: {type: float}}
    children:
      given: {type: gains.middle, gain: 4.5}
      default: {type: gains.middle}
      passed: {type: gains.middle, gain: "${{ half }}"}
      computed: {type: gains.middle, gain: "${{ 2 * half }}"}
      off: {type: gains.middle, "on": false}
      several: {repeat: {var: n, over: [1, 2], name: "n${{ n }}"}, type: gains.middle, gain: "${{ n + half }}"}
"""
GAINED = """\
api: ophyd_decl/v1
kind: beamline
name: b
use: [types.yaml]
devices:
  a: {type: gains.outer, half: 10}
  b: {type: gains.outer, half: 20}
"""


def test_numbers_reach_the_formulas_of_grandchildren_as_numbers(tmp_path: Path) -> None:
    (tmp_path / "types.yaml").write_text(GAINS, encoding="utf-8")
    (tmp_path / "beamline.yaml").write_text(GAINED, encoding="utf-8")

    async def values(name: str) -> list[float]:
        beamline = load_beamline(tmp_path)
        await beamline.aconnect(mock=True)
        try:
            return [reading["value"] for reading in (await beamline.devices[name].read()).values()]
        finally:
            await beamline.aclose()

    assert asyncio.run(values("a")) == [4.5, 3, 10, 20, 0, 11, 12]
    assert asyncio.run(values("b")) == [4.5, 3, 20, 40, 0, 21, 22]


OPTIONAL = """\
api: ophyd_decl/v1
kind: types
namespace: opt
types:
  inner:
    params: {source: {type: ref, to: signal, default: null}}
    signals: {s: {soft: 1.0, dtype: float, format: read}}
    derived: {v: {dtype: float, inputs: {x: source}, get: 2 * x}}
  outer:
    params: {source: {type: ref, to: signal, default: null}}
    children: {i: {type: opt.inner, source: {ref: source}}}
"""
WITHOUT = """\
api: ophyd_decl/v1
kind: beamline
name: b
use: [types.yaml]
devices:
  without: {type: opt.outer}
  given: {type: opt.outer, source: {ref: without.i.s}}
"""


def test_a_reference_that_is_not_given_is_told_where_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "types.yaml").write_text(OPTIONAL, encoding="utf-8")
    (tmp_path / "beamline.yaml").write_text(WITHOUT, encoding="utf-8")

    async def work() -> None:
        beamline = load_beamline(tmp_path)
        await beamline.aconnect(mock=True)
        try:
            assert await beamline.devices["given"].i.v.get_value() == 2
            assert await beamline.devices["without"].i.s.get_value() == 1
            with pytest.raises(OphydDeclError, match=r"without\.i: nothing was given for `source`"):
                await beamline.devices["without"].i.v.get_value()
        finally:
            await beamline.aclose()

    asyncio.run(work())
