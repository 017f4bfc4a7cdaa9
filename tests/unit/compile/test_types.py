"""Types: params into addresses and structure, children, vectors, and shapes that are shared."""

from pathlib import Path

from ophyd_decl.blueprint import Derived, Reference, Template, Timeouts
from ophyd_decl.compile import compile_paths
from ophyd_decl.vocab.readings import Limits

from .texts import TYPES_HEAD, addresses, beamline, device, found, member, signal

AXIS = (
    "  axis: {params: {prefix: {type: str}, unit: {type: str, default: mm}}, signals: {v: {suffix: V, dtype: int}}}\n"
)


def test_addresses_are_joined_from_params_at_every_depth(tmp_path: Path) -> None:
    types = (
        AXIS
        + """\
  stage:
    params: {prefix: {type: str}, n: {type: int}}
    children:
      x: {type: n.axis, prefix: "${{ prefix }}X:"}
      y: {type: n.axis, prefix: "FIX:Y:"}
    vectors:
      z: {type: n.axis, keys: [1, b], prefix: "${{ prefix }}Z${{ key }}-${{ n }}:"}
      q: {type: n.axis, keys: "${{ range(2) }}", prefix: "${{ prefix }}Q${{ '%02d' % key }}:"}
    signals:
      whole: {pv: "${{ prefix }}${{ n }}:W", dtype: int}
"""
    )
    compiled = beamline(tmp_path, "devices: {s: {type: n.stage, prefix: 'P:', n: 3}}", types)
    assert addresses(device(compiled, "s")) == [
        "P:X:V", "FIX:Y:V", "P:Z1-3:V", "P:Zb-3:V", "P:Q00:V", "P:Q01:V", "P:3:W",
    ]  # fmt: skip


def test_devices_that_differ_in_addresses_only_share_one_shape(tmp_path: Path) -> None:
    text = "devices:\n  a: {type: n.axis, prefix: A}\n  b: {type: n.axis, prefix: B, unit: deg}\n"
    compiled = beamline(tmp_path, text, AXIS)
    assert device(compiled, "a").shape is device(compiled, "b").shape
    assert device(compiled, "b").values == {"prefix": "B", "unit": "deg"}


def test_structural_params_make_a_shape_for_each_value(tmp_path: Path) -> None:
    types = (
        AXIS
        + """\
  many:
    params: {prefix: {type: str}, n: {type: int, default: 2}, units: {type: str, default: mm}, cold: {type: bool}}
    vectors: {v: {type: n.axis, keys: "${{ range(n) }}", prefix: "${{ prefix }}${{ key }}"}}
    signals:
      t: {suffix: T, dtype: float, units: "${{ units }}", limits: [0, "${{ n }}"], when: "${{ cold }}"}
"""
    )
    text = """devices:
  a: {type: n.many, prefix: A, cold: true}
  b: {type: n.many, prefix: B, cold: true}
  c: {type: n.many, prefix: C, cold: false, n: 3}
  d: {type: n.many, prefix: D, cold: true, units: K}
"""
    compiled = beamline(tmp_path, text, types)
    a, b, c, d = (device(compiled, name) for name in "abcd")
    assert a.shape is b.shape
    assert [len(member(x, "v").items) for x in (a, c, d)] == [2, 3, 2]
    assert [member_.key for member_ in c.shape.members] == ["v"]
    assert (signal(a, "t").units, signal(d, "t").units) == ("mm", "K")
    assert signal(a, "t").limits is not None
    assert signal(a, "t").limits.high == 2  # type: ignore[union-attr]
    assert compiled.signal_count == 3 + 3 + 3 + 3
    assert member(a, "v", 0).shape is member(d, "v", 1).shape


def test_a_param_that_is_structural_in_a_child_is_structural_in_its_parent(tmp_path: Path) -> None:
    types = """\
  inner: {params: {k: {type: int}}, signals: {s: {soft: "${{ k }}", dtype: int}}}
  outer: {params: {k: {type: int}}, children: {i: {type: n.inner, k: "${{ k }}"}, j: {type: n.inner, k: 7}}}
"""
    compiled = beamline(tmp_path, "devices: {a: {type: n.outer, k: 1}, b: {type: n.outer, k: 2}}", types)
    assert signal(device(compiled, "a"), "i", "s").origin.initial == 1  # type: ignore[union-attr]
    assert signal(device(compiled, "b"), "i", "s").origin.initial == 2  # type: ignore[union-attr]
    assert member(device(compiled, "a"), "j").shape is member(device(compiled, "b"), "j").shape


def test_a_number_that_a_formula_of_a_child_reads_is_put_into_the_formula(tmp_path: Path) -> None:
    types = """\
  scaled:
    params: {prefix: {type: str}, gain: {type: float, default: -2.5}}
    signals: {raw: {suffix: R, dtype: float, access: rw}}
    derived: {v: {dtype: float, inputs: {r: raw}, get: 'r * gain ** 2 + min(gain, r)', set: {raw: value / gain}}}
  pair:
    params: {prefix: {type: str}, gain: {type: float}}
    children:
      a: {type: n.scaled, prefix: "${{ prefix }}A"}
      b: {type: n.scaled, prefix: "${{ prefix }}B", gain: 4}
      c: {type: n.scaled, prefix: "${{ prefix }}C", gain: "${{ gain }}"}
"""
    compiled = beamline(
        tmp_path, "devices: {p: {type: n.pair, prefix: P, gain: 8}, s: {type: n.scaled, prefix: S}}", types
    )
    p = device(compiled, "p")

    def derived(*path: str) -> Derived:
        origin = signal(p, *path).origin
        assert isinstance(origin, Derived)
        return origin

    assert (derived("a", "v").get, derived("a", "v").params) == ("r * (-2.5) ** 2 + min(-2.5, r)", ())
    assert derived("b", "v").set == ((Reference("device", ("raw",)), "value / 4.0"),)
    assert (derived("c", "v").get, derived("c", "v").params) == ("r * gain ** 2 + min(gain, r)", ("gain",))
    assert dict(member(p, "c").values)["gain"].render(p.values) == 8.0
    assert signal(device(compiled, "s"), "v").origin.params == ("gain",)  # type: ignore[union-attr]


def test_the_order_of_members_is_that_of_the_file(tmp_path: Path) -> None:
    types = (
        AXIS
        + """\
  t:
    params: {prefix: {type: str}}
    derived: {d: {dtype: int, inputs: {a: s}, get: a}}
    children: {c: {type: n.axis, prefix: "${{ prefix }}"}}
    signals: {s: {suffix: S, dtype: int}, r: {suffix: R, dtype: int}}
    commands: {go: {suffix: G}}
"""
    )
    compiled = beamline(tmp_path, "devices: {t: {type: n.t, prefix: P}}", types)
    assert [item.key for item in device(compiled, "t").shape.members] == ["d", "c", "s", "r", "go"]


def test_protocol_and_timeout_of_type_child_and_device(tmp_path: Path) -> None:
    types = """\
  p: {protocol: pva, params: {prefix: {type: str}}, signals: {s: {suffix: S, dtype: int, timeout: {read: 9}}}}
  q:
    params: {prefix: {type: str}}
    children:
      a: {type: n.p, prefix: "${{ prefix }}"}
      b: {type: n.p, prefix: "${{ prefix }}", protocol: ca, timeout: 2}
"""
    text = """defaults: {protocol: ca, timeout: {connect: 3}, connect: optional}
devices:
  p: {type: n.p, prefix: P}
  pca: {type: n.p, prefix: P, protocol: ca, timeout: {write: 1}, connect: lazy}
  q: {type: n.q, prefix: Q}
"""
    compiled = beamline(tmp_path, text, types)
    assert [device(compiled, name).protocol for name in ("p", "pca", "q")] == ["pva", "ca", "ca"]
    assert [device(compiled, name).connect for name in ("p", "pca")] == ["optional", "lazy"]
    assert (member(device(compiled, "q"), "a").protocol, member(device(compiled, "q"), "b").protocol) == ("pva", "ca")
    assert signal(device(compiled, "p"), "s").timeouts == Timeouts(3, 9, 10)
    assert signal(device(compiled, "pca"), "s").timeouts == Timeouts(3, 9, 1)
    assert signal(device(compiled, "q"), "b", "s").timeouts == Timeouts(2, 9, 2)


def test_formats_that_a_movable_gives(tmp_path: Path) -> None:
    types = """\
  m:
    params: {prefix: {type: str}}
    signals: {sp: {suffix: S, dtype: float, access: rw}, rb: {suffix: R, dtype: float}, busy: {suffix: B, dtype: bool}}
    logic: {movable: {use: setpoint, setpoint: sp, readback: rb, done: not busy}}
  said:
    params: {prefix: {type: str}}
    signals: {sp: {suffix: S, dtype: float, access: rw, format: read}}
    logic: {movable: {use: setpoint, setpoint: sp}}
"""
    compiled = beamline(tmp_path, "devices: {m: {type: n.m, prefix: M}, s: {type: n.said, prefix: S}}", types)
    m = device(compiled, "m")
    assert (signal(m, "rb").format, signal(m, "rb").carries_device_name) == ("hinted", True)
    assert (signal(m, "sp").format, signal(m, "sp").carries_device_name) == ("none", False)
    assert (signal(m, "busy").all_updates, signal(m, "rb").all_updates) == (True, False)
    assert signal(device(compiled, "s"), "sp").format == "read"
    (role,) = m.shape.roles
    assert (role.role, role.plugin) == ("movable", "setpoint")
    assert role.options == {
        "setpoint": Reference("device", ("sp",)), "readback": Reference("device", ("rb",)), "done": "not busy",
    }  # fmt: skip


def test_every_value_may_be_an_expression(tmp_path: Path) -> None:
    types = """\
  t:
    params: {prefix: {type: str}, f: {type: float}, w: {type: str}, xs: {type: list}, b: {type: bool, default: true}}
    signals:
      s:
        suffix: S
        dtype: "${{ 'float' }}"
        access: "${{ w }}"
        format: "${{ 'config' if b else 'none' }}"
        units: "${{ w }}-${{ f }}"
        limits: ["${{ f }}", "${{ f + 1 }}"]
        timeout: {read: "${{ f }}"}
        optional: "${{ b }}"
        retries: "${{ xs[0] }}"
        poll: "${{ f }}"
        doc: "${{ w }}"
      u: {suffix: U, dtype: float, timeout: "${{ f }}", limits: "${{ xs }}", wait: "${{ not b }}", when: "${{ b }}"}
      e: {suffix: E, dtype: enum, choices: ["${{ w }}", B]}
      m: {suffix: M, dtype: enum, choices: {"A": ["${{ w }}"], "B": C}}
      a: {soft: null, dtype: float64, shape: ["${{ xs[1] }}", null]}
      b: {soft: [1, "${{ f }}"], dtype: float64, shape: [2]}
    commands: {go: {suffix: G, value: "${{ f }}", timeout: "${{ f }}", wait: "${{ b }}"}}
    derived: {d: {dtype: float, inputs: {s: s}, get: s + f, units: "${{ w }}", limits: [0, "${{ f }}"]}}
    logic:
      movable:
        use: "${{ 'setpoint' }}"
        setpoint: "${{ 's' }}"
        done: "u > f and s != 0"
        tolerance: "${{ f }}"
        positions: {in: "${{ f }}"}
"""
    text = "devices: {t: {type: n.t, prefix: P, f: 2.5, w: rw, xs: [3, 4]}}"
    compiled = beamline(tmp_path, text, types)
    t = device(compiled, "t")
    s, u = signal(t, "s"), signal(t, "u")
    assert (s.datatype.name, s.access, s.format, s.units, s.limits) == (
        "float",
        "rw",
        "config",
        "rw-2.5",
        Limits(2.5, 3.5),
    )
    assert (s.timeouts.read, s.optional, s.retries, s.poll_s, s.doc) == (2.5, True, 3, 2.5, "rw")
    assert (u.timeouts, u.limits, u.wait, u.all_updates) == (Timeouts(2.5, 2.5, 2.5), Limits(3, 4), "no", True)
    assert signal(t, "e").datatype.labels == ("rw", "B")
    assert signal(t, "m").datatype.choices[0].served == ("rw",)  # type: ignore[index]
    assert signal(t, "a").datatype.shape == (4, None)
    assert signal(t, "b").origin.initial == [1, 2.5]  # type: ignore[union-attr]
    assert (member(t, "go").value, member(t, "go").timeout_s, member(t, "go").wait) == (2.5, 2.5, "yes")
    assert (signal(t, "d").units, signal(t, "d").limits) == ("rw", Limits(0, 2.5))
    (role,) = t.shape.roles
    assert role.options == {
        "setpoint": Reference("device", ("s",)), "done": "u > 2.5 and s != 0", "tolerance": 2.5,
        "positions": {"in": 2.5},
    }  # fmt: skip


def test_every_mistake_of_a_type_is_reported_once_however_often_it_is_used(tmp_path: Path) -> None:
    types = "  a: {params: {prefix: {type: str}}, signals: {s: {suffix: S, dtype: in}}}\n"
    types += (
        '  b: {params: {prefix: {type: str}}, children: {x: {type: n.a, prefix: "x"}, y: {type: n.a, prefix: "y"}}}\n'
    )
    text = "devices: {a: {type: n.a, prefix: A}, b: {type: n.b, prefix: B}, c: {type: n.b, prefix: C}}"
    assert found(beamline(tmp_path, text, types)) == [("E122", 5, 70)]


def test_mistakes_that_only_values_make_name_the_device(tmp_path: Path) -> None:
    types = """\
  a:
    params: {prefix: {type: str}, hi: {type: int}}
    signals: {s: {suffix: S, dtype: int, limits: [5, "${{ hi }}"]}}
"""
    text = "devices:\n" + "".join(
        f"  {name}: {{type: n.a, prefix: A, hi: {hi}}}\n" for name, hi in [("a", 9), ("b", 1), ("c", 1)]
    )
    compiled = beamline(tmp_path, text, types)
    assert found(compiled) == [("E126", 7, 50)]
    assert [note.message for note in compiled.diagnostics[0].notes] == ["in the device `b`"]


def test_mistakes_in_children(tmp_path: Path) -> None:
    types = (
        AXIS
        + """\
  bad:
    params: {prefix: {type: str}, xs: {type: list}, n: {type: int}, no: {type: strr}}
    children:
      a: {type: n.axes, prefix: A}
      b: {type: n.axis, prefx: A}
      c: {type: n.axis, prefix: "${{ n }}"}
      d: {type: n.axis, prefix: "A${{ xs }}", format: hinted}
      e: {type: group}
      f: {prefix: A}
      g: {type: n.axis, prefix: 3, labels: [a], connect: lazy}
      h: {type: n.axis, prefix: "${{ no }}${{ nix }}"}
      i: {type: "${{ n }}", prefix: A}
      j: {type: n.axis, prefix: "$(P)${{ prefix }}"}
    vectors:
      v: {type: n.axis, prefix: A}
      w: {type: n.axis, prefix: "${{ key }}", keys: 3}
      x: {type: n.axis, prefix: "${{ key }}", keys: [a, -1, a, true]}
    signals:
      s: {pv: "A${{ xs }}", dtype: int}
"""
    )
    compiled = beamline(tmp_path, "", types)
    assert found(compiled) == [
        ("E122", 7, 80), ("E401", 9, 17), ("E110", 10, 25), ("E121", 11, 33), ("E303", 12, 35),
        ("E122", 12, 55), ("E401", 13, 17), ("E111", 14, 7), ("E121", 15, 33), ("E110", 15, 49),
        ("E301", 16, 47), ("E304", 17, 17), ("E305", 18, 34), ("E111", 20, 7), ("E120", 21, 53), ("E123", 22, 57),
        ("E405", 22, 61), ("E121", 22, 64), ("E303", 24, 17),
    ]  # fmt: skip


def test_a_type_that_contains_itself(tmp_path: Path) -> None:
    types = """\
  a: {params: {prefix: {type: str}}, children: {b: {type: n.b, prefix: x}}}
  b: {params: {prefix: {type: str}}, vectors: {a: {type: n.a, keys: [1], prefix: x}}}
  c: {params: {prefix: {type: str}}, children: {c: {type: n.c, prefix: x}}}
"""
    compiled = beamline(tmp_path, "devices: {a: {type: n.a, prefix: A}}", types)
    assert found(compiled) == [("E404", 6, 58), ("E404", 7, 59)]


def test_a_types_file_is_checked_alone(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(TYPES_HEAD + '  a: {children: {x: {type: other.thing, prefix: "P"}, y: {type: n.b}}}\n')
    compiled = compile_paths([file])
    assert [(d.severity, d.code) for d in compiled.diagnostics] == [("warning", "E401"), ("error", "E401")]
    assert compiled.blueprint is None


def test_templates_are_plain_where_nothing_is_to_be_joined(tmp_path: Path) -> None:
    types = "  a: {params: {prefix: {type: str}}, signals: {s: {pv: 'X:Y', dtype: int}}}\n"
    compiled = beamline(tmp_path, "devices: {a: {type: n.a, prefix: A}}", types)
    assert signal(device(compiled, "a"), "s").origin.read == Template(("X:Y",))  # type: ignore[union-attr]


def test_a_child_with_a_mistake_and_a_reference_is_told_of_the_mistake(tmp_path: Path) -> None:
    types = (
        "  u: {params: {to: {type: ref}}}\n"
        "  b: {signals: {s: {soft: 1, dtype: int}}, children: {c: {type: n.u, to: {ref: s}, format: nix}}}\n"
    )
    assert [code for code, *_ in found(beamline(tmp_path, "", types))] == ["E122"]


def test_what_values_make_wrong_in_a_library_is_told_where_they_are_given(tmp_path: Path) -> None:
    types = """\
  holder: {children: {m: {type: epics.amplifier, gain: G, gains: {}}}}
  label: {params: {text: {type: str}}, signals: {s: {pv: S, dtype: enum, choices: ["${{ text }}", b]}}}
"""
    text = """devices:
  a: {type: epics.amplifier, gain: G, gains: {"": 1}}
  b: {type: epics.shutter, control: C, status: S, open: X, close: X, is_open: Y, is_closed: Y}
  c: {type: epics.scaler_named, prefix: S, names: {x: 99}}
  d: {type: n.label, text: b}
"""
    compiled = beamline(tmp_path, text, types)
    mine = {"beamline.yaml", "types.yaml"}
    assert {Path(one.place.file).name for one in compiled.diagnostics} == mine
    told = {(one.place.line, Path(one.place.file).name): one for one in compiled.diagnostics}
    for line, file, in_library in (
        (6, "beamline.yaml", "amplifier.yaml"),
        (7, "beamline.yaml", "shutter.yaml"),
        (8, "beamline.yaml", "scaler.yaml"),
        (5, "types.yaml", "amplifier.yaml"),
    ):
        (note,) = (one for one in told[line, file].notes if one.message == "found here, in a file of `ophyd_decl`")
        assert note.place is not None
        assert Path(note.place.file).name == in_library
    assert [one.place.line for one in compiled.diagnostics].count(7) == 2, "the same of two signals"
    own = told[6, "types.yaml"]  # of the user's own type, where it is
    assert [note.message for note in own.notes] == ["in the device `d`"]
