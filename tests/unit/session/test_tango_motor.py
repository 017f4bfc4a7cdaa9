"""Motors of Tango, moved by a real RunEngine on a real device server."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky.run_engine import RunEngine
from bluesky.utils import FailedStatus

from ophyd_decl import load_beamline
from ophyd_decl.errors import AbsentError, LimitError, MoveFailedError, StoppedError
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

pytestmark = pytest.mark.usefixtures("tango_client")
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: axes
devices:
  x: {{type: tango.motor, trl: "{x}"}}
  y: {{type: tango.motor, trl: "{y}"}}
"""


#: As long as nobody should have to wait, however slow the machine is.
GRACE_S = 60.0


@pytest.fixture
def engine(run_engine_factory: Callable[..., RunEngine]) -> RunEngine:
    return run_engine_factory()


@pytest.fixture
def axes(tango_factory: TangoFactory) -> TangoServer:
    """One that is read again and again, and one whose server polls it and sends events."""
    return tango_factory({"lab/axis/x": "Mover", "lab/axis/y": "PolledMover"})


@pytest.fixture
def bl(axes: TangoServer, engine: RunEngine, tmp_path: Path) -> Iterator[Any]:
    file = tmp_path / "beamline.yaml"
    file.write_text(BEAMLINE.format(x=axes.trl("lab/axis/x"), y=axes.trl("lab/axis/y")))
    made: Any = load_beamline(file)
    made.connect(timeout=20).or_raise()
    yield made
    made.close()


def cause(caught: "pytest.ExceptionInfo[FailedStatus]") -> BaseException | None:
    return caught.value.__cause__


def test_a_step_scan_of_two(bl: Any, engine: RunEngine) -> None:
    events: list[dict[str, Any]] = []
    descriptors: list[Any] = []
    token = engine.subscribe(lambda _, document: events.append(document["data"]), "event")
    engine.subscribe(lambda _, document: descriptors.append(document), "descriptor")
    engine(bp.scan([], bl.x, 0, 2, bl.y, 1, -1, 3))
    engine.unsubscribe(token)
    assert [(event["x"], event["y"]) for event in events] == [(0, 1), (1, 0), (2, -1)]
    assert (descriptors[0]["data_keys"]["x"]["units"], descriptors[0]["data_keys"]["x"]["precision"]) == ("mm", 3)
    assert set(descriptors[0]["configuration"]["x"]["data"]) == {"x-velocity"}


def test_what_a_motor_meets_is_told_at_its_line(axes: TangoServer, engine: RunEngine, tmp_path: Path) -> None:
    file = tmp_path / "beamline.yaml"
    file.write_text(BEAMLINE.format(x=axes.trl("lab/axis/x"), y=axes.trl("lab/axis/none")))
    bl: Any = load_beamline(file)
    try:
        bl.connect(timeout=20, only="x")
        _, device = bl.connect(timeout=1, only="y").devices
        assert device.state == "absent"
        assert {(problem.file, problem.line) for problem in device.problems} == {(str(file), 6)}
        with pytest.raises(AbsentError) as absent:
            bl.y.velocity.get()
        with pytest.raises(LimitError) as outside:
            bl.x.set(1e9).wait(20)
    finally:
        bl.close()
    for error, line in ((absent.value, 6), (outside.value, 5)):
        assert error.place is not None
        assert (error.place.file, error.place.line) == (str(file), line)
        assert error.place.declared is not None
        assert error.place.declared.file.endswith("tango/motor.yaml")


@pytest.mark.parametrize(("name", "state"), [("x", "FAULT"), ("x", "ALARM"), ("y", "FAULT"), ("y", "ALARM")])
def test_a_move_that_breaks_is_no_success(bl: Any, axes: TangoServer, engine: RunEngine, name: str, state: str) -> None:
    axes.play("break", state, device=f"lab/axis/{name}")
    with pytest.raises(FailedStatus) as caught:
        engine(bps.mv(bl[name], 20))
    assert isinstance(cause(caught), MoveFailedError)
    assert state in str(cause(caught))


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_move_that_is_stopped_is_no_success(bl: Any, engine: RunEngine, name: str) -> None:
    axis = bl[name]

    def plan() -> Any:
        yield from bps.abs_set(axis, 80, group="move")
        yield from bps.sleep(0.5)
        yield from bps.stop(axis)
        yield from bps.wait("move")

    with pytest.raises(FailedStatus) as caught:
        engine(plan())
    assert isinstance(cause(caught), StoppedError)
    assert axis.state.get() == "ON"
    assert 0 < axis.user_readback.get() < 80


def test_motors_that_turn_moving_late_are_waited_for(bl: Any, axes: TangoServer, engine: RunEngine) -> None:
    """As those whose server looks at the controller only now and then."""
    for name in "xy":
        axes.play("late", 0.3, device=f"lab/axis/{name}")
    events: list[dict[str, Any]] = []
    token = engine.subscribe(lambda _, document: events.append(document["data"]), "event")
    # The steps of y are smaller than its tolerance, which is 0.001 mm, as its format says.
    engine(bp.scan([], bl.x, 0, 2, bl.y, 0.0002, 0.001, 3))
    engine.unsubscribe(token)
    assert [event["x"] for event in events] == [0, 1, 2]
    assert [event["y"] for event in events] == pytest.approx([0.0002, 0.0006, 0.001], rel=1e-9)


def test_what_begins_later_than_the_grace_is_no_success(bl: Any, axes: TangoServer, engine: RunEngine) -> None:
    axes.play("late", 3600, device="lab/axis/x")
    with pytest.raises(FailedStatus) as caught:
        engine(bps.mv(bl.x, 20))
    assert isinstance(cause(caught), MoveFailedError)
    assert "if it may begin later than 1 s after the put, a longer `grace:`" in str(cause(caught))


def test_a_motor_that_moves_since_it_was_looked_at_is_waited_for(
    axes: TangoServer, engine: RunEngine, tmp_path: Path
) -> None:
    """Of its state nobody tells: what is known at the end of the grace is from its beginning."""
    text = BEAMLINE.format(x=axes.trl("lab/axis/x"), y=axes.trl("lab/axis/y"))
    unseen = "tango.motor, grace: 0.8, overrides: {state: {events: none, poll: 3600}},"
    (tmp_path / "unseen.yaml").write_text(text.replace("tango.motor,", unseen))
    beamline: Any = load_beamline(tmp_path / "unseen.yaml")
    try:
        beamline.connect(timeout=20).or_raise()
        axes.play("late", 0.6, device="lab/axis/x")
        engine(bps.mv(beamline.x, 10))
        assert beamline.x.user_readback.get() == 10
    finally:
        beamline.close()


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_move_that_is_over_does_not_wait_for_its_grace(
    axes: TangoServer, engine: RunEngine, tmp_path: Path, name: str
) -> None:
    text = BEAMLINE.format(x=axes.trl("lab/axis/x"), y=axes.trl("lab/axis/y"))
    (tmp_path / "patient.yaml").write_text(text.replace("tango.motor,", f"tango.motor, grace: {GRACE_S},"))
    beamline: Any = load_beamline(tmp_path / "patient.yaml")
    try:
        beamline.connect(timeout=20).or_raise()
        axis = beamline[name]
        axes.play("grain", 0.0007, device=f"lab/axis/{name}")
        began = time.monotonic()
        engine(bps.mv(axis, 14))  # MOVING when the write returns
        engine(bps.mv(axis, 14))  # there already
        engine(bps.mv(axis.velocity, 10000))
        for target in (5, 10):  # over when the write returns, and not to be met exactly
            engine(bps.mv(axis, target))
            assert 0 < abs(axis.user_readback.get() - target) < 0.001
        assert time.monotonic() - began < GRACE_S / 2
    finally:
        beamline.close()


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_relative_scan_begins_where_a_stopped_motor_stands(
    bl: Any, axes: TangoServer, engine: RunEngine, name: str
) -> None:
    """Tango keeps as what was written last the target that was not reached."""
    axis, device = bl[name], f"lab/axis/{name}"
    assert axis.readback_signal.get() == 0
    axes.client(device).write_attribute("Position", 80)
    axes.client(device).Stop()
    place = axes.client(device).read_attribute("Position").value
    assert place < 80
    places: list[float] = []
    token = engine.subscribe(lambda _, document: places.append(document["data"][name]), "event")
    engine(bp.rel_scan([], axis, -1, 1, 3))
    engine.unsubscribe(token)
    assert places == pytest.approx([place - 1, place, place + 1], abs=0.002)


@pytest.mark.parametrize("name", ["x", "y"])
def test_where_it_was_told_to_be(bl: Any, axes: TangoServer, engine: RunEngine, name: str) -> None:
    axis, device = bl[name], f"lab/axis/{name}"
    found: list[Any] = []

    def locate() -> Any:
        found.append((yield from bps.locate(axis)))

    axes.play("place", 30.0, device=device)  # as after a restart of its server: nobody has written 30
    engine(locate())
    assert found.pop() == {"setpoint": 30, "readback": 30}
    axes.play("grain", 0.0007, device=device)
    engine(bps.mv(axis, 40))
    engine(locate())
    assert found[0]["setpoint"] == 40
    assert 0 < abs(found.pop()["readback"] - 40) < 0.001
    axes.play("late", 3600, device=device)  # so that its state is ON all the time

    def on_the_way() -> Any:
        yield from bps.abs_set(axis, 50, group="move")
        while axes.client(device).read_attribute("Position").w_value != 50:
            yield from bps.sleep(0.01)
        yield from locate()
        yield from bps.stop(axis)

    with pytest.raises(FailedStatus):
        engine(on_the_way())
    assert found.pop()["setpoint"] == 50


def test_limits_are_those_of_the_attribute(bl: Any, engine: RunEngine) -> None:
    with pytest.raises(FailedStatus) as caught:
        engine(bps.mv(bl.x, 101))
    assert isinstance(cause(caught), LimitError)
    assert bl.x.user_readback.get() == 0
