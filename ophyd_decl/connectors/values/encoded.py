"""Bytes with the name of their format (Tango's DevEncoded): one value, in which neither is lost.

The value is an array of bytes, as documents can hold it, that also knows its format. What was read can be written back
as it is. In documents, where an array is an array, the format is a signal of its own: the same attribute, as `str`.
"""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import MismatchError
from ...vocab.datatypes import NUMPY_WIDTHS, SCALAR_NUMPY, Datatype, NativeType
from .arrays import array_conversion
from .parts import Conversion, Outcome, WireTraits, bad_value, mismatch


class Encoded(np.ndarray):
    """Bytes, shape (n,), uint8, with the name of their format.

    :param data: bytes, or numbers from 0 to 255.
    :param format: what the device calls it, `JPEG_RGB`; empty: nothing is said.

    >>> Encoded(b"ab", format="RAW").format, Encoded([1, 255]).tolist()
    ('RAW', [1, 255])
    """

    format: str

    def __new__(cls, data: Any, *, format: str = "") -> "Encoded":
        """Return the bytes with their format."""
        made = np.asarray(_numbers(data), np.uint8).view(cls)
        made.format = format
        return made

    def __array_finalize__(self, source: Any) -> None:
        """Keep the format in what is made from it."""
        self.format = getattr(source, "format", "")

    def __reduce__(self) -> Any:
        """Pickle as a plain array: who reads documents may have numpy alone."""
        return np.asarray(self).__reduce__()


def format_of(value: Any) -> str:
    """Return the name of the format of a value, empty for one that has none."""
    return value.format if isinstance(value, Encoded) else ""


def encoded_conversion(datatype: Datatype, native: NativeType) -> Outcome:
    """Return the conversion of bytes with a format: to the bytes, or as `str` to the name of the format."""
    if datatype.name == "str" and datatype.shape is None:
        return Conversion(_format_of, _refuse_format, SCALAR_NUMPY["str"])
    if datatype.name != "uint8" or datatype.shape is None or len(datatype.shape) != 1:
        problem = "it holds bytes, with the name of their format"
        help = "declare `dtype: uint8, shape: [null]` for the bytes, `dtype: str` for the name of their format"
        return mismatch(datatype, native, problem, help)
    conversion = array_conversion(datatype, NativeType("int", "uint8", native.shape), WireTraits())
    if isinstance(conversion, MismatchError):
        return conversion

    def to_python(raw: Encoded) -> Encoded:
        return Encoded(conversion.to_python(raw), format=raw.format)

    def to_native(value: Any) -> Encoded:
        raw = cast(NDArray[Any], conversion.to_native(_numbers(value)))
        return Encoded(raw, format=format_of(value))

    return Conversion(to_python, to_native, NUMPY_WIDTHS["uint8"])


def _numbers(data: Any) -> Any:
    return np.frombuffer(data, np.uint8) if isinstance(data, bytes | bytearray) else data


def _format_of(raw: Encoded) -> str:
    return raw.format


def _refuse_format(value: Any) -> Any:
    raise bad_value("the format is written with the bytes that have it", value, "Encoded(data, format=...), as bytes")
