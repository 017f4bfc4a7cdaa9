"""Devices of a beamline: instances, groups, signals, and what they say about each other."""

from pathlib import Path

import pytest

from ophyd_decl.blueprint import Derived, Reference, Soft

from .texts import beamline, device, found, signal

TYPES = """\
  axis:
    params: {prefix: {type: str}}
    signals: {sp: {suffix: S, dtype: float, access: rw}, r: {suffix: R, dtype: float}}
    commands: {go: {suffix: G}}
    logic: {movable: {use: setpoint, setpoint: sp}}
  user:
    params: {target: {type: ref, to: movable}, sig: {type: ref, to: signal, default: null}}
    derived: {d: {dtype: float, inputs: {a: target}, get: a}}
  trig: {params: {t: {type: ref, to: triggerable}}}
  t: {commands: {go: {pv: G}}, logic: {triggerable: {use: start_and_wait, start: go}}}
"""


def test_an_instance(tmp_path: Path) -> None:
    text = """vars: {p: "BL:", words: [x, y]}
devices:
  a: {type: n.axis, prefix: "${{ p }}A", labels: "${{ words }}", doc: " d ", name: other}
  b: {type: n.axis, prefix: B, labels: [z], when: false}
"""
    compiled = beamline(tmp_path, text, TYPES)
    a = device(compiled, "a")
    assert (a.path, a.document_name, a.labels, a.doc) == ("a", "other", ("x", "y"), "d")
    assert a.values == {"prefix": "BL:A"}
    assert (a.place.line, a.place.column, a.place.end_column) == (7, 3, 4)
    assert (compiled.device_count, compiled.signal_count) == (1, 2)


def test_a_group_and_a_signal(tmp_path: Path) -> None:
    text = """vars: {k: 2.5, unit: mm}
devices:
  m: {type: n.axis, prefix: M}
  i0: {type: signal, pv: "pva://I0", dtype: float, labels: [det], units: "${{ unit }}"}
  w: {type: signal, pv: W, dtype: float, access: w}
  g:
    type: group
    labels: [q]
    signals: {s: {soft: 1, dtype: float, access: rw, units: "${{ unit }}"}, p: {pv: "${{ unit }}:P", dtype: int}}
    derived: {d: {dtype: float, inputs: {a: m, b: s, c: g.p}, get: a * k + b + c, set: {m.sp: value / k}}}
    logic: {movable: {use: derived, signal: d}}
"""
    compiled = beamline(tmp_path, text, TYPES)
    i0, g = device(compiled, "i0"), device(compiled, "g")
    assert i0.is_signal
    assert (signal(i0, "i0").format, signal(i0, "i0").carries_device_name, signal(i0, "i0").units) == (
        "hinted",
        True,
        "mm",
    )
    assert signal(device(compiled, "w"), "w").format == "none"
    assert signal(g, "s").origin == Soft(1.0)
    assert signal(g, "p").origin.read.render({}) == "mm:P"  # type: ignore[union-attr]
    assert signal(g, "d").origin == Derived(
        "a * 2.5 + b + c",
        ((Reference("beamline", ("m", "sp")), "value / 2.5"),),
        (("a", Reference("beamline", ("m",))), ("b", Reference("device", ("s",))), ("c", Reference("device", ("p",)))),
        (),
    )
    assert signal(g, "d").carries_device_name
    assert compiled.blueprint is not None
    assert compiled.blueprint.build_order == ("m", "i0", "w", "g")


def test_references_order_the_build(tmp_path: Path) -> None:
    text = """devices:
  u: {type: n.user, target: {ref: v}, sig: {ref: m.r}}
  v: {type: group, signals: {s: {soft: 1, dtype: float, access: rw}}, logic: {movable: {use: setpoint, setpoint: s}}}
  m: {type: n.axis, prefix: M}
"""
    compiled = beamline(tmp_path, text, TYPES)
    assert device(compiled, "u").values == {
        "target": Reference("beamline", ("v",)),
        "sig": Reference("beamline", ("m", "r")),
    }
    assert compiled.blueprint is not None
    assert compiled.blueprint.build_order == ("v", "m", "u")


@pytest.mark.parametrize(("text", "expected"), [
    ("u: {type: n.user, target: {ref: nix}}", [("E402", 6, 29)]),
    ("u: {type: n.user, target: {ref: m.nix}}", [("E402", 6, 29)]),
    ("u: {type: n.trig, t: {ref: m}}", [("E403", 6, 24)]),
    ("u: {type: n.trig, t: {ref: m.r}}", [("E403", 6, 24)]),
    ("u: {type: n.trig, t: {ref: t}}\n  t: {type: n.t}", []),
    ("u: {type: n.user, target: {ref: m.r}}", [("E403", 6, 29)]),
    ("u: {type: n.user, target: {ref: m.r.x}}", [("E402", 6, 29)]),
    ("u: {type: n.user, target: {ref: 'm..r'}}", [("E402", 6, 29)]),
    ("u: {type: n.user, target: {rf: m}}", [("E110", 6, 30)]),
    ("u: {type: n.user, target: m.go}", [("E403", 6, 29)]),
    ("u: {type: n.user, target: 3}", [("E121", 6, 29)]),
    ("u: {type: n.user, target: {ref: m}, sig: {ref: m.go}}", [("E403", 6, 44)]),
    ("u: {type: n.user}", [("E111", 6, 3)]),
    ("u: {type: n.user, target: {ref: broken}}\n  broken: {type: n.axis}", [("E111", 7, 3)]),
    ("u: {type: n.user, target: {ref: nix}, sig: 3, labels: 3}", [("E402", 6, 29), ("E121", 6, 46), ("E120", 6, 57)]),
    ("u: {type: n.user, target: {ref: gone}}\n  gone: {type: n.axis, prefix: A, when: false}", [("E402", 6, 29)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {a: nix}, get: a}}}", [("E402", 6, 58)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {a: m.go}, get: a}}}", [("E403", 6, 58)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {a: m}, get: a, set: {m.r: value}}}}", [("E403", 6, 76)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {value: m}, get: 1}}}", [("E407", 6, 55)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {a: m}, get: a + b}}}", [("E311", 6, 71)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {a: m}, get: a.b}}}", [("E310", 6, 67)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {a: m}, get: '${{ a }}'}}}", [("E310", 6, 67)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {a: m}, get: sinn(a)}}}", [("E310", 6, 67)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {a: m}, get: value}}}", [("E311", 6, 67)]),
    ("g: {type: group, derived: {d: {dtype: int, inputs: {a: g.d}, get: a}}}", [("E404", 6, 58)]),
])  # fmt: skip
def test_mistakes_in_references(tmp_path: Path, text: str, expected: list[tuple[str, int, int]]) -> None:
    compiled = beamline(tmp_path, f"devices:\n  {text}\n  m: {{type: n.axis, prefix: M}}\n", TYPES)
    assert found(compiled) == expected
    assert (compiled.blueprint is None) == bool(expected)


def test_what_was_reported_is_no_mistake_of_those_who_refer_to_it(tmp_path: Path) -> None:
    types = TYPES + "  broken: {signals: {s: {soft: 1, dtype: in}}}\n"
    text = "devices:\n  b1: {type: n.broken}\n  b2: {type: n.broken}\n  b3: {type: n.nix}\n"
    text += "  u1: {type: n.user, target: {ref: b1}}\n  u2: {type: n.user, target: {ref: b2}}\n"
    text += "  u3: {type: n.user, target: {ref: b3}}\ngroups: {g: [b1.s, b2, b3.x.y]}\n"
    assert [code for code, *_ in found(beamline(tmp_path, text, types))] == ["E401", "E122"]
    (tmp_path / "types.yaml").unlink()
    text = text.replace("u1: {type: n.user", "u1: {type: other.user")
    assert [code for code, *_ in found(beamline(tmp_path, "use: [types.yaml]\n" + text))] == ["E201"]


def test_a_circle_of_devices(tmp_path: Path) -> None:
    text = """devices:
  a: {type: group, derived: {d: {dtype: int, inputs: {x: b.s}, get: x}}, signals: {s: {soft: 1, dtype: int}}}
  b: {type: group, derived: {d: {dtype: int, inputs: {x: a.s}, get: x}}, signals: {s: {soft: 1, dtype: int}}}
"""
    compiled = beamline(tmp_path, text)
    assert [code for code, *_ in found(compiled)] == ["E404"]
    assert "`a` → `b` → `a`" in compiled.diagnostics[0].summary


@pytest.mark.parametrize(("text", "expected"), [
    ("a: {type: n.axis, prefix: 3}", [("E121", 6, 29)]),
    ("a: {type: n.axis, prefix: A, prefx: B}", [("E110", 6, 32)]),
    ("a: {type: n.axis}", [("E111", 6, 3)]),
    ("a: {prefix: A}", [("E111", 6, 3)]),
    ("a: {type: 3}", [("E121", 6, 13)]),
    ("a: {type: n.axes, prefix: A, connect: nevr, nix: 3}", [("E401", 6, 13), ("E122", 6, 41)]),
    ("a: {type: '${{ x }}', prefix: A}", [("E304", 6, 13)]),
    ("a: {type: n.axis, prefix: '${{ x }}', labels: [1]}", [("E301", 6, 34), ("E125", 6, 50)]),
    ("a: {type: n.axis, prefix: 'A$(P)'}", [("E305", 6, 31)]),
    ("a: 3", [("E120", 6, 6)]),
    ("a:", [("E120", 6, 3)]),
    ("a-b: {type: n.axis}", [("E111", 6, 3), ("E407", 6, 3)]),
    ("x-a: {type: n.axis, prefix: A}", [("E407", 6, 3)]),
    ("_a: {type: n.axis, prefix: A}", [("E406", 6, 3)]),
    ("report: {type: n.axis, prefix: A}", [("E406", 6, 3)]),
    ("a: {type: n.axis, prefix: A, x-note: 3, format: child}", [("E110", 6, 43)]),
    ("a: {type: n.axis, prefix: A, when: 3}", [("E121", 6, 38)]),
    ("a: {type: n.axis, prefix: '${{ n }}', repeat: {over: 3}}",
     [("E301", 6, 34), ("E111", 6, 41), ("E111", 6, 41), ("E120", 6, 56)]),
    ("a: {type: n.axis, prefix: A, overrides: {}, connector: x}", [("E501", 6, 58)]),
    ("a: {type: python, class: x}", [("E124", 6, 28)]),
    ("a: {type: signal}", [("E111", 6, 3), ("E128", 6, 3)]),
    ("a: {type: signal, pv: A, dtype: int, label: [x]}", [("E110", 6, 40)]),
    ("a: {type: signal, suffix: A, dtype: int}", [("E110", 6, 21)]),
    ("a: {type: group, signals: {s: {suffix: A, dtype: int}}}", [("E128", 6, 34)]),
    ("a: {type: group, sgnals: {}}", [("E110", 6, 20)]),
    ("a: {type: group, signals: [1]}", [("E120", 6, 29)]),
    ("a: {type: group, signals: {s: 3, read: {soft: 1, dtype: in}}}", [("E120", 6, 33), ("E406", 6, 36),
    ("E122", 6, 59)]),
    ("a: {type: group, signals: {s: {soft: 1, dtype: int}}, commands: {s: {pv: A}}}", [("E405", 6, 68)]),
    ("a: {type: n.axis, prefix: A}\n  b: {type: n.axis, prefix: B, name: a}", [("E405", 7, 3)]),
])  # fmt: skip
def test_mistakes_in_devices(tmp_path: Path, text: str, expected: list[tuple[str, int, int]]) -> None:
    compiled = beamline(tmp_path, f"devices:\n  {text}\n", TYPES)
    assert found(compiled) == expected


def test_a_pattern_reaches_every_depth(tmp_path: Path) -> None:
    types = (
        TYPES
        + """\
  stage:
    params: {prefix: {type: str}}
    children: {x: {type: n.axis, prefix: "${{ prefix }}X"}}
    vectors: {v: {type: n.axis, keys: [1, "a b"], prefix: "${{ prefix }}${{ key }}"}}
"""
    )
    compiled = beamline(
        tmp_path, "devices: {s: {type: n.stage, prefix: S}}\ngroups: {g: ['*.sp'], h: ['s.v[\"a b\"].r']}", types
    )
    assert compiled.blueprint is not None
    assert set(compiled.blueprint.groups["g"]) == {"s.x.sp", "s.v.1.sp", 's.v["a b"].sp'}
    assert compiled.blueprint.groups["h"] == ('s.v["a b"].r',)


def test_groups(tmp_path: Path) -> None:
    text = """devices:
  a: {type: n.axis, prefix: A, labels: [x]}
  b: {type: n.axis, prefix: B, labels: [x, y]}
  s: {type: signal, pv: S, dtype: int}
groups: {all: ["label:x", s], one: [b.sp, "a.*", a], none: []}
"""
    compiled = beamline(tmp_path, text, TYPES)
    assert compiled.blueprint is not None
    assert compiled.blueprint.groups == {
        "all": ("a", "b", "s"),
        "one": ("b.sp", "a.sp", "a.r", "a.go", "a"),
        "none": (),
    }


@pytest.mark.parametrize(("text", "expected"), [
    ("{g: [nix]}", [("E402", 7, 13)]), ("{g: [a.nix]}", [("E402", 7, 13)]), ("{g: ['label:nix']}", [("E402", 7, 13)]),
    ("{g: ['z*']}", [("E402", 7, 13)]), ("{g: ['a b']}", [("E402", 7, 13)]), ("{a: [a]}", [("E405", 7, 10)]),
    ("{find: [a]}", [("E406", 7, 10)]), ("{g: a}", [("E120", 7, 13)]), ("{g: [3]}", [("E121", 7, 14)]),
    ("[a]", [("E120", 7, 9)]),
])  # fmt: skip
def test_mistakes_in_groups(tmp_path: Path, text: str, expected: list[tuple[str, int, int]]) -> None:
    compiled = beamline(tmp_path, f"devices:\n  a: {{type: n.axis, prefix: A}}\ngroups: {text}\n", TYPES)
    assert [code for code, *_ in found(compiled)] == [code for code, *_ in expected]


def test_names_in_documents(tmp_path: Path) -> None:
    text = """name_separator: _
devices:
  a: {type: group, signals: {b: {soft: 1, dtype: int}, c: {soft: 1, dtype: int, name: q}}}
  a_b: {type: signal, soft: 1, dtype: int}
  z: {type: n.axis, prefix: X, name: q}
"""
    assert found(beamline(tmp_path, text, TYPES)) == [("E405", 7, 56), ("E405", 8, 3)]
    ok = beamline(tmp_path, text.replace("name_separator: _\n", "").replace("name: q}\n", "name: z}\n"), TYPES)
    assert found(ok) == []
    twice = "  t: {signals: {s: {soft: 1, dtype: int, name: same}}}\n"
    compiled = beamline(tmp_path, "devices: {a: {type: n.t}, b: {type: n.t}}", twice)
    assert found(compiled) == [("E405", 5, 27)]
    notes = [(note.message, note.place and note.place.column) for note in compiled.diagnostics[0].notes]
    assert notes == [("the other one, in `a`", 11), ("the signal of both", 17)]


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        # The note is at the signal that has the name, not at its device.
        (
            "{a: {type: group, signals: {s: {soft: 1, dtype: int, name: t}}},"
            " b: {type: group, signals: {s: {soft: 1, dtype: int, name: t}}}}",
            [(102, 38)],
        ),
        # A given name may be that of the way to another signal.
        ("{a: {type: n.axis, prefix: A}, b: {type: signal, soft: 1, dtype: int, name: a-speed}}", [(41, 51)]),
        ("{a: {type: n.axis, prefix: A}, b: {type: n.axis, prefix: B, name: a-b}}", []),
        ("{a: {type: n.two}, b: {type: n.axis, prefix: B, name: a-v-1}}", [(29, 11)]),
        # Every item of a vector has a signal with the given name.
        ("{a: {type: n.many}}", [(52, 11)]),
    ],
)
def test_names_in_documents_that_the_file_gives(tmp_path: Path, devices: str, expected: list[tuple[int, int]]) -> None:
    types = """  axis: {params: {prefix: {type: str}}, signals: {speed: {suffix: S, dtype: int}}}
  two: {vectors: {v: {type: n.axis, keys: [1], prefix: X}}}
  named: {params: {prefix: {type: str}}, signals: {s: {suffix: S, dtype: int, name: same}}}
  many: {vectors: {v: {type: n.named, keys: [1, 2], prefix: X}}}
"""
    compiled = beamline(tmp_path, f"devices: {devices}", types)
    assert [code for code, *_ in found(compiled)] == ["E405"] * len(expected)
    places = [(d.place.column, d.notes[0].place.column) for d in compiled.diagnostics if d.notes[0].place]
    assert places == expected


@pytest.mark.parametrize(
    ("body", "code", "column", "words"),
    [
        ("{tpe: n.axis, prefix: A}", "E110", 7, "did you mean `type`?"),
        ("{Type: n.axis, prefix: A}", "E110", 7, "did you mean `type`?"),
        ("{pv: A, dtype: float, access: r}", "E111", 3, "add `type: signal`"),
        ("{signals: {}}", "E111", 3, "add `type: group`"),
        ("{prefix: A}", "E111", 3, "add `type:`, the name of its type"),
        ("{type: [n.axis], prefix: A}", "E121", 13, "write one name, for instance `epics.motor`"),
        ("{type: n.axis, prfix: A}", "E110", 21, "did you mean `prefix`?"),
        ("{type: n.axis, prefix: [A, B]}", "E121", 29, "write one text"),
        ("{type: signal, pv: [A, B], dtype: int}", "E121", 25, "write one text"),
        ("n.axis", "E120", 6, "write `{type: n.axis, …}`"),
    ],
)
def test_one_mistake_gives_one_diagnostic_with_an_edit_that_mends_it(
    tmp_path: Path, body: str, code: str, column: int, words: str
) -> None:
    compiled = beamline(tmp_path, f"devices:\n  a: {body}\n", TYPES)
    assert found(compiled) == [(code, 6, column)]
    assert compiled.diagnostics[0].help == words
