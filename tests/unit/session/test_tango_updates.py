"""How the updates of Tango attributes come: `connect` says it, and an error where they cannot come as is wanted."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import ReadError
from tests.contract.labs import until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

ROOT = Path(__file__).parents[3]
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: ring
devices:
  good:
    type: tango.device
    trl: "{trl}"
    signals:
      pushed: {{attr: pushed, dtype: float, format: hinted}}
      polled: {{attr: polled, dtype: float, format: read}}
      regular: {{attr: polled, dtype: float, events: periodic}}
      archived: {{attr: archived, dtype: float, format: read}}
      ready: {{attr: ready, dtype: float, format: read, events: data_ready}}
      quiet: {{attr: whole, dtype: float, units: s, format: read, poll: 0.5}}
      fresh: {{attr: scientific, dtype: float, format: uncached}}
      setting: {{attr: number, dtype: float, format: config}}
  bad:
    type: tango.device
    trl: "{trl}"
    signals:
      change: {{attr: float_scalar, dtype: float, format: hinted, events: change}}
      ready: {{attr: double_scalar, dtype: float, events: data_ready}}
    connect: optional
  axis: {{type: tango.motor, trl: "{axis}"}}
  told: {{type: tango.motor, trl: "{told}"}}
"""
WAYS = {
    "good.pushed": ("auto", "change"),
    "good.polled": ("auto", "change"),
    "good.regular": ("periodic", "periodic"),
    "good.archived": ("auto", "archive"),
    "good.ready": ("data_ready", "data_ready"),
    "good.quiet": ("auto", "polled every 0.5 s"),
    "axis.user_readback": ("auto", "polled every 0.25 s"),
    "axis.state": ("auto", "polled every 0.25 s"),
    "told.user_readback": ("auto", "change"),
    "told.state": ("auto", "change"),
}
TEXT = """\
connected  good  tango.device  8/8
  updates: change (events: auto): good.pushed, good.polled
  updates: periodic (events: periodic): good.regular
  updates: archive (events: auto): good.archived
  updates: data_ready (events: data_ready): good.ready
  updates: polled every 0.5 s (events: auto): good.quiet
"""


@pytest.fixture(scope="module")
def server(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory({"lab/updates/1": "Lab", "lab/updates/x": "Mover", "lab/updates/y": "PolledMover"})


@pytest.fixture
def file(server: TangoServer, tmp_path: Path) -> Path:
    axis, told = server.trl("lab/updates/x"), server.trl("lab/updates/y")
    (tmp_path / "beamline.yaml").write_text(BEAMLINE.format(trl=server.trl(), axis=axis, told=told))
    return tmp_path / "beamline.yaml"


@pytest.fixture
async def bl(file: Path) -> AsyncIterator[Any]:
    beamline: Any = load_beamline(file)
    yield beamline
    await beamline.aclose()


def connect(folder: Path, output: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "ophyd_decl.cli", "connect", "beamline.yaml", "--timeout", "8", "--format", output],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # The client library says so, past any log, of an event that was under way when it was given up.
    complaints = [line for line in done.stderr.splitlines() if "not found in event callback map" not in line]
    assert complaints == []
    return done.returncode, done.stdout


def test_connect_says_which_way_was_picked(file: Path) -> None:
    code, output = connect(file.parent, "json")
    assert code == 0, output
    devices = {device["name"]: device for device in json.loads(output)["devices"]}
    updates = [one for device in devices.values() for one in device["updates"]]
    assert {one["signal"]: (one["wanted"], one["picked"]) for one in updates} == WAYS
    assert updates[0]["source"].endswith("/lab/updates/1/pushed#dbase=no")
    assert [device["state"] for device in devices.values()] == ["connected", "mismatch", "connected", "connected"]
    assert [(one["signal"], one["code"], one["line"]) for one in devices["bad"]["problems"]] == [
        ("bad.change", "E635", 21),
        ("bad.ready", "E635", 22),
    ]


def test_and_so_does_the_text(file: Path) -> None:
    _, output = connect(file.parent, "text")
    assert output.startswith(TEXT)
    assert "error[E635]: the device sends no change events of it: the file says events: change, the server " in output
    assert "  beamline.yaml:21:7\n    = help: " in output
    assert "declare `events: auto`" in output


async def test_a_live_report_says_what_monitors_have_picked(bl: Any) -> None:
    (await bl.aconnect(8)).or_raise()
    assert all(device.updates == () for device in bl.report.devices)
    await bl.told.stage()
    # The first value may be one that was read while the events began.
    await until(lambda: bl.report.devices[3].updates)
    (updates,) = bl.report.devices[3].updates
    assert (updates.signal, updates.wanted, updates.picked) == ("told.user_readback", "auto", "change")
    await bl.told.unstage()


async def test_a_stage_that_needs_events_that_do_not_come_is_an_error(bl: Any) -> None:
    (await bl.aconnect(8)).or_raise()
    with pytest.raises(ReadError) as caught:
        await bl.bad.stage()
    text = str(caught.value)
    assert text.startswith("bad.change (tango://")
    assert "the device sends no change events of it; expected events: change, found " in text
    assert "beamline.yaml:21:7]" in text
    assert "declare `events: auto`" in text
    assert (await bl.bad.read())["bad-change"]["value"] == 0.5


async def test_the_polling_of_the_server_is_the_same_after_all_of_it(bl: Any, server: TangoServer) -> None:
    proxies = [server.client(name) for name in server.devices]

    def polling() -> list[list[str]]:
        # Name, period and depth of the buffer; the lines behind them tell the times of the last polls.
        return [sorted("\n".join(one.splitlines()[:3]) for one in proxy.polling_status()) for proxy in proxies]

    before = polling()
    assert any("Polled attribute name = polled\nPolling period (mS) = 50" in one for one in before[0])
    await bl.aconnect(8)
    await bl.pick_updates(8)
    for device in (bl.good, bl.axis, bl.told):
        await device.stage()
        await device.unstage()
    assert polling() == before
