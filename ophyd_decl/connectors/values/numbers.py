"""Scalars that are numbers or truth values: what may stand for what, and within which range.

Widening is allowed, losing digits never is: an `int` served as a float must be whole, a value that does not fit the
width of the server is refused before it is sent.
"""

import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...vocab.datatypes import NUMPY_WIDTHS, SCALAR_NUMPY, Datatype, NativeType
from .parts import Conversion, Outcome, WireTraits, bad_value, mismatch, unreadable

_WHOLE_IN_FLOAT = {"float64": 2**53, "float32": 2**24}
_LARGEST_FLOAT32 = 3.4028234663852886e38


def whole_range(numpy_name: str) -> tuple[int, int]:
    """Return the smallest and largest whole number that a width holds exactly."""
    if numpy_name in _WHOLE_IN_FLOAT:
        return -_WHOLE_IN_FLOAT[numpy_name], _WHOLE_IN_FLOAT[numpy_name]
    bits = int(numpy_name.lstrip("uint") or "64")
    return (0, 2**bits - 1) if numpy_name.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def plain(value: Any) -> Any:
    """Return the Python value of a numpy scalar or 0-d array; anything else as it is."""
    return value.item() if _is_numpy_scalar(value) else value


def _is_numpy_scalar(value: object) -> bool:
    return isinstance(value, np.generic) or (isinstance(value, np.ndarray) and cast(NDArray[Any], value).ndim == 0)


def to_whole(value: Any, low: int, high: int, expected: str) -> int:
    """Return the value as an int within a range.

    :raises BadValueError: if it is not a whole number, or outside.
    """
    number = plain(value)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int):
        raise bad_value("not a whole number", value, expected)
    if not low <= number <= high:
        raise bad_value(f"outside what the server can hold ({low} to {high})", value, expected)
    return int(number)


def to_real(value: Any, expected: str) -> float:
    """Return the value as a float.

    :raises BadValueError: if it is not a number, or NaN.
    """
    number = plain(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise bad_value("not a number", value, expected)
    try:
        real = float(number)
    except OverflowError:
        raise bad_value("too large for a float", value, expected) from None
    if math.isnan(real):
        raise bad_value("NaN cannot be written", value, expected)
    return real


def bool_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for `bool`: from bool, any int, or an enum with two labels."""
    del traits
    served_enum = native.kind == "enum" and len(native.choices) == 2
    if native.kind not in ("bool", "int") and not served_enum:
        return mismatch(datatype, native, "bool needs a bool, an integer, or an enum with two labels")
    as_bool = native.kind == "bool"

    def to_python(raw: Any) -> bool:
        if served_enum and raw not in (0, 1):
            raise unreadable("neither of the two labels", raw, "bool")
        return bool(raw)

    def to_native(value: Any) -> Any:
        flag = plain(value)
        if not isinstance(flag, int) or flag not in (0, 1):
            raise bad_value("not a bool", value, "True or False")
        return bool(flag) if as_bool else int(flag)

    return Conversion(to_python, to_native, SCALAR_NUMPY["bool"])


def int_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for `int`: from any int, or from a float without decimal places."""
    if native.kind == "float" and traits.precision != 0:
        shown = "unknown" if traits.precision is None else traits.precision
        return mismatch(datatype, native, f"int needs an integer or precision 0; precision is {shown}")
    if native.kind not in ("int", "float"):
        return mismatch(datatype, native, "int needs an integer")
    return _whole(native, SCALAR_NUMPY["int"], str(datatype), *whole_range(native.numpy))


def float_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for `float`: from any number."""
    del traits
    if native.kind not in ("int", "float"):
        return mismatch(datatype, native, "float needs a number")
    return _real(native, SCALAR_NUMPY["float"], str(datatype))


def width_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for a numpy width: from the same, a narrower one, or what the protocol carries it as."""
    name = datatype.name
    if not width_fits(name, native, traits):
        return mismatch(datatype, native, "served with another width", f"declare `dtype: {native.kind}`")
    if name.startswith("float"):
        return _real(native, NUMPY_WIDTHS[name], str(datatype))
    low, high = whole_range(native.numpy)
    least, most = whole_range(name)
    if native.numpy == "uint8" and name == "int8":
        return _signed_byte(str(datatype))
    return _whole(native, NUMPY_WIDTHS[name], str(datatype), max(low, least), min(high, most))


def width_fits(name: str, native: NativeType, traits: WireTraits) -> bool:
    """Return whether a declared numpy width can take a served one without loss."""
    if native.kind not in ("int", "float") or not native.numpy:
        return False
    return traits.carried.get(name) == native.numpy or np.can_cast(native.numpy, name, "safe")


def _whole(native: NativeType, dtype_numpy: str, expected: str, low: int, high: int) -> Conversion:
    if native.kind == "int":

        def to_python(raw: Any) -> int:
            number = int(raw)
            if not low <= number <= high:
                raise unreadable("outside the declared width", raw, expected)
            return number
    else:

        def to_python(raw: Any) -> int:
            if raw != raw or not float(raw).is_integer() or not low <= raw <= high:
                raise unreadable("served as a float, and not a whole number that is exact there", raw, expected)
            return int(raw)

    if native.kind == "int":

        def to_native(value: Any) -> Any:
            return to_whole(value, low, high, expected)
    else:

        def to_native(value: Any) -> Any:
            return float(to_whole(value, low, high, expected))

    return Conversion(to_python, to_native, dtype_numpy)


def _signed_byte(expected: str) -> Conversion:
    def to_python(raw: Any) -> int:
        return raw - 256 if raw > 127 else raw

    def to_native(value: Any) -> Any:
        return to_whole(value, -128, 127, expected) % 256

    return Conversion(to_python, to_native, NUMPY_WIDTHS["int8"])


def _real(native: NativeType, dtype_numpy: str, expected: str) -> Conversion:
    if native.kind == "int":
        low, high = whole_range(native.numpy)

        def to_native(value: Any) -> Any:
            return to_whole(
                to_real(value, expected), low, high, f"{expected}, whole since the server has {native.numpy}"
            )
    else:
        narrow = native.numpy == "float32"

        def to_native(value: Any) -> Any:
            real = to_real(value, expected)
            if narrow and _LARGEST_FLOAT32 < abs(real) < math.inf:
                raise bad_value("too large for the server's float32", value, expected)
            return real

    return Conversion(float, to_native, dtype_numpy)
