"""Where a relative move begins: where the axis rests, also where its records hold another target; over CA and PVA."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky import RunEngine

from ophyd_decl import load_beamline
from ophyd_decl.errors import MoveFailedError, StoppedError
from tests.contract.labs import until
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc
from tests.servers.motors import OTHER, RAW, Motors, motors

pytestmark = pytest.mark.usefixtures("closed_channels")
#: An axis at 2 mm/s, whose put is completed at once. The target stays in `sp` whatever happens on the way.
AXIS = """
record(ao, "$(P){A}:sp") { field(VAL, "0") field(UDF, "0") field(EGU, "mm") field(PREC, "3") field(FLNK, "$(P){A}:go") }
record(calcout, "$(P){A}:go") { field(CALC, "1") field(OUT, "$(P){A}:moving PP") }
record(bo, "$(P){A}:moving") { field(ZNAM, "Done") field(ONAM, "Moving") field(VAL, "0") field(PINI, "YES") }
record(bo, "$(P){A}:stop") { field(ZNAM, "No") field(ONAM, "Stop") field(UDF, "0") field(FLNK, "$(P){A}:halt") }
record(calcout, "$(P){A}:halt") { field(CALC, "0") field(OUT, "$(P){A}:moving PP") }
record(calc, "$(P){A}:rb") {
  field(SCAN, ".1 second") field(INPA, "$(P){A}:sp") field(INPB, "$(P){A}:moving") field(INPC, "$(P){A}:rb")
  field(CALC, "B?C+MAX(-0.2,MIN(0.2,A-C)):C") field(EGU, "mm") field(PREC, "3") field(FLNK, "$(P){A}:end")
}
record(calcout, "$(P){A}:end") {
  field(INPA, "$(P){A}:rb") field(INPB, "$(P){A}:sp") field(CALC, "ABS(A-B)>1e-9") field(OOPT, "When Zero")
  field(OUT, "$(P){A}:moving PP")
}
"""
DEVICES = """\
  x: {type: epics.positioner, setpoint: "P:x:sp", readback: "P:x:rb", done: "P:x:moving", done_is: false,
      stop: "P:x:stop"}
  y: {type: epics.positioner, setpoint: "P:y:sp", readback: "P:y:rb", done: "P:y:moving", done_is: false,
      stop: "P:y:stop"}
  gap:
    type: group
    derived:
      value: {dtype: float, units: mm, inputs: {a: x, b: y}, get: b - a,
              set: {x: "(a + b - value) / 2", y: "(a + b + value) / 2"}}
    logic:
      movable: {use: coupled, signal: value}
  near:
    type: group
    signals:
      setpoint: {pv: "P:x:sp", dtype: float, access: rw}
      readback: {pv: "P:x:rb", dtype: float}
    commands:
      halt: {pv: "P:x:stop", value: 1, wait: false}
    logic:
      movable:
        use: setpoint
        setpoint: setpoint
        readback: readback
        done: abs(readback - setpoint) < 0.001
        stop: halt
  bare:
    type: group
    signals:
      setpoint: {pv: "P:x:sp", dtype: float, access: rw}
      readback: {pv: "P:x:rb", dtype: float}
    logic:
      movable: {use: setpoint, setpoint: setpoint, readback: readback, tolerance: 0.001}
"""


def beamline_of(devices: str, protocol: str, folder: Path) -> Any:
    file = folder / "i99.yaml"
    file.write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: i99\ndefaults: {{protocol: {protocol}}}\ndevices:\n{devices}\n"
    )
    return load_beamline(file)


def number(ioc: Ioc, name: str) -> float:
    """Return the value of a record, as the IOC has it."""
    return float(ioc.command(f'dbgf "{ioc.pv(name)}"').split()[-1])


@pytest.fixture(scope="module")
def server() -> Iterator[Motors]:
    with motors("RESTING:") as made:
        yield made


@pytest.fixture
def ioc(ioc_factory: IocFactory) -> Ioc:
    return ioc_factory(AXIS.replace("{A}", "x") + AXIS.replace("{A}", "y"))


@pytest.fixture
async def bl(ioc: Ioc, epics_protocol: str, tmp_path: Path) -> AsyncIterator[Any]:
    beamline = beamline_of(DEVICES.replace("P:", ioc.prefix), epics_protocol, tmp_path)
    try:
        (await beamline.aconnect(timeout=10)).or_raise()
        yield beamline
    finally:
        await beamline.aclose()


async def stopped_on_the_way(axis: Any, target: float) -> float:
    """Stop a move on its way, and return where the axis stands."""
    status = axis.set(target)
    seen: list[float] = []
    status.watch(lambda **update: seen.append(abs(update["current"] - update["initial"])))
    await until(lambda: seen and seen[-1] > 0.1)
    await axis.stop()
    with pytest.raises(StoppedError):
        await status
    return await axis.readback_signal.get_value(cached=False)


async def test_an_axis_that_was_stopped_is_told_to_be_where_it_stands(bl: Any, ioc: Ioc) -> None:
    place = await stopped_on_the_way(bl.x, 80.0)
    assert 0 < place < 80
    assert number(ioc, "x:sp") == 80
    assert await bl.x.locate() == {"setpoint": place, "readback": place}
    await bl.x.set(1.0)
    assert await bl.x.locate() == {"setpoint": 1, "readback": 1}


async def test_an_axis_that_is_only_done_at_its_target_is_told_to_be_where_it_was_stopped(bl: Any, ioc: Ioc) -> None:
    place = await stopped_on_the_way(bl.near, 80.0)
    assert '"Done"' in ioc.command(f'dbgf "{ioc.pv("x:moving")}"')
    assert await bl.near.locate() == {"setpoint": place, "readback": place}
    ioc.put("x:sp", 9)  # another client sends it on
    assert (await bl.near.locate())["setpoint"] == 9
    ioc.put("x:stop", 1)


async def test_an_axis_whose_server_knows_no_target_is_told_to_be_where_it_stands(bl: Any, ioc: Ioc) -> None:
    ioc.put("x:rb", 30)  # as after a restart, where the controller has kept the position
    for axis in (bl.x, bl.bare):
        assert await axis.locate() == {"setpoint": 30, "readback": 30}


async def test_an_axis_that_another_client_moves_is_told_what_that_said(bl: Any, ioc: Ioc) -> None:
    ioc.put("x:sp", 100)
    assert (await bl.x.locate())["setpoint"] == 100
    ioc.put("x:stop", 1)


async def test_a_gap_is_set_about_where_the_blades_stand(bl: Any, ioc: Ioc) -> None:
    await bl.gap.set(0.4)
    place = await stopped_on_the_way(bl.y, 80.0)
    assert (await bl.gap.locate())["setpoint"] == pytest.approx(place + 0.2)
    await bl.gap.set(0.1)
    centre = (place - 0.2) / 2
    assert (number(ioc, "x:rb"), number(ioc, "y:rb")) == pytest.approx((centre - 0.05, centre + 0.05), abs=0.001)


async def test_a_motor_that_ran_out_of_retries_is_told_to_be_where_it_stands(
    epics_protocol: str, server: Motors, tmp_path: Path
) -> None:
    raw = RAW[OTHER[epics_protocol]]
    async with raw(server.take()) as low, raw(server.take()) as high:
        beamline = beamline_of(
            f'  s: {{type: epics.slit_pair, low_prefix: "{low.name}", high_prefix: "{high.name}"}}',
            epics_protocol,
            tmp_path,
        )
        try:
            (await beamline.aconnect(timeout=10)).or_raise()
            motor = beamline.s.high
            await high.put(":Lost", 0.3)
            with pytest.raises(MoveFailedError, match=r"\(MISS\)"):
                await motor.set(1.0)
            target, place = await high.numbers("VAL", "RBV")
            assert (target, await motor.locate()) == (1.0, {"setpoint": place, "readback": place})
            assert await beamline.s.gap.locate() == pytest.approx({"setpoint": place, "readback": place})
            await high.put(":Lost", 0.0)
            await beamline.s.gap.set(0.2)
            assert await low.get("VAL") == pytest.approx(place / 2 - 0.1)
        finally:
            await beamline.aclose()


async def test_a_motor_near_its_target_keeps_what_it_was_told(
    epics_protocol: str, server: Motors, tmp_path: Path
) -> None:
    async with RAW[OTHER[epics_protocol]](server.take()) as raw:
        beamline = beamline_of(f'  m: {{type: epics.motor, prefix: "{raw.name}"}}', epics_protocol, tmp_path)
        try:
            (await beamline.aconnect(timeout=10)).or_raise()
            await raw.put("MRES", 0.03)
            await beamline.m.set(1.0)
            assert await beamline.m.locate() == {"setpoint": 1.0, "readback": pytest.approx(0.99)}
        finally:
            await beamline.aclose()


def test_a_relative_scan_begins_where_a_stopped_axis_stands(
    ioc: Ioc, epics_protocol: str, tmp_path: Path, run_engine_factory: Callable[..., RunEngine]
) -> None:
    engine = run_engine_factory()
    beamline = beamline_of(DEVICES.replace("P:", ioc.prefix), epics_protocol, tmp_path)
    try:
        beamline.connect(timeout=10).or_raise()
        place = asyncio.run_coroutine_threadsafe(stopped_on_the_way(beamline.x, 80.0), engine.loop).result(30)
        places: list[float] = []
        engine(
            bp.rel_scan([], beamline.x, -0.2, 0.2, 3),
            {"event": lambda _, document: places.append(document["data"]["x"])},
        )
        assert places == pytest.approx([place - 0.2, place, place + 0.2], abs=0.001)
        engine(bps.mvr(beamline.x, 0.5))
        assert number(ioc, "x:rb") == pytest.approx(place + 0.5, abs=0.001)
    finally:
        beamline.close()
