"""Each cell of the tables is a test: what is served, what is declared, and what must come of it."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ophyd_decl.connectors.protocol import Description, ReadRequest
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.vocab.readings import Reading
from tests.contract.types.columns import COLUMNS
from tests.contract.types.conftest import EachCell
from tests.contract.types.measured import cells, running
from tests.contract.types.served import RECORDS, STRUCTURES
from tests.contract.types.sides import StructuresSide
from tests.contract.types.tables import table
from tests.contract.types.verdict import SYMBOLS, verdict
from tests.servers.structures import Structures

#: The rows of each protocol, in the order of its table.
ROWS = {"ca": RECORDS, "pva": (*RECORDS, *STRUCTURES)}
EXPECTED = {
    (protocol, row, column): symbol
    for protocol in ROWS
    for block in table(protocol)
    for row, symbols in block.cells.items()
    for column, symbol in symbols.items()
}

test_cell = EachCell(EXPECTED)


@pytest.mark.parametrize("protocol", ROWS)
def test_every_cell_has_an_outcome(protocol: str) -> None:
    wanted = [(protocol, row.name, column) for row in ROWS[protocol] for column in COLUMNS]
    assert [key for key in EXPECTED if key[0] == protocol] == wanted
    assert set(EXPECTED.values()) == set(SYMBOLS)


@pytest.mark.parametrize("row", ["int64in", "int64out", "one_INT64", "one_UINT64", "waveform_INT64", "aai_UINT64"])
def test_what_channel_access_would_round_is_an_error_that_says_so(row: str) -> None:
    seen: set[str] = set()
    for column in ("int", "i64", "u64", "i64[]", "u64[]"):
        cell = cells("ca")[row, column]
        if EXPECTED["ca", row, column] == "!":
            beyond = [read for truth, read in cell.read if _is_beyond(truth)]
            beyond += [written.error for written in cell.written if _is_beyond(written.truth)]
            seen |= {type(error).__name__ for error in beyond}
    assert seen == {"PrecisionLostError"}


def _is_beyond(truth: Any) -> bool:
    return any(isinstance(item, int) and item >= 2**53 for item in (truth if isinstance(truth, list) else [truth]))


def test_a_changed_value_would_be_seen() -> None:
    cell = cells("ca")["longin", "int"]
    truth, reading = cell.read[0]
    assert verdict(cell, "int") == "="
    for wrong in (truth + 1, float(truth), str(truth)):
        changed: Any = type(reading)(wrong, 0.0)
        assert verdict(type(cell)(cell.row, cell.connected, [(truth, changed)]), "int").startswith("wrong")


@pytest.fixture(scope="module")
def structures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Structures]:
    """Return a server of pvAccess with what no record is."""
    with running(Structures(tmp_path_factory.mktemp("structures"), "S:")) as server:
        yield server


async def test_an_image_may_be_declared_before_its_first_frame(structures: Structures) -> None:
    connector = make_connector("pva")
    with StructuresSide(structures.prefix) as side:
        channel = connector.channel(side.address("image_empty"), COLUMNS["u16[,]"])
        (outcome,) = await connector.connect([channel], time.monotonic() + 10)
        assert isinstance(outcome, Description), outcome

        async def read() -> Any:
            (reading,) = await connector.read([ReadRequest(channel, time.monotonic() + 10)])
            return reading.value.tolist() if isinstance(reading, Reading) else str(reading)

        assert "no frame has come yet" in await read()
        await side.give({"image_empty": np.array([[1, 2, 3]], "u2")})
        assert await read() == [[1, 2, 3]]
        await side.give({"image_empty": np.array([[255]], "u1")})
        assert await read() == [[255]], "widened"
        await side.give({"image_empty": np.array([1, 2], "u2")})
        assert "1 dimensions where 2 are declared" in await read()
    await connector.close()
