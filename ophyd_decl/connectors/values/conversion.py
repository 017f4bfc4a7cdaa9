"""The one question of a connector: can this signal be used as it is declared, and how.

Answers with a conversion, or with an error that names both sides; it never guesses by position or by width.
"""

from ...errors import MismatchError
from ...vocab.datatypes import COMMAND, NUMPY_WIDTHS, Datatype, NativeType
from ...vocab.listing import LISTING
from .arrays import array_conversion
from .commands import command_conversion
from .encoded import encoded_conversion
from .labels import enum_conversion
from .listings import listing_conversion
from .numbers import bool_conversion, float_conversion, int_conversion, width_conversion
from .parts import Conversion, Outcome, WireTraits, mismatch
from .tables import table_conversion
from .text import text_conversion

__all__ = ["Conversion", "WireTraits", "make_conversion"]

_NO_TRAITS = WireTraits()
_SCALARS = {
    "bool": bool_conversion,
    "int": int_conversion,
    "float": float_conversion,
    "str": text_conversion,
    "enum": enum_conversion,
}


def make_conversion(datatype: Datatype, native: NativeType, traits: WireTraits = _NO_TRAITS) -> Outcome:
    """Return how to use a signal of the native type as the declared one, or why that is not possible.

    :param datatype: as declared; `any` takes what the server has.
    :param native: as served.
    :param traits: what protocol and server add.
    """
    outcome = _conversion(datatype, native, traits)
    if isinstance(outcome, MismatchError) and outcome.help is None:
        outcome.help = _declare(native)
    return outcome


def _conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    if datatype.name == LISTING:
        return listing_conversion(datatype, native)
    if datatype.name == COMMAND:
        return command_conversion(datatype, native) or _conversion(Datatype("any"), native, traits)
    if datatype.name == "any":
        served = as_served(native)
        if served is None:
            return mismatch(datatype, native, "this kind of value is not supported")
        return _conversion(served, native, traits)
    if native.kind in ("unknown", "listing"):
        return mismatch(datatype, native, "this kind of value is not supported")
    if native.kind == "encoded":
        return encoded_conversion(datatype, native)
    if datatype.name == "table" or native.kind == "table":
        return table_conversion(datatype, native)
    if datatype.shape is not None:
        return array_conversion(datatype, native, traits)
    if native.shape is not None and datatype.name != "str":
        return mismatch(datatype, native, "declared as a scalar, served as an array")
    if datatype.name in NUMPY_WIDTHS:
        return width_conversion(datatype, native, traits)
    return _SCALARS[datatype.name](datatype, native, traits)


def as_served(native: NativeType) -> Datatype | None:
    """Return the type that takes a native one as it is; None if there is none."""
    if native.kind in ("unknown", "image", "listing"):
        return Datatype(native.numpy, native.shape) if native.shape and native.numpy else None
    if native.kind == "table":
        return Datatype("table", columns=native.columns)
    if native.shape is not None:
        name = native.kind if native.kind in ("str", "bool", "enum") else native.numpy
        return Datatype(name, tuple(None for _ in native.shape))
    # int is 64 bits with a sign in documents
    return Datatype("uint64" if native.numpy == "uint64" else native.kind)


def _declare(native: NativeType) -> str:
    """Return the declaration that would fit, as help."""
    served = as_served(native)
    if native.kind == "image" and served is None:
        return "declare `dtype: uint16, shape: [null, null]`, as the frames will be, or connect when one has come"
    if served is None:
        return "leave it out: what can be declared are numbers, texts, enums, their arrays, tables and images"
    if served.columns is not None:
        columns = ", ".join(f"{name}: {dtype}" for name, dtype in served.columns)
        return f"declare `dtype: table, columns: {{{columns}}}`"
    if served.shape is None:
        return f"declare `dtype: {served.name}`"
    name = "uint8" if served.name == "bool" else served.name
    return f"declare `dtype: {name}, shape: [{', '.join('null' for _ in served.shape)}]`"
