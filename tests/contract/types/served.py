"""The rows of the tables: what servers serve, the values that are tried, and whether a client may write them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import Label

#: The first whole number that a float64 does not hold.
BEYOND = 2**53 + 1
_CLOSED, _OPEN = Label("Closed", 0), Label("Open", 1)
_LOW, _HIGH, _OFF = Label("Low", 0), Label("High", 1), Label("Off", 2)
_LONG = "a text that is longer than the forty characters which fit into an EPICS string"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is served.

    :param name: of the record or field, or of the structure.
    :param says: what it is, for people.
    :param values: that it is given, one after the other; the first ones are ordinary.
    :param writable: whether a client may write it.
    :param set_by: what is written on the server's side to give it a value; itself if empty, and it can be written.
    """

    name: str
    says: str
    values: tuple[Any, ...]
    writable: bool = True
    set_by: str = ""


#: Values of each element type of an array, and of a record that holds one.
ELEMENTS: dict[str, tuple[Any, ...]] = {
    "CHAR": (1, 65, -2),
    "UCHAR": (1, 65, 254),
    "SHORT": (1, 300, -32768),
    "USHORT": (1, 300, 65535),
    "LONG": (1, 70000, -(2**31)),
    "ULONG": (1, 70000, 2**32 - 1),
    "INT64": (1, 2**40, BEYOND),
    "UINT64": (1, 2**40, 2**63),
    "FLOAT": (1.5, 3.0, -0.25),
    "DOUBLE": (1.5, 3.0, 1e-300),
    "STRING": ("one", "", "Grüße an alle"),
    "ENUM": (Label("#1", 1), Label("#2", 2), Label("#65535", 65535)),
}
#: Bytes that are text, too.
_BYTES = {"CHAR": (72, -61, -68), "UCHAR": (72, 195, 188)}


def _arrays(kind: str) -> tuple[list[Any], ...]:
    items = [item.index if isinstance(item, Label) else item for item in _BYTES.get(kind, ELEMENTS[kind])]
    return (items, items[:1]) if kind == "ENUM" else (items, items[:1], [])


NUMBERS = (
    Row("ai", "ai, PREC 3", (1.5, 3.0, 1e300)),
    Row("ai_whole", "ai, PREC 0", (2.0, 3.0, 2.5)),
    Row("ao", "ao, PREC 3", (1.5, 3.0, 1e300)),
    Row("calc", "calc, PREC 2", (1.5, 3.0, 1e300), writable=False, set_by="calc.A"),
    Row("longin", "longin", (1, 7, -(2**31))),
    Row("longout", "longout", (1, 7, -(2**31))),
    Row("int64in", "int64in", (1, 7, BEYOND)),
    Row("int64out", "int64out", (1, 7, BEYOND)),
    Row("mbbiDirect", "mbbiDirect", (1, 7, 0x7FFFFFFF)),
    Row("mbboDirect", "mbboDirect", (1, 7, 0x7FFFFFFF)),
)
ENUMS = (
    Row("bi", "bi", (_OPEN, _CLOSED)),
    Row("bo", "bo", (_OPEN, _CLOSED)),
    Row("bo_unnamed", "bo without labels", (Label("#1", 1), Label("#0", 0))),
    Row("mbbi", "mbbi", (_HIGH, _OFF, _LOW)),
    Row("mbbo", "mbbo", (_HIGH, _OFF, _LOW)),
    Row("mbbo_unnamed", "mbbo without labels", (1, 7, 300)),
)
TEXTS = (
    Row("stringin", "stringin", ("Low", "x" * 39, "Grüße")),
    Row("stringout", "stringout", ("Low", "x" * 39, "Grüße")),
    Row("lsi", "lsi", ("Low", _LONG, "Grüße" * 20)),
    Row("lso", "lso", ("Low", _LONG, "Grüße" * 20)),
    Row("printf", "printf", ("Low", _LONG, "Grüße" * 20), writable=False, set_by="lso"),
)
FIELDS = (
    Row("fields.DESC", "`.DESC`, a string", ("Low", "y" * 39, "Grüße")),
    Row("fields.EGU", "`.EGU`, a string", ("Low", "°C", "keV")),
    Row("fields.RTYP", "`.RTYP`, a string", ("ai",), writable=False),
    Row("fields.INP", "`.INP`, a link", (_LONG.replace(" ", "_") + ".VAL NPP NMS",)),
    Row("fields.SCAN", "`.SCAN`, a menu", (Label("Passive", 0), Label("10 second", 3))),
    Row("fields.SEVR", "`.SEVR`, a menu", (Label("INVALID", 3),), writable=False),
    Row("fields.PREC", "`.PREC`, a short", (3, 1, 7)),
    Row("closed.DISP", "`.DISP`, a char", (1, 0)),
    Row("masks.ZRVL", "`.ZRVL`, an unsigned long", (1, 7, 2**32 - 1)),
)
ONES = tuple(Row(f"one_{kind}", f"waveform of one {kind}", values) for kind, values in ELEMENTS.items())
ARRAYS = tuple(
    Row(f"{record}_{kind}", f"{record} of {kind}", _arrays(kind))
    for record in ("waveform", "aai", "aao")
    for kind in ELEMENTS
)
#: Everything that an IOC serves, by the titles of the blocks of the tables.
GROUPS = {
    "numbers": NUMBERS,
    "labels": ENUMS,
    "texts": TEXTS,
    "fields": FIELDS,
    "arrays_of_one": ONES,
    "arrays": ARRAYS,
}
RECORDS = tuple(row for group in GROUPS.values() for row in group)

#: The element types of normative types, by the letter of p4p.
CODES = {
    "b": "CHAR", "B": "UCHAR", "h": "SHORT", "H": "USHORT", "i": "LONG", "I": "ULONG", "l": "INT64", "L": "UINT64",
    "f": "FLOAT", "d": "DOUBLE", "s": "STRING",
}  # fmt: skip
SCALARS = (
    Row("scalar_?", "NTScalar of bool", (True, False)),
    *(Row(f"scalar_{code}", f"NTScalar of {kind}", ELEMENTS[kind]) for code, kind in CODES.items()),
)
SCALAR_ARRAYS = (
    Row("array_?", "NTScalarArray of bool", ([True, False], [True], [])),
    *(Row(f"array_{code}", f"NTScalarArray of {kind}", _arrays(kind)) for code, kind in CODES.items()),
)
_LINE = np.array([1, 2, 65535], "u2")
_GREY = np.array([[1, 2, 65535], [4, 5, 6]], "u2")
_COLOUR = np.arange(12, dtype="u1").reshape(2, 2, 3)
OTHERS = (
    Row("enum", "NTEnum", (_HIGH, _OFF, _LOW)),
    Row("enum_of_two", "NTEnum of two labels", (_OPEN, _CLOSED)),
    Row("enum_repeated", "NTEnum, labels repeated and empty", (Label("B", 3), Label("#1", 1), Label("#2", 2))),
    Row("table", "NTTable", ({"x": [1.5, 3.0], "name": ["a", "b"]}, {"x": [], "name": []})),
    Row("table_odd", "NTTable with a column of unions", ()),
    Row("image_empty", "NTNDArray before its first frame", ()),
    Row(
        "image_line",
        "NTNDArray, 1 dimension, uint16",
        (np.array([1, 2, 65535], "u2"),),
        writable=False,
        set_by="image_line",
    ),
    Row(
        "image_grey",
        "NTNDArray, 2 dimensions, uint16",
        (np.array([[1, 2, 65535], [4, 5, 6]], "u2"),),
        writable=False,
        set_by="image_grey",
    ),
    Row(
        "image_colour",
        "NTNDArray, 3 dimensions, uint8",
        (np.arange(12, dtype="u1").reshape(2, 2, 3),),
        writable=False,
        set_by="image_colour",
    ),
    Row("image_packed", "NTNDArray, compressed", ()),
    Row("matrix", "NTMatrix", (np.array([[1.0, 2, 3], [4, 5, 6]]),), writable=False),
    Row("aggregate", "NTAggregate: its value", (1.5, 3.0)),
    Row("histogram", "NTHistogram of int: its value", ([1, 7], [1, 70000])),
    Row("continuum", "NTContinuum: its value", ([1.5, 3.0], [1.5])),
    Row("name_value", "NTNameValue of double: its value", ([1.5, 3.0], [1.5])),
    Row("plain", "a structure with a double as `value`", (1.5, 3.0)),
    Row("union", "NTUnion", ()),
    Row("any", "NTUnion of anything", ()),
    Row("attribute", "NTAttribute", ()),
    Row("multi_channel", "NTMultiChannel", ()),
    Row("uri", "NTURI", ()),
    Row("no_value", "a structure without `value`", ()),
    Row("structure_in_value", "a structure with a structure as `value`", ()),
    Row("structures_in_value", "a structure with structures as `value`", ()),
)
STRUCTURE_GROUPS = {"scalars": SCALARS, "scalar_arrays": SCALAR_ARRAYS, "others": OTHERS}
STRUCTURES = tuple(row for group in STRUCTURE_GROUPS.values() for row in group)
