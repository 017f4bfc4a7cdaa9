"""Overrides: values in the place of those of a type, at every depth, and what cannot be set by them."""

from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.blueprint import Reference, Timeouts
from ophyd_decl.vocab.readings import Limits

from .texts import beamline, device, found, member, signal

TYPES = """\
  axis:
    params: {prefix: {type: str}, hi: {type: float, default: 9}}
    signals:
      sp: {suffix: SP, rbv: true, dtype: float, access: rw, units: mm, limits: [0, "${{ hi }}"], verify: readback}
      rb: {suffix: RB, dtype: float, format: read}
      two: {pv: {read: R, write: W}, dtype: int, access: rw}
    commands: {halt: {suffix: STOP}}
    derived: {d: {dtype: float, inputs: {r: rb}, get: r, set: {sp: value}}}
    logic: {movable: {use: setpoint, setpoint: sp, readback: rb, tolerance: 0.1, positions: {in: 1, out: 2}}}
  stage:
    params: {prefix: {type: str}, n: {type: int, default: 2}, cold: {type: bool, default: false}}
    children:
      x: {type: n.axis, prefix: "${{ prefix }}X", overrides: {sp: {limits: [1, 2], units: "x${{ n }}"}, rb: {doc: O}}}
      y: {type: n.axis, prefix: "${{ prefix }}Y"}
    vectors:
      v: {type: n.axis, keys: "${{ range(n) }}", prefix: "${{ key }}", overrides: {sp: {doc: "no ${{ key }}"}}}
    signals: {t: {suffix: T, dtype: float, when: "${{ cold }}"}}
"""


def overridden(folder: Path, overrides: str, kind: str = "axis") -> Any:
    """Return a device of a type with overrides."""
    return device(
        beamline(folder, f"devices: {{a: {{type: n.{kind}, prefix: P, overrides: {overrides}}}}}", TYPES), "a"
    )


def test_values_are_set_and_merged(tmp_path: Path) -> None:
    made = overridden(
        tmp_path,
        "{sp: {limits: [null, 3], units: deg, precision: 2, timeout: {read: 1}, name: other, optional: true},"
        " rb: {format: hinted, doc: now}, halt: {timeout: 4, wait: false}, d: {units: keV},"
        " logic.movable: {tolerance: 0.7, positions: {out: 5, far: 9}}}",
    )
    sp = signal(made, "sp")
    assert (sp.limits, sp.units, sp.precision, sp.timeouts) == (Limits(None, 3), "deg", 2, Timeouts(read=1))
    assert (sp.document_name, sp.optional, sp.access, sp.verify) == ("other", True, "rw", "readback")
    assert (signal(made, "rb").format, signal(made, "rb").doc, signal(made, "d").units) == ("hinted", "now", "keV")
    assert (member(made, "halt").timeout_s, member(made, "halt").wait) == (4, "no")
    (role,) = made.shape.roles
    assert role.options == {
        "setpoint": Reference("device", ("sp",)), "readback": Reference("device", ("rb",)), "tolerance": 0.7,
        "positions": {"in": 1, "out": 5, "far": 9},
    }  # fmt: skip


def test_access_may_be_narrowed_and_takes_its_address_away(tmp_path: Path) -> None:
    made = overridden(
        tmp_path,
        "{two: {access: r}, d: {access: r}}",
    )
    two = signal(made, "two")
    assert (two.access, two.origin.write) == ("r", None)  # type: ignore[union-attr]
    assert two.origin.read.parts == ("R",)  # type: ignore[union-attr]
    assert (signal(made, "d").access, signal(made, "d").origin.set) == ("r", ())  # type: ignore[union-attr]
    write_only = overridden(tmp_path, "{two: {access: w}}")
    assert signal(write_only, "two").origin.read is None  # type: ignore[union-attr]


def test_a_readback_of_a_narrowed_signal_stays(tmp_path: Path) -> None:
    types = "  a: {params: {prefix: {type: str}}, signals: {s: {suffix: S, rbv: true, dtype: int, access: rw}}}\n"
    types = types.replace("access: rw", "access: rw, verify: readback")
    text = "devices: {a: {type: n.a, prefix: P, overrides: {s: {access: r}}}}"
    s = signal(device(beamline(tmp_path, text, types), "a"), "s")
    assert (s.access, s.verify, s.origin.write) == ("r", "none", None)  # type: ignore[union-attr]
    assert s.origin.read.render({"prefix": "P"}) == "PS_RBV"  # type: ignore[union-attr]


def test_the_outer_override_wins_at_every_depth(tmp_path: Path) -> None:
    made = overridden(
        tmp_path,
        '{x.sp: {limits: [3, 4]}, y: {format: none, timeout: 3, doc: up}, v.1.sp: {units: um}, "v[0]": {format: none},'
        " x.logic.movable: {tolerance: 9}}",
        "stage",
    )
    assert (signal(made, "x", "sp").limits, signal(made, "x", "sp").units) == (Limits(3, 4), "x2")
    assert signal(made, "x", "rb").doc == "O"
    assert (member(made, "y").format, signal(made, "y", "sp").timeouts.read) == ("none", 3)
    assert signal(made, "y", "sp").limits == Limits(0, 9)
    assert [(signal(made, "v", n, "sp").units, signal(made, "v", n, "sp").doc) for n in (0, 1)] == [
        ("mm", "no 0"), ("um", "no 1"),
    ]  # fmt: skip
    assert [member(made, "v", n).format for n in (0, 1)] == ["none", "child"]
    assert member(made, "x").shape.roles[0].options["tolerance"] == 9
    assert member(made, "y").shape.roles[0].options["tolerance"] == 0.1


def test_devices_with_equal_overrides_share_a_shape(tmp_path: Path) -> None:
    text = "".join(
        f"  {name}: {{type: n.axis, prefix: {name}, overrides: {{sp: {{limits: [0, {high}]}}}}}}\n"
        for name, high in (("a", 1), ("b", 1), ("c", 2))
    )
    compiled = beamline(tmp_path, "devices:\n" + text + "  d: {type: n.axis, prefix: D}\n", TYPES)
    shapes = [device(compiled, name).shape for name in "abcd"]
    assert shapes[0] is shapes[1]
    assert len({id(shape) for shape in shapes}) == 3


def test_params_and_variables_are_known_in_overrides(tmp_path: Path) -> None:
    text = 'vars: {u: nm}\ndevices: {a: {type: n.axis, prefix: P, hi: 3, overrides: {sp: {units: "${{ u }}"}}}}'
    sp = signal(device(beamline(tmp_path, text, TYPES), "a"), "sp")
    assert (sp.units, sp.limits) == ("nm", Limits(0, 3))


def test_members_of_groups_are_overridden_too(tmp_path: Path) -> None:
    text = (
        "devices: {g: {type: group, signals: {s: {soft: 1, dtype: int}},"
        " children: {x: {type: n.axis, prefix: X}}, overrides: {s: {units: K}, x.rb: {format: none}}}}"
    )
    made = device(beamline(tmp_path, text, TYPES), "g")
    assert (signal(made, "s").units, signal(made, "x", "rb").format) == ("K", "none")


@pytest.mark.parametrize(("overrides", "expected"), [
    ("{spp: {units: K}}", [("E402", 12, "there is no `spp`", "did you mean `sp`?")]),
    ("{sp.x: {units: K}}", [("E402", 15, "there is no `x`", "remove what follows the signal or command")]),
    ("{halt.a.b: {doc: K}}", [("E402", 17, "there is no `a`", "remove what follows")]),
    ("{logic.movabel: {tolerance: 1}}", [("E402", 18, "there is no `movabel`", "did you mean `movable`?")]),
    ("{logic: {tolerance: 1}}", [("E402", 12, "there is no `logic`", "write `logic.ROLE`; roles: `movable`")]),
    ("{logic.movable.x: {tolerance: 1}}", [("E402", 26, "there is no `x`", "remove what follows the role")]),
    ("{'1a': {units: K}}", [("E402", 12, "`1a` is not a path", "write `name.child`")]),
    ("{sp: 3, rb: null}", [("E120", 16, "got 3", ""), ("E120", 23, "got nothing", "")]),
    ("{sp: {limits: [5, 1]}}", [("E126", 25, "5", "write [1, 5]")]),
    ("{sp.limits: [0, 1]}", [("E120", 23, "got a list", "write `sp: {limits: …}`")]),
    ("{sp: {unit: K}}", [("E110", 17, "unknown key `unit` in a signal", "did you mean `units`?")]),
    ("{sp: {suffix: X}}", [("E206", 17, "`suffix` of `sp` cannot be overridden", "override `access`, `format`")]),
    ("{sp: {dtype: int, when: false}}", [("E206", 17, "`dtype`", ""), ("E206", 29, "`when`", "")]),
    ("{rb: {access: rw}}", [("E206", 25, "`access: rw` is wider than the `r` of `rb`", "write `access: r` or less")]),
    ("{rb: {access: w}}", [("E206", 25, "wider", "")]),
    ("{rb: {access: rx}}", [("E122", 25, "rx", "")]),
    ("{d: {retries: 1}}", [("E110", 16, "in a derived signal", "")]),
    ("{halt: {limits: [1, 2]}}", [("E110", 19, "in a command", "")]),
    ("{halt: {value: 2}}", [("E206", 19, "`value`", "override `doc`, `timeout`, `wait`")]),
    ("{two: {access: w, format: read}}", [("E115", 26, "cannot be read into documents", "")]),
    ("{sp: {access: r}}", [("E403", -1, "`sp` is a signal with `access: r`, which cannot be written", "")] * 2),
    ("{logic.movable: {use: derived}}", [("E206", 28, "`use` of `logic.movable`", "override options of the role")]),
    ("{logic.movable: {tolerence: 1}}", [("E110", 28, "unknown option", "did you mean `tolerance`?")]),
    ("{logic.movable: {tolerance: -1}}", [("E123", 39, "tolerance", "")]),
    ("{logic.movable: {readback: gone}}", [("E402", 38, "gone", "")]),
    ("{sp: {$replace: true}}", [("E206", 17, "`$replace`", "")]),
    ("{sp: {$unset: [suffix]}}", [("E206", 26, "`suffix`", "")]),
    ("{sp: {$unset: [limit]}}", [("E204", 26, "no key", "`limits`")]),
    ("{$unset: [sp]}", [("E204", 12, "nothing is merged here", "remove `$unset`")]),
    ("3", [("E120", 0, "expected a mapping, got 3", "")]),
])  # fmt: skip
def test_mistakes(tmp_path: Path, overrides: str, expected: list[tuple[str, int, str, str]]) -> None:
    start = "  a: {type: n.axis, prefix: P, "
    compiled = beamline(tmp_path, f"devices:\n{start}overrides: {overrides}}}\n", TYPES)
    got = [(d.code, d.place.column, d.summary, d.help or "") for d in compiled.diagnostics]
    assert [code for code, *_ in got] == [code for code, *_ in expected]
    for (_, column, summary, help_text), (_, offset, words, wanted) in zip(got, expected, strict=True):
        if offset >= 0:
            assert column == len(start) + (offset or 11) + 1
        assert words in summary
        assert wanted in help_text


@pytest.mark.parametrize(("overrides", "expected"), [
    ("{z.sp: {}}", [("E402", 40)]),
    ("{x.spp: {}}", [("E402", 42)]),
    ("{v.5.sp: {}}", [("E402", 42)]),
    ("{v.1.spp: {}}", [("E402", 44)]),
    ("{v.sp: {}}", [("E402", 42)]),
    ("{t: {units: K}}", [("E402", 40)]),
    ("{x: {prefix: Q, formt: none, connect: lazy}}", [("E206", 44), ("E110", 55), ("E206", 68)]),
    ("{x: {format: hinted}}", [("E122", 52)]),
    ("{v: {keys: [1]}}", [("E206", 44)]),
    ("{v.1: {keys: [1], format: no}}", [("E206", 46), ("E122", 65)]),
    ("{x.x: {}}", [("E402", 42)]),
])  # fmt: skip
def test_mistakes_below_children(tmp_path: Path, overrides: str, expected: list[tuple[str, int]]) -> None:
    text = f"devices:\n  a: {{type: n.stage, prefix: P, overrides: {overrides}}}\n"
    assert [(code, column) for code, _, column in found(beamline(tmp_path, text, TYPES))] == [
        (code, column + 5) for code, column in expected
    ]


def test_a_mistake_points_at_the_entry_in_the_file_of_the_type(tmp_path: Path) -> None:
    text = "devices: {a: {type: n.axis, prefix: P, overrides: {rb: {access: rw}, sp: {limits: [2, 1]}}}}"
    compiled = beamline(tmp_path, text, TYPES)
    assert len(compiled.diagnostics) == 2
    for diagnostic, line in zip(compiled.diagnostics, (9, 8), strict=True):
        note = diagnostic.notes[0]
        assert note.place is not None
        assert (Path(note.place.file).name, note.place.line) == ("types.yaml", line)
        assert note.message.endswith("is declared here")


def test_each_device_with_mistakes_is_told(tmp_path: Path) -> None:
    text = "".join(f"  {name}: {{type: n.axis, prefix: P, overrides: {{sp: {{unit: K}}}}}}\n" for name in "abc")
    compiled = beamline(tmp_path, "devices:\n" + text, TYPES)
    assert [(code, line) for code, line, _ in found(compiled)] == [("E110", 6), ("E110", 7), ("E110", 8)]


def test_overrides_in_a_type_are_checked_before_it_is_used(tmp_path: Path) -> None:
    types = (
        TYPES
        + """\
  bad:
    params: {n: {type: int}}
    children:
      x: {type: n.axis, prefix: X, hi: "${{ n }}", overrides: {spp: {units: K}, sp: {limits: [3, 1], doc: "${{ n }}"}}}
      y: {type: n.stage, prefix: X, n: "${{ n }}", overrides: {v.5.sp: {units: K}, x.rb: {access: rw}}}
    vectors:
      v: {type: n.axis, prefix: X, keys: "${{ range(n) }}", overrides: {rb: {dtype: int}}}
"""
    )
    assert [(code, line) for code, line, _ in found(beamline(tmp_path, "", types))] == [
        ("E402", 25), ("E126", 25), ("E206", 26), ("E206", 28),
    ]  # fmt: skip


def test_the_order_of_all_layers(tmp_path: Path) -> None:
    """The type, the instance, its overrides, the profile, `--set`: the later wins."""
    text = """\
vars: {u: K}
devices: {a: {type: n.axis, prefix: P, timeout: {read: 2}, overrides: {sp: {units: mm, precision: 1, retries: 1}}}}
profiles:
  p: {devices: {a: {overrides: {sp: {precision: 2, retries: 2}, rb: {timeout: {write: 3}}}}}}
"""
    settings = {"devices.a.overrides.sp.retries": "3"}
    made = device(beamline(tmp_path, text, TYPES, profile="p", set=settings), "a")
    sp, rb = signal(made, "sp"), signal(made, "rb")
    assert (sp.units, sp.precision, sp.retries, sp.limits) == ("mm", 2, 3, Limits(0, 9))
    assert (sp.timeouts, rb.timeouts) == (Timeouts(read=2), Timeouts(read=2, write=3))


def test_mistakes_in_overrides_of_a_profile_are_told_there(tmp_path: Path) -> None:
    text = """\
devices: {a: {type: n.axis, prefix: P, overrides: {sp: {units: mm}}}}
profiles:
  p: {devices: {a: {overrides: {sp: {unit: K}, rb: {access: rw}}}}}
"""
    assert found(beamline(tmp_path, text, TYPES, profile="p")) == [("E110", 7, 38), ("E206", 7, 61)]
