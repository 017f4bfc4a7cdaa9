"""Every mistake is found at its place, with its code and its text, and nothing else is."""

import re

import pytest
from harness import HERE, Case, cases, rendered, reported, validate

INVALID, VALID = cases("invalid"), cases("valid")


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.name)
def test_each_mistake_is_reported_where_it_is_marked(case: Case) -> None:
    marks = case.marks()
    assert marks, "no mark in the YAML"
    assert reported(case, validate(case)) == marks


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.name)
def test_the_text_is_the_expected_one(case: Case) -> None:
    assert rendered(case, validate(case)) == case.text.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_a_valid_file_has_no_mistake(case: Case) -> None:
    assert reported(case, validate(case)) == case.marks()


def test_no_text_without_its_yaml() -> None:
    assert {file.stem for file in (HERE / "invalid").glob("*.txt")} == {case.name for case in INVALID}


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.name)
def test_a_text_speaks_about_the_file_and_not_about_the_program(case: Case) -> None:
    text = case.text.read_text(encoding="utf-8")
    assert not re.search(r"Traceback|pydantic|jinja|ruamel|<class|Input should|None\b|object at 0x", text)
    assert str(HERE) not in text
