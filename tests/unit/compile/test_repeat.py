"""`repeat`: what it makes, its bounds, and that mistakes are told once, with the value of the variable."""

import time
from pathlib import Path

import pytest

from ophyd_decl.compile import Compiled
from ophyd_decl.resolve.repeat import MAX_ITEMS

from .texts import beamline, device, found, signal


def repeated(
    folder: Path, repeat: str, rest: str = "type: epics.motor, prefix: 'P${{ n }}'", before: str = ""
) -> Compiled:
    """Compile a beamline with one repeated device at line 5, or at line 6 with a line before it."""
    return beamline(folder, f"{before}devices:\n  k: {{repeat: {repeat}, {rest}}}\n")


def names(compiled: Compiled) -> list[str]:
    assert compiled.blueprint is not None, found(compiled)
    return [device.path for device in compiled.blueprint.devices]


@pytest.mark.parametrize(("over", "name", "expected"), [
    ("[1, 2]", "k${{ n }}", ["k1", "k2"]),
    ("[b, a]", "${{ n }}", ["b", "a"]),
    ("'${{ range(2) }}'", "k${{ n + 1 }}", ["k1", "k2"]),
    ("'${{ ns }}'", "k${{ n }}", ["kx", "ky"]),
    ("['${{ ns[1] }}', z]", "k${{ n }}", ["ky", "kz"]),
    ("[]", "k", []),
    ("[7]", "only", ["only"]),
    ("[{a: x}, {a: y}]", "k${{ n.a }}", ["kx", "ky"]),
    ("[[1, 2], [3, 4]]", "k${{ n[0] }}_${{ n[1] }}", ["k1_2", "k3_4"]),
])  # fmt: skip
def test_one_device_is_made_for_each_value(tmp_path: Path, over: str, name: str, expected: list[str]) -> None:
    compiled = repeated(
        tmp_path, f"{{var: n, over: {over}, name: '{name}'}}", "type: epics.motor, prefix: P", "vars: {ns: [x, y]}\n"
    )
    assert names(compiled) == expected


def test_every_key_sees_the_variable(tmp_path: Path) -> None:
    rest = (
        "type: epics.motor, prefix: 'P${{ n }}', labels: ['l${{ n }}'], doc: 'd${{ n }}', name: 'n${{ n }}',"
        " when: '${{ n < 3 }}', connect: \"${{ 'lazy' if n == 2 else 'optional' }}\""
    )
    compiled = repeated(tmp_path, "{var: n, over: [1, 2, 3], name: 'k${{ n }}'}", rest)
    assert names(compiled) == ["k1", "k2"]
    second = device(compiled, "k2")
    assert (second.values, second.labels, second.doc) == ({"prefix": "P2"}, ("l2",), "d2")
    assert (second.document_name, second.connect) == ("n2", "lazy")


def test_groups_and_signals_are_repeated_too(tmp_path: Path) -> None:
    rest = (
        "type: group, signals: {s: {pv: 'P${{ n }}', dtype: float}},"
        " derived: {d: {dtype: float, inputs: {a: s, b: k1.s, c: other}, get: a + n * b + c}}"
    )
    text = (
        f"devices:\n  k: {{repeat: {{var: n, over: [1, 2], name: 'k${{{{ n }}}}'}}, {rest}}}\n"
        "  s: {repeat: {var: n, over: [1, 2], name: 's${{ n }}'}, type: signal, pv: 'S${{ n }}', dtype: int}\n"
        "  other: {type: signal, soft: 1, dtype: float}\n"
    )
    compiled = beamline(tmp_path, text)
    assert names(compiled) == ["k1", "k2", "s1", "s2", "other"]
    assert signal(device(compiled, "k2"), "d").origin.get == "a + 2 * b + c"  # type: ignore[union-attr]
    assert compiled.blueprint is not None
    assert compiled.blueprint.build_order.index("k1") < compiled.blueprint.build_order.index("k2")


@pytest.mark.parametrize(("repeat", "expected"), [
    ("3", [("E120", 5, 15)]),
    ("{}", [("E111", 5, 7)] * 3),
    ("{var: n, over: 3, name: k}", [("E120", 5, 30)]),
    ("{var: n, over: '${{ 3 }}', name: k}", [("E120", 5, 30)]),
    ("{var: 3, over: [1], name: k}", [("E121", 5, 21), ("E301", 5, 78)]),
    ("{var: a-b, over: [1], name: k}", [("E407", 5, 21)]),
    ("{var: range, over: [1], name: k}", [("E405", 5, 21)]),
    ("{var: n, over: [1, 2], name: k}", [("E405", 5, 44)]),
    ("{var: n, over: [1, 2, 1], name: 'k${{ n }}'}", [("E405", 5, 47)]),
    ("{var: n, over: [1, 2], name: 'k${{ n * 0 }}'}", [("E405", 5, 44)]),
    ("{var: n, over: [1, 2], name: 'k-${{ n }}'}", [("E407", 5, 3)]),
    ("{var: n, over: [1], name: 3}", [("E121", 5, 41)]),
    ("{var: n, over: [1], name: 'k${{ m }}'}", [("E301", 5, 47)]),
    ("{var: n, over: ['${{ m }}'], name: 'k${{ n }}'}", [("E301", 5, 36)]),
    ("{var: n, over: [1], name: 'k${{ n.x.y }}'}", [("E301", 5, 43)]),
    ("{var: n, over: [1], name: k, as: 3}", [("E110", 5, 44)]),
])  # fmt: skip
def test_mistakes_in_a_repeat(tmp_path: Path, repeat: str, expected: list[tuple[str, int, int]]) -> None:
    compiled = repeated(tmp_path, repeat)
    assert [
        (code, line, column) for code, line, column in found(compiled) if code != "E301" or "E301" in str(expected)
    ] == expected


def test_a_variable_hides_nothing(tmp_path: Path) -> None:
    compiled = repeated(tmp_path, "{var: n, over: [1, 2], name: 'k${{ n }}'}", before="vars: {n: 3}\n")
    assert found(compiled) == [("E405", 6, 21)]
    assert [note.message for note in compiled.diagnostics[0].notes] == ["the other one"]


def test_the_help_says_that_the_name_must_contain_the_variable(tmp_path: Path) -> None:
    compiled = repeated(tmp_path, "{var: n, over: [1, 2], name: k}")
    assert compiled.diagnostics[0].help == 'the name must contain the variable: name: "k${{ n }}"'


def test_mistakes_are_told_once_with_the_value_of_the_variable(tmp_path: Path) -> None:
    rest = "type: epics.motor, prefix: 'P${{ 6 / (n - 2) }}', velocty: 3, connect: lzy"
    compiled = repeated(tmp_path, "{var: n, over: [1, 2, 3], name: 'k${{ n }}'}", rest)
    assert [code for code, *_ in found(compiled)] == ["E303", "E110", "E122"]
    with_notes = {d.code: [note.message for note in d.notes] for d in compiled.diagnostics}
    assert with_notes["E303"][-1] == "with `n` = 2"
    assert with_notes["E122"] == ["with `n` = 1"]


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    text = (
        "devices:\n  k1: {type: epics.motor, prefix: P}\n"
        "  k: {repeat: {var: n, over: [1, 2], name: 'k${{ n }}'}, type: epics.motor, prefix: 'P${{ n }}'}\n"
        "  read: {repeat: {var: n, over: [1], name: 'connect'}, type: epics.motor, prefix: P}\n"
    )
    compiled = beamline(tmp_path, text)
    assert found(compiled) == [("E405", 6, 3), ("E406", 7, 3)]


def test_many_items(tmp_path: Path) -> None:
    compiled = repeated(tmp_path, f"{{var: n, over: '${{{{ range({MAX_ITEMS}) }}}}', name: 'k${{{{ n }}}}'}}")
    assert compiled.device_count == MAX_ITEMS
    over = f"[{', '.join(map(str, range(MAX_ITEMS + 1)))}]"
    assert found(repeated(tmp_path, f"{{var: n, over: {over}, name: 'k${{{{ n }}}}'}}")) == [("E105", 5, 30)]


def test_many_devices_are_refused_at_once(tmp_path: Path) -> None:
    entry = "  dD: {repeat: {var: n, over: '${{ range(10000) }}', name: 'dD_${{ n }}'}, type: epics.motor, prefix: P}\n"
    text = "devices:\n" + "".join(entry.replace("D", str(number)) for number in range(11))
    begin = time.process_time()
    codes = [code for code, *_ in found(beamline(tmp_path, text))]
    assert codes == ["E105"]
    assert time.process_time() - begin < 8


def test_many_mistakes_do_not_take_long(tmp_path: Path) -> None:
    rest = "type: epics.motor, prefix: '${{ nix }}', velocty: 3, labels: [1, 2]"
    begin = time.process_time()
    compiled = repeated(tmp_path, "{var: n, over: '${{ range(10000) }}', name: 'k${{ n }}'}", rest)
    assert [code for code, *_ in found(compiled)] == ["E301", "E110", "E125", "E125"]
    assert time.process_time() - begin < 4


def test_repeats_in_fragments(tmp_path: Path) -> None:
    fragment = (
        "api: ophyd_decl/v1\nkind: fragment\nparams: {ns: {type: list}}\ndevices:\n"
        "  k: {repeat: {var: n, over: '${{ ns }}', name: 'k${{ n }}'},"
        " type: epics.motor, prefix: 'P${{ n }}', nix: 3}\n"
        "  g: {type: group, derived: {d: {dtype: float, inputs: {a: k1}, get: a}}}\n"
    )
    (tmp_path / "f.yaml").write_text(fragment, encoding="utf-8")
    text = "include:\n- {file: f.yaml, with: {ns: [1, 2]}, prefix: a_}\n- {file: f.yaml, with: {ns: [1]}, prefix: b_}\n"
    compiled = beamline(tmp_path, text)
    assert found(compiled) == [("E110", 5, 103)]
    assert [note.message for note in compiled.diagnostics[0].notes[1:]] == ["with `n` = 1", "via this include"]
    (tmp_path / "f.yaml").write_text(fragment.replace(", nix: 3", ""), encoding="utf-8")
    assert names(beamline(tmp_path, text)) == ["a_k1", "a_k2", "a_g", "b_k1", "b_g"]
