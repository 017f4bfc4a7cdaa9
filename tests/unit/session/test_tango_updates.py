"""How the updates of Tango attributes come: `connect` says it, and an error where they cannot come as is wanted."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import bluesky.preprocessors as bpp
import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import ReadError, ReportError
from ophyd_decl.plans import ensure_connected
from tests.contract.labs import until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

ROOT = Path(__file__).parents[3]
#: How long a device may take to be found again, and compared, in s.
PATIENCE_S = 20.0
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


async def test_events_that_the_file_names_and_that_do_not_come_are_told_by_every_connect(bl: Any) -> None:
    """Nobody could tell a plan that monitors such a signal: it would go on with its first value."""
    report = await bl.aconnect(8)
    problems = {device.name: device.problems for device in report.devices}
    assert [(one.signal, one.code, one.line) for one in problems.pop("bad")] == [
        ("bad.change", "E635", 21),
        ("bad.ready", "E635", 22),
    ]
    assert not any(problems.values())
    assert {one.signal for device in report.devices for one in device.updates} == {"good.regular", "good.ready"}


NAMED = """\
api: ophyd_decl/v1
kind: beamline
name: ring
devices:
  lab: {{type: tango.device, trl: "{}", signals: {{new: {{attr: new, dtype: float, events: change}}}}}}
"""


async def test_named_events_are_looked_for_when_the_server_comes(
    tango_client: None, tango_factory: TangoFactory, tmp_path: Path
) -> None:
    own = tango_factory()
    own.kill()
    (tmp_path / "beamline.yaml").write_text(NAMED.format(own.trl()))
    beamline = load_beamline(tmp_path)
    try:
        assert [one.code for one in (await beamline.aconnect(1)).devices[0].problems] == ["E610"]
        await asyncio.to_thread(own.start)
        own.play("add", "new", "DevDouble", 0.0)
        await until(lambda: [one.code for one in beamline.report.devices[0].problems] == ["E635"], PATIENCE_S)
        own.kill()
        await asyncio.to_thread(own.start)
        own.play("add", "new", "DevDouble", 0.0, polling_period=50, abs_change=0.5)
        await until(lambda: beamline.report.ok, PATIENCE_S)
        (updates,) = beamline.report.devices[0].updates
        assert updates.picked == "change"
    finally:
        await beamline.aclose()


def test_a_plan_that_monitors_what_cannot_be_monitored_is_refused(file: Path, RE: Any) -> None:
    file.write_text(file.read_text().replace("    connect: optional\n", ""))
    beamline: Any = load_beamline(file)
    try:
        with pytest.raises(ReportError, match=r"bad\.change.*sends no change events"):
            RE(bpp.monitor_during_wrapper(ensure_connected(beamline.bad, timeout=8), [beamline.bad.change]))
    finally:
        beamline.close()


async def test_a_subscription_that_gets_no_events_says_so_with_its_place(
    bl: Any, caplog: pytest.LogCaptureFixture
) -> None:
    (await bl.aconnect(8)).or_raise()
    seen: list[Any] = []
    number = bl.bad.change.subscribe(seen.append)
    await until(lambda: caplog.records)
    (record,) = caplog.records
    text = record.getMessage()
    assert text.startswith("bad.change: no value for its subscribers: ")
    assert "the device sends no change events of it" in text
    assert "beamline.yaml:21:7]" in text
    caplog.clear()
    bl.bad.change.clear_sub(number)


async def test_a_live_report_says_what_monitors_have_picked(bl: Any) -> None:
    (await bl.aconnect(8)).or_raise()
    assert bl.report.devices[3].updates == ()
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
