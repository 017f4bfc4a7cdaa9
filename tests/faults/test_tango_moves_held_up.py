"""A move on Tango that begins while events of the whole process are held up: what it ends as is what the axis did."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.connectors.tango import session
from ophyd_decl.connectors.tango.flow import FLOW
from tests.contract.labs import until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

#: For how long a device does not answer, and how long nobody should have to wait, in s.
BUSY_S, GRACE_S = 6.0, 60.0
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: held_up
devices:
  cam:
    type: tango.device
    trl: "CAM"
    signals:
      pushed: {attr: pushed, dtype: float, format: read, events: change}
  axis: {type: tango.motor, trl: "AXIS", grace: GRACE}
"""


@pytest.fixture
def cam(tango_client: None, tango_factory: TangoFactory) -> TangoServer:
    return tango_factory({"lab/cam/1": "Lab"})


@pytest.fixture
def mover(tango_client: None, tango_factory: TangoFactory) -> TangoServer:
    return tango_factory({"lab/axis/1": "PolledMover"})


@pytest.fixture
async def bl(
    cam: TangoServer, mover: TangoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    monkeypatch.setattr(session, "ANSWER_S", BUSY_S / 2)  # so that Tango waits long
    text = BEAMLINE.replace("CAM", cam.trl()).replace("AXIS", mover.trl()).replace("GRACE", f"{GRACE_S}")
    (tmp_path / "beamline.yaml").write_text(text)
    made: Any = load_beamline(tmp_path / "beamline.yaml")
    (await made.aconnect(timeout=20)).or_raise()
    yield made
    await made.aclose()


async def hold_events_up(bl: Any, cam: TangoServer) -> None:
    """Subscribe to what a device does not answer, once the events of the axis have come."""
    axis = bl.axis
    for one in (axis.state, axis.user_readback):
        one.subscribe(lambda _: None)
    await until(lambda: {one.read_channel.updates for one in (axis.state, axis.user_readback)} == {"change"}, 30.0)
    await until(lambda: FLOW.overtaken_at < time.monotonic(), 30.0)
    cam.play("slow", BUSY_S, "pushed")
    bl.cam.pushed.subscribe(lambda _: None)
    await until(lambda: FLOW.overtaken_at > time.monotonic(), 30.0)


async def test_what_comes_late_of_the_move_before_does_not_end_one_that_has_not_begun(
    bl: Any, cam: TangoServer, mover: TangoServer
) -> None:
    """The events of the first move come during the second one, which the axis begins only then."""
    await hold_events_up(bl, cam)
    await bl.axis.set(2)
    assert FLOW.overtaken_at > time.monotonic()
    mover.play("late", 3600)
    status = bl.axis.set(20)
    seen: list[str] = []
    bl.axis.state.subscribe(lambda readings: seen.append(readings["axis-state"]["value"]))
    cam.play("slow", 0.0)
    await until(lambda: FLOW.overtaken_at < time.monotonic(), 30.0)
    assert "MOVING" in seen
    mover.play("begin")
    await status
    assert await bl.axis.user_readback.get_value() == 20
