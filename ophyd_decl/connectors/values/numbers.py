"""Scalars that are numbers or truth values: what may stand for what, and within which range.

Widening is allowed, losing digits never is: an `int` served as a float must be whole, a value that does not fit the
width of the server is refused before it is sent.
"""

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...vocab.datatypes import NUMPY_WIDTHS, SCALAR_NUMPY, Datatype, NativeType
from .parts import Conversion, Outcome, WireTraits, bad_value, mismatch, rounded, unreadable

#: From here on a float may be the rounded form of another whole number.
EXACT_BELOW = {"float64": 2**53, "float32": 2**24}
SIGN_UNKNOWN = "the protocol does not tell whether this byte has a sign"
SIGN_HELP = "declare `dtype: int8` or `dtype: uint8`"
_LARGEST_FLOAT32 = 3.4028234663852886e38


def whole_range(numpy_name: str) -> tuple[int, int]:
    """Return the smallest and largest whole number that a width holds exactly."""
    if numpy_name in EXACT_BELOW:
        return 1 - EXACT_BELOW[numpy_name], EXACT_BELOW[numpy_name] - 1
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
    if isinstance(number, int) and real != number:
        raise rounded(value, expected)
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
    return _whole(datatype, native, traits, SCALAR_NUMPY["int"])


def float_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for `float`: from any number."""
    if native.kind not in ("int", "float"):
        return mismatch(datatype, native, "float needs a number")
    return _real(datatype, native, traits, SCALAR_NUMPY["float"])


def width_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for a numpy width: from the same, a narrower one, or what the protocol carries it as."""
    name = datatype.name
    if not width_fits(name, native, traits):
        return mismatch(datatype, native, "served with another width")
    if name.startswith("float"):
        return _real(datatype, native, traits, NUMPY_WIDTHS[name])
    if native.numpy == "uint8" and name == "int8":
        return _signed_byte(str(datatype))
    return _whole(datatype, native, traits, NUMPY_WIDTHS[name])


def width_fits(name: str, native: NativeType, traits: WireTraits) -> bool:
    """Return whether a declared numpy width can take a served one without loss."""
    if native.kind not in ("int", "float") or not native.numpy:
        return False
    if traits.carried.get(name) == native.numpy:
        return native.kind == "int" or not traits.precision  # a whole number has no decimal places
    return np.can_cast(native.numpy, name, "safe")


def exact_below(name: str, native: NativeType, traits: WireTraits) -> int | None:
    """Return from where on the protocol rounds whole numbers that the declared dtype holds; None: it does not."""
    if traits.carried.get(name) != native.numpy or native.kind != "float":
        return None
    limit = EXACT_BELOW[native.numpy]
    return limit if whole_range(name)[1] >= limit else None


def _whole(datatype: Datatype, native: NativeType, traits: WireTraits, dtype_numpy: str) -> Conversion:
    expected = str(datatype)
    low, high = whole_range(datatype.name)
    if native.kind == "float":
        return Conversion(
            _whole_from_float(native, low, high, expected),
            _whole_to_float(native, low, high, expected),
            dtype_numpy,
            exact_below=exact_below(datatype.name, native, traits),
        )
    served_low, served_high = whole_range(native.numpy)
    low, high = max(low, served_low), min(high, served_high)
    unsure = traits.hides_sign(native) and datatype.name != "uint8"

    def to_python(raw: Any) -> int:
        number = int(raw)
        if unsure and number > 127:
            raise unreadable(SIGN_UNKNOWN, raw, expected, SIGN_HELP)
        if not low <= number <= high:
            raise unreadable("outside the declared width", raw, expected)
        return number

    def to_native(value: Any) -> Any:
        return to_whole(value, low, 127 if unsure else high, expected)

    return Conversion(to_python, to_native, dtype_numpy)


def _whole_from_float(native: NativeType, low: int, high: int, expected: str) -> Callable[[Any], int]:
    least, most = whole_range(native.numpy)

    def to_python(raw: Any) -> int:
        if raw != raw or not float(raw).is_integer():
            raise unreadable("served as a float, and not a whole number", raw, expected)
        if not least <= raw <= most:
            raise rounded(raw, expected)
        if not low <= raw <= high:
            raise unreadable("outside the declared width", raw, expected)
        return int(raw)

    return to_python


def _whole_to_float(native: NativeType, low: int, high: int, expected: str) -> Callable[[Any], float]:
    least, most = whole_range(native.numpy)

    def to_native(value: Any) -> float:
        number = to_whole(value, low, high, expected)
        if not least <= number <= most:
            raise rounded(value, expected)
        return float(number)

    return to_native


def _signed_byte(expected: str) -> Conversion:
    def to_python(raw: Any) -> int:
        return raw - 256 if raw > 127 else raw

    def to_native(value: Any) -> Any:
        return to_whole(value, -128, 127, expected) % 256

    return Conversion(to_python, to_native, NUMPY_WIDTHS["int8"])


def _real(datatype: Datatype, native: NativeType, traits: WireTraits, dtype_numpy: str) -> Conversion:
    expected = str(datatype)
    if native.kind == "int":
        return _real_from_whole(datatype, native, traits, dtype_numpy)
    narrow = native.numpy == "float32"

    def to_native(value: Any) -> Any:
        real = to_real(value, expected)
        if narrow and _LARGEST_FLOAT32 < abs(real) < math.inf:
            raise bad_value("too large for the server's float32", value, expected)
        return real

    return Conversion(float, to_native, dtype_numpy)


def _real_from_whole(datatype: Datatype, native: NativeType, traits: WireTraits, dtype_numpy: str) -> Conversion:
    expected = str(datatype)
    low, high = whole_range(native.numpy)
    if unsure := traits.hides_sign(native):
        high = 127

    def to_python(raw: Any) -> float:
        real = float(raw)
        if real != raw:
            raise rounded(raw, expected, "declare `dtype: int`")
        if unsure and raw > 127:
            raise unreadable(SIGN_UNKNOWN, raw, expected, SIGN_HELP)
        return real

    def to_native(value: Any) -> Any:
        return to_whole(to_real(value, expected), low, high, f"{expected}, whole since the server has {native.numpy}")

    return Conversion(to_python, to_native, dtype_numpy)
