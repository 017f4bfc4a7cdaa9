"""The symbols of the tables, and which of them a cell has earned."""

from typing import Any

import numpy as np

from ophyd_decl.connectors.protocol import Description
from ophyd_decl.errors import BadValueError, ConversionError, MismatchError, SignalError
from ophyd_decl.vocab.readings import Reading

from .columns import COLUMNS, Label, UnfitError, as_declared, same
from .experiment import Cell, Written

SYMBOLS = {
    "=": "right: every value is read and written as it is",
    "<": "right; a value that the declared dtype cannot hold is an error when it is read or written",
    "!": "right, with a warning at connect (E628): what the protocol cannot carry is an error",
    "~": "as the protocol carries it, which tells neither the sign of a byte nor that 64 bits were rounded beyond 2^53",
    "x": "refused at connect, with both sides and what to do",
}


def verdict(cell: Cell, column: str) -> str:
    """Return the symbol of a cell; a text that begins with `wrong` if it deserves none."""
    outcome = cell.connected
    if isinstance(outcome, SignalError):
        return _refusal(outcome)
    symbol = "="
    read = [_read(truth, value, column) for truth, value in cell.read]
    written = [_written(each, as_text=column == "str") for each in cell.written]
    for one in (*read, *written):
        if one.startswith("wrong"):
            return one
        symbol = one if one == "~" or symbol == "=" else symbol
    if "=" not in read and any(_fits(truth, column) for truth, _ in cell.read):
        return "wrong: nothing could be read"
    return _with_warning(symbol, outcome)


def _refusal(error: SignalError) -> str:
    if not isinstance(error, MismatchError):
        return f"wrong: {error!r}"
    if not (error.expected and error.found and error.help):
        return f"wrong: not both sides and a fix: {error}"
    return "x"


def _with_warning(symbol: str, description: Description) -> str:
    """Return `!` if values are lost that the dtype can hold, which connect has to say; what else it says is wrong."""
    if description.exact_below is None:
        return symbol
    return "!"


def _read(truth: Any, outcome: Reading | SignalError, column: str) -> str:
    if isinstance(outcome, ConversionError):
        return "<"
    if isinstance(outcome, SignalError):
        return f"wrong: {truth!r} is read as {outcome!r}"
    if same(outcome.value, truth, COLUMNS[column]):
        return "="
    if _hidden(truth, outcome.value):
        return "~"
    return f"wrong: {truth!r} is read as {outcome.value!r}"


def _fits(truth: Any, column: str) -> bool:
    try:
        as_declared(truth, COLUMNS[column])
    except UnfitError:
        return False
    return True


def _hidden(truth: Any, value: Any) -> bool:
    """Return whether a value is the true one but for what Channel Access hides: a sign, or a rounding beyond 2^53."""
    items = truth if isinstance(truth, list) else [truth]
    if not all(isinstance(item, int) for item in items) or isinstance(value, str | list):
        return False
    found = np.ravel(value).tolist()
    if np.asarray(value).dtype.kind == "f":
        return found == [float(item) for item in items]
    bytes_only = all(-129 < item < 256 for item in items) and any(item < 0 or item > 127 for item in items)
    return bytes_only and [item % 256 for item in found] == [item % 256 for item in items]


def _written(written: Written, *, as_text: bool) -> str:
    truth, error, before, after = written
    if error is None:
        if as_text and isinstance(truth, list):
            after = after[: len(truth)] if not any(after[len(truth) :]) else after
        return "=" if holds(after, truth) else f"wrong: {truth!r} was written, and {after!r} is there"
    if not isinstance(error, BadValueError):
        return f"wrong: {truth!r} cannot be written: {error!r}"
    return "<" if holds(after, before) else f"wrong: {truth!r} was refused, and {after!r} is there, not {before!r}"


def holds(held: Any, truth: Any) -> bool:
    """Return whether a server holds a true value."""
    if isinstance(truth, Label):
        truth = truth.index
    if isinstance(truth, dict):
        return all(holds(held[name], items) for name, items in truth.items())
    if isinstance(truth, list | np.ndarray):
        return np.asarray(held).tolist() == np.asarray(truth).tolist()
    return bool(held == truth)
