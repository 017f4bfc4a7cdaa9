"""Numbers of any library as numbers of Python, and whether a value that was read back is the one that was sent."""

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..connectors.protocol import Channel
from ..vocab.readings import Limits

#: Two floats agree to this where it is not known how they are held: single precision keeps it.
RELATIVE_TOLERANCE = 1e-6


def plain(value: Any) -> Any:
    """Return a numpy scalar as what Python has for it; anything else as it is."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def number_in(value: Any) -> float | None:
    """Return what is a number as a float; None for text, booleans and arrays."""
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        return float(value)
    except OverflowError:  # of a whole number, which is outside any limit
        return math.inf if cast(Any, value) > 0 else -math.inf


def beyond(limits: Limits, value: Any) -> tuple[Any, tuple[int, ...]] | None:
    """Return the number that lies outside of limits, of an array the first one; None if all lie inside.

    What is no number, or no array of numbers, has no limits: it is refused as such.

    :returns: the number and its index, which is empty for a scalar. NaN lies outside.
    """
    number = number_in(value)
    if number is not None:
        return None if limits.holds(number) else (value, ())
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    if not array.ndim or array.dtype.kind not in "iuf":
        return None
    low, high = -math.inf if limits.low is None else limits.low, math.inf if limits.high is None else limits.high
    numbers = array.astype(np.float64)
    outside = ~((numbers >= low) & (numbers <= high))
    if not outside.any():
        return None
    index = tuple(int(place) for place in np.unravel_index(np.argmax(outside), array.shape))
    return array[index].item(), index


def outside_text(number: Any, index: tuple[int, ...], limits: Limits, unit: str | None) -> str:
    """Return in words that a number is outside of limits, and which one of an array."""
    units = f" {unit}" if unit else ""
    at = f" at index {index[0] if len(index) == 1 else list(index)}" if index else ""
    return f"{number}{units}{at} is outside the limits [{limits.low}, {limits.high}]{units}"


def float_type(channels: Iterable[Channel]) -> str:
    """Return the numpy type of the floats that the servers of a signal hold: `float32` if one of them does.

    :returns: empty where no server tells.
    """
    known = [channel.description.native for channel in channels if channel.description is not None]
    held = {name for native in known for name in (native.numpy, *dict(native.columns).values()) if name}
    if "float32" in held:
        return "float32"
    return "float64" if held else ""


def agree(sent: Any, found: Any, float_type: str = "") -> bool:
    """Return whether a value that was read back is the one that was sent, as far as a server can hold it.

    Whole numbers are the same, or they are not. NaN is NaN: an array may hold it.

    :param float_type: numpy type of its floats, `float32` or `float64`; empty: not known, so they agree to
        `RELATIVE_TOLERANCE`.
    """
    sent, found = plain(sent), plain(found)
    if isinstance(sent, Real) and isinstance(found, Real):
        return sent == found or (
            isinstance(found, float) and (_both_nan(sent, found) or _near(sent, found, float_type))
        )
    if isinstance(found, Mapping):
        left, right = _columns(sent), _columns(found)
        return list(left) == list(right) and all(agree(left[name], right[name], float_type) for name in right)
    if hasattr(found, "shape") or isinstance(found, list | tuple):
        left, right = _items(sent), _items(found)
        return len(left) == len(right) and all(
            agree(one, other, float_type) for one, other in zip(left, right, strict=True)
        )
    return bool(sent == found)


def _near(sent: Any, found: float, float_type: str) -> bool:
    if float_type == "float32":
        with np.errstate(over="ignore"):
            return bool(np.float32(sent) == np.float32(found))
    return not float_type and math.isclose(sent, found, rel_tol=RELATIVE_TOLERANCE)


def _both_nan(one: Any, other: Any) -> bool:
    return bool(one != one and other != other)


def equal(expected: Any, found: Any, float_type: str) -> bool:
    """Return whether two values are exactly the same, once their floats are what the server can hold.

    :param float_type: numpy type of the floats that it serves, `float32` or `float64`.
    """
    expected, found = plain(expected), plain(found)
    if isinstance(found, Mapping):
        columns, wanted = _columns(found), _columns(expected)
        return list(wanted) == list(columns) and all(equal(wanted[name], columns[name], float_type) for name in columns)
    if isinstance(found, float) and isinstance(expected, int | float):
        holds = np.dtype(float_type).type
        return bool(holds(expected) == holds(found)) or _both_nan(expected, found)
    if isinstance(found, np.ndarray | list | tuple):
        left: NDArray[Any] = np.asarray(expected)
        right: NDArray[Any] = np.asarray(cast(Any, found))
        if right.dtype.kind == "f" and left.dtype.kind in "biuf":
            left, right = left.astype(float_type), right.astype(float_type)
        return left.shape == right.shape and bool(np.array_equal(left, right, equal_nan=right.dtype.kind == "f"))
    return bool(expected == found)


def _columns(value: Any) -> dict[str, Any]:
    return dict(cast(Mapping[str, Any], value)) if isinstance(value, Mapping) else {}


def _items(value: Any) -> list[Any]:
    values = value.tolist() if hasattr(value, "tolist") else value
    return [*values] if isinstance(values, list | tuple) else [values]
