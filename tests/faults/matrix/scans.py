"""A fault in the middle of a step scan with a real RunEngine, then a scan when it is over.

The detector shows ten times the position of the axis, which its server computes as the axis arrives: an event whose
values do not fit together holds a stale one.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
from bluesky import RunEngine
from bluesky.utils import FailedStatus, Msg
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline
from ophyd_decl.errors import OphydDeclError
from tests.faults.matrix.bench import LIVENESS_S
from tests.faults.proxy import HiddenIoc, hidden_ioc
from tests.servers.ioc import READ_ONLY_GROUP

#: How many points a scan has, and how many events it has saved when the fault comes.
POINTS, BEFORE = 5, 2
#: How long what is over may take to be usable again, in s: libca looks for a lost server each ten seconds.
HEALING_S = 40.0
_RECORDS = """\
record(ao, "$(P)axis") { field(UDF, "0") field(PREC, "3") field(FLNK, "$(P)axis:move") }
record(seq, "$(P)axis:move") {
  field(DO1, "0") field(LNK1, "$(P)axis:done PP")
  field(DLY2, "0.05") field(DOL2, "$(P)axis") field(LNK2, "$(P)axis:readback PP")
  field(DO3, "1") field(LNK3, "$(P)axis:done PP")
}
record(ao, "$(P)axis:readback") { field(VAL, "0") field(PINI, "YES") field(PREC, "3") field(FLNK, "$(P)echo") }
record(bo, "$(P)axis:done") { field(ZNAM, "Moving") field(ONAM, "Done") field(VAL, "1") field(PINI, "YES") }
record(calc, "$(P)echo") { field(INPA, "$(P)axis:readback") field(CALC, "A*10") field(PINI, "YES") }
record(mbbo, "$(P)mode") {
  field(ZRST, "Low") field(ONST, "High") field(TWST, "Off") field(VAL, "1") field(PINI, "YES")
}
"""
_RETYPED = _RECORDS.replace(
    'record(calc, "$(P)echo") { field(INPA', 'record(stringin, "$(P)echo") { field(DESC'
).replace(' field(CALC, "A*10")', "")
_FILE = """\
api: ophyd_decl/v1
kind: beamline
name: scans
liveness: LIVENESS
defaults: {protocol: PROTOCOL}
use: [./types.yaml]
devices:
  axis: {type: scans.axis, prefix: "PREFIX"}
  det:
    type: group
    signals:
      echo: {pv: "PREFIXecho", dtype: float, format: hinted, timeout: {read: 2}}
      mode: {pv: "PREFIXmode", dtype: enum, choices: [Low, High, Off], format: read, timeout: {read: 2}}
"""
_TYPES = """\
api: ophyd_decl/v1
kind: types
namespace: scans
types:
  axis:
    params: {prefix: {type: str}}
    signals:
      setpoint: {suffix: axis, dtype: float, access: rw, timeout: {write: 4}}
      readback: {suffix: "axis:readback", dtype: float, timeout: {read: 2}}
      done: {suffix: "axis:done", dtype: bool, timeout: {read: 2}}
    logic:
      movable: {use: setpoint, setpoint: setpoint, readback: readback, done: done, tolerance: 0.001}
"""
_numbers = itertools.count(1)


@dataclass
class ScanStory:
    """What came of a scan in whose middle a fault came, and of the one after it.

    :param error: what the plan failed with; None if it went on to its end.
    :param error_of_next: what a plan failed with that began during the fault, where there was one.
    """

    error: BaseException | None = None
    error_of_next: BaseException | None = None
    took_s: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def failed_with(self, *kinds: type[OphydDeclError]) -> None:
        """Fail if the plan did not end with an error of these kinds."""
        assert isinstance(self.error, kinds), repr(self.error)


class Faults:
    """How each fault begins and ends; called outside the loop of the RunEngine.

    :param bl: the connected beamline.
    """

    def __init__(self, ioc: HiddenIoc, database: Path, bl: Any) -> None:
        self._ioc = ioc
        self._database = database
        self._bl = bl
        self._stack = ExitStack()

    def begin(self, fault: str) -> None:
        """Let a fault begin."""
        ioc, proxy = self._ioc, self._ioc.proxy
        match fault:
            case "closed":
                ioc.kill()
            case "silent":
                self._stack.enter_context(ioc.hung())
            case "restarted":
                ioc.restart()
            case "slow":
                proxy.delay(0.3, proxy.to_client)
            case "refusing":
                ioc.put("axis.ASG", "READONLY")
            case "relabelled":
                self._relabel("High", "Low")
            case "retyped":
                self._start_with(_RETYPED)
            case "truncated":
                proxy.truncate(10, proxy.to_client)
            case _:
                raise ValueError(fault)

    def end(self, fault: str) -> None:
        """Let a fault be over."""
        ioc, proxy = self._ioc, self._ioc.proxy
        match fault:
            case "closed":
                ioc.start()
            case "refusing":
                ioc.put("axis.ASG", "DEFAULT")
            case "relabelled":
                self._relabel("Low", "High")
            case "retyped":
                self._start_with(_RECORDS)
            case _:
                self._stack.close()
                proxy.reset()

    def _start_with(self, records: str) -> None:
        self._ioc.kill()
        self._database.write_text(records)
        self._ioc.start()

    def _relabel(self, *labels: str) -> None:
        """Change the labels; a server tells it a moment later, and until then nobody can know."""
        channel = self._bl.det.mode.read_channel
        before = channel.generation
        for field_name, label in zip(("ZRST", "ONST"), labels, strict=True):
            self._ioc.put(f"mode.{field_name}", label)
        wrong = labels[0] == "High"
        _until(lambda: channel.generation > before and (channel.failure is not None) == wrong)


def play_scan(fault: str, protocol: str, folder: Path, engine: RunEngine) -> ScanStory:
    """Play a fault in the middle of a scan; check what holds for every fault, and scan again when it is over."""
    database = folder / "scan.db"
    database.write_text(_RECORDS)
    ioc = hidden_ioc(folder, f"S{next(_numbers)}:", database, READ_ONLY_GROUP)
    with ExitStack() as stack:
        stack.callback(ioc.close)
        (folder / "types.yaml").write_text(_TYPES)
        text = _FILE.replace("PROTOCOL", protocol).replace("PREFIX", ioc.prefix)
        (folder / "beamline.yaml").write_text(text.replace("LIVENESS", str(LIVENESS_S)))
        bl: Any = load_beamline(folder)
        stack.callback(bl.close)
        bl.connect(timeout=10).or_raise()
        faults = Faults(ioc, database, bl)
        stack.callback(lambda: faults.end("any"))
        story = ScanStory()

        def inject() -> None:
            faults.begin(fault)

        started = time.monotonic()
        story.events, story.error = _scan(engine, bl, inject)
        story.took_s = time.monotonic() - started
        _is_idle(engine, bl)
        if fault == "retyped":
            _until(lambda: bl.det.echo.read_channel.failure is not None)
            events, story.error_of_next = _scan(engine, bl, None)
            assert events == []
            _is_idle(engine, bl)
        faults.end(fault)
        _until(lambda: _is_usable(bl))
        events, error = _scan(engine, bl, None)
        assert error is None, repr(error)
        assert len(events) == POINTS
        _is_idle(engine, bl)
    return story


def _scan(
    engine: RunEngine, bl: Any, inject: Callable[[], None] | None
) -> tuple[list[dict[str, Any]], BaseException | None]:
    """Scan, with a fault before the third point; return the data of the events, and what it failed with."""
    documents: list[tuple[str, dict[str, Any]]] = []
    token = engine.subscribe(lambda name, document: documents.append((name, document)))
    points = itertools.count(1)

    def one_step(detectors: Any, step: Any, pos_cache: Any) -> Iterator[Msg]:
        if next(points) == BEFORE + 1 and inject is not None:
            yield from bps.wait_for([lambda: asyncio.to_thread(inject)])
        yield from bps.one_nd_step(detectors, step, pos_cache)

    error: BaseException | None = None
    try:
        engine(bp.scan([bl.det], bl.axis, 1, POINTS, POINTS, per_step=one_step))
    except Exception as raised:  # noqa: BLE001  # each row says which ones are right
        error = cause_of(raised)
    finally:
        engine.unsubscribe(token)
    for name, document in documents:
        schema_validators[DocumentNames[name]].validate(document)
    if documents or error is None:  # else it has not even begun
        assert (documents[0][0], documents[-1][0]) == ("start", "stop")
        assert documents[-1][1]["exit_status"] == ("success" if error is None else "fail")
    events = [document["data"] for name, document in documents if name == "event"]
    # The values of an event belong to its point, whatever happened meanwhile.
    for number, data in enumerate(events, 1):
        assert abs(data["axis"] - number) < 0.01, (number, data)
        assert abs(data["det-echo"] - 10 * number) < 0.1, (number, data)
    return events, error


def cause_of(error: BaseException) -> BaseException:
    """Return what a failed status of a plan holds."""
    if isinstance(error, FailedStatus):
        inner = error.__cause__ or error.args[0]
        return inner if isinstance(inner, BaseException) else inner.exception()
    return error


def _is_idle(engine: RunEngine, bl: Any) -> None:
    """Fail if anything is staged, monitored or under way."""
    assert engine.state == "idle"
    _until(lambda: bl._binding.idle, 5.0)
    assert bl._binding.held == {}


def _is_usable(bl: Any) -> bool:
    channels = [
        channel for device in (bl.axis, bl.det) for _, signal in device.children() for channel in signal.channels
    ]
    if any(channel.state != "connected" or channel.failure is not None for channel in channels):
        return False
    try:
        return bl.axis.done.get() and bl.axis.setpoint.get() is not None
    except OphydDeclError:  # not yet
        return False


def _until(condition: Callable[[], Any], within_s: float = HEALING_S) -> None:
    """Wait for a condition, in a thread that runs no loop."""
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends, f"did not happen within {within_s} s"
        time.sleep(0.01)
