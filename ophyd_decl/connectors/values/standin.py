"""Values without a server: what a soft or mock signal holds, starts with and accepts.

A stand-in is declared and served by the same text, so its conversion is the one that a real server of exactly that
type would get, and a mock checks what it is given as the real signal does.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import MismatchError
from ...vocab.datatypes import COMMAND, NUMPY_WIDTHS, Datatype, NativeKind, NativeType
from .conversion import make_conversion
from .numbers import plain
from .parts import Conversion, bad_value

_KINDS: dict[str, tuple[NativeKind, str]] = {
    "bool": ("bool", "bool"),
    "int": ("int", "int64"),
    "float": ("float", "float64"),
    "str": ("str", ""),
}
_KIND_OF_LETTER: dict[str, NativeKind] = {"b": "bool", "i": "int", "u": "int", "f": "float"}


def native_of(datatype: Datatype) -> NativeType:
    """Return the native type that serves exactly what is declared."""
    if datatype.name == "table":
        return NativeType("table", columns=datatype.columns or (), detail="soft")
    if datatype.name in ("any", COMMAND):
        return NativeType("unknown", detail="soft")
    if datatype.name == "enum":
        if datatype.choices is None:
            return NativeType("str", shape=datatype.shape, detail="soft")
        served = tuple(c.served[0] if c.served else c.label for c in datatype.choices)
        return NativeType("enum", shape=datatype.shape, choices=served, detail="soft")
    if datatype.name in NUMPY_WIDTHS:
        kind = "float" if datatype.name.startswith("float") else "int"
        return NativeType(kind, datatype.name, datatype.shape, detail="soft")
    kind, numpy_name = _KINDS[datatype.name]
    return NativeType(kind, numpy_name, datatype.shape, detail="soft")


def native_of_value(value: Any) -> NativeType:
    """Return the native type of a value that was declared as `any`."""
    value = plain(value)
    if isinstance(value, bool):
        return NativeType("bool", "bool", detail="soft")
    if isinstance(value, int):
        return NativeType("int", "int64", detail="soft")
    if isinstance(value, float):
        return NativeType("float", "float64", detail="soft")
    if isinstance(value, str):
        return NativeType("str", detail="soft")
    if isinstance(value, np.ndarray):
        array = cast(NDArray[Any], value)
        kind = _KIND_OF_LETTER[array.dtype.kind]
        return NativeType(kind, array.dtype.name, tuple(None for _ in array.shape), detail="soft")
    return NativeType("str", shape=(None,), detail="soft")


def any_conversion() -> Conversion:
    """Return the conversion of a soft signal declared as `any`: whatever a data key can describe."""
    return Conversion(_anything, _anything, "<f8")


def local_conversion(datatype: Datatype) -> Conversion:
    """Return the conversion of a signal whose value is kept in this process."""
    if datatype.name in ("any", COMMAND):
        return any_conversion()
    open_enum = datatype.name == "enum" and datatype.choices is None
    declared = Datatype("str", datatype.shape) if open_enum else datatype
    conversion = make_conversion(declared, native_of(datatype))
    if isinstance(conversion, MismatchError):
        raise conversion
    return conversion


def zero_value(datatype: Datatype) -> Any:
    """Return what a soft or mock signal holds before anything was written to it."""
    if datatype.name == "table":
        return {name: zero_value(Datatype(dtype, (None,))) for name, dtype in datatype.columns or ()}
    if datatype.shape is not None:
        sizes = tuple(size or 0 for size in datatype.shape)
        if datatype.name in ("str", "enum"):
            return [""] * sizes[0]
        return np.zeros(sizes, datatype.name)
    if datatype.name == "enum":
        return datatype.choices[0].label if datatype.choices else ""
    if datatype.name in NUMPY_WIDTHS:
        return 0.0 if datatype.name.startswith("float") else 0
    return {"bool": False, "int": 0, "float": 0.0, "str": "", "any": 0.0, COMMAND: 0.0}[datatype.name]


def coerce_value(datatype: Datatype, value: Any) -> Any:
    """Return the value as a soft signal of this dtype would give it back.

    :raises BadValueError: if it does not fit the dtype.
    """
    conversion = local_conversion(datatype)
    return conversion.to_python(conversion.to_native(value))


def _anything(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        items = cast(Sequence[Any], value)
        if items and all(isinstance(item, str) for item in items):
            return list(items)
    try:
        array: NDArray[Any] | None = np.asarray(cast(Any, value))
    except ValueError:
        array = None
    if array is None or array.dtype.kind not in "biuf" or array.ndim == 0:
        raise bad_value("cannot be described in a document", value, "bool, int, float, str or an array of them")
    return array
