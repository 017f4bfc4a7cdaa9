"""A move on Tango that begins while events of the whole process are held up: what it ends as is what the axis did."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.labs import until
from tests.faults.held_up import are_held_up, beamline, flowing, hold_up
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

#: How long nobody should have to wait, in s.
GRACE_S = 60.0


@pytest.fixture
def mover(tango_client: None, tango_factory: TangoFactory) -> TangoServer:
    return tango_factory({"lab/axis/1": "PolledMover"})


@pytest.fixture
async def bl(
    cam: TangoServer, mover: TangoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    axis = f'  axis: {{type: tango.motor, trl: "{mover.trl()}", grace: {GRACE_S}}}\n'
    async with beamline(cam, axis, tmp_path, monkeypatch) as made:
        yield made


async def hold_events_up(bl: Any, cam: TangoServer) -> None:
    """Subscribe to what a device does not answer, once the events of the axis have come."""
    axis = bl.axis
    for one in (axis.state, axis.user_readback):
        one.subscribe(lambda _: None)
    await until(lambda: {one.read_channel.updates for one in (axis.state, axis.user_readback)} == {"change"}, 30.0)
    await flowing()
    await hold_up(bl, cam)


async def test_what_comes_late_of_the_move_before_does_not_end_one_that_has_not_begun(
    bl: Any, cam: TangoServer, mover: TangoServer
) -> None:
    """The events of the first move come during the second one, which the axis begins only then."""
    await hold_events_up(bl, cam)
    await bl.axis.set(2)
    assert are_held_up()
    mover.play("late", 3600)
    status = bl.axis.set(20)
    seen: list[str] = []
    bl.axis.state.subscribe(lambda readings: seen.append(readings["axis-state"]["value"]))
    cam.play("slow", 0.0)
    await flowing()
    assert "MOVING" in seen
    mover.play("begin")
    await status
    assert await bl.axis.user_readback.get_value() == 20
