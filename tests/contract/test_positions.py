"""Tables of named positions of several axes on motor records, over Channel Access and pvAccess."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky import RunEngine
from bluesky.protocols import Movable
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline
from ophyd_decl.errors import BadValueError, BusyError, LimitError, MoveFailedError, StoppedError
from tests.cancelled import NextStart
from tests.contract.labs import until
from tests.servers.motors import OTHER, RAW, Motors, motors

pytestmark = pytest.mark.usefixtures("closed_channels")
LIMIT_S = 30.0
POSITIONS = "{in: {x: 1.0, y: 0.5}, out: {x: 0, y: 0}, far: {x: -20, y: 20}, never: {x: 2, y: 26}}"


@pytest.fixture(scope="module")
def server() -> Iterator[Motors]:
    with motors("POSITIONS:") as made:
        yield made


@pytest.fixture(params=["ca", "pva"])
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


class Axes:
    """Raw clients of two motor records."""

    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    async def where(self) -> tuple[float, float]:
        """Return where both stand; the test fails if one moves."""
        found = [await axis.numbers("RBV", "DMOV") for axis in (self.x, self.y)]
        assert [done for _, done in found] == [1, 1]
        return found[0][0], found[1][0]


@pytest.fixture
async def axes(server: Motors, protocol: str) -> AsyncIterator[Axes]:
    raw = RAW[OTHER[protocol]]
    async with raw(server.take()) as x, raw(server.take()) as y:
        yield Axes(x, y)


def beamline_of(x: str, y: str, protocol: str, folder: Path, keys: str = "", positions: str = POSITIONS) -> Any:
    file = folder / "i99.yaml"
    file.write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: i99\ndefaults: {{protocol: {protocol}}}\ndevices:\n"
        f'  x: {{type: epics.motor, prefix: "{x}"}}\n  y: {{type: epics.motor, prefix: "{y}"}}\n'
        f"  place: {{type: epics.positions_xy, x: {{ref: x}}, y: {{ref: y}}, tolerance: 0.01{keys},\n"
        f"    positions: {positions}}}\n"
    )
    return load_beamline(file)


@pytest.fixture
def keys() -> str:
    return ""


@pytest.fixture
async def bl(axes: Axes, protocol: str, tmp_path: Path, keys: str) -> AsyncIterator[Any]:
    beamline = beamline_of(axes.x.name, axes.y.name, protocol, tmp_path, keys)
    try:
        (await beamline.aconnect(timeout=LIMIT_S)).or_raise()
        yield beamline
    finally:
        await beamline.aclose()


async def begin(bl: Any, axes: Axes, name: str) -> Any:
    """Set, and return the status when both axes have begun to move."""
    for axis in (axes.x, axes.y):
        await axis.watch("RBV")
    status = bl.place.set(name)
    for axis in (axes.x, axes.y):
        await axis.until(lambda axis=axis: any(abs(x) > 0.1 for x in axis.values("RBV")) or status.done)
    assert not status.done, status.exception()
    return status


async def test_a_name_moves_both_axes_and_is_read_where_they_are(bl: Any, axes: Axes) -> None:
    assert isinstance(bl.place, Movable)
    assert await bl.place.get_value() == "out"
    seen: list[str] = []
    bl.place.subscribe(lambda value, **_: seen.append(value))
    updates: list[Any] = []
    status = bl.place.set("in")
    status.watch(lambda **update: updates.append(update))
    await status
    assert await axes.where() == pytest.approx((1.0, 0.5))
    assert await bl.place.locate() == {"setpoint": "in", "readback": "in"}
    await until(lambda: bool(seen) and seen[-1] == "in")
    assert "between" in seen
    assert (updates[-1]["current"], updates[-1]["target"]) == ("in", "in")
    reading = await bl.place.read()
    assert reading["place"]["value"] == "in"
    key = (await bl.place.describe())["place"]
    assert (key["dtype"], key["shape"]) == ("string", [])


async def test_an_axis_that_is_elsewhere_is_between(bl: Any, axes: Axes) -> None:
    await axes.x.put("VAL", 0.009)
    assert await bl.place.get_value(cached=False) == "out"
    await axes.x.put("VAL", 0.5)
    assert await bl.place.get_value(cached=False) == "between"
    assert await bl.place.locate() == {"setpoint": "between", "readback": "between"}
    await bl.place.set("out")
    assert await axes.where() == pytest.approx((0.0, 0.0))


@pytest.mark.parametrize(("name", "help"), [("inn", "did you mean `in`?"), ("between", None), (3, None), ("x", None)])
async def test_an_unknown_name_is_one_error_that_lists_the_names(
    bl: Any, axes: Axes, name: Any, help: str | None
) -> None:
    with pytest.raises(BadValueError, match="there are in, out, far, never; nothing was moved") as caught:
        await bl.place.set(name)
    assert repr(name) in str(caught.value)
    assert caught.value.help == help
    with pytest.raises(BadValueError):
        await bl.place.check_value(name)
    assert await axes.where() == (0.0, 0.0)


async def test_nothing_moves_if_one_axis_would_be_refused(bl: Any, axes: Axes) -> None:
    with pytest.raises(LimitError, match=r"y.*\[-25\.0, 25\.0\].*which place\.value needs for never"):
        await bl.place.set("never")
    with pytest.raises(LimitError):
        await bl.place.check_value("never")
    await axes.x.watch("DMOV")
    assert await axes.where() == (0.0, 0.0)
    assert axes.x.values("DMOV") == []


async def test_a_stop_stops_both(bl: Any, axes: Axes) -> None:
    status = await begin(bl, axes, "far")
    await bl.place.stop(success=False)
    with pytest.raises(StoppedError):
        await status
    x, y = await axes.where()
    assert -20 < x < 0 < y < 20
    assert await bl.place.get_value(cached=False) == "between"


async def test_an_axis_that_fails_stops_the_other_and_is_named(bl: Any, axes: Axes) -> None:
    await axes.y.put(":HighSwitch", 0.2)
    with pytest.raises(MoveFailedError, match=r"^y .*the high limit switch"):
        await bl.place.set("far")
    x, y = await axes.where()
    assert -20 < x < 0
    assert y == pytest.approx(0.2)


async def test_an_axis_that_moves_already_is_an_error(bl: Any, axes: Axes) -> None:
    status = await begin(bl, axes, "far")
    with pytest.raises(BusyError):
        await bl.x.set(1)
    with pytest.raises(BusyError):
        await bl.place.set("in")
    await bl.place.stop(success=True)
    await status
    moving = bl.y.set(-20)
    await until(lambda: bl.y._busy)
    with pytest.raises(BusyError, match="y; nothing was moved"):
        await bl.place.set("in")
    await bl.y.stop(success=True)
    await moving


@pytest.mark.parametrize("keys", [", in_turn: true"])
async def test_axes_move_in_turn_where_they_are_told_to(bl: Any, axes: Axes) -> None:
    done: list[str] = []
    for name, axis in (("x", bl.x), ("y", bl.y)):
        axis.moving.subscribe(lambda value, name=name, **_: done.append(f"{name} {'moves' if value else 'stands'}"))
    await until(lambda: len(done) == 2)
    done.clear()
    await bl.place.set("in")
    await until(lambda: len(done) == 4)
    assert done == ["x moves", "x stands", "y moves", "y stands"]
    await axes.x.put(":LowSwitch", -0.2)
    with pytest.raises(MoveFailedError):
        await bl.place.set("far")
    assert (await axes.where())[1] == pytest.approx(0.5)


@pytest.mark.parametrize("keys", ["", ", in_turn: true"])
async def test_a_set_cancelled_at_any_await_leaves_both_axes_at_rest(
    bl: Any, axes: Axes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for axis in (axes.x, axes.y):
        await axis.put("VMAX", 0)
        await axis.put("VELO", 100)
        await axis.put("ACCL", 0.01)
    binding = bl.place._context.binding
    following = NextStart(binding, monkeypatch)
    cancelled = 0
    while True:
        following.cancel_at(cancelled + 1)
        status = bl.place.set("out" if cancelled % 2 else "in")
        await asyncio.wait([status.task])
        await axes.where()
        assert binding.idle
        if not status.task.cancelled():
            assert status.success
            break
        cancelled += 1
    assert cancelled >= 3


def test_they_are_set_and_scanned_in_plans(
    server: Motors, protocol: str, tmp_path: Path, run_engine_factory: Callable[..., RunEngine]
) -> None:
    beamline = beamline_of(server.take(), server.take(), protocol, tmp_path)
    documents: list[tuple[str, Any]] = []
    engine = run_engine_factory()

    def plan() -> Any:
        yield from bps.mv(beamline.place, "in")
        yield from bp.list_scan([beamline.x], beamline.place, ["out", "in"])
        yield from bps.checkpoint()

    beamline.connect(timeout=LIMIT_S).or_raise()
    try:
        engine(plan(), lambda name, document: documents.append((name, document)))
    finally:
        beamline.close()
    for name, document in documents:
        schema_validators[DocumentNames[name]].validate(document)
    events = [document["data"] for name, document in documents if name == "event"]
    assert [event["place"] for event in events] == ["out", "in"]
    assert [event["x"] for event in events] == pytest.approx([0.0, 1.0], abs=0.002)
    (descriptor,) = [document for name, document in documents if name == "descriptor"]
    assert "place" in descriptor["object_keys"]
