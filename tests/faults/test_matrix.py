"""Every fault against everything that a user does, over both protocols, on real servers: 96 cells.

A scenario plays a fault and does everything but a scan while it lasts, and again when it is over; then what came of
each is looked at, a cell of the matrix. A scan is played by itself. The liveness time is short, so that nobody has to
wait for silence. Forty cells are looked at in every run, the others with `--soak`.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.matrix.bench import Story
from tests.faults.matrix.cells import CELLS, DOINGS, FAULTS, PROTOCOLS, Cell, params
from tests.faults.matrix.page import PAGE, matrix, replaced
from tests.faults.matrix.rows import ROWS
from tests.faults.matrix.scans import play_scan
from tests.faults.matrix.scenarios import play

Stories = Callable[[str, str], Story]


@pytest.fixture(scope="module")
def story_of(tmp_path_factory: pytest.TempPathFactory) -> Stories:
    """Return the story of a fault and a protocol, played when the first of its cells is looked at."""
    played: dict[tuple[str, str], Story | Exception] = {}

    def story(fault: str, protocol: str) -> Story:
        if (fault, protocol) not in played:
            try:
                stories = asyncio.run(play(fault, protocol, tmp_path_factory.mktemp(fault)))
            except Exception as error:  # noqa: BLE001  # each of its cells has failed
                played[fault, protocol] = error
            else:
                played.update({(name, protocol): told for name, told in stories.items()})
        outcome = played[fault, protocol]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return story


@pytest.mark.parametrize("cell", params())
def test_cell(cell: Cell, story_of: Stories, request: pytest.FixtureRequest, tmp_path: Any) -> None:
    row = ROWS[cell.fault]
    if cell.doing == "scan":
        engine = request.getfixturevalue("RE")
        row.scan(play_scan(cell.fault, cell.protocol, tmp_path, engine))
    else:
        getattr(row, cell.doing.replace(" ", "_"))(story_of(cell.fault, cell.protocol))


def test_forty_cells_are_looked_at_in_every_run_and_none_is_left_out() -> None:
    assert len(CELLS) == len(FAULTS) * len(PROTOCOLS) * len(DOINGS) == 96
    core = [cell for cell in CELLS if cell.in_core]
    assert len(core) == 40
    assert {cell.fault for cell in core} == set(FAULTS)
    assert {cell.protocol for cell in core} == set(PROTOCOLS)
    assert {cell.doing for cell in core} == set(DOINGS)
    assert set(ROWS) == set(FAULTS)


def test_the_page_tells_what_the_cells_look_at() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == replaced(page, "matrix", matrix()), "run python -m tests.faults.matrix.page"
    assert all(getattr(row, doing.replace(" ", "_")).__doc__ for row in ROWS.values() for doing in DOINGS)
