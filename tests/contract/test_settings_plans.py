"""Settings saved and put back by plans, on a real IOC."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import pytest
from bluesky import RunEngine
from bluesky.utils import Msg, RunEngineInterrupted, single_gen

from ophyd_decl import load_beamline
from ophyd_decl.errors import DefinitionError, OphydDeclError, ReadOnlyError, SettingsError
from ophyd_decl.plans import restore_settings, save_settings
from tests.contract.test_settings import at_rest
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

FOLDER = Path(__file__).parent / "settings"
START = {"speed": 1.5, "bare": 0.25, "count": 3, "mode": 1, "text": "12:30", "top": 10, "value": 1}


@pytest.fixture(scope="module")
def served(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(FOLDER / "records.db")


@pytest.fixture
def load(served: Ioc, epics_protocol: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    for name, value in START.items():
        served.put(name, value)
    shutil.copy(FOLDER / "types.yaml", tmp_path)
    (tmp_path / "beamline.yaml").write_text((FOLDER / "beamline.yaml").read_text().replace("PROTOCOL", epics_protocol))
    made: list[Any] = []

    def beamline(**settings: Any) -> Any:
        made.append(
            load_beamline(tmp_path, set={"vars.p": served.prefix, "defaults.protocol": epics_protocol} | settings)
        )
        made[-1].connect(timeout=3, only=["box", "guard"])
        return made[-1]

    yield beamline
    for one in made:
        one.close()


@pytest.fixture
def engine(run_engine_factory: Callable[..., RunEngine]) -> RunEngine:
    return run_engine_factory({}, call_returns_result=True)


def test_a_plan_saves_changes_and_puts_back(
    load: Callable[..., Any], engine: RunEngine, served: Ioc, tmp_path: Path
) -> None:
    bl = load()
    file = str(tmp_path / "box.yaml")
    sent: list[str] = []
    engine.msg_hook = lambda message: sent.append(message.obj.path) if message.command == "set" else None

    def plan() -> Iterator[Any]:
        report = yield from save_settings(file, bl.box)
        assert (len(report.changed), report.failures) == (11, {})
        yield from bps.mv(bl.box.top, 50, bl.box.mode, "Low Energy")
        yield from bps.mv(bl.box.count, 9)
        sent.clear()
        return (yield from restore_settings(file, bl.box))

    outcomes = engine(plan()).plan_result
    assert sent == ["box.top", "box.count", "box.mode"]
    assert {one.setting.path for one in outcomes if one.state == "set"} == set(sent)
    assert [bl.box.top.get(), bl.box.mode.get(), bl.box.count.get()] == [10, "Off", 3]


def test_a_put_that_takes_too_long_ends_the_plan_too(
    load: Callable[..., Any], engine: RunEngine, served: Ioc, tmp_path: Path
) -> None:
    bl = load(**{"devices.slow.overrides": {"wait1": {"timeout": {"write": 0.1}}}})
    bl.connect(timeout=3, only=["slow"])
    served.put("slow1", 0)
    at_rest(served, "slow1:wait")
    file = tmp_path / "slow.yaml"
    engine(save_settings(str(file), bl.slow))
    file.write_text(file.read_text().replace("slow.wait1: {value: 0", "slow.wait1: {value: 4"))
    with pytest.raises(SettingsError, match=r"1 settings timed out:\n  slow\.wait1: .*did not arrive") as caught:
        engine(restore_settings(str(file), bl.slow))
    assert {one.state for one in caught.value.outcomes} == {"unchanged", "timed out"}


def test_a_refused_put_ends_the_plan_after_all_others(
    load: Callable[..., Any], engine: RunEngine, tmp_path: Path
) -> None:
    bl = load()
    file = tmp_path / "guard.yaml"
    engine(save_settings(str(file), bl.guard))
    text = file.read_text()
    for path, old, new in (("count", "3", "8"), ("disabled", "1.0", "2.0"), ("guarded", "1.0", "2.0")):
        text = text.replace(f"{path}: {{value: {old}", f"{path}: {{value: {new}")
    text = text.replace("speed: {value: 1.5", "speed: {value: 2.5")
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"2 settings were refused:\n  guard\.disabled: ") as caught:
        engine(restore_settings(str(file), bl.guard))
    states = {one.setting.path: one.state for one in caught.value.outcomes}
    assert states == {
        "guard.count": "set", "guard.disabled": "refused", "guard.guarded": "refused", "guard.speed": "set",
    }  # fmt: skip
    assert (bl.guard.count.get(), bl.guard.speed.get(), bl.guard.disabled.get()) == (8, 2.5, 1)
    assert engine.state == "idle"


def test_a_plan_refuses_a_wrong_file_and_puts_nothing(
    load: Callable[..., Any], engine: RunEngine, tmp_path: Path
) -> None:
    bl = load()
    file = tmp_path / "box.yaml"
    engine(save_settings(str(file), bl.box))
    with pytest.raises(DefinitionError, match="E408"):
        engine(restore_settings(str(file), bl.guard))
    with pytest.raises(OphydDeclError, match="name devices of one beamline; these are of none"):
        engine(restore_settings(str(file)))
    text = file.read_text().replace("mm/s", "um/s").replace("value: 3", "value: 5")
    file.write_text(text)
    with pytest.raises(DefinitionError, match="has the unit mm/s, the file the unit um/s"):
        engine(restore_settings(str(file), bl.box))
    assert bl.box.count.get() == 3
    file.write_text(text.replace("um/s", "mm/s"))
    guest = load(read_only=True)
    with pytest.raises(ReadOnlyError):
        engine(restore_settings(str(file), guest.box))
    assert bl.box.count.get() == 3


SLOW = [f"slow.wait{number}" for number in range(1, 7)]


@pytest.fixture
def slow(load: Callable[..., Any], engine: RunEngine, served: Ioc, tmp_path: Path) -> tuple[Any, str]:
    """Return a beamline, and a file with other values of `slow`, whose puts take 0.7 s each."""
    bl = load()
    bl.connect(timeout=3, only="slow")
    for number in range(1, 7):
        served.put(f"slow{number}", 0)
    file = tmp_path / "slow.yaml"
    engine(save_settings(str(file), bl.slow))
    text = file.read_text().replace("{value: 0.0", "{value: 4.0").replace("last: {value: 0.25", "last: {value: 0.5")
    file.write_text(text)
    return bl, str(file)


def pausing(plan: Iterator[Msg], sent: list[str]) -> Iterator[Msg]:
    """Pause a plan while its third slow put is under way; note the paths of what is set."""

    def look(message: Msg) -> Any:
        if message.command == "set":
            sent.append(message.obj.path)
        if message.command == "wait" and sent == SLOW[:3]:
            sent.append("paused")
            return bpp.pchain(bps.pause(), single_gen(message)), None
        return None, None

    return bpp.plan_mutator(plan, look)


def test_a_restore_that_is_paused_goes_on_and_puts_everything(slow: tuple[Any, str], engine: RunEngine) -> None:
    bl, file = slow
    sent: list[str] = []
    with pytest.raises(RunEngineInterrupted):
        engine(pausing(restore_settings(file, bl.slow), sent))
    assert engine.state == "paused"
    assert sent == [*SLOW[:3], "paused"]
    outcomes = engine.resume().plan_result
    assert {one.setting.path: one.state for one in outcomes} == {
        "slow.count": "unchanged", **dict.fromkeys([*SLOW, "slow.last"], "set"),
    }  # fmt: skip
    assert [bl[path].get() for path in SLOW] == [4.0] * 6
    assert bl.slow.last.get() == 0.5


@pytest.mark.parametrize("how", ["abort", "stop", "halt"])
def test_a_restore_that_is_ended_puts_nothing_more(slow: tuple[Any, str], engine: RunEngine, how: str) -> None:
    bl, file = slow
    sent: list[str] = []
    with pytest.raises(RunEngineInterrupted):
        engine(pausing(restore_settings(file, bl.slow), sent))
    getattr(engine, how)()
    assert engine.state == "idle"
    assert sent == [*SLOW[:3], "paused"]
    assert [bl[path].get() for path in SLOW] == [4.0] * 3 + [0.0] * 3
    assert bl.slow.last.get() == 0.25
    outcomes = engine(restore_settings(file, bl.slow)).plan_result  # what is left is put by the next one
    assert [one.setting.path for one in outcomes if one.state == "set"] == [*SLOW[3:], "slow.last"]
