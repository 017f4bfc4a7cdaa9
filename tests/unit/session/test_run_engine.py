"""What a RunEngine does to devices on a real IOC: abort, stop, pause, failure; and what the IOC does to a plan."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky.run_engine import RunEngine, RunEngineInterrupted
from bluesky.utils import FailedStatus, Msg

from ophyd_decl.blueprint import BeamlineBlueprint, DeviceBlueprint, RoleShape, Timeouts
from ophyd_decl.errors import DisconnectedError, MoveTimeoutError, PutLostError, PutRefusedError, ReportError
from ophyd_decl.plans import ensure_connected
from ophyd_decl.session.beamline import Beamline
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

from ..devices.shapes import HERE, derived, path, shape, wire

SLOW_S = 1.5


def axis(**options: Any) -> Any:
    return shape(
        "axis",
        wire("setpoint", "axis", precision=3),
        wire("readback", "axis:readback", format="hinted", access="r", carries_device_name=True),
        wire("done", "axis:done", "bool", access="r", all_updates=True),
        roles=(
            RoleShape(
                "movable",
                "setpoint",
                {"setpoint": path("setpoint"), "readback": path("readback"), "done": "done", **options},
                HERE,
            ),
        ),
    )


def beamline(prefix: str, **shapes: Any) -> Any:
    devices = tuple(DeviceBlueprint(name, name, made, {"prefix": prefix}, HERE) for name, made in shapes.items())
    return Beamline(BeamlineBlueprint("test", "test.yaml", devices, tuple(shapes)))


@pytest.fixture
def slow(ioc_factory: IocFactory) -> Ioc:
    return ioc_factory(macros={"MOVE": str(SLOW_S)})


@pytest.fixture
def bl(slow: Ioc, engine: RunEngine) -> Iterator[Any]:
    made = beamline(
        slow.prefix,
        m=axis(),
        det=shape("det", wire("counts", "longout", "int", format="hinted")),
        refused=shape("refused", wire("value", "disabled", timeouts=Timeouts(write=2.0))),
        sum=shape("sum", wire("a", "ao"), derived("twice", "2 * a", {"a": "a"}, {"a": "value / 2"}, format="hinted")),
    )
    made.connect().or_raise()
    yield made
    made.close()


@pytest.fixture
def engine(run_engine_factory: Callable[..., RunEngine]) -> RunEngine:
    return run_engine_factory({}, call_returns_result=True)


def when_moving(bl: Any, action: Callable[[], Any]) -> threading.Thread:
    """Do something in a thread when the axis has been told to move; a plan that never does so fails the test."""
    deadline = time.monotonic() + 20

    def work() -> None:
        while not bl.m._moves or not bl.m._logic("movable")._may_move:
            assert time.monotonic() < deadline, "the axis was not told to move"
            time.sleep(0.005)
        while bl._binding.run(lambda: bl.m.done.get_value(cached=False), "get", ""):
            time.sleep(0.005)
        action()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def at_rest(engine: RunEngine, bl: Any) -> bool:
    """Return whether nothing is left under way when the loop has turned."""
    deadline = time.monotonic() + 2 * SLOW_S
    while not bl._binding.idle and time.monotonic() < deadline:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01), engine.loop).result()
    return bl._binding.idle and not bl.m._moves


def test_a_plan_that_ends_well_leaves_the_setpoint_where_it_was_put(bl: Any, engine: RunEngine) -> None:
    engine(bps.mv(bl.m, 1.25))
    assert bl.m.setpoint.get() == 1.25
    assert at_rest(engine, bl)


@pytest.mark.parametrize("how", ["abort", "stop", "halt"])
def test_ending_a_plan_in_the_middle_of_a_move(bl: Any, engine: RunEngine, how: str) -> None:
    started = time.monotonic()
    thread = when_moving(bl, engine.request_pause)
    with pytest.raises(RunEngineInterrupted):
        engine(bp.scan([bl.det], bl.m, 1, 2, 2))
    thread.join()
    getattr(engine, how)()
    assert engine.state == "idle"
    assert at_rest(engine, bl)
    assert time.monotonic() - started < 3 * SLOW_S


def test_a_plan_that_was_paused_goes_on(bl: Any, engine: RunEngine) -> None:
    events: list[float] = []
    engine.subscribe(lambda _, doc: events.append(doc["data"]["m"]), "event")
    thread = when_moving(bl, engine.request_pause)
    with pytest.raises(RunEngineInterrupted):
        engine(bp.list_scan([bl.det], bl.m, [1.0]))
    thread.join()
    engine.resume()
    assert events == [1.0]
    assert at_rest(engine, bl)


def test_a_failure_beside_a_move_stops_it(bl: Any, engine: RunEngine) -> None:
    def plan() -> Iterator[Msg]:
        yield from bps.abs_set(bl.m, 1.0)
        yield from bps.mv(bl.refused.value, 3.0)

    with pytest.raises(FailedStatus) as caught:
        engine(plan())
    assert isinstance(caught.value.__cause__, PutRefusedError)
    assert at_rest(engine, bl)


def test_a_killed_ioc_ends_the_move_and_the_plan(bl: Any, engine: RunEngine, slow: Ioc) -> None:
    thread = when_moving(bl, slow.kill)
    with pytest.raises(FailedStatus) as caught:
        engine(bp.scan([bl.det], bl.m, 1, 2, 2))
    thread.join()
    assert isinstance(caught.value.__cause__, DisconnectedError | PutLostError)
    assert "m" in str(caught.value.__cause__)
    assert at_rest(engine, bl)
    slow.start()
    bl.connect(timeout=20).or_raise()
    assert engine(bps.rd(bl.det.counts)).plan_result == 3


def test_a_hung_ioc_ends_the_move_at_its_time(bl: Any, engine: RunEngine, slow: Ioc) -> None:
    running = slow.hung()

    def hang() -> None:
        running.__enter__()
        for node in (bl.m.setpoint, bl.m.readback, bl.m.done):  # short now that nothing answers, not before
            object.__setattr__(node._shape, "timeouts", Timeouts(read=0.3, write=0.5))

    thread = when_moving(bl, hang)
    try:
        with pytest.raises(FailedStatus) as caught:
            engine(bps.abs_set(bl.m, 1.0, timeout=SLOW_S, wait=True))
        thread.join()
        assert isinstance(caught.value.__cause__, MoveTimeoutError)
        assert "could not be stopped" in str(caught.value.__cause__)
        assert at_rest(engine, bl)
    finally:
        running.__exit__(None, None, None)


def test_an_abort_while_a_device_is_staged_leaves_nothing_held(bl: Any, engine: RunEngine, slow: Ioc) -> None:
    def pause() -> None:
        while not bl._binding.held:
            time.sleep(0.005)
        engine.request_pause()

    with slow.hung():
        tasks = list(Path(f"/proc/{slow.pid}/task").iterdir())
        while any("State:\tT" not in (task / "status").read_text() for task in tasks):
            time.sleep(0.005)
        thread = threading.Thread(target=pause)
        thread.start()
        with pytest.raises(RunEngineInterrupted):
            engine(bps.stage(bl.det, wait=True))
        thread.join()
        if engine.state != "idle":  # a pause where there is no checkpoint is an abort
            engine.abort()
    assert at_rest(engine, bl)


def test_monitors_survive_a_pause_and_end_with_the_run(bl: Any, engine: RunEngine) -> None:
    events: list[Any] = []
    engine.subscribe(lambda _, doc: events.append(doc["data"]), "event")

    def plan() -> Iterator[Msg]:
        yield from bps.open_run()
        yield from bps.monitor(bl.sum.twice, name="twice")
        yield from bps.checkpoint()
        yield from bps.mv(bl.sum.a, 3.0)
        yield from bps.pause()
        yield from bps.mv(bl.sum.a, 4.0)
        yield from bps.sleep(0.2)
        yield from bps.close_run()

    with pytest.raises(RunEngineInterrupted):
        engine(plan())
    engine.resume()
    assert {"sum-twice": 8.0} in events
    assert at_rest(engine, bl)


def test_ensure_connected_raises_for_what_is_absent_also_where_it_is_optional(slow: Ioc, engine: RunEngine) -> None:
    blueprint = DeviceBlueprint(
        "gone", "gone", shape("g", wire("value", "gone")), {"prefix": slow.prefix}, HERE, connect="optional"
    )
    bl: Any = Beamline(BeamlineBlueprint("test", "test.yaml", (blueprint,), ("gone",)))
    with pytest.raises(ReportError, match=r"gone  test\.g  absent"):
        engine(ensure_connected(bl.gone, timeout=0.2))
    bl.close()


def test_an_abort_while_devices_connect_leaves_nothing(slow: Ioc, engine: RunEngine) -> None:
    bl = beamline(slow.prefix, gone=shape("g", wire("value", "gone")))
    connecting = threading.Event()

    def plan() -> Iterator[Msg]:
        connecting.set()
        yield from ensure_connected(bl.gone, timeout=60)

    timer = threading.Thread(target=lambda: (connecting.wait(), time.sleep(0.1), engine.request_pause()))
    timer.start()
    with pytest.raises(RunEngineInterrupted):
        engine(plan())
    timer.join()
    engine.abort()
    deadline = time.monotonic() + 2
    while not bl._binding.idle and time.monotonic() < deadline:
        time.sleep(0.01)
    assert bl._binding.idle
    bl.close()
