"""One hardware interface and several logics, as the how-to guide declares them, on real servers."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bluesky import RunEngine
from bluesky import plans as bp
from bluesky.protocols import Triggerable
from bluesky.utils import FailedStatus
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline
from ophyd_decl.check import plugins
from ophyd_decl.devices.node import walk
from ophyd_decl.devices.signal import WireSignal
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

GUIDE = (Path(__file__).parents[2] / "docs/how-to/several-logics.md").read_text()
ROOT = Path(__file__).parents[2]
#: A start sends its pulses 0.2 s later, and completes then; NUMBER 99 loses one.
RECORDS = """
record(longout, "$(P)NUMBER") { field(VAL, "1") field(PINI, "YES") }
record(ao, "$(P)WIDTH") { field(VAL, "0.01") field(PINI, "YES") field(EGU, "s") }
record(bo, "$(P)START") { field(UDF, "0") field(FLNK, "$(P)SEND") field(ZNAM, "Idle") field(ONAM, "Start") }
record(seq, "$(P)SEND") {
  field(DO1, "1") field(LNK1, "$(P)ACTIVE PP")
  field(DLY2, "0.2") field(DO2, "1") field(LNK2, "$(P)SENT.PROC PP")
  field(DO3, "0") field(LNK3, "$(P)ACTIVE PP")
}
record(calc, "$(P)SENT") {
  field(INPA, "$(P)SENT") field(INPB, "$(P)NUMBER") field(CALC, "A+(B=99?98:B)") field(UDF, "0")
}
record(bo, "$(P)ACTIVE") { field(ZNAM, "Idle") field(ONAM, "Active") field(PINI, "YES") }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder `i99` of the guide; its plugins are installed."""
    site = tmp_path / "site"
    info = site / "pulse_logic-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pulse-logic\nVersion: 1.0\n")
    toml = re.search(r"```toml\n\[project.entry-points.\"(.*?)\"\]\n(.*?)```", GUIDE, re.DOTALL)
    assert toml is not None
    points = toml[2].replace('"', "")
    (info / "entry_points.txt").write_text(f"[{toml[1]}]\n{points}")
    for name, text in re.findall(r"<!-- python: (\S+) -->\n```python\n(.*?)```", GUIDE, re.DOTALL):
        (site / name).write_text(text)
    beamline = tmp_path / "i99"
    beamline.mkdir()
    for name, text in re.findall(r"<!-- file: (\S+) -->\n```yaml\n(.*?)```", GUIDE, re.DOTALL):
        (beamline / name).write_text(text)
    monkeypatch.syspath_prepend(site)
    plugins.installed.cache_clear()
    monkeypatch.delitem(sys.modules, "pulse_logic", raising=False)
    yield beamline
    plugins.installed.cache_clear()


def load(folder: Path, box: Ioc, other: Ioc, **more: Any) -> Any:
    return load_beamline(folder, set={"vars.box": box.prefix, "vars.other": other.prefix, **more})


def test_the_files_are_valid_and_the_commands_of_the_guide_run(folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder.parent / 'site'}"}
    lines = re.findall(r"^ophyd-decl (\w+ i99)$", GUIDE, re.MULTILINE)
    assert lines == ["validate i99", "tree i99"]
    for line in lines:
        done = subprocess.run(
            [sys.executable, "-m", "ophyd_decl.cli", *line.split()], cwd=folder.parent, env=environment,
            capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert line != "tree i99" or "ca://BL99I-EA-PULSE-02:ACTIVE" in done.stdout


def test_each_instance_has_its_logic_and_one_box_is_connected_once(
    folder: Path, ioc_factory: IocFactory, run_engine_factory: Any
) -> None:
    box, other = ioc_factory(RECORDS), ioc_factory(RECORDS)
    engine: RunEngine = run_engine_factory()
    bl = load(folder, box, other)
    bl.connect(timeout=20).or_raise()
    assert not isinstance(bl.box, Triggerable)
    assert all(isinstance(device, Triggerable) for device in (bl.burst, bl.shutter, bl.other))
    wires = {device: [node for node in walk(bl[device]) if isinstance(node, WireSignal)] for device in bl.devices}
    assert {device: len(found) for device, found in wires.items()} == {"box": 4, "burst": 0, "shutter": 0, "other": 4}

    events: list[dict[str, Any]] = []

    def keep(name: str, document: dict[str, Any]) -> None:
        schema_validators[DocumentNames[name]].validate(document)
        if name == "event":
            events.append(document["data"])

    engine.subscribe(keep)
    engine(bp.count([bl.burst, bl.box], 2))
    engine(bp.count([bl.shutter, bl.box], 2))
    engine(bp.count([bl.other]))
    assert [event.get("box-sent") for event in events] == [5, 10, 11, 12, None]
    assert [event.get("burst-sent", event.get("shutter-sent")) for event in events] == [5, 10, 11, 12, None]
    assert events[-1] == {"other-sent": 1}
    assert (bl.box.width.get(), bl.other.width.get()) == (0.25, 0.1)
    bl.close()


async def test_a_selection_takes_the_box_with_it_and_two_logics_do_not_use_it_at_once(
    folder: Path, ioc_factory: IocFactory
) -> None:
    box, other = ioc_factory(RECORDS), ioc_factory(RECORDS)
    bl = load(folder, box, other)
    report = await bl.aconnect(timeout=20, only="burst")
    states = {device.name: device.state for device in report.devices}
    assert (states["box"], states["burst"], states["other"]) == ("connected", "connected", "absent")
    box.put("ACTIVE", 1)
    with pytest.raises(Exception, match="burst: the pulser is sending already"):
        await bl.burst.trigger()
    box.put("ACTIVE", 0)
    await bl.burst.trigger()
    await bl.aclose()


def test_a_logic_that_sees_that_its_work_was_not_done_ends_the_plan(
    folder: Path, ioc_factory: IocFactory, run_engine_factory: Any
) -> None:
    box, other = ioc_factory(RECORDS), ioc_factory(RECORDS)
    engine: RunEngine = run_engine_factory()
    bl = load(folder, box, other, **{"devices.burst.pulses": 99})
    bl.connect(timeout=20).or_raise()
    with pytest.raises(FailedStatus) as raised:
        engine(bp.count([bl.burst]))
    assert "burst: 98 of 99 pulses were sent" in str(raised.value.__cause__ or raised.value)
    bl.close()
