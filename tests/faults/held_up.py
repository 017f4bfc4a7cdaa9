"""A device of Tango that does not answer a subscription, which holds up the events of all devices of this process."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.connectors.tango import session
from ophyd_decl.connectors.tango.flow import FLOW
from tests.contract.labs import until
from tests.servers.tango_server import TangoServer

#: For how long the device does not answer, and how long is waited for what follows from that, in s.
BUSY_S, PATIENCE_S = 6.0, 30.0
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: held_up
devices:
  cam:
    type: tango.device
    trl: "{cam}"
    signals:
      pushed: {{attr: pushed, dtype: float, format: read}}
"""


@asynccontextmanager
async def beamline(cam: TangoServer, devices: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Give a connected beamline of the device `cam`, which may hold events up, and these devices."""
    monkeypatch.setattr(session, "ANSWER_S", BUSY_S / 2)  # so that Tango waits long
    file = folder / "beamline.yaml"
    file.write_text(BEAMLINE.format(cam=cam.trl()) + devices)
    made: Any = load_beamline(file)
    (await made.aconnect(timeout=20)).or_raise()
    yield made
    await made.aclose()


def are_held_up() -> bool:
    """Return whether events are held up now."""
    return FLOW.overtaken_at > time.monotonic()


async def hold_up(bl: Any, cam: TangoServer) -> None:
    """Subscribe to what the device does not answer, until `cam.play("slow", 0.0)`."""
    cam.play("slow", BUSY_S, "pushed")
    bl.cam.pushed.subscribe(lambda _: None)
    await until(are_held_up, PATIENCE_S)


async def flowing() -> None:
    """Wait until no events are held up."""
    await until(lambda: not are_held_up(), PATIENCE_S)
