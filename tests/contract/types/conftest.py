"""The cells of the tables as items of pytest of their own: a test function for each would take three times as long."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from .measured import cells
from .verdict import verdict

Key = tuple[str, str, str]


class EachCell(NamedTuple):
    """A member of a test module in the place of a test for each cell.

    :param expected: symbol of each cell, by protocol, row and column.
    """

    expected: Mapping[Key, str]


class CellItem(pytest.Item):
    """The test of one cell."""

    def __init__(self, *, key: Key, expected: str, **others: Any) -> None:
        super().__init__(**others)
        self.key = key
        self.expected = expected

    def runtest(self) -> None:
        """Compare what came of the cell with the table."""
        protocol, row, column = self.key
        found = verdict(cells(protocol)[row, column], column)
        if found != self.expected:
            pytest.fail(f"the table says {self.expected}, found {found}", pytrace=False)

    def reportinfo(self) -> Any:
        """Return where the cell is."""
        return self.path, None, self.name


def pytest_pycollect_makeitem(collector: pytest.Module, name: str, obj: object) -> list[CellItem] | None:
    """Return the items of a member that stands for all cells."""
    if not isinstance(obj, EachCell):
        return None
    return [
        CellItem.from_parent(collector, name=f"{name}[{'-'.join(key)}]", key=key, expected=symbol)
        for key, symbol in obj.expected.items()
    ]
