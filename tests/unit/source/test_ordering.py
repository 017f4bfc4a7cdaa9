"""Order by need, and circles."""

import pytest

from ophyd_decl.source.ordering import in_order_of_need


@pytest.mark.parametrize(("needs", "order", "circles"), [
    ({}, [], []),
    ({"a": [], "b": [], "c": []}, ["a", "b", "c"], []),
    ({"a": ["c"], "b": [], "c": ["b", "x"]}, ["b", "c", "a"], []),
    ({"a": ["a"]}, [], [["a"]]),
    ({"a": ["b"], "b": ["c"], "c": ["b"], "d": ["a"]}, ["a", "d"], [["b", "c"]]),
    ({"z": ["y"], "y": ["x"], "x": ["z"]}, [], [["z", "y", "x"]]),
    ({"a": ["b", "c"], "b": ["a"], "c": ["a"]}, ["c"], [["a", "b"]]),
    ({"s": ["q"], "p": ["q"], "q": ["p"]}, ["s"], [["p", "q"]]),
])  # fmt: skip
def test_order(needs: dict[str, list[str]], order: list[str], circles: list[list[str]]) -> None:
    assert in_order_of_need(needs) == (order, circles)


def test_long_chains_take_linear_time() -> None:
    needs = {f"n{i}": [f"n{i + 1}"] for i in range(50_000)} | {"n50000": []}
    order, circles = in_order_of_need(needs)
    assert (len(order), order[0], circles) == (50_001, "n50000", [])
