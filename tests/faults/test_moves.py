"""A move under way when its server dies: the plan fails, the error names the axis, and nothing is left of the move."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus

from ophyd_decl import load_beamline
from ophyd_decl.errors import DisconnectedError, PutLostError, SignalError
from ophyd_decl.sim import DemoServer, TangoDemoServer
from tests.faults.matrix.rows import NOTICE_S
from tests.faults.matrix.scans import cause_of
from tests.servers import environment

pytestmark = pytest.mark.usefixtures("tango_client")
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: moving
devices:
  x: {DEVICE}
"""
#: Where it is sent, and where it is when the server dies; at 2 mm/s.
TARGET, ON_THE_WAY = 20.0, 0.2
#: What a busy machine may add to a time that is measured from outside, in s.
SLACK_S = 2.0
#: How long it may take until clients that stayed have found a new server, in s.
RETURN_S = 30.0
_numbers = itertools.count(1)


class Axis:
    """An axis on a server that can die and come back."""

    def __init__(self, protocol: str, folder: Path) -> None:
        self._ports = environment.pool().take()
        self._prefix = f"MOVES{next(_numbers)}:"
        self._on_tango = protocol == "tango"
        self.server = self._start()
        device = f'type: epics.motor, prefix: "{self._prefix}STAGE:X", protocol: {protocol}'
        if self._on_tango:
            device = f'type: tango.motor, trl: "{self.server.settings["vars.server"]}/demo/stage/x#dbase=no"'
        (folder / "beamline.yaml").write_text(BEAMLINE.replace("DEVICE", device))

    def _start(self) -> DemoServer | TangoDemoServer:
        if self._on_tango:
            server: DemoServer | TangoDemoServer = TangoDemoServer(ports=self._ports, velocity=2.0)
        else:
            server = DemoServer(self._prefix, ports=self._ports, velocity=2.0)
        server.start()
        return server

    def die(self) -> None:
        """End the server as a power cut does."""
        assert self.server.pid is not None
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.stop()

    def come_back(self) -> None:
        """Start it again; the axis stands at 0."""
        self.server = self._start()

    def close(self) -> None:
        """End it for good."""
        self.server.stop()
        environment.pool().give_back(self._ports)


@pytest.fixture(params=["ca", "pva", "tango"])
def axis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Axis]:
    made = Axis(request.param, tmp_path)
    yield made
    made.close()


@pytest.fixture
def engine(run_engine_factory: Callable[..., RunEngine]) -> RunEngine:
    return run_engine_factory({}, call_returns_result=True)


@pytest.fixture
def bl(axis: Axis, engine: RunEngine, tmp_path: Path) -> Iterator[Any]:
    beamline: Any = load_beamline(tmp_path)
    beamline.connect(timeout=10).or_raise()
    yield beamline
    beamline.close()


@pytest.mark.parametrize("staged", [True, False], ids=["staged", "not staged"])
def test_a_move_fails_with_its_name_when_the_server_dies(axis: Axis, engine: RunEngine, bl: Any, staged: bool) -> None:
    moving = threading.Event()
    killed_at: list[float] = []

    def kill() -> None:
        if moving.wait(20):
            killed_at.append(time.monotonic())
            axis.die()

    def look(readings: dict[str, Any]) -> None:
        if any(reading["value"] > ON_THE_WAY for reading in readings.values()):
            moving.set()

    killer = threading.Thread(target=kill)
    killer.start()
    plan = bps.mv(bl.x, TARGET)

    def watched() -> Iterator[Any]:
        token = bl.x.user_readback.subscribe(look)
        try:
            yield from (bpp.stage_wrapper(plan, [bl.x]) if staged else plan)
        finally:
            bl.x.user_readback.clear_sub(token)

    with pytest.raises(Exception) as caught:  # noqa: PT011  # what it holds is looked at
        engine(watched())
    took_s = time.monotonic() - killed_at[0]
    killer.join()
    error = cause_of(caught.value)
    assert isinstance(error, DisconnectedError | PutLostError), repr(error)
    assert error.signal.split(".")[0] == "x", str(error)
    assert took_s < NOTICE_S + SLACK_S
    until(lambda: bl._binding.idle, 5.0)
    assert bl._binding.held == {}
    assert engine.state == "idle"
    axis.come_back()
    until(lambda: moved(engine, bl, 0.5), RETURN_S)
    assert bl.x.get() == pytest.approx(0.5, abs=0.002)


def moved(engine: RunEngine, bl: Any, target: float) -> bool:
    """Return whether a move succeeded."""
    try:
        engine(bps.mv(bl.x, target))
    except (FailedStatus, SignalError):  # not yet
        return False
    return True


def until(condition: Callable[[], bool], within_s: float) -> None:
    """Wait for something that happens in another process."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
