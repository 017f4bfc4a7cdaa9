"""A plan that reads a device and moves a member of it that the device does not read: the axis is in the data.

bluesky reads the device alone then, and takes for granted that its documents contain the member.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import pytest
from bluesky.run_engine import RunEngine
from event_model import DocumentNames, schema_validators

from ophyd_decl.blueprint import BeamlineBlueprint, DeviceBlueprint, RoleShape
from ophyd_decl.session.beamline import Beamline
from tests.servers.ioc import Ioc

from ..devices.shapes import HERE, child, derived, path, shape, soft, wire


def quiet(made: Any) -> Any:
    """Return a member that the device above does not read."""
    return replace(made, format="none")


def motor() -> Any:
    return shape(
        "motor",
        soft("at", 0.0, format="hinted", carries_device_name=True),
        roles=(RoleShape("movable", "setpoint", {"setpoint": path("at")}, HERE),),
    )


@pytest.fixture
def engine(run_engine_factory: Callable[..., RunEngine]) -> RunEngine:
    return run_engine_factory({})


@pytest.fixture
def bl(ioc: Ioc, engine: RunEngine) -> Iterator[Any]:
    station = shape(
        "station",
        soft("counts", 7, "int", format="hinted"),
        soft("gain", 1.0),
        soft("exposure", 0.1, format="config"),
        wire("place", "ao"),
        quiet(child("x", motor())),
        child("y", motor()),
        soft("a", 1.0),
        derived("twice", "2 * a", {"a": "a"}, {"a": "value / 2"}),
    )
    blueprint = DeviceBlueprint("station", "station", station, {"prefix": ioc.prefix}, HERE)
    made: Any = Beamline(BeamlineBlueprint("test", "test.yaml", (blueprint,), ("station",)))
    made.connect().or_raise()
    yield made
    made.close()


@pytest.fixture
def documents(engine: RunEngine) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    engine.subscribe(lambda name, doc: found.append((name, doc)))
    return found


def rows(documents: list[tuple[str, Any]], stream: str = "primary") -> list[dict[str, Any]]:
    """Return the data of the events of one stream; its documents are valid."""
    for name, doc in documents:
        schema_validators[DocumentNames[name]].validate(doc)
    uids = {doc["uid"] for name, doc in documents if name == "descriptor" and doc["name"] == stream}
    return [doc["data"] for name, doc in documents if name == "event" and doc["descriptor"] in uids]


@pytest.mark.parametrize("member", ["x", "gain", "exposure", "twice", "place"])
def test_the_axis_is_in_the_data(bl: Any, engine: RunEngine, documents: list[Any], member: str) -> None:
    station = bl.station
    engine(bp.scan([station], station[member], 1.0, 3.0, 3))
    assert [row[f"station-{member}"] for row in rows(documents)] == [1.0, 2.0, 3.0]
    assert [row["station-counts"] for row in rows(documents)] == [7, 7, 7]
    (descriptor,) = [doc for name, doc in documents if name == "descriptor"]
    assert f"station-{member}" in descriptor["hints"]["station"]["fields"]
    assert f"station-{member}" in descriptor["object_keys"]["station"]


def test_what_the_device_reads_is_there_once(bl: Any, engine: RunEngine, documents: list[Any]) -> None:
    engine(bp.scan([bl.station], bl.station.y, 1.0, 2.0, 2))
    assert [list(row) for row in rows(documents)] == [["station-counts", "station-y"]] * 2


def test_two_axes_below_one_device(bl: Any, engine: RunEngine, documents: list[Any]) -> None:
    station = bl.station
    engine(bp.grid_scan([station], station.x, 0.0, 1.0, 2, station.gain, 5.0, 6.0, 2))
    assert [(row["station-x"], row["station-gain"]) for row in rows(documents)] == [
        (0.0, 5.0), (0.0, 6.0), (1.0, 5.0), (1.0, 6.0),
    ]  # fmt: skip


def test_the_next_run_begins_anew(bl: Any, engine: RunEngine, documents: list[Any]) -> None:
    engine(bp.scan([bl.station], bl.station.x, 1.0, 2.0, 2))
    documents.clear()
    engine(bp.count([bl.station]))
    assert [list(row) for row in rows(documents)] == [["station-counts", "station-y"]]
    assert bl.station.hints == {"fields": ["station-counts", "station-y"]}


def test_what_the_logic_of_a_device_sets_is_no_axis(bl: Any, engine: RunEngine, documents: list[Any]) -> None:
    """The motor sets its setpoint, the derived signal its input."""
    engine(bp.scan([bl.station], bl.station.twice, 1.0, 2.0, 2))
    assert [set(row) for row in rows(documents)] == [{"station-counts", "station-y", "station-twice"}] * 2
    documents.clear()
    engine(bp.scan([bl.station.x], bl.station.x, 1.0, 2.0, 2))
    assert [list(row) for row in rows(documents)] == [["station-x"]] * 2


def test_a_move_between_two_events_changes_nothing_and_is_told(
    bl: Any, engine: RunEngine, documents: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """All events of a stream have the same keys; a plan that changes a gain must not fail at night."""
    station = bl.station

    @bpp.stage_decorator([station])
    @bpp.run_decorator()
    def plan() -> Iterator[Any]:
        for number in range(3):
            yield from bps.trigger_and_read([station])
            yield from bps.mv(station.gain, float(number))

    with caplog.at_level(logging.WARNING, "ophyd_decl.devices"):
        engine(plan())
    assert [list(row) for row in rows(documents)] == [["station-counts", "station-y"]] * 3
    (said,) = [record.getMessage() for record in caplog.records if "station.gain" in record.getMessage()]
    assert "its events will not say where that is" in said


def test_a_scan_behind_a_baseline_says_what_is_missing(
    bl: Any, engine: RunEngine, documents: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    engine(bpp.baseline_wrapper(bp.scan([bl.station], bl.station.x, 1.0, 2.0, 2), [bl.station]))
    (said,) = [record.getMessage() for record in caplog.records if "station.x" in record.getMessage()]
    assert "if it is the axis of a scan" in said


def test_nothing_is_noted_where_nothing_is_staged(bl: Any, engine: RunEngine, documents: list[Any]) -> None:
    engine(bps.mv(bl.station.x, 1.5))
    engine(bp.count([bl.station]))
    assert [list(row) for row in rows(documents)] == [["station-counts", "station-y"]]
