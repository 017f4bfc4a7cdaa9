"""Values as YAML holds them, and whether two are the same."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from ...connectors.values import Encoded
from ...devices.numbers import number_in, plain

#: A longer array makes a file that nobody can read, and takes a minute to edit.
MOST_ITEMS = 10_000
#: The floats that YAML holds are these.
_DOUBLE = "float64"


class NotASettingError(ValueError):
    """The value cannot be kept in a settings file."""


def portable(value: Any) -> Any:
    """Return a value as plain Python data.

    :raises NotASettingError: if it is too long, or of a kind that YAML does not hold.
    """
    made = _plain(value)
    count = _items(made)
    if count > MOST_ITEMS:
        raise NotASettingError(f"{count} items, a settings file holds at most {MOST_ITEMS}")
    return made


def _plain(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, Encoded):
        raise NotASettingError(f"bytes of the format {value.format!r}, which a settings file does not hold")
    if isinstance(value, np.ndarray):
        value = cast(Any, value).tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast(Sequence[Any], value)]
    if value is None or not isinstance(value, bool | int | float | str):
        raise NotASettingError(f"a {type(value).__name__}, which a settings file does not hold")
    return value


def _items(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_items(item) for item in cast(dict[str, Any], value).values())
    return sum(_items(item) for item in cast(list[Any], value)) if isinstance(value, list) else 1


def tolerance_of(precision: int | None) -> float:
    """Return how far two floats of one precision may be apart: half of its last digit.

    0 is what an EPICS record has where nobody has given it a precision, so it allows nothing.
    """
    return 0.5 * 10.0**-precision if precision else 0.0


def same(one: Any, other: Any, float_type: str = _DOUBLE, tolerance: float = 0.0) -> bool:
    """Return whether two values are the same; NaN is the same as NaN.

    :param float_type: numpy type of the floats that the server holds, `float32` or `float64`.
    :param tolerance: how far floats may be apart, in their unit.
    """
    one, other = plain(one), plain(other)
    if isinstance(one, np.ndarray):
        one = cast(Any, one).tolist()
    if isinstance(other, np.ndarray):
        other = cast(Any, other).tolist()
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        left, right = cast(Mapping[str, Any], one), cast(Mapping[str, Any], other)
        return list(left) == list(right) and all(same(left[key], right[key], float_type, tolerance) for key in left)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        items, others = cast(Sequence[Any], one), cast(Sequence[Any], other)
        return len(items) == len(others) and all(
            same(item, it, float_type, tolerance) for item, it in zip(items, others, strict=True)
        )
    if number_in(one) is not None and number_in(other) is not None:
        return _near(one, other, float_type, tolerance)
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _near(one: Any, other: Any, float_type: str, tolerance: float) -> bool:
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    try:
        left, right = float(one), float(other)
    except OverflowError:  # of a whole number that no float holds
        return False
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    with np.errstate(over="ignore"):
        holds = np.dtype(float_type).type
        if holds(left) == holds(right):
            return True
    # Half of the last digit is a decimal, which the difference of two floats may miss by a rounding.
    return math.isfinite(left - right) and abs(left - right) <= tolerance * (1 + 1e-9)
