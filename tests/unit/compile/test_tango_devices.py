"""Tango devices: in place, and as types whose instances give the TRL."""

from pathlib import Path

import pytest

from ophyd_decl.blueprint import Param, TangoTemplate

from .texts import addresses, beamline, device, found, member, signal

TYPES = """\
  supply:
    params: {trl: {type: str}, attribute: {type: str, default: Current}}
    signals: {current: {attr: "${{ attribute }}", dtype: float}}
    commands: {go: {cmd: Go}}
  rack: {children: {one: {type: n.supply, trl: CHILD}}}
"""


def test_what_a_tango_device_is_made_of(tmp_path: Path) -> None:
    text = """devices:
  ring: {type: tango.device, trl: sr/d-ct/1, fill: true, signals: {current: {attr: Current, dtype: float}}, labels: [a]}
  more: {type: tango.device, trl: sr/d-ct/2}
"""
    compiled = beamline(tmp_path, text)
    ring = device(compiled, "ring")
    assert (ring.shape.type, ring.fill, ring.labels, ring.values) == (
        "tango.device",
        True,
        ("a",),
        {"trl": "sr/d-ct/1"},
    )
    assert signal(ring, "current").origin.read == TangoTemplate((Param("trl"), "Current"))  # type: ignore[union-attr]
    assert addresses(ring) == ["sr/d-ct/1/Current"]
    assert device(compiled, "more").fill is False


def test_devices_of_a_type_share_their_shape(tmp_path: Path) -> None:
    text = "devices: {a: {type: n.supply, trl: a/b/1}, b: {type: n.supply, trl: a/b/2, attribute: State}}\n"
    compiled = beamline(tmp_path, text, TYPES)
    a, b = device(compiled, "a"), device(compiled, "b")
    assert a.shape is b.shape
    assert (addresses(a), addresses(b)) == (["a/b/1/Current"], ["a/b/2/State"])
    assert member(a, "go").address.write.render(a.values) == "a/b/1/Go"


@pytest.mark.parametrize(("devices", "expected"), [
    ("a: {type: n.supply, trl: a/b}", [("E124", 6, 28)]),
    ("a: {type: n.supply, trl: 3}", [("E121", 6, 28)]),
    ("a: {type: n.supply, trl: '$(TRL)'}", [("E305", 6, 29)]),
    ("a: {type: n.supply}", [("E111", 6, 3)]),
    ("a: {type: tango.device, trl: '${{ x }}'}", [("E301", 6, 37)]),
    ("a: {type: tango.device, trl: 'ca://A'}", [("E124", 6, 32)]),
    ("a: {type: tango.device, trl: a/b/c, vectors: {}}", [("E110", 6, 39)]),
    ("a: {type: tango.device, trl: a/b/c, when: false, signals: {x: {nix: 3}}}", []),
    ("a: {type: tango.device, trl: a/b/c, signals: {read: {attr: A, dtype: int}}}", [("E406", 6, 49)]),
    ("a: {type: tango.device, trl: a/b/c, logic: {movable: {use: setpoint, setpoint: s}}}", [("E402", 6, 82)]),
    ("a: {type: tango.devise, trl: a/b/c}", [("E401", 6, 13)]),
    ("a: {type: tango.attribute, trl: a/b/c}", [("E401", 6, 13)]),
])  # fmt: skip
def test_mistakes(tmp_path: Path, devices: str, expected: list[tuple[str, int, int]]) -> None:
    types = TYPES.replace("CHILD", "a/b/c")
    assert found(beamline(tmp_path, f"devices:\n  {devices}\n", types)) == expected


def test_a_child_that_gives_no_trl(tmp_path: Path) -> None:
    assert found(beamline(tmp_path, "", TYPES.replace("CHILD", "a/b"))) == [("E124", 9, 48)]


def test_a_tango_device_inside_a_type_is_refused(tmp_path: Path) -> None:
    types = "  t: {children: {one: {type: tango.device, trl: a/b/c}}}\n"
    assert [code for code, *_ in found(beamline(tmp_path, "", types))] in (["E116"], ["E401"], ["E122"])
