"""Values from the command line and back."""

import math
from typing import Any

import numpy as np
import pytest

from ophyd_decl.cli.values import parse, plain, text, time_text
from ophyd_decl.vocab.datatypes import Datatype


@pytest.mark.parametrize(
    ("given", "dtype", "value"),
    [
        ("1.5", "float", 1.5),
        ("-2", "float", -2.0),
        ("1e3", "float", 1000.0),
        ("7", "int", 7),
        ("0x10", "uint16", 16),
        ("true", "bool", True),
        ("0", "bool", False),
        ("1", "enum", "1"),
        ("High Energy", "enum", "High Energy"),
        ("true", "str", "true"),
        ("3", "any", 3),
        ("on", "any", "on"),
    ],
)
def test_a_text_means_what_the_dtype_says(given: str, dtype: str, value: Any) -> None:
    parsed = parse(given, Datatype(dtype))
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("given", "dtype"), [("far", "float"), ("true", "float"), ("1.5", "int"), ("2", "bool"), ("yes", "bool")]
)
def test_what_does_not_fit_is_refused(given: str, dtype: str) -> None:
    with pytest.raises(ValueError, match="needed"):
        parse(given, Datatype(dtype))


def test_arrays_are_json() -> None:
    assert parse("[1, 2.5]", Datatype("float64", shape=(None,))) == [1, 2.5]
    with pytest.raises(ValueError, match="JSON list"):
        parse("1, 2", Datatype("float64", shape=(None,)))


def test_plain_values_are_json() -> None:
    assert plain(np.arange(3)) == [0, 1, 2]
    assert plain(np.float64(1.5)) == 1.5
    assert plain({"a": np.array([1.0, math.nan])}) == {"a": [1.0, "NaN"]}
    assert plain([math.inf, -math.inf]) == ["Infinity", "-Infinity"]


def test_values_as_text() -> None:
    assert text(1.0, "mm") == "1 mm"
    assert text(True) == "true"
    assert text(np.arange(100)) == "[0, 1, 2, 3, …, 96, 97, 98, 99] (100 items)"
    assert text({"x": np.arange(2)}) == "{x: [0, 1]}"
    assert text("two words") == "two words"
    assert time_text(0.0).startswith("19")
