"""The columns of the tables: what a signal can be declared as, and what a true value looks like in it.

Nothing here asks the package how it converts: a table would agree with whatever is done.
"""

import math
from typing import Any

import numpy as np

from ophyd_decl.vocab.datatypes import NUMPY_WIDTHS, Choice, Datatype

#: Labels that are declared in the column `choices`.
LABELS = ("Low", "High", "Off")
#: The columns of the table that is declared in the column `table`.
TABLE = (("x", "float64"), ("name", "str"))
_SHORT = {"int": "i", "uint": "u", "float": "f"}


class Label(str):
    """A true value of an enum: its label, with its index."""

    __slots__ = ("index",)

    def __new__(cls, text: str, index: int) -> "Label":
        made = super().__new__(cls, text)
        made.index = index
        return made


class UnfitError(Exception):
    """A true value that cannot be given in the declared dtype without changing it."""


def _short(width: str) -> str:
    letters = width.rstrip("0123456789")
    return _SHORT[letters] + width.removeprefix(letters)


def _columns() -> dict[str, Datatype]:
    found = {name: Datatype(name) for name in ("bool", "int", "float", "str", "enum")}
    found["choices"] = Datatype("enum", choices=tuple(Choice(label, (label,)) for label in LABELS))
    found["any"] = Datatype("any")
    found |= {_short(width): Datatype(width) for width in NUMPY_WIDTHS}
    found |= {f"{_short(width)}[]": Datatype(width, (None,)) for width in NUMPY_WIDTHS}
    found["str[]"] = Datatype("str", (None,))
    found["u16[,]"] = Datatype("uint16", (None, None))
    found["f64[,]"] = Datatype("float64", (None, None))
    found["table"] = Datatype("table", columns=TABLE)
    return found


#: Every dtype that can be declared, by the short name at the head of its column (`u16[]` is `uint16` with a shape).
COLUMNS = _columns()


def as_declared(truth: Any, datatype: Datatype) -> Any:
    """Return a true value as the declared dtype gives it.

    :param truth: `int`, `float`, `bool`, `str`, `Label`, or a list or an array of them.
    :raises UnfitError: if the dtype cannot hold it.
    """
    if datatype.name == "any":
        return str(truth) if isinstance(truth, Label) else truth
    if isinstance(truth, dict) != (datatype.name == "table"):
        raise UnfitError
    if datatype.name == "table":
        return {name: as_declared(truth[name], Datatype(dtype, (None,))) for name, dtype in TABLE}
    if datatype.labels is not None and truth not in datatype.labels:
        raise UnfitError
    if datatype.shape is None:
        if isinstance(truth, np.ndarray):
            raise UnfitError
        if isinstance(truth, list):
            return _characters(truth, datatype)
        return _SCALARS.get(datatype.name, _number)(truth, datatype.name)
    if np.ndim(truth) > 1 or len(datatype.shape) > 1:
        return _image(np.asarray(truth), datatype)
    items = truth if isinstance(truth, list | np.ndarray) else [truth]
    if datatype.name == "str":
        return [_text(item, "str") for item in items]
    if any(isinstance(item, Label) and item[:1] != "#" for item in items):
        raise UnfitError
    indices = [item.index if isinstance(item, Label) else item for item in items]
    return np.array([_number(item, datatype.name) for item in indices], datatype.name)


def _image(truth: np.ndarray[Any, Any], datatype: Datatype) -> np.ndarray[Any, Any]:
    if truth.ndim != len(datatype.shape or ()) or datatype.name == "str":
        raise UnfitError
    flat = [_number(item, datatype.name) for item in truth.ravel().tolist()]
    return np.array(flat, datatype.name).reshape(truth.shape)


def same(value: Any, truth: Any, datatype: Datatype) -> bool:
    """Return whether a value that was read is the true one, in the type that the dtype promises."""
    try:
        expected = as_declared(truth, datatype)
    except UnfitError:
        return False
    if isinstance(expected, dict):
        types = dict(TABLE)
        columns = [value[name] for name in types] if isinstance(value, dict) and list(value) == list(types) else []
        fits = zip(columns, expected.values(), types.values(), strict=True) if columns else ()
        return bool(columns) and all(same(column, truth, Datatype(name, (None,))) for column, truth, name in fits)
    if datatype.name == "any":
        if isinstance(expected, list) and all(isinstance(item, str) for item in expected):
            return bool(list(value) == expected)
        if isinstance(expected, list | np.ndarray):
            wanted = np.asarray(expected)
            return np.shape(value) == wanted.shape and np.asarray(value).tolist() == wanted.tolist()
        return bool(value == expected) and isinstance(value, str) == isinstance(expected, str)
    if isinstance(expected, np.ndarray):
        return (
            isinstance(value, np.ndarray)
            and value.dtype == expected.dtype
            and value.shape == expected.shape
            and value.tolist() == expected.tolist()
        )
    return type(value) is type(expected) and bool(value == expected)


def _bool(truth: Any, name: str) -> bool:
    del name
    if isinstance(truth, Label):
        if truth.index > 1:
            raise UnfitError
        return truth.index == 1
    if isinstance(truth, str | float):
        raise UnfitError
    return truth != 0


def _text(truth: Any, name: str) -> str:
    del name
    if not isinstance(truth, str):
        raise UnfitError
    return str(truth)


def _number(truth: Any, name: str) -> int | float:
    if isinstance(truth, str):
        raise UnfitError
    if name == "float" or name.startswith("float"):
        with np.errstate(over="ignore"):
            real = float(truth) if name == "float" else float(np.dtype(name).type(truth))
        if real != truth:
            raise UnfitError
        return real
    if not math.isfinite(truth) or truth != int(truth):
        raise UnfitError
    limits = np.iinfo("int64" if name == "int" else name)
    if not limits.min <= truth <= limits.max:
        raise UnfitError
    return int(truth)


def _characters(truth: list[Any], datatype: Datatype) -> str:
    if datatype.name != "str" or not all(isinstance(item, int) for item in truth):
        raise UnfitError
    data = bytes(item % 256 for item in truth).split(b"\0", 1)[0]
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


_SCALARS = {"bool": _bool, "str": _text, "enum": _text}
