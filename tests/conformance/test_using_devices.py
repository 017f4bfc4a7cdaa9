"""ophyd-async's tutorial "Using Devices" up to its grid scan, with the demo's devices on a real control system."""

import asyncio
import io
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky import RunEngine
from bluesky.callbacks.best_effort import BestEffortCallback
from bluesky.utils import Msg
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline
from ophyd_decl.demo import beamline_folder
from ophyd_decl.errors import WouldBlockError
from ophyd_decl.sim.launch import DemoServer
from tests.servers import environment

from .rivals import answer, ophyd_async


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    ports = environment.pool().take()
    with DemoServer("USING:", ports=ports, velocity=1000.0) as running:
        yield running
    environment.pool().give_back(ports)


@pytest.fixture
def engine(run_engine_factory: Callable[..., RunEngine]) -> RunEngine:
    return run_engine_factory(call_returns_result=True)


@pytest.fixture
def bl(server: DemoServer, engine: RunEngine) -> Iterator[Any]:
    beamline = load_beamline(beamline_folder(), set={"vars.prefix": server.prefix})
    beamline.connect(timeout=10).or_raise()
    yield beamline
    beamline.close()


def test_names(bl: Any) -> None:
    assert bl.stage.x.name == "stage-x"
    assert bl.pdet.channel[2].value.name == "pdet-channel-2-value"


def test_a_read_that_is_not_awaited_is_a_coroutine(bl: Any) -> None:
    read = bl.stage.x.read()
    assert asyncio.iscoroutine(read)
    read.close()


def test_an_awaited_read_has_one_key(bl: Any, engine: RunEngine) -> None:
    reading = asyncio.run_coroutine_threadsafe(bl.stage.x.read(), engine.loop).result(10)
    assert list(reading) == ["stage-x"]
    assert set(reading["stage-x"]) == {"value", "timestamp", "alarm_severity"}
    assert reading["stage-x"]["alarm_severity"] == 0


def test_rd_and_mv(bl: Any, engine: RunEngine) -> None:
    assert engine(bps.mv(bl.stage.x, 0)).exit_status == "success"
    assert engine(bps.rd(bl.stage.x)).plan_result == 0.0
    (status,) = engine(bps.mv(bl.stage.x, 1.5)).plan_result
    assert re.fullmatch(r"<WatchableAsyncStatus, device: stage-x, task: .*, done>", repr(status))
    assert engine(bps.rd(bl.stage.x)).plan_result == 1.5


def test_mv_of_signals_of_a_device(bl: Any, engine: RunEngine) -> None:
    engine(bps.mv(bl.stage.x.velocity, 500, bl.stage.y.velocity, 600))
    assert (bl.stage.x.velocity.get(), bl.stage.y.velocity.get()) == (500.0, 600.0)
    engine(bps.mv(bl.stage.x.velocity, 1000, bl.stage.y.velocity, 1000))


def test_get_in_the_body_of_a_plan_says_what_to_yield(bl: Any, engine: RunEngine) -> None:
    def plan() -> Iterator[Msg]:
        yield from bps.null()
        bl.stage.x.get()

    with pytest.raises(WouldBlockError, match=r"stage\.x\.get\(\).*yield from bps\.rd"):
        engine(plan())
    assert isinstance(bl.stage.x.get(), float)


def grid_scan(bl: Any, engine: RunEngine) -> tuple[list[Any], str]:
    """Run the tutorial's scan; return its documents and what the best-effort callback printed."""
    documents: list[Any] = []
    printed = io.StringIO()
    best_effort = BestEffortCallback()
    best_effort.disable_plots()
    tokens = [engine.subscribe(lambda name, doc: documents.append((name, doc))), engine.subscribe(best_effort)]
    with redirect_stdout(printed):
        engine(bp.grid_scan([bl.pdet], bl.stage.x, 1, 2, 3, bl.stage.y, 2, 3, 3))
    for token in tokens:
        engine.unsubscribe(token)
    return documents, printed.getvalue()


@pytest.mark.timeout(600)  # it may have to install the rival
def test_the_grid_scan_gives_the_rows_that_ophyd_async_gives(bl: Any, engine: RunEngine) -> None:
    theirs = answer(ophyd_async(), Path(__file__).parent / "sim_rows.py", "ROWS")
    documents, table = grid_scan(bl, engine)
    for name, doc in documents:
        schema_validators[DocumentNames[name]].validate(doc)
    ours = [doc["data"] for name, doc in documents if name == "event"]
    assert ours == theirs["rows"]
    heads = "stage-x | stage-y | pdet-channel-1-value | pdet-channel-2-value | pdet-channel-3-value"
    head_line = next(line for line in table.splitlines() if "seq_num" in line)
    assert re.sub(r"\s+", "", heads) in re.sub(r"\s+", "", head_line)
    rows = [line.split("|") for line in table.splitlines() if re.match(r"\|\s+\d+ \|", line)]
    cells = [[cell.strip() for cell in row[3:8]] for row in rows]
    assert cells == [
        [f"{row['stage-x']:.3f}", f"{row['stage-y']:.3f}", *(str(row[f"pdet-channel-{n}-value"]) for n in (1, 2, 3))]
        for row in theirs["rows"]
    ]


def test_sources_are_addresses_on_the_wire(bl: Any, engine: RunEngine) -> None:
    documents, _ = grid_scan(bl, engine)
    (descriptor,) = [doc for name, doc in documents if name == "descriptor"]
    sources = {key: value["source"] for key, value in descriptor["data_keys"].items()}
    assert sources["stage-x"] == "ca://USING:STAGE:X.RBV"
    assert sources["pdet-channel-1-value"].startswith("pva://USING:DET:1:")
    configuration = descriptor["configuration"]["stage-x"]["data"]
    members = ["velocity", "acceleration_time", "offset", "direction", "motor_resolution"]
    assert list(configuration) == [f"stage-x-{member}" for member in members]


def test_the_derived_energy_moves_the_bragg_angle(bl: Any, engine: RunEngine) -> None:
    engine(bps.mv(bl.mono, 8.0))
    assert engine(bps.rd(bl.mono)).plan_result == pytest.approx(8.0, abs=1e-3)
    assert bl.mono.bragg.get() == pytest.approx(14.309, abs=0.01)
