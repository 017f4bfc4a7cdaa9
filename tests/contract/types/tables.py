"""The tables: what must come of each row in each column, written by hand in `tables/PROTOCOL.txt`.

A block begins with its title and the names of the columns; each further line is a row. Blocks are separated by empty
lines, and a line that begins with `#` is a comment.
"""

from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "tables"


class Block(NamedTuple):
    """One block of a table.

    :param cells: symbol of each row in each column.
    """

    title: str
    columns: tuple[str, ...]
    cells: dict[str, dict[str, str]]


def table(protocol: str) -> list[Block]:
    """Return the table of a protocol.

    :raises ValueError: if a row has not one symbol for each column.
    """
    text = (_FOLDER / f"{protocol}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [_block(part.splitlines()) for part in "\n".join(lines).strip().split("\n\n")]


def _block(lines: list[str]) -> Block:
    title, *columns = lines[0].split()
    cells: dict[str, dict[str, str]] = {}
    for line in lines[1:]:
        row, *symbols = line.split()
        if len(symbols) != len(columns) or row in cells:
            raise ValueError(f"not one symbol for each column, or a row that is there twice: {line}")
        cells[row] = dict(zip(columns, symbols, strict=True))
    return Block(title, tuple(columns), cells)
