"""Arrays of numbers and of text: dtype, number of dimensions, sizes, and no silent loss in either direction."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import MismatchError, SignalError
from ...vocab.datatypes import NUMPY_WIDTHS, SCALAR_NUMPY, Datatype, NativeType
from .labels import enum_conversion
from .numbers import EXACT_BELOW, SIGN_HELP, SIGN_UNKNOWN, exact_below, width_fits
from .parts import Conversion, Outcome, WireTraits, bad_value, mismatch, rounded, unreadable
from .text import text_checker

Sizes = tuple[int | None, ...]


def array_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for a declared array."""
    declared, served = datatype.shape or (), native.shape
    if served is None:
        return mismatch(datatype, native, "declared as an array, served as a scalar")
    if native.kind == "image" and not served:  # no frame has come yet, which may have any number of dimensions
        served = tuple(None for _ in declared)
    if len(declared) != len(served):
        return mismatch(datatype, native, f"declared with {len(declared)} dimensions, served with {len(served)}")
    for wanted, most in zip(declared, served, strict=True):
        if wanted is not None and most is not None and wanted > most:
            return mismatch(datatype, native, f"declared with {wanted} elements, the server has at most {most}")
    if datatype.name == "str" and native.kind == "str":
        return _text_array(datatype, native, traits)
    if datatype.name == "enum" and native.kind == "enum":
        return _enum_array(datatype, native, traits)
    if datatype.name == "bool" and native.kind == "bool":
        return _number_array(datatype, native, traits, "|b1")
    if datatype.name in NUMPY_WIDTHS and (width_fits(datatype.name, native, traits) or _widens(datatype.name, native)):
        return _number_array(datatype, native, traits, NUMPY_WIDTHS[datatype.name])
    return mismatch(datatype, native, "served with another element type")


def _widens(name: str, native: NativeType) -> bool:
    """Return whether a width takes the elements of an image, or truth values, which cannot be declared as an array."""
    if native.kind == "image":
        return not native.numpy or np.can_cast(native.numpy, name, "safe")
    return native.kind == "bool" and not name.startswith("float")


def _number_array(datatype: Datatype, native: NativeType, traits: WireTraits, dtype_numpy: str) -> Conversion:
    name, expected = datatype.name, str(datatype)
    target, carrier = np.dtype(name), np.dtype(native.numpy or name)
    declared, served = datatype.shape or (), native.shape or tuple(None for _ in datatype.shape or ())
    unsure = traits.hides_sign(native) and target.itemsize > 1
    framed = native.kind == "image"
    into = _from_float if carrier.kind == "f" and target.kind in "iu" else _changed

    def to_python(raw: Any) -> NDArray[Any]:
        array = np.asarray(raw)
        if framed and not array.size:
            raise unreadable("no frame has come yet", array.shape, expected)
        problem = _wrong_sizes(array.shape, declared, served)
        if problem:
            raise unreadable(problem, array.shape, expected)
        if array.dtype == target:
            return array
        if carrier == np.uint8 and target == np.int8:
            return array.view(np.int8)
        if unsure and array.size and array.max() > 127:
            raise unreadable(SIGN_UNKNOWN, array, expected, SIGN_HELP)
        return into(array, target, expected)

    def to_native(value: Any) -> NDArray[Any]:
        try:
            array = np.asarray(value)
        except ValueError:
            raise bad_value("not an array of numbers", value, expected) from None
        if array.size == 0:
            array = array.astype(target)
        if array.dtype.kind not in "biuf":
            raise bad_value("not an array of numbers", value, expected)
        problem = _wrong_sizes(array.shape, declared, served)
        if problem:
            raise bad_value(problem, value, expected)
        if unsure and array.size and array.max() > 127:
            raise bad_value(SIGN_UNKNOWN, array, expected)
        return _narrow(_narrow(array, target, expected), carrier, expected)

    return Conversion(to_python, to_native, dtype_numpy, exact_below=exact_below(name, native, traits))


def _changed(array: NDArray[Any], target: np.dtype[Any], expected: str) -> NDArray[Any]:
    """Return an array that was read in the declared width.

    :raises ConversionError: if that would change a value.
    """
    if target.kind == "f" and array.dtype.kind in "iu" and _beyond(array, EXACT_BELOW[target.name]):
        raise rounded(array, expected, "declare the width that is served")
    with np.errstate(all="ignore"):
        converted = array.astype(target)
    if not np.array_equal(converted, array, equal_nan=array.dtype.kind == "f"):
        raise unreadable("holds values that the declared width cannot", array, expected)
    return converted


def _from_float(array: NDArray[Any], target: np.dtype[Any], expected: str) -> NDArray[Any]:
    """Return whole numbers that were carried as floats.

    :raises PrecisionLostError: if one may have been rounded.
    """
    if array.dtype.kind == "f" and _beyond(array, EXACT_BELOW[array.dtype.name]):
        raise rounded(array, expected)
    return _changed(array, target, expected)


def _beyond(array: NDArray[Any], limit: int) -> bool:
    """Return whether a number lies where floats are not exact; NaN does not."""
    return bool(array.size) and bool((array >= limit).any() or (array <= -limit).any())


def _narrow(array: NDArray[Any], target: np.dtype[Any], expected: str) -> NDArray[Any]:
    """Return the array in another dtype.

    :raises BadValueError: if that would change a value.
    """
    if array.dtype == target or array.size == 0:
        return array.astype(target, copy=False)
    if target == np.uint8 and array.dtype == np.int8:
        return array.view(np.uint8)
    if target.kind == "f":
        if array.dtype.kind in "iu" and _beyond(array, EXACT_BELOW[target.name]):
            raise rounded(array, expected)
        with np.errstate(over="ignore"):
            converted = array.astype(target)
        if np.any(np.isinf(converted) & np.isfinite(array)):
            raise bad_value(f"holds numbers too large for {target}", array, expected)
        return converted
    with np.errstate(invalid="ignore"):
        converted = array.astype(target)
    if not np.array_equal(converted, array):
        raise bad_value(f"holds numbers that do not fit {target}", array, expected)
    return converted


def _text_array(datatype: Datatype, native: NativeType, traits: WireTraits) -> Conversion:
    return _array_of(datatype, native, Conversion(str, text_checker(traits.text_bytes), SCALAR_NUMPY["str"]))


def _enum_array(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for labels: they are compared as those of a scalar are."""
    declared = Datatype("enum", choices=datatype.choices, match=datatype.match)
    one = enum_conversion(declared, NativeType("enum", choices=native.choices, detail=native.detail), traits)
    if isinstance(one, MismatchError):
        return one

    def to_label(raw: Any) -> Any:
        return one.to_python(int(raw))

    def to_numbers(value: Any) -> NDArray[Any]:
        return np.array(labels.to_native(value), np.uint16)

    labels = _array_of(datatype, native, replace(one, to_python=to_label))
    return replace(labels, to_native=to_numbers)


def _array_of(datatype: Datatype, native: NativeType, one: Conversion) -> Conversion:
    """Return the conversion for lists, or lists of lists, of what is converted one by one."""
    declared, served, expected = datatype.shape or (), native.shape or (), str(datatype)

    def to_python(raw: Any) -> list[Any]:
        items = _nested(raw, len(declared), one.to_python, lambda problem: unreadable(problem, raw, expected))
        problem = _wrong_sizes(_shape_of(items, len(declared)), declared, served)
        if problem:
            raise unreadable(problem, items, expected)
        return items

    def to_native(value: Any) -> list[Any]:
        items = _nested(value, len(declared), one.to_native, lambda problem: bad_value(problem, value, expected))
        problem = _wrong_sizes(_shape_of(items, len(declared)), declared, served)
        if problem:
            raise bad_value(problem, value, expected)
        return items

    return Conversion(to_python, to_native, one.dtype_numpy, one.choices)


def _nested(
    value: Any, dimensions: int, one: Callable[[Any], Any], complaint: Callable[[str], SignalError]
) -> list[Any]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise complaint(f"not a sequence of {'texts' if dimensions == 1 else 'rows'}")
    if dimensions == 1:
        return [one(item) for item in value]
    rows = [_nested(row, dimensions - 1, one, complaint) for row in value]
    if len({len(row) for row in rows}) > 1:
        raise complaint("rows of different lengths")
    return rows


def _shape_of(items: list[Any], dimensions: int) -> tuple[int, ...]:
    shape: list[int] = []
    for _ in range(dimensions):
        shape.append(len(items))
        items = cast(list[Any], items[0]) if items and isinstance(items[0], list) else []
    return tuple(shape)


def _wrong_sizes(shape: tuple[int, ...], declared: Sizes, served: Sizes) -> str:
    """Return what is wrong with the shape of a value; empty if nothing is."""
    if len(shape) != len(declared):
        return f"{len(shape)} dimensions where {len(declared)} are declared"
    for size, wanted, most in zip(shape, declared, served, strict=True):
        if wanted is not None and size != wanted:
            return f"{size} elements where {wanted} are declared"
        if most is not None and size > most:
            return f"{size} elements, the server holds at most {most}"
    return ""
