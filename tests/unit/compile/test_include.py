"""Fragments: what they see, what they are given, what their devices are called, and where mistakes in them point."""

from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.blueprint import Reference
from ophyd_decl.compile import Compiled, compile_paths
from ophyd_decl.resolve.include import MAX_DEPTH, MAX_INCLUDES

from .texts import TYPES_HEAD, beamline, device, found, signal

HEAD = "api: ophyd_decl/v1\nkind: fragment\n"
MOTOR = "{type: epics.motor, prefix: 'P'}"
USER = TYPES_HEAD + "  user: {params: {to: {type: ref}, alt: {type: ref, default: null}}}\n"


def fragments(folder: Path, text: str, **files: str) -> Compiled:
    """Compile a beamline whose text begins at line 4, with fragments whose text begins at line 3."""
    for name, body in files.items():
        (folder / f"{name}.yaml").write_text(HEAD + body, encoding="utf-8")
    (folder / "user.yaml").write_text(USER, encoding="utf-8")
    return beamline(folder, text)


def names(compiled: Compiled) -> list[str]:
    assert compiled.blueprint is not None, found(compiled)
    return [device.path for device in compiled.blueprint.devices]


def notes(compiled: Compiled) -> list[list[str]]:
    """Return for each diagnostic its notes, with the line and column of each."""
    return [
        [f"{note.message} {Path(note.place.file).name}:{note.place.line}:{note.place.column}" for note in d.notes
         if note.place is not None]
        for d in compiled.diagnostics
    ]  # fmt: skip


def test_devices_stand_where_the_include_stands(tmp_path: Path) -> None:
    before = fragments(tmp_path, f"include: [a.yaml]\ndevices: {{m: {MOTOR}}}\n", a=f"devices: {{x: {MOTOR}}}\n")
    assert names(before) == ["x", "m"]
    inner = f"devices: {{x: {MOTOR}}}\ninclude: [b.yaml]\n"
    after = fragments(
        tmp_path, f"devices: {{m: {MOTOR}}}\ninclude: [a.yaml]\n", a=inner, b=f"devices: {{y: {MOTOR}}}\n"
    )
    assert names(after) == ["m", "x", "y"]


def test_a_prefix_stands_before_names_and_names_in_documents(tmp_path: Path) -> None:
    body = f"devices: {{x: {MOTOR}, y: {{type: epics.motor, prefix: P, name: far}}}}\n"
    outer = "include: [{file: a.yaml, prefix: i_}]\n"
    compiled = fragments(tmp_path, "include: [{file: b.yaml, prefix: o_}]\n", a=body, b=outer)
    assert names(compiled) == ["o_i_x", "o_i_y"]
    assert device(compiled, "o_i_x").document_name == "o_i_x"
    assert device(compiled, "o_i_y").document_name == "o_i_far"


def test_references_in_a_fragment_follow_its_prefix(tmp_path: Path) -> None:
    body = (
        "use: [user.yaml]\n"
        f"devices:\n  x: {MOTOR}\n  u: {{type: n.user, to: {{ref: x.velocity}}}}\n"
        "  g: {type: group, derived: {d: {dtype: float, inputs: {a: x, b: g.s}, get: a + b}},"
        " signals: {s: {soft: 1, dtype: float}}}\n"
    )
    compiled = fragments(tmp_path, "include: [{file: a.yaml, prefix: s_}]\n", a=body)
    assert device(compiled, "s_u").values["to"] == Reference("beamline", ("s_x", "velocity"))
    origin: Any = signal(device(compiled, "s_g"), "d").origin
    assert origin.inputs == (("a", Reference("beamline", ("s_x",))), ("b", Reference("device", ("s",))))
    assert compiled.blueprint is not None
    order = compiled.blueprint.build_order
    assert order.index("s_x") < order.index("s_u")


def test_a_fragment_is_closed(tmp_path: Path) -> None:
    body = "use: [user.yaml]\ndevices: {u: {type: n.user, to: {ref: m}}, x: {type: epics.motor, prefix: '${{ bl }}'}}\n"
    compiled = fragments(tmp_path, f"vars: {{bl: B}}\ndevices: {{m: {MOTOR}}}\ninclude: [a.yaml]\n", a=body)
    assert found(compiled) == [("E402", 4, 33), ("E301", 4, 80)]
    assert "type: ref" in (compiled.diagnostics[0].help or "")
    assert notes(compiled) == [["via this include beamline.yaml:6:11"]] * 2


def test_requires_and_params_reach_expressions(tmp_path: Path) -> None:
    body = (
        "params: {n: {type: int}, f: {type: float, default: 2}}\nrequires: [bl]\n"
        "vars: {all: '${{ bl }}-${{ n }}-${{ f }}'}\ndevices: {x: {type: epics.motor, prefix: '${{ all }}'}}\n"
    )
    text = "vars: {bl: B}\ninclude: [{file: a.yaml, with: {n: '${{ 2 + 1 }}'}}]\n"
    compiled = fragments(tmp_path, text, a=body)
    assert device(compiled, "x").values == {"prefix": "B-3-2.0"}
    again = beamline(tmp_path, text, set={"vars.bl": "C"})
    assert device(again, "x").values == {"prefix": "C-3-2.0"}


def test_a_param_that_is_a_reference_belongs_to_the_file_that_gives_it(tmp_path: Path) -> None:
    inner = (
        "use: [user.yaml]\nparams: {m: {type: ref, to: movable}, o: {type: ref, default: null}}\n"
        "devices:\n  u: {type: n.user, to: {ref: m.velocity}, alt: '${{ o }}'}\n"
        "  v: {type: n.user, to: '${{ m }}', alt: {ref: o}}\n"
    )
    outer = f"include: [{{file: a.yaml, prefix: a_, with: {{m: {{ref: x}}}}}}]\ndevices: {{x: {MOTOR}}}\n"
    text = (
        f"devices: {{m: {MOTOR}}}\n"
        "include: [{file: b.yaml, prefix: b_}, {file: a.yaml, prefix: c_, with: {m: {ref: m}, o: {ref: b_x}}}]\n"
    )
    compiled = fragments(tmp_path, text, a=inner, b=outer)
    assert device(compiled, "b_a_u").values == {"to": Reference("beamline", ("b_x", "velocity")), "alt": None}
    assert device(compiled, "b_a_v").values == {"to": Reference("beamline", ("b_x",)), "alt": None}
    assert device(compiled, "c_u").values["alt"] == Reference("beamline", ("b_x",))
    assert device(compiled, "c_v").values["alt"] == Reference("beamline", ("b_x",))


def test_a_reference_that_was_not_given_leads_nowhere(tmp_path: Path) -> None:
    body = (
        "use: [user.yaml]\nparams: {m: {type: ref, default: null}}\ndevices:\n"
        "  u: {type: n.user, to: {ref: m}}\n  v: {type: n.user, to: {ref: m.x}}\n"
    )
    compiled = fragments(tmp_path, "include: [a.yaml]\n", a=body)
    assert found(compiled) == [("E402", 6, 25), ("E402", 7, 25)]
    assert {d.help for d in compiled.diagnostics} == {"give `m` by `with` where the fragment is included"}
    given = fragments(tmp_path, "include: [{file: a.yaml, with: {m: null}}]\n", a=body)
    assert found(given) == [("E402", 6, 25), ("E402", 7, 25)]


def test_mistakes_in_what_is_given_are_told_once_and_where_they_stand(tmp_path: Path) -> None:
    body = (
        "use: [user.yaml]\nparams: {m: {type: ref, to: movable}}\n"
        "devices: {u: {type: n.user, to: {ref: m}}, v: {type: n.user, to: '${{ m }}'}}\n"
    )
    text = "include:\n- {file: a.yaml, prefix: a_, with: {m: {ref: nix}}}\n- {file: a.yaml, with: {m: 3}}\n"
    compiled = fragments(tmp_path, text, a=body)
    assert found(compiled) == [("E402", 5, 40), ("E121", 6, 28)]
    assert notes(compiled) == [[], []]
    assert found(fragments(tmp_path, "include: [{file: a.yaml, with: {m: null}}]", a=body)) == [("E121", 4, 36)]
    assert found(fragments(tmp_path, "include: [{file: a.yaml, with: {m: '${{ z }}'}}]", a=body)) == [("E301", 4, 41)]


def test_a_mistake_in_the_text_of_a_fragment_is_told_once(tmp_path: Path) -> None:
    body = (
        "requires: [bl]\ndoc: 3\nvars: {a: '${{ nix }}'}\n"
        "devices:\n  x: {type: epics.motor, prefix: 3}\n  y: {type: epics.mtor}\n  z: 3\n  a-b: {type: group}\n"
    )
    text = "vars: {bl: B}\ninclude: [{file: a.yaml, prefix: a_}, {file: a.yaml, prefix: b_}, a.yaml]\n"
    compiled = fragments(tmp_path, text, a=body)
    assert [code for code, *_ in found(compiled)] == ["E121", "E301", "E121", "E401", "E120", "E407"]
    assert all("via this include beamline.yaml:5:18" in of_one for of_one in notes(compiled))


def test_the_chain_of_includes_is_told_the_outermost_last(tmp_path: Path) -> None:
    compiled = fragments(
        tmp_path, "include: [b.yaml]\n", a="devices: {x: 3}\n", b="include: [{file: a.yaml}]\n"
    )  # fmt: skip
    assert found(compiled) == [("E120", 3, 14)]
    assert notes(compiled) == [["via this include b.yaml:3:18", "via this include beamline.yaml:4:11"]]
    broken = fragments(tmp_path, "include: [b.yaml]\n", a="devices: {x: ]\n", b="include: [{file: a.yaml}]\n")
    assert [code for code, *_ in found(broken)] == ["E101"]
    assert notes(broken)[0][-2:] == notes(compiled)[0]


def test_what_is_missing_after_a_broken_file_is_no_further_mistake(tmp_path: Path) -> None:
    text = (
        "use: [user.yaml]\ninclude: [a.yaml, nix.yaml]\n"
        "devices: {u: {type: n.user, to: {ref: x}}, v: {type: n.user, to: {ref: z}}}\n"
        "groups: {g: [x, 'x*', 'label:l', q]}\nprofiles: {p: {devices: {x: {connect: lazy}}}}\n"
    )
    assert found(fragments(tmp_path, text, a="devices: ]")) == [("E101", 3, 10), ("E201", 5, 19)]


@pytest.mark.parametrize(("include", "expected"), [
    ("a.yaml", ("E120", 4, 10)),
    ("{file: a.yaml}", ("E120", 4, 10)),
    ("[[a.yaml]]", ("E120", 4, 11)),
    ("[null]", ("E120", 4, 11)),
    ("[nix.yaml]", ("E201", 4, 11)),
    ("['${{ 3 }}']", ("E120", 4, 11)),
    ("[{file: 3}]", ("E121", 4, 18)),
    ("[{file: a.yaml, with: {q: 1}}]", ("E110", 4, 33)),
    ("[{file: a.yaml, with: 3}]", ("E120", 4, 32)),
    ("[{file: a.yaml, prefix: 'a-'}]", ("E407", 4, 34)),
    ("[{file: a.yaml, as: 3}]", ("E110", 4, 26)),
    ("[beamline.yaml]", ("E202", 4, 11)),
    ("[user.yaml]", ("E114", 4, 11)),
    ("['']", ("E201", 4, 11)),
    ("['pkg:']", ("E201", 4, 11)),
    ("['pkg:nix/a.yaml']", ("E501", 4, 11)),
    ("['pkg:nix']", ("E201", 4, 11)),
    ("[../a.yaml]", ("E203", 4, 11)),
])  # fmt: skip
def test_mistakes_in_an_include(tmp_path: Path, include: str, expected: tuple[str, int, int]) -> None:
    assert found(fragments(tmp_path, f"include: {include}\n", a="devices: {}\n")) == [expected]


def test_names_that_clash(tmp_path: Path) -> None:
    text = f"include: [a.yaml, {{file: a.yaml, prefix: x_}}]\ndevices: {{x: {MOTOR}, x_x: {MOTOR}, y: {MOTOR}}}\n"
    compiled = fragments(tmp_path, text, a=f"devices: {{x: {MOTOR}}}\nservices: {{y: {{type: path.uuid, root: /}}}}\n")
    assert [(code, line) for code, line, _ in found(compiled)] == [("E405", 4), ("E405", 5), ("E405", 5)]
    assert all("`prefix`" in (d.help or "") for d in compiled.diagnostics)


def test_bounds_of_includes(tmp_path: Path) -> None:
    many = "include: [" + "a.yaml, " * (MAX_INCLUDES + 1) + "]\n"
    assert found(fragments(tmp_path, many, a="devices: {}\n"))[0][0] == "E105"
    deep = {f"f{n}": f"include: [f{n + 1}.yaml]\n" for n in range(MAX_DEPTH + 1)}
    compiled = fragments(tmp_path, "include: [f0.yaml]\n", **deep, **{f"f{MAX_DEPTH + 1}": "devices: {}\n"})
    assert [code for code, *_ in found(compiled)] == ["E105"]
    assert len(compiled.diagnostics[0].notes) == MAX_DEPTH
    # Two includes of the same file in each of 16 levels would be 65 536.
    wide = {f"f{n}": f"include: [f{n + 1}.yaml, {{file: f{n + 1}.yaml, prefix: p_}}]\n" for n in range(MAX_DEPTH - 1)}
    wide[f"f{MAX_DEPTH - 1}"] = "devices: {}\n"
    assert {code for code, *_ in found(fragments(tmp_path, "include: [f0.yaml]\n", **wide))} == {"E105"}


def test_a_fragment_is_checked_alone(tmp_path: Path) -> None:
    good = (
        "params: {n: {type: int}, m: {type: ref, to: movable}, keys: {type: list}}\nrequires: [bl]\n"
        "vars: {p: '${{ bl }}-${{ n }}'}\nuse: [user.yaml]\n"
        "include: [{file: b.yaml, with: {n: '${{ n }}', m: {ref: m}}, prefix: 'b${{ n }}_'}]\n"
        "devices:\n"
        "  x: {type: epics.motor, prefix: '${{ p }}:X', connect: '${{ bl }}', labels: ['${{ n }}'], name: '${{ p }}'}\n"
        "  u: {type: n.user, to: {ref: m.velocity}, alt: {ref: b_x}}\n"
        "  o: {type: other.type, p: '${{ n }}'}\n"
        "  g: {type: group, signals: {s: {pv: '${{ p }}', dtype: float}},"
        " derived: {d: {dtype: float, inputs: {a: m, b: x}, get: a + b + n}}}\n"
        "  k: {repeat: {var: i, over: '${{ keys }}', name: 'k${{ i }}'}, type: epics.motor, prefix: '${{ i }}'}\n"
        "  s: {type: signal, pv: '${{ p }}', dtype: int}\n"
        "  l: {type: n.user, to: {ref: k1}}\n"
    )
    inner = f"params: {{n: {{type: int}}, m: {{type: ref}}}}\ndevices: {{x: {MOTOR}}}\n"
    fragments(tmp_path, "", a=good, b=inner)
    compiled = compile_paths([tmp_path / "a.yaml"])
    assert [(d.severity, *place) for d, place in zip(compiled.diagnostics, found(compiled), strict=True)] == [
        ("warning", "E401", 11, 13)
    ]
    assert compiled.blueprint is None
    assert compiled.device_count == 0
    fragments(tmp_path, "", a="devices: {x: {type: epics.motor, prefix: '${{ n }}'}, u: {type: group, sgnals: {}}}\n")
    assert found(compile_paths([tmp_path / "a.yaml"])) == [("E301", 3, 47), ("E110", 3, 72)]


def test_names_from_outside_are_given_once(tmp_path: Path) -> None:
    body = "params: {n: {type: int, default: 1}}\nrequires: [n, bl, bl]\nvars: {bl: 3}\n"
    compiled = fragments(tmp_path, "vars: {bl: B, n: 3}\ninclude: [a.yaml]\n", a=body)
    assert found(compiled) == [("E405", 4, 12), ("E405", 5, 8)]


def test_what_a_fragment_cannot_have(tmp_path: Path) -> None:
    body = "name: a\nrequires: bl\nparams: [n]\nuse: a.yaml\n"
    compiled = fragments(tmp_path, "include: [a.yaml]\n", a=body)
    assert [code for code, *_ in found(compiled)] == ["E110", "E120", "E120", "E120"]


def test_a_variable_that_is_missing_is_told_once(tmp_path: Path) -> None:
    text = "include: [a.yaml, {file: a.yaml, prefix: b_}]\n"
    compiled = fragments(tmp_path, text, a="requires: [bl]\ndevices: {}\n")
    assert found(compiled) == [("E207", 4, 11)]
    assert notes(compiled) == [["`bl` is required here a.yaml:3:12"]]


def test_names_that_all_clash_are_told_once(tmp_path: Path) -> None:
    text = "include:\n- {file: a.yaml, prefix: s_}\n- {file: a.yaml, prefix: s_}\n"
    (told,) = fragments(tmp_path, text, a=f"devices:\n  x: {MOTOR}\n  y: {MOTOR}\n").diagnostics
    assert (told.code, told.place.line) == ("E405", 4)
    assert told.help == "rename one of them, or give the include another `prefix`"


def test_a_misspelt_param_is_not_told_to_be_missing_too(tmp_path: Path) -> None:
    text = "include:\n- {file: a.yaml, with: {sektion: 1}}\n"
    (told,) = fragments(tmp_path, text, a="params: {section: {type: int}}\ndevices: {}\n").diagnostics
    assert (told.code, told.help) == ("E110", "did you mean `section`?")


def test_a_variable_of_the_beamline_must_be_required(tmp_path: Path) -> None:
    body = 'vars: {a: 1}\ndevices:\n  x: {type: epics.motor, prefix: "${{ site }}"}\n'
    (told,) = fragments(tmp_path, "vars: {site: A}\ninclude: [a.yaml]\n", a=body).diagnostics
    assert (told.code, told.help) == ("E301", "add `site` to `requires`")
