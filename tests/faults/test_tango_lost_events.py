"""Events of Tango that are lost without a word: what was told before does not go for the value of now."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from tests.contract.labs import until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

#: A short one, in s, and how long a busy machine may take for what is done once in each.
LIVENESS_S, LONG_S = 2.4, 20.0
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: lost
liveness: LIVENESS
devices:
  lab:
    type: tango.device
    trl: "LAB"
    signals:
      pushed: {attr: pushed, dtype: float, access: rw, format: read}
      mode: {attr: pushed_mode, dtype: any, access: rw, format: read}
      busy: {attr: counter, dtype: int, access: r, format: none}
"""


@pytest.fixture
async def lost(
    tango_client: None, tango_factory: TangoFactory, tmp_path: Path
) -> AsyncIterator[tuple[Any, TangoServer, list[Any]]]:
    """Return a staged device, its server, and what a subscriber of `pushed` sees; another one is never quiet."""
    server = tango_factory()
    text = BEAMLINE.replace("LAB", server.trl()).replace("LIVENESS", str(LIVENESS_S))
    (tmp_path / "beamline.yaml").write_text(text)
    bl: Any = load_beamline(tmp_path / "beamline.yaml")
    (await bl.aconnect(timeout=20)).or_raise()
    seen: list[Any] = []
    bl.lab.pushed.subscribe(lambda reading: seen.append(reading["lab-pushed"]["value"]))
    bl.lab.busy.subscribe(lambda _: None)
    await bl.lab.stage()
    links = [signal.read_channel.link for signal in (bl.lab.pushed, bl.lab.mode, bl.lab.busy)]
    await until(lambda: all(link.updates == "change" for link in links))
    await until(lambda: all(link._flows_from < time.monotonic() for link in links))
    yield bl.lab, server, seen
    await bl.lab.unstage()
    await bl.aclose()


async def test_a_subscriber_is_told_later(lost: tuple[Any, TangoServer, list[Any]]) -> None:
    _, server, seen = lost
    server.set("pushed", 3.0)
    await until(lambda: seen[-1] == 3.0)
    server.play("hide", "pushed", 4.0)
    await until(lambda: seen[-1] == 4.0, LONG_S)
    server.set("pushed", 5.0)
    await until(lambda: seen[-1] == 5.0)
    assert seen[-3:] == [3.0, 4.0, 5.0]


async def test_a_held_value_is_served_no_longer_than_liveness(lost: tuple[Any, TangoServer, list[Any]]) -> None:
    lab, server, _ = lost
    server.set("pushed", 3.0)
    await until(lambda: lab.pushed.newest.value == 3.0)
    for value in (4.0, 5.0, 6.0):
        server.play("hide", "pushed", value)
        await asyncio.sleep(LIVENESS_S)
        assert (await lab.read())["lab-pushed"]["value"] == value


async def test_what_is_made_anew_has_its_events_again(lost: tuple[Any, TangoServer, list[Any]]) -> None:
    """Its labels are others, so that it is known that the events are those of an attribute that is no more."""
    lab, server, _ = lost
    link = lab.mode.read_channel.link
    feed = link._feed
    server.play("remake", "pushed_mode", ["High", "Low", "Off"])
    await until(lambda: lab.mode.read_channel.generation == 2, LONG_S)
    await until(lambda: link._feed is not None and link._feed is not feed and link.updates == "change", LONG_S)
    await until(lambda: link._flows_from < time.monotonic())
    for label, number in (("Off", 2), ("High", 0), ("Low", 1)):
        events = link.events_seen
        server.set("pushed_mode", number)
        # A read that was under way may bring the value, or that there was none a moment ago, before the event does.
        await until(lambda events=events: link.events_seen > events)
        await until(lambda label=label: getattr(lab.mode.newest, "value", lab.mode.newest) == label)
