"""Read-only mode: whatever is tried, no put reaches the server, which counts them; without it the same script writes.

Every record that can be written tells a counter when it has processed a put, over both protocols.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus

from ophyd_decl import load_beamline, signal
from ophyd_decl.errors import MoveTimeoutError, ReadOnlyError
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

COUNTED = ("value", "setpoint", "velocity", "stop", "start", "reset", "x", "y")
RECORDS = (
    "".join(f'record(ao, "$(P){name}") {{ field(UDF, "0") field(FLNK, "$(P)puts") }}\n' for name in COUNTED)
    + """
record(calc, "$(P)puts") { field(INPA, "$(P)puts") field(CALC, "A+1") field(UDF, "0") }
record(calc, "$(P)readback") { field(INPA, "$(P)setpoint") field(CALC, "A") field(SCAN, ".1 second") field(UDF, "0") }
record(bi, "$(P)moving") { field(ZNAM, "No") field(ONAM, "Yes") field(VAL, "1") field(PINI, "YES") field(INP, "1") }
record(bi, "$(P)ready") { field(ZNAM, "No") field(ONAM, "Yes") field(PINI, "YES") field(INP, "1") }
"""
)
TYPES = """\
api: ophyd_decl/v1
kind: types
namespace: ro
types:
  axis:
    params: {prefix: {type: str}}
    signals:
      setpoint: {suffix: setpoint, dtype: float, access: rw}
      readback: {suffix: readback, dtype: float, format: hinted}
      moving: {suffix: moving, dtype: bool}
    commands:
      halt: {suffix: stop.PROC}
    logic:
      movable:
        {use: setpoint, setpoint: setpoint, readback: readback, done: not moving, stop: halt, timeout: 0.5}
  detector:
    params: {prefix: {type: str}}
    signals:
      value: {suffix: readback, dtype: float, format: hinted}
      ready: {suffix: ready, dtype: bool}
    commands:
      start: {suffix: start.PROC}
      reset: {suffix: reset.PROC}
    logic:
      triggerable: {use: start_and_wait, reset: reset, start: start, done: ready}
  pair:
    params: {prefix: {type: str}}
    signals:
      x: {suffix: x, dtype: float, access: rw}
      y: {suffix: y, dtype: float, access: rw}
    derived:
      sum:
        dtype: float
        inputs: {x: x, y: y}
        get: x + y
        set: {x: value / 2, y: value / 2}
    logic:
      movable: {use: derived, signal: sum}
"""
FILE = """\
api: ophyd_decl/v1
kind: beamline
name: guest
vars: {p: "T:"}
defaults: {protocol: PROTOCOL}
read_only: false
use: [./types.yaml]
devices:
  value: {type: signal, pv: "${{ p }}value", dtype: float, access: rw}
  hasty: {type: signal, pv: "${{ p }}value", dtype: float, access: rw, wait: false}
  late: {type: signal, pv: "${{ p }}value", dtype: float, access: rw, connect: lazy}
  axis: {type: ro.axis, prefix: "${{ p }}"}
  det: {type: ro.detector, prefix: "${{ p }}"}
  pair: {type: ro.pair, prefix: "${{ p }}"}
"""
WAYS: dict[str, Callable[[Any, RunEngine], Any]] = {
    "mv of a signal": lambda bl, RE: RE(bps.mv(bl.value, 1.0)),
    "abs_set without a wait": lambda bl, RE: RE(bps.abs_set(bl.hasty, 1.0, wait=True)),
    "put": lambda bl, RE: bl.value.put(1.0),
    "set": lambda bl, RE: bl.value.set(1.0).wait(20),
    "a lazy one": lambda bl, RE: RE(bps.mv(bl.late, 1.0)),
    "mv of a movable": lambda bl, RE: RE(bps.mv(bl.axis, 1.0)),
    "put of a movable": lambda bl, RE: bl.axis.put(1.0),
    "mv of a derived signal": lambda bl, RE: RE(bps.mv(bl.pair.sum, 1.0)),
    "mv of a derived movable": lambda bl, RE: RE(bps.mv(bl.pair, 1.0)),
    "stop of what moves": lambda bl, RE: RE(bps.stop(bl.axis)),
    "a command": lambda bl, RE: RE(bps.trigger(bl.det.start, wait=True)),
    "execute": lambda bl, RE: bl.det.start.trigger().wait(20),
    "trigger": lambda bl, RE: RE(bps.trigger(bl.det, wait=True)),
    "count": lambda bl, RE: RE(bp.count([bl.det])),
    "scan": lambda bl, RE: RE(bp.scan([bl.det], bl.value, 0, 1, 2)),
}


@pytest.fixture(scope="module")
def ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


@pytest.fixture(params=["ca", "pva"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "beamline.yaml").write_text(FILE.replace("PROTOCOL", request.param))
    (tmp_path / "types.yaml").write_text(TYPES)
    return tmp_path


@pytest.fixture
def puts(ioc: Ioc) -> Callable[[], int]:
    """Return what tells how many puts the server has seen since."""

    def count() -> int:
        return int(float(ioc.command(f'dbgf "{ioc.pv("puts")}"').split(":")[-1].split()[-1]))

    before = count()
    return lambda: count() - before


def cause_of(error: BaseException) -> BaseException:
    """Return what a failed status of a plan holds."""
    if isinstance(error, FailedStatus):
        inner = error.__cause__ or error.args[0]
        return inner if isinstance(inner, BaseException) else inner.exception()
    return error


@pytest.fixture(params=["file", "environment", "set"])
def guest(
    request: pytest.FixtureRequest, folder: Path, ioc: Ioc, RE: RunEngine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Return a beamline in read-only mode, however that was said."""
    settings = {"vars.p": ioc.prefix}
    file = folder / "beamline.yaml"
    if request.param == "file":
        file.write_text(file.read_text().replace("read_only: false", "read_only: true"))
    elif request.param == "environment":
        monkeypatch.setenv("OPHYD_DECL_READ_ONLY", "1")
    else:
        settings["read_only"] = "true"
    beamline = load_beamline(folder, set=settings)
    beamline.connect(timeout=5).or_raise()
    yield beamline
    beamline.close()


def test_no_way_of_writing_reaches_the_server(guest: Any, RE: RunEngine, puts: Callable[[], int]) -> None:
    for name, way in WAYS.items():
        with pytest.raises((ReadOnlyError, FailedStatus)) as caught:
            way(guest, RE)
        error = cause_of(caught.value)
        assert isinstance(error, ReadOnlyError), name
        assert "OPHYD_DECL_READ_ONLY" in str(error)
    assert isinstance(guest.value.get(), float)
    RE(bp.count([guest.value, guest.axis]))  # what only reads goes on
    assert puts() == 0


def test_without_it_every_way_writes(folder: Path, ioc: Ioc, RE: RunEngine, puts: Callable[[], int]) -> None:
    beamline = load_beamline(folder, set={"vars.p": ioc.prefix})
    beamline.connect(timeout=5).or_raise()
    try:
        for name, way in WAYS.items():
            before = puts()
            with suppress(MoveTimeoutError, FailedStatus):  # the axis never arrives
                way(beamline, RE)
            assert puts() > before, name
    finally:
        beamline.close()


def test_signals_without_a_file_keep_to_the_environment(
    ioc: Ioc, RE: RunEngine, puts: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPHYD_DECL_READ_ONLY", "yes")
    alone = signal(ioc.pv("value"), name="alone", dtype="float")
    with pytest.raises((ReadOnlyError, FailedStatus)):
        RE(bps.mv(alone, 2.0))
    assert puts() == 0
    monkeypatch.setenv("OPHYD_DECL_READ_ONLY", "0")
    RE(bps.mv(signal(ioc.pv("value"), name="alone", dtype="float"), 2.0))
    assert puts() == 1


def test_the_commands(folder: Path, ioc: Ioc, puts: Callable[[], int]) -> None:
    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ophyd_decl.cli", arguments[0], str(folder), *arguments[1:]]
        command += ["--set", f"vars.p={ioc.prefix}"]
        environment = os.environ | ioc.client_environment | variables
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    for arguments in (["set", "value=3"], ["set", "axis=3", "pair=1"]):
        for done in (run(*arguments, "--read-only"), run(*arguments, OPHYD_DECL_READ_ONLY="1")):
            assert done.returncode == 3, done.stderr
            assert "read-only mode" in done.stderr
    for arguments in (["connect"], ["read", "value", "axis"], ["watch", "value", "--count", "1"]):
        done = run(*arguments, "--read-only")
        assert done.returncode == 0, done.stderr
    assert puts() == 0
    assert run("set", "value=3").returncode == 0
    assert puts() == 1
