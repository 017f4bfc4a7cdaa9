"""Text: served as such, as an array of characters, or as the label of an enum.

What does not fit is refused here, since servers cut it off without a word.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...vocab.datatypes import SCALAR_NUMPY, Datatype, NativeType
from .labels import enum_of, served_names
from .parts import Conversion, Outcome, WireTraits, bad_value, mismatch


def text_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for `str`: from text, characters, or the labels of an enum."""
    if native.kind == "enum" and native.shape is None:
        names = served_names(native.choices)
        return enum_of(names, names, str(datatype))
    if native.kind == "str" and native.shape is None:
        return Conversion(str, text_checker(traits.text_bytes), SCALAR_NUMPY["str"])
    if (
        native.kind == "int"
        and native.numpy in ("int8", "uint8")
        and native.shape is not None
        and len(native.shape) == 1
    ):
        return _characters(native)
    return mismatch(datatype, native, "str needs text")


def text_of(data: bytes) -> str:
    """Return text that ends at the first NUL; UTF-8, or Latin-1 where it is not (a degree sign, mostly)."""
    data = data.split(b"\0", 1)[0]
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def text_checker(limit: int | None) -> Callable[[Any], str]:
    """Return a function that lets only text pass which the server can hold.

    :param limit: longest text in bytes of UTF-8; None: any.
    """

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise bad_value("not text", value, "str")
        if "\0" in value:
            raise bad_value("text with a NUL character would be cut off there", value, "str")
        if limit is not None and len(value.encode()) > limit:
            raise bad_value(f"{len(value.encode())} bytes long, the server holds {limit}", value, "str")
        return str(value)

    return check


def _characters(native: NativeType) -> Conversion:
    size = native.shape[0] if native.shape else None
    check = text_checker(None if size is None else size - 1)
    dtype = np.dtype(native.numpy)

    def to_python(raw: Any) -> str:
        data: bytes = raw.tobytes() if isinstance(raw, np.ndarray) else bytes(raw)
        return text_of(data)

    def to_native(value: Any) -> Any:
        return np.frombuffer(check(value).encode() + b"\0", np.uint8).view(dtype)

    return Conversion(to_python, to_native, SCALAR_NUMPY["str"])
