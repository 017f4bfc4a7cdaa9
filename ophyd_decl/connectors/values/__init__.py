"""Conversion between what a server serves and what a signal is declared as, the same for every connector.

A raw value is what a connector makes of the bytes of its protocol, before any declaration is looked at: `bool`, `int`
or `float` for a scalar number, `str` for text, the index for an enum, a numpy array for an array of numbers, a list of
`str` for an array of text, a dict of columns for a table. Nothing here does I/O or knows a protocol.
"""

from .conversion import Conversion, WireTraits, make_conversion
from .encoded import Encoded
from .standin import any_conversion, coerce_value, local_conversion, native_of, native_of_value, zero_value
from .text import text_of

__all__ = [
    "Conversion",
    "Encoded",
    "WireTraits",
    "any_conversion",
    "coerce_value",
    "local_conversion",
    "make_conversion",
    "native_of",
    "native_of_value",
    "text_of",
    "zero_value",
]
