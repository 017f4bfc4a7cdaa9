"""Types that extend others: what they take over, in which order, and what goes wrong."""

from pathlib import Path

import pytest

from ophyd_decl.blueprint import Reference
from ophyd_decl.compile import compile_paths
from ophyd_decl.resolve.inheritance import Body, linearize

from .texts import TYPES_HEAD, addresses, beamline, device, found, signal

AXIS = """\
  axis:
    protocol: pva
    doc: an axis
    params: {prefix: {type: str}, speed: {type: float, default: 1.5, gt: 0}}
    signals:
      sp: {suffix: SP, dtype: float, access: rw, units: mm, limits: [0, 10], timeout: {read: 1, write: 2}}
      rb: {suffix: RB, dtype: float, units: mm}
    commands: {halt: {suffix: STOP}}
    logic: {movable: {use: setpoint, setpoint: sp, readback: rb, tolerance: 0.1}}
"""


def test_a_type_takes_over_members_params_and_roles_and_merges_its_own(tmp_path: Path) -> None:
    types = (
        AXIS
        + """\
  stage:
    extends: n.axis
    params: {speed: {default: 3}, lamp: {type: str}}
    derived: {twice: {dtype: float, inputs: {r: rb}, get: 2 * r * speed}}
    signals:
      lamp: {pv: "${{ lamp }}", dtype: bool}
      sp: {limits: [2, 5], timeout: {write: 7}}
    logic: {movable: {tolerance: 0.5, stop: halt}}
"""
    )
    compiled = beamline(tmp_path, "devices: {s: {type: n.stage, prefix: 'P:', lamp: 'L'}}", types)
    made = device(compiled, "s")
    assert [member.key for member in made.shape.members] == ["sp", "rb", "halt", "twice", "lamp"]
    assert (made.shape.type, made.shape.bases, made.shape.doc, made.protocol) == (
        "n.stage",
        ("n.axis",),
        "an axis",
        "pva",
    )
    assert made.values == {"prefix": "P:", "speed": 3.0, "lamp": "L"}
    assert addresses(made) == ["P:SP", "P:RB", "L"]
    sp = signal(made, "sp")
    assert (sp.limits.low, sp.limits.high, sp.units) == (2, 5, "mm")  # type: ignore[union-attr]
    assert (sp.timeouts.read, sp.timeouts.write) == (1, 7)
    (role,) = made.shape.roles
    assert role.options == {
        "setpoint": Reference("device", ("sp",)), "readback": Reference("device", ("rb",)), "tolerance": 0.5,
        "stop": Reference("device", ("halt",)),
    }  # fmt: skip
    assert signal(made, "rb").carries_device_name


def test_the_base_stays_as_it_is(tmp_path: Path) -> None:
    types = AXIS + "  stage: {extends: n.axis, signals: {sp: {units: deg}}}\n"
    text = "devices: {a: {type: n.axis, prefix: A}, s: {type: n.stage, prefix: S}}"
    compiled = beamline(tmp_path, text, types)
    assert (signal(device(compiled, "a"), "sp").units, signal(device(compiled, "s"), "sp").units) == ("mm", "deg")


def test_several_bases_stand_in_order_and_the_nearest_is_first(tmp_path: Path) -> None:
    types = """\
  root: {params: {prefix: {type: str}}, signals: {r: {suffix: R, dtype: int}, x: {suffix: X, dtype: int}}}
  left: {extends: n.root, signals: {l: {suffix: L, dtype: int}, x: {units: mm}}}
  right: {extends: [n.root], signals: {t: {suffix: T, dtype: int}}}
  both: {extends: [n.left, n.right], signals: {b: {suffix: B, dtype: int}}}
  turned: {extends: [n.right, n.left]}
"""
    text = "devices: {b: {type: n.both, prefix: P}, t: {type: n.turned, prefix: P}}"
    compiled = beamline(tmp_path, text, types)
    both, turned = device(compiled, "b"), device(compiled, "t")
    assert both.shape.bases == ("n.left", "n.right", "n.root")
    assert [member.key for member in both.shape.members] == ["r", "x", "l", "t", "b"]
    assert [member.key for member in turned.shape.members] == ["r", "x", "t", "l"]
    # `right` only passes `x` on, so what `left` made of it is no disagreement.
    assert (signal(both, "x").units, signal(turned, "x").units) == ("mm", "mm")


def test_what_bases_disagree_on_needs_a_definition_that_stands_alone(tmp_path: Path) -> None:
    types = """\
  a: {params: {prefix: {type: str}}, signals: {x: {suffix: A, dtype: int, units: K}}}
  b: {params: {prefix: {type: str, doc: "only words"}}, signals: {x: {suffix: B, dtype: float, precision: 2}}}
  c: {extends: [n.a, n.b], signals: {x: {suffix: C, dtype: int}}}
  d: {extends: [n.a, n.b], derived: {x: {dtype: int, inputs: {y: y}, get: y}}, signals: {y: {suffix: Y, dtype: int}}}
"""
    compiled = beamline(tmp_path, "devices: {c: {type: n.c, prefix: P}, d: {type: n.d, prefix: P}}", types)
    x = signal(device(compiled, "c"), "x")
    assert (x.units, x.precision) == (None, None)
    assert addresses(device(compiled, "c")) == ["PC"]
    assert [member.key for member in device(compiled, "d").shape.members] == ["x", "y"]


def test_disagreements_are_reported_with_both_places(tmp_path: Path) -> None:
    types = """\
  a: {params: {p: {type: int}}, signals: {x: {soft: 1, dtype: int}}, logic: {movable: {use: setpoint, setpoint: x}}}
  b: {params: {p: {type: str}}, signals: {x: {soft: 2, dtype: int, access: rw}}, protocol: ca}
  c: {commands: {x: {pv: X}}, protocol: pva}
  d: {extends: [n.a, n.b]}
  e: {extends: [n.b, n.c], protocol: ca}
  f: {extends: [n.b, n.c], signals: {x: {soft: 1, dtype: int}}}
"""
    compiled = beamline(tmp_path, "", types)
    every = [(d.code, d.place.line, d.place.column, d.summary) for d in compiled.diagnostics if d.code == "E205"]
    assert every == [
        ("E205", 8, 16, "`n.a` and `n.b` disagree on the member `x`"),
        ("E205", 8, 16, "`n.a` and `n.b` disagree on the param `p`"),
        ("E205", 9, 16, "`n.b` and `n.c` disagree on the member `x`"),
        ("E205", 10, 16, "`n.b` and `n.c` disagree on the protocol"),
    ]
    first = next(d for d in compiled.diagnostics if d.code == "E205")
    assert [(note.message, note.place and (note.place.line, note.place.column)) for note in first.notes] == [
        ("that of `n.a`", (5, 43)), ("that of `n.b`", (6, 43)),
    ]  # fmt: skip


def test_another_plugin_for_a_role_starts_anew(tmp_path: Path) -> None:
    types = (
        AXIS
        + """\
  slow:
    extends: n.axis
    derived: {d: {dtype: float, inputs: {x: rb}, get: x, set: {sp: value}}}
    logic: {movable: {use: derived, signal: d}}
"""
    )
    (role,) = device(beamline(tmp_path, "devices: {s: {type: n.slow, prefix: S}}", types), "s").shape.roles
    assert (role.plugin, role.options) == ("derived", {"signal": Reference("device", ("d",))})


def test_members_are_replaced_and_taken_away(tmp_path: Path) -> None:
    types = (
        AXIS
        + """\
  soft:
    extends: n.axis
    signals:
      sp: {$replace: true, soft: 1.0, dtype: float, access: rw}
      rb: {$unset: [units]}
      $unset: []
    commands: {$replace: true, go: {suffix: GO}}
  none: {extends: n.axis, signals: {$unset: [rb]}, logic: {$unset: [movable]}}
"""
    )
    text = "devices: {s: {type: n.soft, prefix: P}, n: {type: n.none, prefix: P}}"
    compiled = beamline(tmp_path, text, types)
    soft = device(compiled, "s")
    assert [member.key for member in soft.shape.members] == ["sp", "rb", "go"]
    assert (signal(soft, "sp").units, signal(soft, "rb").units) == (None, None)
    none = device(compiled, "n").shape
    assert ([member.key for member in none.members], none.roles) == (["sp", "halt"], ())


def test_directives_where_nothing_is_merged(tmp_path: Path) -> None:
    types = """\
  a: {signals: {$replace: true, x: {soft: 1, dtype: int, $unset: [units]}}, params: {$unset: [p]}, $replace: true}
  b: {extends: n.a, signals: {x: {$unset: [unit], $replace: 1}, $unset: [z], y: {pv: Y, dtype: int, $replace: true}}}
"""
    assert found(beamline(tmp_path, "", types)) == [
        ("E204", 5, 17), ("E204", 5, 58), ("E204", 5, 86), ("E204", 5, 100),
        ("E204", 6, 44), ("E204", 6, 61), ("E204", 6, 74), ("E204", 6, 101),
    ]  # fmt: skip


def test_one_name_for_two_kinds_of_member(tmp_path: Path) -> None:
    types = "  a: {signals: {x: {soft: 1, dtype: int}}}\n  b: {extends: n.a, commands: {x: {pv: X}}}\n"
    compiled = beamline(tmp_path, "", types)
    assert found(compiled) == [("E405", 6, 32)]
    (note,) = compiled.diagnostics[0].notes
    assert note.place is not None
    assert note.place.line == 5


def test_circles_and_bases_that_cannot_be(tmp_path: Path) -> None:
    types = """\
  a: {extends: n.b}
  b: {extends: [n.c]}
  c: {extends: n.a, signals: {x: {soft: 1, dtype: in}}}
  me: {extends: n.me}
  g: {extends: [group, signal]}
  t: {extends: tango.device}
  u: {extends: n.gone}
  v: {extends: nothere.gone, signals: {x: {suffix: X, dtype: int}}, logic: {movable: {use: setpoint, setpoint: y}}}
  w: {extends: []}
  x: {extends: 3}
  y: {extends: {a: 1}}
  z: {extends: [n.b1, n.b1]}
  b1: {}
  b2: {extends: n.b1}
  b3: {extends: n.b1}
  o1: {extends: [n.b1, n.b2]}
  o2: {extends: [n.b2, n.b3]}
  o3: {extends: [n.b3, n.b2]}
  o4: {extends: [n.o2, n.o3]}
  p: {extends: "${{ q }}"}
"""
    compiled = beamline(tmp_path, "devices: {a: {type: n.a}, u: {type: n.u, nix: 3}, v: {type: n.v, prefix: P}}", types)
    assert found(compiled) == [
        ("E404", 7, 16), ("E122", 7, 51), ("E404", 8, 17), ("E205", 9, 17), ("E205", 9, 24), ("E205", 10, 16),
        ("E401", 11, 16), ("E401", 12, 16), ("E123", 13, 16), ("E121", 14, 16), ("E121", 15, 16), ("E205", 16, 16),
        ("E205", 20, 17), ("E205", 23, 17), ("E304", 24, 17),
    ]  # fmt: skip
    circle = compiled.diagnostics[0]
    assert circle.summary == "a type extends itself: `n.a` → `n.b` → `n.c` → `n.a`"
    assert [note.place.line for note in circle.notes if note.place] == [5, 6, 7]
    assert compiled.diagnostics[6].help == "did you mean `n.g`?" or compiled.diagnostics[6].help.startswith("types:")  # type: ignore[union-attr]
    assert compiled.diagnostics[12].help == "remove `n.b1`"


def test_a_type_that_contains_what_extends_it(tmp_path: Path) -> None:
    types = """\
  a: {params: {prefix: {type: str}}, children: {x: {type: n.b, prefix: x}}}
  b: {extends: n.a}
"""
    assert found(beamline(tmp_path, "devices: {a: {type: n.a, prefix: A}}", types)) == [("E404", 5, 59)]


def test_abstract_types_are_extended_only(tmp_path: Path) -> None:
    types = (
        AXIS.replace("    protocol: pva\n", "    abstract: true\n")
        + """\
  real: {extends: n.axis}
  holder: {children: {x: {type: n.axis, prefix: X}}, vectors: {y: {type: n.axis, keys: [1], prefix: Y}}}
"""
    )
    compiled = beamline(tmp_path, "devices: {a: {type: n.axis, prefix: A}, r: {type: n.real, prefix: R}}", types)
    assert found(compiled) == [("E205", 5, 21), ("E205", 15, 33), ("E205", 15, 74)]
    assert compiled.diagnostics[0].help == "use a type that extends it: `n.real`"


def test_a_mistake_inside_a_base_is_reported_once(tmp_path: Path) -> None:
    types = """\
  a:
    params: {prefix: {type: str}, n: {type: inn}}
    signals: {x: {suffix: X, dtype: in}, y: {suffix: "$(P)", dtype: int}}
    logic: {movable: {use: setpoint, setpoint: gone}}
  b: {extends: n.a}
  c: {extends: n.b, signals: {z: {suffix: Z, dtype: int}}}
"""
    compiled = beamline(tmp_path, "devices: {b: {type: n.b, prefix: P}, c: {type: n.c, prefix: P}}", types)
    assert found(compiled) == [("E122", 6, 45), ("E122", 7, 37), ("E305", 7, 55), ("E402", 8, 48)]
    assert all(not diagnostic.notes for diagnostic in compiled.diagnostics)


def test_a_mistake_that_only_the_heir_makes_names_it(tmp_path: Path) -> None:
    types = AXIS + "  b: {extends: n.axis, signals: {$unset: [rb], sp: {access: r}}}\n"
    compiled = beamline(tmp_path, "", types)
    assert found(compiled) == [("E403", 13, 48), ("E402", 13, 62)]
    for diagnostic in compiled.diagnostics:
        assert diagnostic.notes[-1].message == "taken over by `n.b`"


def test_a_file_of_types_whose_bases_stand_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        TYPES_HEAD
        + "  a: {extends: other.base, params: {n: {type: int}}, signals: {x: {suffix: '${{ more }}X', dtype: in}},"
        " logic: {movable: {use: setpoint, setpoint: sp}}}\n  b: {extends: n.a, signals: {x: {$unset: [q]}}}\n"
        "  c: {children: {x: {type: n.a, foo: 3}}, derived: {d: {dtype: int, inputs: {i: x.more}, get: i}}}\n"
    )
    compiled = compile_paths([file])
    assert [(d.severity, d.code, d.place.line) for d in compiled.diagnostics] == [
        ("warning", "E401", 5), ("error", "E122", 5), ("error", "E204", 6),
    ]  # fmt: skip


@pytest.mark.parametrize(("bases", "order"), [
    ([], ()),
    ([Body("a")], ("a",)),
    ([Body("b", ("a",)), Body("c", ("a",))], ("b", "c", "a")),
    ([Body("b", ("a",)), Body("a")], ("b", "a")),
    ([Body("a"), Body("b", ("a",))], None),
    ([Body("x", ("a", "b")), Body("y", ("b", "a"))], None),
])  # fmt: skip
def test_the_order_of_bases_is_that_of_python(bases: list[Body], order: tuple[str, ...] | None) -> None:
    assert linearize(bases) == order


def test_a_group_takes_over_types_and_has_their_params_as_keys(tmp_path: Path) -> None:
    types = (
        AXIS
        + """\
  gauge:
    abstract: true
    params: {prefix: {type: str}, n: {type: int, default: 2}, axis: {type: ref, to: movable, default: null}}
    children: {inner: {type: n.axis, prefix: "${{ prefix }}I:"}}
    vectors: {v: {type: n.axis, keys: "${{ range(n) }}", prefix: "${{ prefix }}${{ key }}:"}}
    signals: {p: {suffix: P, dtype: float, units: "u${{ n }}"}}
    derived: {d: {dtype: float, inputs: {x: axis, p: p}, get: x * n + p}}
"""
    )
    text = """\
vars: {bl: B}
devices:
  a: {type: n.axis, prefix: "A:"}
  g:
    type: group
    extends: [n.gauge]
    prefix: "${{ bl }}:"
    n: 1
    axis: {ref: a}
    signals: {p: {format: hinted}, own: {pv: "${{ bl }}-${{ prefix }}", dtype: int}}
    overrides: {inner.rb: {units: deg}}
"""
    compiled = beamline(tmp_path, text, types)
    g = device(compiled, "g")
    assert [member.key for member in g.shape.members] == ["inner", "v", "p", "d", "own"]
    assert addresses(g) == ["B:I:SP", "B:I:RB", "B:0:SP", "B:0:RB", "B:P", "B-B:"]
    assert (g.shape.type, g.shape.bases) == ("group", ("n.gauge",))
    assert (signal(g, "p").format, signal(g, "p").units, signal(g, "inner", "rb").units) == ("hinted", "u1", "deg")
    d = signal(g, "d").origin
    assert dict(d.inputs)["x"] == Reference("param", ("axis",))  # type: ignore[union-attr]
    assert d.get == "x * 1 + p"  # type: ignore[union-attr]
    assert g.values["axis"] == Reference("beamline", ("a",))


@pytest.mark.parametrize(("body", "expected"), [
    ("extends: n.axis", [("E111", 6, 3)]),
    ("extends: n.axis, prefx: P", [("E110", 6, 37)]),
    ("extends: n.axis, prefix: 3", [("E121", 6, 45)]),
    ("extends: n.axs, prefix: 3", [("E401", 6, 29)]),
    ("extends: group", [("E205", 6, 29)]),
    ("extends: n.axis, prefix: P, signals: {sp: {limits: [3, 1]}}", [("E126", 6, 71)]),
    ("extends: n.axis, prefix: P, signals: {$unset: [pp]}", [("E204", 6, 67)]),
    ("prefix: P", [("E110", 6, 20)]),
    ("params: {p: {type: str}}", [("E110", 6, 20)]),
    ("extends: n.axis, prefix: P, protocol: '${{ 3 }}'", [("E122", 6, 58)]),
])  # fmt: skip
def test_mistakes_in_groups_that_extend(tmp_path: Path, body: str, expected: list[tuple[str, int, int]]) -> None:
    assert found(beamline(tmp_path, f"devices:\n  g: {{type: group, {body}}}\n", AXIS)) == expected
