"""Commands: the types of what they take and return, and how these are handed to pytango."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...vocab.datatypes import NativeType
from . import library
from .attributes import ENCODED, NUMBERS, decoded, encoded

_VOID = "DevVoid"
_ANY_LENGTH = (None,)
#: Arrays by what Tango calls them, with the type of one element.
_ARRAYS = {
    "DevVarBooleanArray": "DevBoolean",
    "DevVarCharArray": "DevUChar",
    "DevVarShortArray": "DevShort",
    "DevVarUShortArray": "DevUShort",
    "DevVarLongArray": "DevLong",
    "DevVarULongArray": "DevULong",
    "DevVarLong64Array": "DevLong64",
    "DevVarULong64Array": "DevULong64",
    "DevVarFloatArray": "DevFloat",
    "DevVarDoubleArray": "DevDouble",
}
#: Pairs of a list of numbers and a list of texts: the names of the columns, which are those of Tango's own structures.
_TABLES = {
    "DevVarLongStringArray": (("lvalue", "int32"), ("svalue", "str")),
    "DevVarDoubleStringArray": (("dvalue", "float64"), ("svalue", "str")),
}


@dataclass(frozen=True, slots=True)
class Side:
    """What a command takes, or returns.

    :param native: None: nothing.
    :param take: gives the raw value of what pytango returned.
    :param give: gives what pytango sends for a raw value.
    """

    native: NativeType | None
    take: Callable[[Any], Any]
    give: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class CommandType:
    """One command.

    :param name: as the device spells it.
    """

    name: str
    takes: Side
    returns: Side

    @property
    def types(self) -> tuple[NativeType | None, NativeType | None]:
        """Return the types of what it takes and returns."""
        return self.takes.native, self.returns.native


def command(info: Any) -> CommandType:
    """Return how to use a command from its `CommandInfo`."""
    return CommandType(info.cmd_name, _side(info.in_type), _side(info.out_type))


def _side(kind: Any) -> Side:
    name = library.name_of(kind)
    if name == _VOID:
        return Side(None, _same, _same)
    if name in NUMBERS:
        family, numpy_name = NUMBERS[name]
        return Side(NativeType(family, numpy_name, detail=name), _same, _same)
    if name in _ARRAYS:
        family, numpy_name = NUMBERS[_ARRAYS[name]]
        return Side(NativeType(family, numpy_name, _ANY_LENGTH, detail=name), _array_of(numpy_name), _same)
    if name in ("DevString", "ConstDevString"):
        return Side(NativeType("str", detail=name), str, _same)
    if name == "DevVarStringArray":
        return Side(NativeType("str", shape=_ANY_LENGTH, detail=name), _texts, _same)
    if name == "DevState":
        return Side(NativeType("enum", choices=library.STATES, detail=name), int, library.state_of)
    if name == "DevEnum":  # a number: Tango has labels for attributes only
        return Side(NativeType("int", "int16", detail="DevEnum, whose labels Tango does not tell"), int, _same)
    if name == ENCODED:
        return Side(NativeType("encoded", "uint8", _ANY_LENGTH, detail=name), encoded, decoded)
    if name in _TABLES:
        columns = _TABLES[name]
        return Side(NativeType("table", detail=name, columns=columns), _table_of(columns), _pair_of(columns))
    return Side(NativeType("unknown", detail=name), _same, _same)


def _same(value: Any) -> Any:
    return value


def _texts(value: Any) -> list[str]:
    return [str(text) for text in value]


def _array_of(numpy_name: str) -> Callable[[Any], Any]:
    return lambda value: np.asarray(value, numpy_name)


def _table_of(columns: tuple[tuple[str, str], ...]) -> Callable[[Any], Any]:
    (numbers, numpy_name), (texts, _) = columns
    return lambda value: {numbers: np.asarray(value[0], numpy_name), texts: _texts(value[1])}


def _pair_of(columns: tuple[tuple[str, str], ...]) -> Callable[[Any], Any]:
    (numbers, _), (texts, _) = columns
    return lambda raw: [raw[numbers], raw[texts]]
