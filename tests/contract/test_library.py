"""Types of the library on real records, over Channel Access and pvAccess, by themselves and in plans."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.protocols import Movable, Triggerable
from bluesky.utils import ProgressBarManager, TerminalProgressBar
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline
from ophyd_decl.errors import BadValueError, LimitError, MoveFailedError, MoveTimeoutError, NotAllowedError, WriteError
from tests.contract.labs import until
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

pytestmark = pytest.mark.usefixtures("closed_channels")
RECORDS = ("ai", "ao", "longin", "longout", "bi", "bo", "mbbi", "mbbo", "stringin", "stringout", "waveform", "busy")


@pytest.fixture(scope="module")
def server(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(Path(__file__).parent / "library.db")


@pytest.fixture
def file(server: Ioc, epics_protocol: str, tmp_path: Path) -> Path:
    devices = "".join(f'  {name}: {{type: epics.{name}, prefix: "{server.pv(name)}"}}\n' for name in RECORDS)
    control = f'control: "{server.pv("con")}", status: "{server.pv("sta")}"'
    devices += f"  shutter: {{type: epics.shutter, {control}}}\n  valve: {{type: epics.valve, {control}, longest: 5}}\n"
    for name, keys in (
        ("locked", f'interlock: "{server.pv("ilk")}"'),
        ("labelled", f'interlock: "{server.pv("ilk:ok")}"'),
    ):
        label = ", interlock_label: OK" if name == "labelled" else ""
        devices += f"  {name}: {{type: epics.shutter, {control}, {keys}{label}}}\n"
    control = f'control: "{server.pv("slow:con")}", status: "{server.pv("slow:sta")}"'
    devices += (
        f"  slow: {{type: epics.shutter, {control}}}\n  hasty: {{type: epics.shutter, {control}, longest: 0.5}}\n"
    )
    for name, setpoint in (("stage", "sp"), ("far", "far")):
        readback, moving, stop = (("rb", "moving", ""), ("far:rb", "far:moving", "far:stop"))[name == "far"]
        pvs = f'setpoint: "{server.pv(setpoint)}", readback: "{server.pv(readback)}", done: "{server.pv(moving)}"'
        pvs += f', stop: "{server.pv(stop)}"' if stop else ""
        devices += f"  {name}: {{type: epics.positioner, {pvs}, done_is: false, grace: 10}}\n"
    pvs = f'setpoint: "{server.pv("long")}", readback: "{server.pv("long:rb")}", done: "{server.pv("long:moving")}"'
    devices += f"  long: {{type: epics.positioner, {pvs}, done_is: false, grace: 10}}\n"
    path = tmp_path / "beamline.yaml"
    path.write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: lab\ndefaults: {{protocol: {epics_protocol}}}\ndevices:\n{devices}"
    )
    return path


@pytest.fixture
async def bl(file: Path) -> AsyncIterator[Any]:
    beamline = load_beamline(file)
    (await beamline.aconnect(timeout=10)).or_raise()
    yield beamline
    await beamline.aclose()


@pytest.fixture
def connected(file: Path) -> Iterator[Any]:
    beamline = load_beamline(file)
    beamline.connect(timeout=10).or_raise()
    yield beamline
    beamline.close()


async def test_inputs_say_what_their_records_do(bl: Any) -> None:
    values = {name: await getattr(bl, name).value.get_value() for name in RECORDS}
    assert values.pop("waveform").tolist() == [0.5, 1.5, 2.5]
    assert values == {
        "ai": 1.5, "ao": 2.5, "longin": 7, "longout": 3, "bi": "Open", "bo": "Closed", "mbbi": "High", "mbbo": "Low",
        "stringin": "hello", "stringout": "hello", "busy": False,
    }  # fmt: skip
    key = (await bl.ai.describe())["ai-value"]
    assert (key["units"], key["precision"], bl.ai.hints) == ("mm", 3, {"fields": ["ai-value"]})
    assert await bl.ai.high_warning.get_value() == 5
    assert (await bl.waveform.most.get_value(), await bl.waveform.length.get_value()) == (8, 3)


@pytest.mark.parametrize(("name", "target", "before"), [
    ("ao", 7.25, 2.5), ("longout", 9, 3), ("bo", "Open", "Closed"), ("mbbo", "Off", "Low"),
    ("stringout", "bye", "hello"),
])  # fmt: skip
async def test_outputs_are_set_like_motors(bl: Any, server: Ioc, name: str, target: Any, before: Any) -> None:
    device = getattr(bl, name)
    assert isinstance(device, Movable)
    await device.set(target)
    assert (await device.read())[name]["value"] == target
    assert await device.locate() == {"setpoint": target, "readback": target}
    shown = server.command(f'dbgf "{server.pv(name)}"')
    assert str(target) in shown
    await device.set(before)


async def test_an_output_refuses_what_its_record_would_cut_off_or_not_have(bl: Any) -> None:
    with pytest.raises(LimitError, match=r"-50\.0, 50\.0"):
        await bl.ao.set(50.5)
    with pytest.raises(BadValueError, match="Medium"):
        await bl.mbbo.set("Medium")
    with pytest.raises(WriteError, match=r"39|40"):
        await bl.stringout.set("x" * 41)
    await bl.stringout.set("hello")
    assert await bl.ao.value.get_value(cached=False) == 2.5


async def test_an_array_is_written_and_read(bl: Any) -> None:
    await bl.waveform.value.set(np.array([4.0, 5.0]))
    assert (await bl.waveform.value.get_value()).tolist() == [4.0, 5.0]
    await bl.waveform.value.set(np.array([0.5, 1.5, 2.5]))


async def test_a_trigger_of_a_busy_record_ends_when_it_is_not_busy(bl: Any) -> None:
    assert isinstance(bl.busy, Triggerable)
    started = time.monotonic()
    await bl.busy.trigger()
    assert time.monotonic() - started > 0.25
    assert await bl.busy.value.get_value(cached=False) is False


@pytest.mark.parametrize("name", ["shutter", "valve"])
async def test_a_shutter_is_open_when_its_status_says_so(bl: Any, name: str) -> None:
    device = getattr(bl, name)
    await device.set("Open")
    assert await device.locate() == {"setpoint": "Open", "readback": "Open"}
    await device.set("Close")
    assert await device.status.get_value(cached=False) == "Close"
    assert (await device.read())[name]["value"] == "Close"


async def test_a_shutter_at_fault_is_an_error(bl: Any, server: Ioc) -> None:
    server.put("jam", 1)
    try:
        with pytest.raises(MoveFailedError, match="Fault"):
            await bl.shutter.set("Open")
    finally:
        server.put("jam", 0)
        await bl.valve.reset.execute()
    assert await bl.shutter.status.get_value(cached=False) == "Close"


@pytest.mark.parametrize(("name", "record", "free", "held"), [("locked", "ilk", 0, 1), ("labelled", "ilk:ok", 1, 0)])
async def test_a_shutter_that_is_interlocked_is_closed_and_not_opened(
    bl: Any, server: Ioc, name: str, record: str, free: int, held: int
) -> None:
    device = getattr(bl, name)
    await device.set("Open")
    server.put(record, held)
    try:
        await device.set("Close")
        with pytest.raises(NotAllowedError, match=r"not allowed to go to Open now: .*interlock.*nothing was sent"):
            await device.set("Open")
        with pytest.raises(NotAllowedError):
            await device.check_value("Open")
        assert await device.control.get_value(cached=False) == "Close"
    finally:
        server.put(record, free)
    await device.set("Open")
    await device.set("Close")


async def test_a_positioner_that_is_done_later_than_its_put(bl: Any) -> None:
    updates: list[Any] = []
    status = bl.stage.set(3.0)
    status.watch(lambda **update: updates.append(update))
    await status
    assert await bl.stage.user_readback.get_value(cached=False) == 3.0
    assert await bl.stage.in_position.get_value(cached=False) is False
    assert (updates[0]["target"], updates[-1]["current"], updates[-1]["unit"]) == (3.0, 3.0, "mm")
    await bl.stage.set(0.0)


async def test_a_shutter_that_is_stopped_on_its_way_goes_on_by_itself(bl: Any, server: Ioc) -> None:
    status = bl.slow.set("Open")
    await until(lambda: '"Opening"' in server.command(f'dbgf "{server.pv("slow:sta")}"') or status.done)
    assert not status.done
    await bl.slow.stop(success=True)
    await asyncio.wait([status.task])
    assert await bl.slow.control.get_value(cached=False) == "Open"
    await until(lambda: '"Open"' in server.command(f'dbgf "{server.pv("slow:sta")}"'))
    await bl.slow.set("Close")


async def test_a_shutter_that_takes_too_long_is_an_error(bl: Any, server: Ioc) -> None:
    with pytest.raises(MoveTimeoutError, match=r"0\.5 s"):
        await bl.hasty.set("Open")
    await until(lambda: '"Open"' in server.command(f'dbgf "{server.pv("slow:sta")}"'))
    await bl.slow.set("Close")


async def test_a_positioner_is_stopped_by_its_pv(bl: Any, server: Ioc) -> None:
    status = bl.far.set(5.0)
    await until(lambda: '"Moving"' in server.command(f'dbgf "{server.pv("far:moving")}"') or status.done)
    assert not status.done
    await bl.far.stop(success=True)
    await status
    assert await bl.far.in_position.get_value(cached=False) is False
    assert server.command(f'dbgf "{server.pv("far:stop")}"').split()[-1] == '"Stop"'


@pytest.mark.parametrize("way", ["stop", "cancel"])
async def test_a_positioner_without_a_stop_ends_where_it_is_and_not_at_its_target(
    bl: Any, server: Ioc, way: str
) -> None:
    def value_of(name: str) -> float:
        return float(server.command(f'dbgf "{server.pv(name)}"').split()[-1])

    status = bl.long.set(5.0)
    await until(lambda: value_of("long") == 5.0)
    if way == "stop":
        await bl.long.stop(success=True)
    else:
        status.task.cancel()
    await asyncio.wait([status.task])
    assert value_of("long") == 0.0
    await until(lambda: '"Done"' in server.command(f'dbgf "{server.pv("long:moving")}"'))
    assert value_of("long:most") == 0.0  # it was never at its target


def test_they_run_in_plans(connected: Any, run_engine_factory: Callable[..., RunEngine]) -> None:
    engine = run_engine_factory()
    seen: list[tuple[str, Any]] = []
    engine.subscribe(lambda name, document: seen.append((name, document)))

    def plan() -> Any:
        yield from bps.mv(connected.shutter, "Open")
        yield from bp.scan([connected.ai, connected.shutter, connected.busy], connected.ao, 1, 3, 3)
        yield from bps.mv(connected.shutter, "Close", connected.ao, 2.5)

    engine(plan())
    for name, document in seen:
        schema_validators[DocumentNames[name]].validate(document)
    events = [document for name, document in seen if name == "event"]
    assert [event["data"]["ao"] for event in events] == [1, 2, 3]
    assert {event["data"]["ai-value"] for event in events} == {1.5}
    assert {event["data"]["shutter"] for event in events} == {"Open"}


def test_a_progress_bar_shows_each_move(
    connected: Any,
    run_engine_factory: Callable[..., RunEngine],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = run_engine_factory()
    engine.waiting_hook = ProgressBarManager(partial(TerminalProgressBar, delay_draw=0))

    def plan() -> Any:
        yield from bps.mv(connected.shutter, "Open", connected.stage, 3.0)
        yield from bps.mv(connected.ao, 7.0, connected.longout, 9, connected.stringout, "bye")
        yield from bps.mv(connected.ao.value, 2.5, connected.longout, 3, connected.stringout, "hello")
        yield from bps.trigger(connected.busy, wait=True)
        yield from bps.mv(connected.shutter, "Close", connected.stage, 0.0)

    engine(plan())
    drawn = capsys.readouterr().out
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "WARNING")]
    for name in ("shutter", "stage", "ao", "longout", "stringout"):
        assert re.search(rf"\b{name}\b", drawn), name
    assert re.search(r"stage: +0%\|.* 0\.0/3\.0", drawn)
    assert "100%" in drawn
    assert "None" not in drawn
