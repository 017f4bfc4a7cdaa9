"""Faults of a Tango server in the middle of a scan and of a count, with a real RunEngine.

The detector lives in one server, in which the faults happen; the axis and another detector live in a second one, and go
on whatever the first one does.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import pytest
from bluesky.run_engine import RunEngine
from bluesky.utils import FailedStatus, Msg
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline
from ophyd_decl.errors import (
    DisconnectedError,
    MismatchError,
    ReadError,
    ReadTimeoutError,
)
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

LABELS = ["Low", "High", "Off"]
#: How many points a run has, and how many events it has saved when the fault comes.
POINTS, BEFORE = 5, 2
LIVENESS_S, READ_S = 2.4, 1.0
#: Smaller changes of the place of the axis are not sent by its server (`abs_change` of the attribute), in mm.
DEADBAND = 0.001
#: How late a loss may be told, and how long the return of a server may take, in s.
TOLD_S, HEALING_S = 1.0, 20.0
#: What a busy machine may add to a time that is measured from outside, in s.
SLACK_S = 2.0
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: faults
liveness: LIVENESS
devices:
  det:
    type: tango.device
    trl: "DET"
    signals:
      pushed: {attr: pushed, dtype: float, format: hinted, timeout: {read: READ}}
      polled: {attr: n0, dtype: float, units: mm, access: rw, format: read, timeout: {read: READ}}
      mode: {attr: mode, dtype: enum, choices: [Low, High, Off], access: rw, format: read, timeout: {read: READ}}
  gauge:
    type: tango.device
    trl: "DET"
    signals:
      fresh: {attr: n1, dtype: float, format: hinted_uncached, timeout: {read: READ}}
  beside:
    type: tango.device
    trl: "BESIDE"
    signals:
      fresh: {attr: n0, dtype: float, format: hinted_uncached}
  x: {type: tango.motor, trl: "AXIS"}
  other:
    type: tango.device
    trl: "OTHER"
    signals:
      value: {attr: polled, dtype: float, format: hinted}
      fresh: {attr: n0, dtype: float, format: uncached}
"""


@pytest.fixture
def engine(run_engine_factory: Callable[..., RunEngine]) -> RunEngine:
    return run_engine_factory()


@pytest.fixture(scope="module")
def bad_server(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory({"lab/bad/1": "Lab", "lab/bad/2": "Lab"}, numbers=2)


@pytest.fixture
def server(request: pytest.FixtureRequest, bad_server: TangoServer) -> Iterator[TangoServer]:
    """Return the server with the faults: one for all tests that leave it running, or an `own` one."""
    if getattr(request, "param", "shared") == "own":
        yield request.getfixturevalue("tango_factory")(bad_server.devices, numbers=2)
        return
    yield bad_server
    for name in ("n0", "n1"):
        bad_server.play("quality", name, "VALID")


@pytest.fixture(scope="module")
def other(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory({"lab/good/1": "Lab", "lab/good/x": "PolledMover"}, numbers=1)


@pytest.fixture
def bl(server: TangoServer, other: TangoServer, engine: RunEngine, tmp_path: Path) -> Iterator[Any]:
    text = BEAMLINE.replace("LIVENESS", str(LIVENESS_S)).replace("READ", str(READ_S))
    trls = {
        "DET": server.trl(),
        "BESIDE": server.trl("lab/bad/2"),
        "AXIS": other.trl("lab/good/x"),
        "OTHER": other.trl(),
    }
    for word, trl in trls.items():
        text = text.replace(f'"{word}"', f'"{trl}"')
    (tmp_path / "beamline.yaml").write_text(text)
    made: Any = load_beamline(tmp_path / "beamline.yaml")
    made.connect(timeout=20).or_raise()
    yield made
    made.close()


@dataclass
class Story:
    """What came of a run.

    :param error: what the plan failed with; None if it went on to its end.
    :param took_s: time from the fault to the end of the run, in s.
    """

    error: BaseException | None = None
    took_s: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    reason: str = ""

    def failed_with(self, kind: type[Exception] | tuple[type[Exception], ...], *words: str) -> None:
        """Fail if the plan did not end with such an error before it saved a further event."""
        assert isinstance(self.error, kind), repr(self.error)
        text = str(self.error)
        assert all(word in text for word in words), text
        assert "API_Corba" not in text  # nor anything else of the stack
        assert len(self.events) == BEFORE
        assert self.reason  # of the document `stop`


def run(engine: RunEngine, bl: Any, kind: str, detectors: list[Any], fault: Callable[[], Any] | None = None) -> Story:
    """Scan or count, with a fault before the third point; check the documents, and that everything is idle then.

    :param kind: `scan` or `count`.
    """
    documents: list[tuple[str, dict[str, Any]]] = []
    story = Story()
    begun = itertools.count()
    began = time.monotonic()
    came: list[Any] = []

    def let_it_come() -> None:
        nonlocal began
        began = time.monotonic()
        came.append(fault and fault())

    def before(message: Msg) -> Any:
        if message.command == "create" and next(begun) == BEFORE:
            return bpp.pchain(bps.wait_for([lambda: asyncio.to_thread(let_it_come)]), bpp.single_gen(message)), None
        return None, None

    scan = bp.scan(detectors, bl.x, 1, POINTS, POINTS)
    plan = scan if kind == "scan" else bp.count(detectors, num=POINTS, delay=0.02)
    token = engine.subscribe(lambda name, document: documents.append((name, document)))
    try:
        engine(bpp.plan_mutator(plan, before))
    except Exception as raised:  # noqa: BLE001  # each test says which ones are right
        story.error = raised
        if isinstance(raised, FailedStatus) and raised.__cause__ is not None:
            story.error = raised.__cause__
    finally:
        engine.unsubscribe(token)
    story.took_s = time.monotonic() - began
    assert came, "the fault did not come"
    for name, document in documents:
        schema_validators[DocumentNames[name]].validate(document)
    assert (documents[0][0], documents[-1][0]) == ("start", "stop")
    stop = documents[-1][1]
    assert stop["exit_status"] == ("success" if story.error is None else "fail"), repr(story.error)
    story.reason = stop.get("reason", "")
    story.events = [document["data"] for name, document in documents if name == "event"]
    if kind == "scan":
        places = list(range(1, len(story.events) + 1))
        assert [event["x"] for event in story.events] == pytest.approx(places, abs=DEADBAND)
    if story.error is None:
        assert len(story.events) == POINTS
    assert engine.state == "idle"
    wait(lambda: bl._binding.idle)
    assert bl._binding.held == {}
    return story


def wait(condition: Callable[[], Any], within_s: float = 5.0) -> None:
    """Wait for a condition, in a thread that runs no loop."""
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends, f"did not happen within {within_s} s"
        time.sleep(0.01)


def others_go_on(engine: RunEngine, bl: Any) -> None:
    """Fail if what lives in the other server cannot be scanned as if nothing had happened."""
    story = run(engine, bl, "scan", [bl.other])
    assert story.error is None


def heals(engine: RunEngine, bl: Any, *detectors: Any) -> Story:
    """Wait until the detectors can be used, without a call; return what comes of a scan then."""
    signals = [signal for detector in detectors for _, signal in detector.children() if hasattr(signal, "read_channel")]

    def usable() -> bool:
        channels = [signal.read_channel for signal in signals]
        return all(channel.state == "connected" and channel.failure is None for channel in channels)

    wait(usable, HEALING_S)
    story = run(engine, bl, "scan", list(detectors))
    assert story.error is None, repr(story.error)
    return story


def killed(server: TangoServer) -> None:
    """Kill the server, and give the client the time that it may take to notice."""
    server.kill()
    time.sleep(TOLD_S)


own = pytest.mark.parametrize("server", ["own"], indirect=True)
both = pytest.mark.parametrize("kind", ["scan", "count"])


@own
@both
def test_killed(bl: Any, server: TangoServer, engine: RunEngine, kind: str) -> None:
    """M2: what is held of a server that is gone is never served."""
    story = run(engine, bl, kind, [bl.det, bl.other], lambda: killed(server))
    story.failed_with(
        DisconnectedError, "det.", "pushed#dbase=no", "no server listens at", "the last value is", "beamline.yaml:"
    )
    assert story.took_s < TOLD_S + SLACK_S
    assert isinstance(story.error, ReadError)
    assert all(isinstance(one, DisconnectedError) and one.age_s is not None for one in story.error.failures)
    others_go_on(engine, bl)
    server.start()
    assert {event["det-pushed"] for event in heals(engine, bl, bl.det).events} == {0}


@own
@both
def test_killed_and_restarted(bl: Any, server: TangoServer, engine: RunEngine, kind: str) -> None:
    """A value of the old server is never served once the new one is there, even if it is there at once."""
    server.set("pushed", 1.0)
    bl.det.polled.put(1.0)
    story = run(engine, bl, kind, [bl.det, bl.other], lambda: (server.restart(), time.sleep(TOLD_S)))
    assert [event["det-pushed"] for event in story.events[:BEFORE]] == [1.0] * BEFORE
    if story.error is not None:
        story.failed_with(DisconnectedError, "det.")
    assert all((event["det-pushed"], event["det-polled"]) == (0, 0) for event in story.events[BEFORE:])
    others_go_on(engine, bl)
    assert {event["det-pushed"] for event in heals(engine, bl, bl.det).events} == {0}


def test_stopped_for_a_moment(bl: Any, server: TangoServer, engine: RunEngine) -> None:
    """Less than the liveness time: everything goes on."""

    def stop() -> None:
        with server.hung():
            time.sleep(0.5)

    assert run(engine, bl, "scan", [bl.det, bl.gauge, bl.other], stop).error is None


@both
def test_stopped_and_continued(bl: Any, server: TangoServer, engine: RunEngine, kind: str) -> None:
    """A fresh read ends by its deadline; what is held is not served for longer than the liveness time."""
    with ExitStack() as stack:
        story = run(engine, bl, kind, [bl.gauge, bl.other], lambda: stack.enter_context(server.hung()))
        story.failed_with(
            ReadTimeoutError, "gauge.fresh", "did not answer within", "`timeout: {read: S}`", "beamline.yaml:"
        )
        assert story.took_s < READ_S + SLACK_S
        wait(lambda: bl.det.pushed.read_channel.state == "closed", LIVENESS_S + SLACK_S)
        with pytest.raises((DisconnectedError, ReadTimeoutError)):
            bl.det.pushed.get()
        others_go_on(engine, bl)
    heals(engine, bl, bl.det, bl.gauge)


def test_what_is_held_of_a_silent_server_ends(bl: Any, server: TangoServer, engine: RunEngine) -> None:
    with ExitStack() as stack:
        story = run(engine, bl, "scan", [bl.det], lambda: (stack.enter_context(server.hung()), time.sleep(LIVENESS_S)))
        story.failed_with((DisconnectedError, ReadTimeoutError), "det.pushed", "beamline.yaml:")
        assert story.took_s < LIVENESS_S + READ_S + SLACK_S
    heals(engine, bl, bl.det)


@both
def test_hung_in_a_command(bl: Any, server: TangoServer, engine: RunEngine, kind: str) -> None:
    """A device that is busy does not answer; its server lives, so nothing is lost, and the command comes to its end."""
    generation = bl.gauge.fresh.read_channel.generation
    client = server.client()
    client.set_timeout_millis(20000)
    command = threading.Thread(target=client.Slow, args=[4 * READ_S])

    def begin() -> None:
        command.start()
        wait(lambda: server.play("sleeping") == "true")

    story = run(engine, bl, kind, [bl.gauge, bl.other], begin)
    story.failed_with(
        ReadTimeoutError, "gauge.fresh", "did not answer within", "`timeout: {read: S}`", "beamline.yaml:"
    )
    assert story.took_s < READ_S + SLACK_S
    others_go_on(engine, bl)
    assert run(engine, bl, "count", [bl.beside]).error is None  # another device of the same server
    command.join()
    assert run(engine, bl, kind, [bl.gauge]).error is None
    assert bl.gauge.fresh.read_channel.generation == generation


def test_an_alarm_is_no_error(bl: Any, server: TangoServer, engine: RunEngine) -> None:
    story = run(engine, bl, "scan", [bl.det, bl.gauge], lambda: server.play("quality", "n1", "ALARM"))
    assert story.error is None
    (reading,) = asyncio.run_coroutine_threadsafe(bl.gauge.read(), engine._loop).result(5).values()
    assert (reading["alarm_severity"], reading["value"]) == (2, server.get("n1"))


@pytest.mark.parametrize(("kind", "name"), [("scan", "n0"), ("count", "n1")])
def test_an_invalid_value_is_an_error(bl: Any, server: TangoServer, engine: RunEngine, kind: str, name: str) -> None:
    """Held or not: no event is saved with a value that the device calls invalid."""
    signal = bl.det.polled if name == "n0" else bl.gauge.fresh

    def spoil() -> None:
        server.play("quality", name, "INVALID")
        time.sleep(0.5)  # as long as the poll of a held value may take to see it

    story = run(engine, bl, kind, [bl.det, bl.gauge, bl.other], spoil)
    story.failed_with(ReadError, signal.path, "INVALID", "beamline.yaml:")
    others_go_on(engine, bl)
    server.play("quality", name, "VALID")
    heals(engine, bl, bl.det, bl.gauge)


def relabel(bl: Any, server: TangoServer, *labels: str) -> None:
    """Change the labels of an enum, and wait until the client was told; from outside their number cannot be changed."""
    before = bl.det.mode.read_channel.generation
    if len(labels) == len(server.labels):
        proxy = server.client()
        (info,) = proxy.get_attribute_config_ex(["mode"])
        info.enum_labels = list(labels)
        proxy.set_attribute_config([info])
    else:
        server.labels = list(labels)
        server.restart()
    wait(lambda: bl.det.mode.read_channel.generation > before, HEALING_S)


@pytest.mark.parametrize(
    ("kind", "server", "labels"),
    [
        ("scan", "shared", ["High", "Low", "Off"]),
        ("count", "shared", ["Low", "Hi", "Off"]),
        ("scan", "own", ["Low", "High"]),
    ],
    ids=["reordered", "renamed", "missing"],
    indirect=["server"],
)
def test_labels_that_change(bl: Any, server: TangoServer, engine: RunEngine, kind: str, labels: list[str]) -> None:
    """M5, M6: nothing is mapped by position; the signal is refused, and both sides are named."""
    story = run(engine, bl, kind, [bl.det, bl.other], lambda: relabel(bl, server, *labels))
    both_sides = ("det.mode", ", ".join(LABELS), ", ".join(labels))
    story.failed_with(MismatchError, *both_sides, "beamline.yaml:")
    with pytest.raises(MismatchError) as caught:
        bl.det.mode.put("High")
    assert all(word in str(caught.value) for word in both_sides)
    others_go_on(engine, bl)
    problems = {device.name: device.problems for device in bl.report.devices}["det"]
    assert [(one.code, one.signal) for one in problems] == [("E620", "det.mode")]
    relabel(bl, server, *LABELS)
    assert {event["det-mode"] for event in heals(engine, bl, bl.det).events} == {"High"}


def test_a_unit_that_changes(bl: Any, server: TangoServer, engine: RunEngine) -> None:
    """The value can be read; nothing is written in another unit than that of the file."""
    assert run(engine, bl, "count", [bl.det], lambda: server.play("configure", "n0", unit="um")).error is None
    wait(lambda: any(one.code == "E623" for device in bl.report.devices for one in device.problems))
    with pytest.raises(MismatchError) as caught:
        bl.det.polled.put(1.0)
    assert "expected mm, found um" in str(caught.value)
    assert server.get("n0") == 0
    server.play("configure", "n0", unit="mm")
    wait(lambda: not any(device.problems for device in bl.report.devices))
    bl.det.polled.put(1.0)
    assert server.get("n0") == 1
