"""PVI devices: in place, and as types whose instances give the structure, or are a part of one."""

from pathlib import Path

import pytest

from ophyd_decl.blueprint import CommandShape, Param, PviTemplate

from .texts import addresses, beamline, device, found, member, signal

TYPES = """\
  counter:
    params: {pvi: {type: str}}
    signals: {counts: {dtype: int, access: rw}, read_: {dtype: int}, beside: {pv: "X", dtype: int}}
    commands: {go: {}}
  pair:
    params: {pvi: {type: str}}
    children: {left: {type: n.counter}, far: {type: n.counter, pvi: FAR}}
    vectors: {many: {type: n.counter, keys: [1, 2]}}
  rack:
    params: {prefix: {type: str}}
    children: {one: {type: n.counter, pvi: "${{ prefix }}PVI"}}
"""


def test_a_member_without_an_address_is_where_the_structure_says(tmp_path: Path) -> None:
    text = """devices:
  box:
    type: pvi.device
    pvi: "B:PVI"
    fill: true
    signals: {a: {dtype: int}, w: {dtype: int, access: w}}
    commands: {c: {}}
  more: {type: pvi.device, pvi: "pva://C:PVI"}
"""
    compiled = beamline(tmp_path, text)
    box = device(compiled, "box")
    assert (box.shape.type, box.fill, box.values) == ("pvi.device", True, {"pvi": "B:PVI"})
    assert signal(box, "a").origin.read == PviTemplate((Param("pvi"), "a"))  # type: ignore[union-attr]
    assert signal(box, "w").origin.read is None  # type: ignore[union-attr]
    assert signal(box, "w").origin.write.render(box.values) == "pvi://B:PVI#w"  # type: ignore[union-attr]
    command = member(box, "c")
    assert isinstance(command, CommandShape)
    assert command.address.write is not None
    assert command.address.write.render(box.values) == "pvi://B:PVI#c"
    assert device(compiled, "more").fill is False


def test_a_child_of_a_type_with_pvi_is_a_part_of_the_structure_of_its_parent(tmp_path: Path) -> None:
    text = """devices:
  box: {type: pvi.device, pvi: "pva://B:PVI", children: {p: {type: n.pair}}}
  pair: {type: n.pair, pvi: "P:PVI"}
  rack: {type: n.rack, prefix: "R:"}
"""
    compiled = beamline(tmp_path, text, TYPES)
    parts = [
        "#left.counts", "#left.read", "X", "FAR#counts", "FAR#read", "X",
        "#many.1.counts", "#many.1.read", "X", "#many.2.counts", "#many.2.read", "X",
    ]  # fmt: skip

    def expected(structure: str) -> list[str]:
        joined = [part.replace("#", structure) if part.startswith("#") else part for part in parts]
        return [part if part == "X" else f"pvi://{part}" for part in joined]

    assert addresses(device(compiled, "box")) == expected("B:PVI#p.")
    assert addresses(device(compiled, "pair")) == expected("P:PVI#")
    assert addresses(device(compiled, "rack")) == ["pvi://R:PVI#counts", "pvi://R:PVI#read", "X"]
    assert device(compiled, "pair").shape is member(device(compiled, "box"), "p").shape


def test_access_that_is_narrowed_narrows_the_address(tmp_path: Path) -> None:
    text = 'devices: {c: {type: n.counter, pvi: "C:PVI", overrides: {counts: {access: r}}}}\n'
    counts = signal(device(beamline(tmp_path, text, TYPES), "c"), "counts")
    assert counts.origin.write is None  # type: ignore[union-attr]


@pytest.mark.parametrize(("devices", "expected"), [
    ("a: {type: n.counter, pvi: 'ca://A'}", [("E124", 6, 29)]),
    ("a: {type: n.counter, pvi: 3}", [("E121", 6, 29)]),
    ("a: {type: n.counter}", [("E111", 6, 3)]),
    ("a: {type: n.rack, prefix: 'ca://A'}", []),
    ("a: {type: pvi.device, pvi: '${{ x }}'}", [("E301", 6, 35)]),
    ("a: {type: pvi.device, pvi: A, when: false, signals: {x: {nix: 3}}}", []),
    ("a: {type: pvi.device, pvi: A, signals: {x: {}}}", [("E111", 6, 43)]),
    ("a: {type: pvi.device, pvi: A, commands: {read: {}}}", [("E406", 6, 44)]),
    ("a: {type: pvi.device, pvi: A, extends: n.pair}", [("E110", 6, 33)]),
    ("a: {type: group, children: {c: {type: n.counter}}}", [("E111", 6, 31)]),
])  # fmt: skip
def test_mistakes(tmp_path: Path, devices: str, expected: list[tuple[str, int, int]]) -> None:
    assert found(beamline(tmp_path, f"devices:\n  {devices}\n", TYPES)) == expected


def test_a_type_without_pvi_has_no_members_without_an_address(tmp_path: Path) -> None:
    types = "  t: {params: {p: {type: str}}, signals: {s: {dtype: int}}, commands: {c: {}}}\n"
    assert found(beamline(tmp_path, "", types)) == [("E128", 5, 43), ("E128", 5, 72)]


def test_a_param_that_decides_the_structure_is_given_by_the_file(tmp_path: Path) -> None:
    types = """\
  a: {params: {pvi: {type: str}}, signals: {s: {dtype: int, doc: "${{ pvi }}"}}}
  b: {params: {pvi: {type: str}}, children: {a: {type: n.a}}}
"""
    assert found(beamline(tmp_path, "", types)) == [("E111", 6, 46)]
