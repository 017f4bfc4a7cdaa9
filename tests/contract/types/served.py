"""The rows of the tables: what servers serve, the values that are tried, and whether a client may write them."""

from dataclasses import dataclass
from typing import Any

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
