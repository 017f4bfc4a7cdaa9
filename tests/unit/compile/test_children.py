"""Children and vectors: names, labels, references among them, and entries that make several."""

from pathlib import Path

import pytest

from ophyd_decl.blueprint import Reference, VectorShape
from ophyd_decl.compile import Compiled, compile_paths

from .texts import TYPES_HEAD, addresses, beamline, device, found, member, signal

TYPES = """\
  axis:
    params: {prefix: {type: str}, follows: {type: ref, to: movable, default: null}, n: {type: int, default: 1}}
    signals: {v: {suffix: V, dtype: float, access: rw}}
    derived: {d: {dtype: float, inputs: {o: follows, v: v}, get: o + v}}
    logic: {movable: {use: setpoint, setpoint: v}}
  plain:
    params: {prefix: {type: str}}
    signals: {v: {suffix: V, dtype: float}}
"""


def test_names_labels_and_doc(tmp_path: Path) -> None:
    types = (
        TYPES
        + """\
  stage:
    params: {prefix: {type: str}, who: {type: str}}
    children:
      x: {type: n.axis, prefix: X, name: "${{ who }}", labels: [motors, "${{ who }}"], doc: "of ${{ who }}"}
    vectors:
      y: {type: n.axis, prefix: "Y${{ key }}", keys: [1, 2], name: rows, labels: [row], doc: all}
"""
    )
    text = "devices: {s: {type: n.stage, prefix: P, who: me, overrides: {y.2: {name: last, labels: []}, x: {name: z}}}}"
    made = device(beamline(tmp_path, text, types), "s")
    x, y = member(made, "x"), member(made, "y")
    assert (x.document_name, x.labels, x.doc) == ("z", ("motors", "me"), "of me")
    assert (y.document_name, y.doc) == ("rows", "all")
    assert [(item.document_name, item.labels) for item in y.items] == [(None, ("row",)), ("last", ())]


def test_references_to_siblings_and_to_what_the_parent_was_given(tmp_path: Path) -> None:
    types = (
        TYPES
        + """\
  stage:
    params: {prefix: {type: str}, outer: {type: ref, to: movable}, alone: {type: ref, default: null}}
    children:
      x: {type: n.axis, prefix: X, follows: {ref: y}}
      y: {type: n.axis, prefix: Y, follows: {ref: outer}}
      z: {type: n.axis, prefix: Z, follows: "${{ outer }}"}
      w: {type: n.axis, prefix: W, follows: null}
    vectors:
      v: {type: n.axis, keys: [1, 2], prefix: "${{ key }}", follows: {ref: inner.x}}
  holder:
    params: {outer: {type: ref, to: movable}}
    children: {inner: {type: n.stage, prefix: I, outer: {ref: outer}}}
""".replace("inner.x}}\n  holder", "x}}\n  holder")
    )
    text = "devices: {h: {type: n.holder, outer: {ref: a}}, a: {type: n.axis, prefix: A}}"
    compiled = beamline(tmp_path, text, types)
    h = device(compiled, "h")
    assert member(h, "inner").references == (("outer", Reference("param", ("outer",))),)
    inner = member(h, "inner")
    got = {item.key: item.references for item in inner.shape.members if item.kind == "child"}
    assert got == {
        "x": (("follows", Reference("device", ("y",))),),
        "y": (("follows", Reference("param", ("outer",))),),
        "z": (("follows", Reference("param", ("outer",))),),
        "w": (),
    }
    assert [item.references for item in member(h, "inner", "v").items] == [
        (("follows", Reference("device", ("x",))),)
    ] * 2
    assert compiled.blueprint is not None
    assert compiled.blueprint.build_order == ("a", "h")


def test_a_child_of_a_group_may_refer_to_other_devices(tmp_path: Path) -> None:
    text = """devices:
  g: {type: group, children: {x: {type: n.axis, prefix: X, follows: {ref: a}}}}
  a: {type: n.axis, prefix: A}
"""
    compiled = beamline(tmp_path, text, TYPES)
    assert member(device(compiled, "g"), "x").references == (("follows", Reference("beamline", ("a",))),)
    assert compiled.blueprint is not None
    assert compiled.blueprint.build_order == ("a", "g")


@pytest.mark.parametrize(("children", "expected"), [
    ("x: {type: n.axis, prefix: X, follows: {ref: z}}", [("E402", 39)]),
    ("x: {type: n.axis, prefix: X, follows: {ref: p}}, p: {type: n.plain, prefix: P}", [("E403", 39)]),
    ("x: {type: n.axis, prefix: X, follows: p}", [("E402", 39)]),
    ("x: {type: n.axis, prefix: X, follows: {reff: p}}", [("E110", 40)]),
    ("x: {type: n.axis, prefix: X, follows: {ref: x}}", [("E404", 39)]),
    ("x: {type: n.axis, prefix: X, follows: {ref: y}}, y: {type: n.axis, prefix: Y, follows: {ref: x}}",
     [("E404", 39)]),
    ("x: {type: n.plain, prefix: X, follows: {ref: x}}", [("E110", 31)]),
    ("x: {type: n.axis, prefix: X, connect: lazy}", [("E110", 30)]),
    ("x: {type: group, signals: {}}", [("E401", 11)]),
    ("x: {type: tango.device, trl: a/b/c}", [("E401", 11)]),
    ("x: {type: signal}", [("E401", 11)]),
    ("x: {type: n.axis, prefix: X, name: 3, labels: a}", [("E121", 36), ("E120", 47)]),
    ("x: {type: n.axis, prefix: X, labels: [3], doc: []}", [("E125", 39), ("E121", 48)]),
])  # fmt: skip
def test_mistakes(tmp_path: Path, children: str, expected: list[tuple[str, int]]) -> None:
    types = TYPES + "  stage:\n    children:\n      " + children.replace("}, ", "}\n      ", 0) + "\n"
    if "}, p:" in children or "}, y:" in children:
        types = TYPES + "  stage:\n    children: {" + children + "}\n"
        expected = [(code, column + 9) for code, column in expected]
    compiled = beamline(tmp_path, "", types)
    assert [(code, column - 6) for code, _, column in found(compiled)] == expected


def test_an_entry_makes_several_children(tmp_path: Path) -> None:
    types = (
        TYPES
        + """\
  kb:
    params: {prefix: {type: str}, names: {type: list, of: str, default: [a, b]}}
    children:
      m:
        repeat: {var: c, over: "${{ names }}", name: "m_${{ c }}"}
        type: n.axis
        prefix: "${{ prefix }}${{ c }}:"
        doc: "the ${{ c }}"
        when: "${{ c != 'no' }}"
      fixed: {repeat: {var: i, over: [1, 2], name: "f${{ i }}"}, type: n.axis, prefix: "F${{ i }}", n: "${{ i }}"}
    derived: {d: {dtype: float, inputs: {i: m_a, j: f2}, get: i + j}}
"""
    )
    text = """devices:
  x: {type: n.kb, prefix: "X:", overrides: {m_b.v: {units: K}, f1: {format: none}}}
  y: {type: n.kb, prefix: "Y:", names: [a, no, z]}
"""
    compiled = beamline(tmp_path, text, types)
    x, y = device(compiled, "x"), device(compiled, "y")
    assert [item.key for item in x.shape.members] == ["m_a", "m_b", "f1", "f2", "d"]
    assert [item.key for item in y.shape.members] == ["m_a", "m_z", "f1", "f2", "d"]
    assert addresses(x) == ["X:a:V", "X:b:V", "F1V", "F2V"]
    assert (signal(x, "m_b", "v").units, member(x, "f1").format, member(x, "m_a").doc) == ("K", "none", "the a")


def test_mistakes_in_repeated_children(tmp_path: Path) -> None:
    types = (
        TYPES
        + """\
  kb:
    params: {names: {type: list}}
    children:
      a: {repeat: {var: c, over: 3, name: "a${{ c }}"}, type: n.axis, prefix: P}
      b: {repeat: {var: c, over: [1, 2], name: "b"}, type: n.axis, prefix: P}
      c: {repeat: {var: c, over: [1, x y], name: "c${{ c }}"}, type: n.axis, prefix: P}
      d: {repeat: {var: c, over: [1, 2], name: "d${{ c }}"}, type: n.axis, prefx: P}
      d2: {type: n.axis, prefix: P}
      e: {repeat: {vra: c}, type: n.axis, prefix: P}
      f: {repeat: {var: names, over: [1], name: f}, type: n.axis, prefix: P}
      g: {repeat: {var: c, over: "${{ names }}", name: "g${{ c }}"}, type: n.axis, prefix: "${{ c }}${{ q }}"}
    vectors: {v: {repeat: {}, type: n.axis, keys: [1], prefix: P}}
    derived: {z: {dtype: float, inputs: {i: g_any}, get: i}}
"""
    )
    assert [(code, line) for code, line, _ in found(beamline(tmp_path, "", types))] == [
        ("E120", 16), ("E405", 17), ("E407", 18), ("E110", 19), ("E405", 20), ("E111", 21), ("E111", 21), ("E110", 21),
        ("E405", 22), ("E301", 23), ("E110", 24),
    ]  # fmt: skip


def test_what_repeated_children_are_is_checked_when_it_is_known(tmp_path: Path) -> None:
    types = (
        TYPES
        + """\
  kb:
    params: {names: {type: list}}
    children: {g: {repeat: {var: c, over: "${{ names }}", name: "g${{ c }}"}, type: n.axis, prefix: "${{ c }}"}}
    derived: {z: {dtype: float, inputs: {i: g_any}, get: i}}
"""
    )
    assert found(beamline(tmp_path, "", types)) == []
    compiled = beamline(tmp_path, "devices: {k: {type: n.kb, names: [1]}}", types)
    assert found(compiled) == [("E402", 16, 45)]
    assert compiled.diagnostics[0].notes[0].message == "in the device `k`"


def test_a_file_of_types_with_children_from_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        TYPES_HEAD
        + "  a: {children: {x: {type: other.thing, prefix: P}}, derived: {d: {dtype: int, inputs: {i: x.v}, get: i}}}\n"
    )
    assert [(d.severity, d.code) for d in compile_paths([file]).diagnostics] == [("warning", "E401")]


LISTS = """\
  lists:
    params: {over: {type: list, of: int}, known: {type: map, default: {a: 1}}}
    signals: {only: {soft: 1.0, dtype: float, when: "${{ known.a > 1 }}"}}
    vectors: {v: {type: n.plain, keys: "${{ over }}", prefix: "V${{ key }}"}}
  holder:
    params: {first: {type: list, of: int}, size: {type: int}}
    children: {c: {type: n.lists, over: [7, "${{ first[0] }}"], known: {a: "${{ size - 1 }}"}}}
"""


def keys_and_members(compiled: Compiled, name: str, *path: str) -> tuple[list[str | int], list[str | int]]:
    """Return the keys of the vector, and the names of the members, of a device or child of the type `n.lists`."""
    made = device(compiled, name)
    shape = member(made, *path).shape if path else made.shape
    (vector,) = [found for found in shape.members if isinstance(found, VectorShape)]
    return [item.key for item in vector.items], [found.key for found in shape.members]


def test_lists_and_mappings_may_be_made_by_expressions_or_hold_some(tmp_path: Path) -> None:
    text = """\
vars: {some: [3, 4], more: {a: 2}}
devices:
  whole: {type: n.lists, over: "${{ some }}", known: "${{ more }}"}
  range: {type: n.lists, over: "${{ range(2) }}"}
  inside: {type: n.holder, first: "${{ some }}", size: 3}
  out: {type: n.holder, first: [5], size: 2}
"""
    compiled = beamline(tmp_path, text, TYPES + LISTS)
    assert keys_and_members(compiled, "whole") == ([3, 4], ["only", "v"])
    assert keys_and_members(compiled, "range") == ([0, 1], ["v"])
    assert keys_and_members(compiled, "inside", "c") == ([7, 3], ["only", "v"])
    assert keys_and_members(compiled, "out", "c") == ([7, 5], ["v"])


def test_the_items_of_a_list_that_an_expression_makes_are_checked(tmp_path: Path) -> None:
    text = 'vars: {some: [3, x]}\ndevices: {whole: {type: n.lists, over: "${{ some }}"}}\n'
    assert found(beamline(tmp_path, text, TYPES + LISTS)) == [("E121", 6, 40)]


BOUNDED = """\
  bounded:
    params: {n: {type: int, ge: 5}, text: {type: str, pattern: "A.*"}, word: {type: str, choices: [x, y], default: x}}
    signals: {s: {pv: "${{ text }}${{ word }}${{ n }}", dtype: float}}
  passing:
    params: {n: {type: int}, text: {type: str}, word: {type: str}}
    children:
      b: {type: n.bounded, n: "${{ n }}", text: "${{ text }}1", word: "${{ word }}"}
  above:
    params: {n: {type: int}}
    vectors: {v: {type: n.passing, keys: [6, 7], n: "${{ n }}", text: "A${{ key }}", word: y}}
"""


def test_bounds_of_params_hold_for_what_a_parent_passes_on(tmp_path: Path) -> None:
    text = "devices: {a: {type: n.passing, n: 5, text: AB, word: y}, b: {type: n.above, n: 8}}"
    compiled = beamline(tmp_path, text, TYPES + BOUNDED)
    assert [addresses(device(compiled, name)) for name in ("a", "b")] == [["AB1y5"], ["A61y8", "A71y8"]]
    text = "devices: {a: {type: n.passing, n: 4, text: B, word: z}, b: {type: n.above, n: 3}}"
    rows = (TYPES + BOUNDED).splitlines()
    row = next(row for row in rows if "b: {type" in row)
    places = [
        (rows.index(row) + 5, row.index(value) + 1) for value in ('"${{ n }}"', '"${{ text }}1"', '"${{ word }}"')
    ]
    assert found(beamline(tmp_path, text, TYPES + BOUNDED)) == [
        ("E123", *places[0]), ("E123", *places[0]), ("E124", *places[1]), ("E122", *places[2]),
    ]  # fmt: skip
