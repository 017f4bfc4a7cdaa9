"""What a formula is given and gives: values in the declared type. Arrays are computed in float64, and nothing wraps.

A uint8 array times 2 is a uint8 array for numpy, in which 200 becomes 144. So arrays of numbers are given as float64,
and whole numbers beyond what that holds exactly are refused.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formula import Formula, FormulaError
from ..vocab.datatypes import NUMPY_WIDTHS, SCALAR_NUMPY, Datatype

#: From here on float64 has no place for every whole number.
EXACT_BELOW = 2**53
#: Functions that take arrays as they are.
_OF_ARRAYS = (abs, min, max)


def apply_to_each(function: Callable[..., Any], arguments: list[Any]) -> Any:
    """Return what a function of formulas gives, of an array for each element; `min` and `max` are of all."""
    if function in _OF_ARRAYS or not any(map(_is_array, arguments)):
        return function(*arguments)
    return np.vectorize(function, otypes=[float])(*arguments)


def compute(formula: Formula, values: dict[str, Any]) -> Any:
    """Return what a formula gives for these values.

    :raises FormulaError: if it gives none, or one that would not be exact.
    """
    arrays = {name: _as_floats(value) for name, value in values.items() if _is_array(value)}
    if not arrays:
        return formula.evaluate(values)
    with np.errstate(divide="raise", invalid="raise"):
        return formula.evaluate({**values, **arrays})


def as_declared(value: Any, datatype: Datatype) -> Any:
    """Return a value in its declared type.

    :raises FormulaError: if an array has not the declared shape, or does not fit its dtype.
    """
    name = datatype.name
    if datatype.shape is not None:
        return _array(value, datatype, datatype.shape)
    if name.startswith("float"):
        return float(value)
    if name == "bool":
        return bool(value)
    if name.startswith(("int", "uint")):
        return round(value)
    return value


def dtype_numpy_of(datatype: Datatype) -> str:
    """Return the type of a value, or of the elements of an array, for an event descriptor."""
    if datatype.shape is not None:
        return NUMPY_WIDTHS.get(datatype.name, SCALAR_NUMPY["str"])
    return SCALAR_NUMPY.get(datatype.name, "<f8")


def shown_in_text(value: Any) -> str:
    """Return a value for a message: of an array its shape."""
    return f"an array of shape {list(value.shape)}" if _is_array(value) else str(value)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _as_floats(array: Any) -> Any:
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        _refuse_inexact(array)
    return array.astype(np.float64) if array.dtype.kind in "biuf" else array


def _refuse_inexact(array: NDArray[Any]) -> None:
    if array.size and (array.max() > EXACT_BELOW or array.min() < -EXACT_BELOW):
        raise FormulaError(f"whole numbers beyond {EXACT_BELOW} are not computed exactly in an array")


def _array(value: Any, datatype: Datatype, declared: tuple[int | None, ...]) -> Any:
    text = datatype.name == "str"
    try:
        array = np.asarray(value) if not text else np.array(value, dtype=object)
    except ValueError:  # lists of different lengths
        raise FormulaError(f"its value is no array, but {datatype} is declared") from None
    sizes = zip(declared, array.shape, strict=False)
    if array.ndim != len(declared) or any(want not in (None, size) for want, size in sizes):
        found = shown_in_text(array) if array.ndim else "one value"
        raise FormulaError(f"its value is {found}, but {datatype} is declared")
    if text:
        if not all(isinstance(item, str) for item in array.flat):
            raise FormulaError(f"its value is no text, but {datatype} is declared")
        return value
    if array.dtype.kind not in "biuf":
        raise FormulaError(f"its elements are no numbers, but {datatype} is declared")
    wanted = np.dtype(datatype.name)
    return array.astype(wanted) if wanted.kind == "f" else _whole(array, wanted)


def _whole(array: NDArray[Any], wanted: np.dtype[Any]) -> NDArray[Any]:
    """Return an array of whole numbers, rounded as a scalar is."""
    rounded = np.rint(array) if array.dtype.kind == "f" else array
    bounds = np.iinfo(wanted)
    if not np.all((rounded >= bounds.min) & (rounded <= bounds.max)):  # NaN neither
        raise FormulaError(f"an element does not fit {wanted.name}")
    if rounded.dtype.kind == "f":
        _refuse_inexact(rounded)
    return rounded.astype(wanted)
