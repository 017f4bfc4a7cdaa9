"""Variables: in any order, and never in a circle."""

from typing import Any

from ophyd_decl.resolve.variables import read_variables
from ophyd_decl.source import Findings, SourceFile, load_text


def read(text: str) -> tuple[dict[str, Any], list[tuple[str, int, int]]]:
    findings = Findings()
    root = load_text(SourceFile("f", text), findings).root
    scope = read_variables(root, findings)
    return scope.values, [(d.code, d.place.line, d.place.column) for d in findings.sorted()]


def test_order_does_not_matter() -> None:
    values, found = read('{mo: "${{ bl }}-MO", bl: "BL${{ n }}I", n: 22, l: ["${{ mo }}", {k: "${{ n }}"}]}')
    assert values == {"mo": "BL22I-MO", "bl": "BL22I", "n": 22, "l": ["BL22I-MO", {"k": 22}]}
    assert found == []


def test_a_circle_is_reported_once_and_the_rest_has_values() -> None:
    values, found = read('a: "${{ b }}"\nb: "${{ c }}"\nc: "${{ a }}"\nd: "${{ a }}"\ne: 1\n')
    assert found == [("E404", 1, 4)]
    assert values["e"] == 1
    assert read('a: "${{ a }}"')[1] == [("E404", 1, 4)]


def test_mistakes() -> None:
    assert read('{a: "${{ z }}", "b-c": 1, d: "$(P)"}')[1] == [("E301", 1, 10), ("E407", 1, 17), ("E305", 1, 31)]


def test_long_chains_do_not_overflow() -> None:
    text = "\n".join(f'v{i}: "${{{{ v{i + 1} }}}}"' for i in range(3000)) + "\nv3000: end\n"
    values, found = read(text)
    assert found == []
    assert values["v0"] == "end"
