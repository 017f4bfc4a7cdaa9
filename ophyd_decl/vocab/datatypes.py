"""What a signal may be declared as, and what a server may turn out to serve."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from .listing import Entry

ScalarName = Literal["bool", "int", "float", "str", "enum", "any"]
SCALAR_NAMES: tuple[str, ...] = ("bool", "int", "float", "str", "enum", "any")

#: numpy widths that may be declared, scalar or with `shape`, with their numpy type strings.
NUMPY_WIDTHS: dict[str, str] = {
    "int8": "|i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
    "uint8": "|u1",
    "uint16": "<u2",
    "uint32": "<u4",
    "uint64": "<u8",
    "float32": "<f4",
    "float64": "<f8",
}

#: `dtype_numpy` of scalars in an event descriptor.
SCALAR_NUMPY: dict[str, str] = {"bool": "|b1", "int": "<i8", "float": "<f8", "str": "|S40", "enum": "|S40"}

#: What the channel of a command is declared as that writes a number; no dtype of the language.
COMMAND = "command"

Match = Literal["exact", "subset", "superset"]


class Choice(NamedTuple):
    """One label of an enum: the word used here, and the labels that a server may show for it."""

    label: str
    served: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Datatype:
    """The declared type of a signal.

    :param name: one of `SCALAR_NAMES`, a key of `NUMPY_WIDTHS`, or `table`.
    :param shape: None for a scalar; else one entry for each dimension, None where any length will do.
    :param choices: labels of an enum in their order; None: the server's.
    :param match: how declared and served labels must agree (design 3, rule 4).
    :param columns: name and dtype of each column of a table.
    """

    name: str
    shape: tuple[int | None, ...] | None = None
    choices: tuple[Choice, ...] | None = None
    match: Match = "exact"
    columns: tuple[tuple[str, str], ...] | None = None

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Return the labels used on this side, in order, or None where the server's are taken."""
        return None if self.choices is None else tuple(choice.label for choice in self.choices)

    def __str__(self) -> str:
        """Return the type as it is written in a file, for messages."""
        text = self.name
        if self.shape is not None:
            text += "[" + ", ".join("any" if size is None else str(size) for size in self.shape) + "]"
        if self.choices is not None:
            text += "{" + ", ".join(choice.label for choice in self.choices) + "}"
        return text


NativeKind = Literal["bool", "int", "float", "str", "enum", "table", "image", "encoded", "listing", "unknown"]


@dataclass(frozen=True, slots=True)
class NativeType:
    """The type that a server serves.

    :param kind: family of the value; `encoded`: bytes with the name of their format.
    :param numpy: numpy type name of numbers (`int32`, `float64`), else empty.
    :param shape: None for a scalar; else the largest size of each dimension, None where the server does not say.
    :param choices: labels of an enum in the server's order.
    :param detail: what the protocol calls it (`DBR_CHAR`, `epics:nt/NTTable:1.0`), for messages.
    :param columns: name and numpy type name of each column of a table.
    :param entries: of a list of members: what it says is what it is, so that a change is a change of type.
    """

    kind: NativeKind
    numpy: str = ""
    shape: tuple[int | None, ...] | None = None
    choices: tuple[str, ...] = ()
    detail: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    entries: tuple[Entry, ...] = ()

    def __str__(self) -> str:
        """Return the type in words, for messages."""
        text = "PVI structure" if self.kind == "listing" else self.numpy or self.kind
        if self.shape is not None:
            text += "[" + ", ".join("any" if size is None else str(size) for size in self.shape) + "]"
        if self.choices:
            text += "{" + ", ".join(self.choices) + "}"
        if self.detail:
            text += f" ({self.detail})"
        return text
