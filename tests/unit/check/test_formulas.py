"""Formulas: names, places, and values that are put into them."""

import warnings
from typing import Any

import pytest

from ophyd_decl.check.formulas import check_formula, with_constants
from ophyd_decl.formula import Formula, FormulaError
from ophyd_decl.model.kinds import Spot
from ophyd_decl.source import Findings, SourceFile, load_text


def check(text: str, *names: str) -> tuple[Formula | None, list[tuple[str, int, str | None]]]:
    findings = Findings()
    root = load_text(SourceFile("f", f'a: "{text}"\n'), findings).root
    formula = check_formula(root["a"], Spot(root, "a", findings), names)
    return formula, [(d.code, d.place.column, d.help) for d in findings.sorted()]


def test_a_sound_formula() -> None:
    formula, found = check("a * sin(b) if a > 2 else -b", "a", "b")
    assert found == []
    assert formula is not None
    assert formula.names == ("a", "b")


@pytest.mark.parametrize(("text", "code", "column", "help_text"), [
    ("a + vale", "E311", 9, "did you mean `value`?"), ("aa + a + z", "E311", 14, "known names: `a`, `aa`, `value`"),
    ("sinus(a)", "E310", 5, "did you mean `sin`?"), ("a +", "E310", 4, None), ("a.b", "E310", 4, None),
    ("lambda: 1", "E310", 4, None), ("[a]", "E310", 4, None), ("${{ a }}", "E310", 4, None), ("", "E310", 4, None),
    ("(" * 300 + "a" + ")" * 300, "E310", 4, None), ("+".join(["a"] * 200), "E310", 4, None),
    ("a" * 2000, "E310", 4, None),
    ("__import__('os')", "E310", 5, None), ("f'{a}'", "E310", 4, None), ("a := 1", "E310", 4, None),
])  # fmt: skip
def test_mistakes(text: str, code: str, column: int, help_text: str | None) -> None:
    formula, found = check(text, "a", "aa", "value")
    assert formula is None
    assert [entry[:2] for entry in found] == [(code, column)]
    if help_text is not None:
        assert found[0][2] == help_text


def test_only_a_table_can_stand_before_brackets() -> None:
    findings = Findings()
    root = load_text(SourceFile("f", 'a: "t[name] * b[name]"\n'), findings).root
    assert check_formula(root["a"], Spot(root, "a", findings), ("t", "name", "b"), tables=("t",)) is None
    (found,) = findings.sorted()
    assert (found.code, found.place.column, found.help) == ("E310", 15, "write the name of a table: `t`")


def test_a_table_is_looked_up() -> None:
    formula = Formula("2 * t[name]")
    assert (formula.names, formula.tables) == (("t", "name"), ("t",))
    assert formula.evaluate({"t": {"a": 1.5}, "name": "a"}) == 3
    with pytest.raises(FormulaError, match="no entry 'b'; it has 'a'"):
        formula.evaluate({"t": {"a": 1.5}, "name": "b"})
    with pytest.raises(FormulaError, match="only a table"):
        formula.evaluate({"t": "text", "name": 0})
    constant = Formula(with_constants("2 * t[name]", {"t": {"a": 1.5}}))
    assert constant.names == ("name",)
    assert constant.evaluate({"name": "a"}) == 3


@pytest.mark.parametrize("text", ["'abc'[0]", "(a)[b][c]", "sin[a]()", "{a: 1}[a]", "{**a}['b']", "t[a:b]"])
def test_what_is_no_table(text: str) -> None:
    with pytest.raises(FormulaError):
        Formula(text)


@pytest.mark.parametrize(("text", "column", "help_text"), [
    ("!a", 5, "write `not`"), ("a && aa", 7, "write `and`"), ("a || aa", 7, "write `or`"), ("a & aa", 7, "write `and`"),
    ("a | aa", 7, "write `or`"), ("a = 1", 7, "write `==`"), ("a === 1", 7, "write `==`"), ("a !== 1", 7, "write `!=`"),
    ("a ^ 2", 7, "write `**`"), ("a <> 1", 7, "write `!=`"), ("a ? 1 : 2", 7, "write `a if condition else b`"),
    ("a == '=' && aa", 14, "write `and`"),
])  # fmt: skip
def test_operators_of_other_languages(text: str, column: int, help_text: str) -> None:
    assert check(text, "a", "aa") == (None, [("E310", column, help_text)])


@pytest.mark.parametrize("text", ["round(a, ndigits=1)", "a != 1 + ", "a := 1", "'&&' + ", "a << 1"])
def test_what_is_no_such_operator(text: str) -> None:
    _, [(code, column, help_text)] = check(text, "a")
    assert (code, column) in {("E310", 4), ("E310", 5)}
    assert help_text is not None
    assert not help_text.startswith("write")


def test_harmless_texts_that_python_warns_about_are_quiet() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check("1if a else 2", "a")[0] is not None


@pytest.mark.parametrize(("text", "values", "result"), [
    ("a + b", {"a": 3}, "3 + b"), ("a ** 2", {"a": -3}, "(-3) ** 2"), ("2 ** a", {"a": -0.5}, "2 ** (-0.5)"),
    ("min(min, a)", {"min": 2}, "min(2, a)"), ("a == 'x'", {"a": "it's"}, '"it\'s" == \'x\''),
    ("not a", {"a": True}, "not True"),
    ("a+b", {}, "a+b"), ("a+b", {"c": 1}, "a+b"),
])  # fmt: skip
def test_constants(text: str, values: dict[str, Any], result: str) -> None:
    made = with_constants(text, values)
    names = {"a": 1.5, "b": 2.5, "min": 4}
    assert Formula(made).evaluate(names) == Formula(text).evaluate({**names, **values})
    assert made.replace("(-0.5)", "-0.5") == result.replace("(-0.5)", "-0.5")
