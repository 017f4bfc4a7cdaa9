"""What ophyd-async does, row by row: the same program runs on both libraries, and only what a table says differs."""

import ast
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.behaviour.differences import ANY, DIFFERENCES, Difference
from tests.conformance.behaviour.rows import DECISION, ROWS, Row
from tests.conformance.rivals import answer, ophyd_async

pytestmark = pytest.mark.timeout(600)  # it may have to install the rival
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAM = HERE / "behaviour" / "program.py"
#: What a fact is where one of the two has none.
NOTHING: Any = None
COMPARED = [row for row in ROWS if row.scenarios]


@pytest.fixture(scope="module")
def sides() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the facts of every scenario, with our devices and with theirs."""
    return (
        answer(Path(sys.executable), PROGRAM, "FACTS", "ours"),
        answer(ophyd_async(), PROGRAM, "FACTS", "theirs"),
    )


@pytest.mark.parametrize("row", COMPARED, ids=[row.id for row in COMPARED])
def test_both_do_the_same_but_for_what_the_table_says(row: Row, sides: Any) -> None:
    ours, theirs = sides
    for scenario in row.scenarios:
        for who, found in (("ours", ours[scenario]), ("theirs", theirs[scenario])):
            assert "traceback" not in found, f"{scenario} with {who}:\n{found['traceback']}"
        found = differences(ours[scenario], theirs[scenario])
        told = {one.fact: one for one in DIFFERENCES if one.scenario == scenario}
        unknown = {fact: both for fact, both in found.items() if fact not in told or not agrees(told[fact], *both)}
        assert not unknown, "differences that no row of the table explains"
        assert not set(told) - set(found), "differences of the table that do not occur"


def differences(ours: Any, theirs: Any) -> dict[str, tuple[Any, Any]]:
    """Return both sides of each fact on which the two differ."""
    one, other = (side if isinstance(side, dict) else {"": side} for side in (ours, theirs))
    both = {fact: (one.get(fact, NOTHING), other.get(fact, NOTHING)) for fact in {**one, **other}}
    return {fact: pair for fact, pair in both.items() if pair[0] != pair[1]}


def agrees(told: Difference, ours: Any, theirs: Any) -> bool:
    """Return whether a difference is what the table says."""
    return (told.ours is ANY or told.ours == ours) and (told.theirs is ANY or told.theirs == theirs)


@cache
def scenarios() -> list[str]:
    """Return the names of all scenarios, as the program knows them."""
    names: list[str] = []
    for file in sorted((HERE / "behaviour").glob("scenarios_*.py")):
        text = file.read_text(encoding="utf-8")
        names += re.findall(r"^@scenario\n(?:async )?def (\w+)", text, re.MULTILINE)
        names += re.findall(r'^named\("(\w+)"', text, re.MULTILINE)
    return names


def test_each_scenario_shows_one_row_and_each_difference_has_a_reason(sides: Any) -> None:
    shown = [scenario for row in ROWS for scenario in row.scenarios]
    assert sorted(shown) == sorted(scenarios())
    assert set(sides[0]) == set(sides[1]) == set(shown)
    assert {one.scenario for one in DIFFERENCES} <= set(shown)
    assert all(len(one.reason) > 20 for one in DIFFERENCES)
    assert len({(one.scenario, one.fact) for one in DIFFERENCES}) == len(DIFFERENCES)


def test_each_row_has_one_kind_of_evidence() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    for row in ROWS:
        kinds = [bool(kind) for kind in (row.scenarios, row.beside, row.ours, row.not_met, row.later)]
        assert sum(kinds) == 1, row.id
        assert bool(row.why) is bool(row.ours), row.id
        assert row.beside or not row.differs, row.id


@pytest.mark.parametrize("test", sorted({test for row in ROWS for test in (*row.beside, *row.ours)}))
def test_a_test_that_is_named_exists(test: str) -> None:
    file, *names = test.split("::")
    body: list[Any] = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    for name in names:
        (body,) = [node.body for node in body if getattr(node, "name", "") == name]


@pytest.mark.parametrize("test", sorted({test for row in ROWS for test in row.beside}))
def test_a_test_that_runs_both_stands_here(test: str) -> None:
    assert test.startswith("tests/conformance/")


def test_what_is_not_met_or_comes_later_is_what_the_decision_names() -> None:
    text = (ROOT / "docs" / "explanations" / "decisions" / f"{DECISION}.md").read_text(encoding="utf-8")
    sections = {head: body for head, _, body in (part.partition("\n") for part in text.split("\n## "))}
    for head, rows in {
        "Not met": [row.id for row in ROWS if row.not_met],
        "Later": [row.id for row in ROWS if row.later],
    }.items():
        assert re.findall(r"^- `([a-z-]+)`", sections[head], re.MULTILINE) == rows
