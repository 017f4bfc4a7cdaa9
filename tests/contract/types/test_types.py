"""Each cell of the tables is a test: what is served, what is declared, and what must come of it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.contract.types import served
from tests.contract.types.columns import COLUMNS
from tests.contract.types.experiment import Cells, experiment
from tests.contract.types.sides import IocSide
from tests.contract.types.tables import table
from tests.contract.types.verdict import SYMBOLS, verdict
from tests.servers.fixtures import IocFactory

RECORDS = Path(__file__).parent / "records.db"
PROTOCOLS = ("ca", "pva")
EXPECTED = {
    (protocol, row, column): symbol
    for protocol in PROTOCOLS
    for block in table(protocol)
    for row, symbols in block.cells.items()
    for column, symbol in symbols.items()
}


@pytest.fixture(scope="module")
def cells(module_ioc_factory: IocFactory) -> dict[str, Cells]:
    """Return what came of every cell; all are measured before the first is looked at."""
    with IocSide(module_ioc_factory(RECORDS).prefix) as side:
        return {protocol: asyncio.run(experiment(protocol, served.RECORDS, side.other)) for protocol in PROTOCOLS}


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """Count nothing: what a test here does is to look at a cell."""


@pytest.mark.parametrize("key", EXPECTED, ids="-".join)
def test_cell(key: tuple[str, str, str], cells: dict[str, Cells]) -> None:
    protocol, row, column = key
    assert verdict(cells[protocol][row, column], column) == EXPECTED[key]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_cell_has_an_outcome(protocol: str) -> None:
    wanted = [(protocol, row.name, column) for row in served.RECORDS for column in COLUMNS]
    assert [key for key in EXPECTED if key[0] == protocol] == wanted
    assert set(EXPECTED.values()) == set(SYMBOLS)


@pytest.mark.parametrize("row", ["int64in", "int64out", "one_INT64", "one_UINT64", "waveform_INT64", "aai_UINT64"])
def test_what_channel_access_would_round_is_an_error_that_says_so(row: str, cells: dict[str, Cells]) -> None:
    seen: set[str] = set()
    for column in ("int", "i64", "u64", "i64[]", "u64[]"):
        cell = cells["ca"][row, column]
        if EXPECTED["ca", row, column] == "!":
            beyond = [read for truth, read in cell.read if _is_beyond(truth)]
            beyond += [written.error for written in cell.written if _is_beyond(written.truth)]
            seen |= {type(error).__name__ for error in beyond}
    assert seen == {"PrecisionLostError"}


def _is_beyond(truth: Any) -> bool:
    return any(isinstance(item, int) and item >= 2**53 for item in (truth if isinstance(truth, list) else [truth]))


def test_a_changed_value_would_be_seen(cells: dict[str, Cells]) -> None:
    cell = cells["ca"]["longin", "int"]
    truth, reading = cell.read[0]
    assert verdict(cell, "int") == "="
    for wrong in (truth + 1, float(truth), str(truth)):
        changed: Any = type(reading)(wrong, 0.0)
        assert verdict(type(cell)(cell.row, cell.connected, [(truth, changed)]), "int").startswith("wrong")
