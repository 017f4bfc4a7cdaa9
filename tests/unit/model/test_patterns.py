"""Patterns that could take for ever are refused; those that people write for names are not."""

import time

import pytest

from ophyd_decl.model.patterns import MOST_MATCHED, PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("[A-Z]+:", "BL:"),
        (r"BL\d{2}[A-Z]-.*:", "BL22I-MO-STAGE-01:"),
        ("(?:BL|FE)[0-9]{2}[IJB]", "FE22I"),
        (r"[A-Z]{2,4}(-[A-Z])?", "BL-I"),
        (r"[\]+*(|)]x", "+x"),
        (r"\(\)\+", "()+"),
    ],
)
def test_patterns_of_names(pattern: str, text: str) -> None:
    assert compile_pattern(pattern).fullmatch(text)


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*b", "(a{1,5})+", "((a*)b?)*", "(a?a?)*b", r"(\w+-)*x", "(?:a|aa)+$", "((a|b))+", "(a+){2,}"],
)
def test_a_repetition_of_what_varies_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="may take for ever"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "problem"), [("a" * 201, "longer than"), ("a*a*a*a*b", "open repetitions"), ("(a", "not a regular")]
)
def test_other_patterns_are_refused_with_a_reason(pattern: str, problem: str) -> None:
    with pytest.raises(PatternError, match=problem):
        compile_pattern(pattern)


def test_the_slowest_pattern_that_is_allowed_is_bounded() -> None:
    pattern = compile_pattern("a*a*a*b")
    started = time.process_time()
    assert pattern.fullmatch("a" * MOST_MATCHED) is None
    assert time.process_time() - started < 2.0
