"""What comes of each row in each column: everything is connected at once, then read and written in turns.

What a server holds after a write is asked by another client than the one under test.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ophyd_decl.connectors.protocol import Connector, Description, PutRequest, ReadRequest
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.errors import SignalError
from ophyd_decl.vocab.readings import Reading

from .columns import COLUMNS, UnfitError, as_declared
from .served import Row

TIMEOUT_S = 60.0
#: How many of the values of a row are written in each column.
WRITTEN = 3


class Written(NamedTuple):
    """One write: the true value, what came of it, and what the server held before and after."""

    truth: Any
    error: SignalError | None
    before: Any
    after: Any


@dataclass
class Cell:
    """What came of one row in one column.

    :param connected: what the server said, or why the signal is refused.
    :param read: each true value, with what was read of it.
    :param written: each write.
    """

    row: Row
    connected: Description | SignalError
    read: list[tuple[Any, Reading | SignalError]] = field(default_factory=list[tuple[Any, Reading | SignalError]])
    written: list[Written] = field(default_factory=list[Written])


class Other(NamedTuple):
    """The server's side: another way to give values to what it serves, and to see what it holds."""

    address: Callable[[str], str]
    give: Callable[[Mapping[str, Any]], Awaitable[None]]
    held: Callable[[Sequence[str]], Awaitable[list[Any]]]


Cells = dict[tuple[str, str], Cell]


async def experiment(protocol: str, rows: Sequence[Row], other: Other) -> Cells:
    """Return the cells of all rows over one protocol, by the names of row and column."""
    connector: Any = make_connector(protocol)
    try:
        keys = [(row, column) for row in rows for column in COLUMNS]
        channels = [connector.channel(other.address(row.name), COLUMNS[column]) for row, column in keys]
        await _give(rows, 0, other)
        connected = await connector.connect(channels, _deadline())
        cells = {(row.name, column): Cell(row, outcome) for (row, column), outcome in zip(keys, connected, strict=True)}
        usable = {
            (row.name, column): channel
            for (row, column), channel, outcome in zip(keys, channels, connected, strict=True)
            if isinstance(outcome, Description)
        }
        await _read_all(connector, rows, usable, cells, other)
        for column in COLUMNS:
            for turn in range(WRITTEN):
                await _write(connector, column, turn, usable, cells, other)
        return cells
    finally:
        await connector.close()


async def _read_all(
    connector: Connector, rows: Sequence[Row], usable: Mapping[tuple[str, str], Any], cells: Cells, other: Other
) -> None:
    for turn in range(max(len(row.values) for row in rows)):
        await _give(rows, turn, other)
        wanted = [key for key in usable if turn < len(cells[key].row.values)]
        readings = await connector.read([ReadRequest(usable[key], _deadline()) for key in wanted])
        for key, reading in zip(wanted, readings, strict=True):
            cells[key].read.append((cells[key].row.values[turn], reading))


async def _give(rows: Sequence[Row], turn: int, other: Other) -> None:
    given = [row for row in rows if turn < len(row.values) and (row.writable or row.set_by)]
    await other.give({row.set_by or row.name: row.values[turn] for row in given})


async def _write(
    connector: Connector, column: str, turn: int, usable: Mapping[tuple[str, str], Any], cells: Cells, other: Other
) -> None:
    """Write one value to every row that can be written in this column."""
    values: dict[tuple[str, str], tuple[Any, Any]] = {}
    for key in usable:
        row = cells[key].row
        if key[1] == column and row.writable and turn < len(row.values):
            truth = row.values[turn]
            if isinstance(truth, list) and not truth and connector.protocol == "ca":
                continue  # which Channel Access cannot write
            try:
                value = as_declared(truth, COLUMNS[column])
            except UnfitError:
                continue
            if not (isinstance(value, bool) and isinstance(truth, int) and truth not in (0, 1)):
                values[key] = truth, value
    names = [row for row, _ in values]
    before = await other.held(names)
    requests = [PutRequest(usable[key], value, True, _deadline()) for key, (_, value) in values.items()]
    errors = await connector.put(requests)
    after = await other.held(names)
    for key, error, was, now in zip(values, errors, before, after, strict=True):
        cells[key].written.append(Written(values[key][0], error, was, now))


def _deadline() -> float:
    return time.monotonic() + TIMEOUT_S
