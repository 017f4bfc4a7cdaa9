"""Arrays of numbers and of text: dtype, number of dimensions, sizes, and no silent loss in either direction."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...vocab.datatypes import NUMPY_WIDTHS, SCALAR_NUMPY, Datatype, NativeType
from .labels import enum_of, served_names
from .numbers import whole_range, width_fits
from .parts import Conversion, Outcome, WireTraits, bad_value, mismatch, unreadable
from .text import text_checker

Sizes = tuple[int | None, ...]


def array_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for a declared array."""
    declared, served = datatype.shape or (), native.shape
    if served is None:
        return mismatch(datatype, native, "declared as an array, served as a scalar")
    if len(declared) != len(served):
        return mismatch(datatype, native, f"declared with {len(declared)} dimensions, served with {len(served)}")
    for wanted, most in zip(declared, served, strict=True):
        if wanted is not None and most is not None and wanted > most:
            return mismatch(datatype, native, f"declared with {wanted} elements, the server has at most {most}")
    if datatype.name == "str" and native.kind == "str":
        return _text_array(datatype, native, traits)
    if datatype.name == "enum" and native.kind == "enum":
        return _enum_array(datatype, native)
    if datatype.name == "bool" and native.kind == "bool":
        return _number_array(datatype, native, "bool", "|b1")
    if datatype.name in NUMPY_WIDTHS and (width_fits(datatype.name, native, traits) or _image_fits(datatype, native)):
        return _number_array(datatype, native, datatype.name, NUMPY_WIDTHS[datatype.name])
    return mismatch(datatype, native, "served with another element type")


def _image_fits(datatype: Datatype, native: NativeType) -> bool:
    return native.kind == "image" and native.numpy in ("", datatype.name)


def _number_array(datatype: Datatype, native: NativeType, name: str, dtype_numpy: str) -> Conversion:
    target, carrier, expected = np.dtype(name), np.dtype(native.numpy or name), str(datatype)
    declared, served = datatype.shape or (), native.shape or ()

    def to_python(raw: Any) -> NDArray[Any]:
        array = np.asarray(raw)
        problem = _wrong_sizes(array.shape, declared, served)
        if problem:
            raise unreadable(problem, array.shape, expected)
        if array.dtype == target:
            return array
        if carrier == np.uint8 and target == np.int8:
            return array.view(np.int8)
        converted = array.astype(target)
        if not np.array_equal(converted, array):
            raise unreadable("holds values that the declared width cannot", array, expected)
        return converted

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
        return _narrow(_narrow(array, target, expected), carrier, expected)

    return Conversion(to_python, to_native, dtype_numpy)


def _narrow(array: NDArray[Any], target: np.dtype[Any], expected: str) -> NDArray[Any]:
    """Return the array in another dtype.

    :raises BadValueError: if that would change a value.
    """
    if array.dtype == target or array.size == 0:
        return array.astype(target, copy=False)
    if target == np.uint8 and array.dtype == np.int8:
        return array.view(np.uint8)
    if target.kind == "f":
        if array.dtype.kind != "f":
            low, high = whole_range(target.name)
            if array.min() < low or array.max() > high:
                raise bad_value(f"holds numbers that are not exact in {target}", array, expected)
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
    declared, served, expected = datatype.shape or (), native.shape or (), str(datatype)
    check = text_checker(traits.text_bytes)

    def to_python(raw: Any) -> list[str]:
        texts = [str(text) for text in raw]
        problem = _wrong_sizes((len(texts),), declared, served)
        if problem:
            raise unreadable(problem, texts, expected)
        return texts

    def to_native(value: Any) -> list[str]:
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            raise bad_value("not a sequence of texts", value, expected)
        texts = [check(text) for text in value]
        problem = _wrong_sizes((len(texts),), declared, served)
        if problem:
            raise bad_value(problem, value, expected)
        return texts

    return Conversion(to_python, to_native, SCALAR_NUMPY["str"])


def _enum_array(datatype: Datatype, native: NativeType) -> Conversion:
    names = served_names(native.choices)
    one = enum_of(names, names, str(datatype))

    def to_python(raw: Any) -> list[str]:
        return [one.to_python(int(index)) for index in raw]

    def to_native(value: Any) -> NDArray[Any]:
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            raise bad_value("not a sequence of labels", value, str(datatype))
        return np.array([one.to_native(label) for label in value], np.uint16)

    return Conversion(to_python, to_native, SCALAR_NUMPY["enum"], names)


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
