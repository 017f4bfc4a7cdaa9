"""Which signals are settings, how they are asked, saved and put back."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.devices.signal import WireSignalRW
from ophyd_decl.errors import OphydDeclError
from ophyd_decl.session.settings import saving
from ophyd_decl.session.settings.choice import settings_of
from ophyd_decl.session.settings.comparison import chosen_of, compare_settings
from ophyd_decl.session.settings.file import read_settings
from ophyd_decl.session.settings.restoring import Restoration
from ophyd_decl.session.settings.saving import Save, existing_settings
from ophyd_decl.session.settings.text import Saved, new_text
from ophyd_decl.session.text_file import write_whole

FILE = """\
api: ophyd_decl/v1
kind: beamline
name: lab
devices:
  many:
    type: group
    signals:
SIGNALS      later: {soft: 1.0, dtype: float, access: rw, restore: 2}
      never: {soft: 1.0, dtype: float, access: rw, restore: never}
      seen: {soft: 1.0, dtype: float}
  axis:
    type: group
    signals: {sp: {soft: 1.0, dtype: float, access: rw}, v: {soft: 1.0, dtype: float, access: rw}}
    logic:
      movable: {use: setpoint, setpoint: sp}
  lift:
    type: group
    signals: {sp: {soft: 1.0, dtype: float, precision: 1, access: rw, restore: 1}}
    derived: {half: {dtype: float, inputs: {sp: lift.sp}, get: sp / 2, set: {lift.sp: 2 * value}}}
    logic:
      movable: {use: setpoint, setpoint: sp}
  table:
    type: group
    signals:
      left: {soft: 1.0, dtype: float, access: rw}
      right: {soft: 1.0, dtype: float, access: rw}
      far: {soft: 1.0, dtype: float, access: rw}
    derived:
      height: {dtype: float, inputs: {a: left, b: right}, get: (a + b) / 2, set: {left: value, right: value}}
      half: {dtype: float, inputs: {h: height}, get: h / 2, set: {height: 2 * value}}
      twice: {dtype: float, inputs: {far: far}, get: 2 * far, set: {far: value / 2}}
    logic:
      movable: {use: derived, signal: half}
  other:
    type: group
    derived:
      double: {dtype: float, inputs: {far: table.far}, get: 2 * far, set: {table.far: value / 2}}
    logic:
      movable: {use: setpoint, setpoint: double}
""".replace("SIGNALS", "".join(f"      s{n}: {{soft: {n}, dtype: int, access: rw}}\n" for n in range(20)))


@pytest.fixture
def bl(tmp_path: Path) -> Any:
    (tmp_path / "beamline.yaml").write_text(FILE)
    return load_beamline(tmp_path)


def test_what_moves_is_a_setting_only_where_the_file_says_when(bl: Any) -> None:
    phases = {setting.path: setting.phase for setting in settings_of(bl.devices.values())}
    assert phases == {**{f"many.s{n}": 0 for n in range(20)}, "many.later": 2, "axis.v": 0, "lift.sp": 1}
    assert [setting.path for setting in settings_of([bl.axis, bl.axis.v])] == ["axis.v"]
    assert settings_of([bl.table.far]) == []


def test_a_movable_to_which_a_param_is_missing_hinders_no_other(tmp_path: Path) -> None:
    (tmp_path / "types.yaml").write_text(
        "api: ophyd_decl/v1\nkind: types\nnamespace: own\ntypes:\n  t:\n"
        "    params: {other: {type: ref, to: signal, default: null}}\n"
        "    signals: {sp: {soft: 1.0, dtype: float, access: rw}}\n"
        "    derived: {half: {dtype: float, inputs: {sp: sp}, get: sp / 2, set: {other: 2 * value}}}\n"
        "    logic: {movable: {use: derived, signal: half}}\n"
        "  u:\n"
        "    params: {other: {type: ref, to: signal, default: null}}\n"
        "    logic: {movable: {use: setpoint, setpoint: other}}\n"
    )
    (tmp_path / "beamline.yaml").write_text(
        "api: ophyd_decl/v1\nkind: beamline\nname: lab\nuse: [types.yaml]\ndevices: {a: {type: own.t}, "
        "b: {type: own.t, other: c}, d: {type: own.u}, c: {type: signal, soft: 1.0, dtype: float, access: rw}}\n"
    )
    bl = load_beamline(tmp_path)
    assert [setting.path for setting in settings_of(bl.devices.values())] == ["a.sp", "b.sp"]
    with pytest.raises(OphydDeclError, match="d: nothing was given for `other`"):
        _ = bl.d.setpoint_signal


async def test_all_are_read_in_one_call(bl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    read = SoftConnector.read

    async def count(self: SoftConnector, requests: Any) -> Any:
        calls.append(len(requests))
        return await read(self, requests)

    await bl.aconnect()
    monkeypatch.setattr(SoftConnector, "read", count)
    report = await Save(str(tmp_path / "settings.yaml"), "lab", list(bl.devices.values()), None).run()
    assert (len(report.changed), calls) == (23, [23])
    await bl.aclose()


def save_lift(bl: Any, path: Path) -> Save:
    return Save(str(path), "lab", [bl.lift], existing_settings(str(path)))


async def test_a_file_that_somebody_writes_meanwhile_is_left_as_it_is(bl: Any, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    await bl.aconnect()
    first, second = save_lift(bl, path), save_lift(bl, path)
    assert (await first.run()).changed == ["lift.sp"]
    text = path.read_text()
    with pytest.raises(FileExistsError, match="the file was changed meanwhile, nothing was written"):
        await second.run()
    assert path.read_text() == text
    await bl.lift.sp.set(2.0)
    third = save_lift(bl, path)
    path.write_text(text + "# by hand\n")
    with pytest.raises(FileExistsError, match="the file was changed meanwhile, nothing was written"):
        await third.run()
    assert path.read_text() == text + "# by hand\n"
    fourth = save_lift(bl, path)
    path.unlink()
    with pytest.raises(FileExistsError, match="the file was changed meanwhile, nothing was written"):
        await fourth.run()
    assert os.listdir(tmp_path) == ["beamline.yaml"]
    await bl.aclose()


async def test_a_file_of_another_editor_is_not_taken_for_one_that_was_changed(bl: Any, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    await bl.aconnect()
    await save_lift(bl, path).run()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    await bl.lift.sp.set(2.0)
    assert (await save_lift(bl, path).run()).changed == ["lift.sp"]
    assert b"  lift.sp: {value: 2.0, dtype: float}\r\n" in path.read_bytes()
    await bl.aclose()


async def test_a_slow_disk_does_not_hold_up_the_loop(bl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, goes_on = threading.Event(), threading.Event()

    def write(path: Path, text: str, **options: Any) -> None:
        began.set()
        assert goes_on.wait(2)
        write_whole(path, text, **options)

    monkeypatch.setattr(saving, "write_whole", write)
    await bl.aconnect()
    save = asyncio.create_task(save_lift(bl, tmp_path / "settings.yaml").run())
    while not began.is_set():  # noqa: ASYNC110  # it is set in a thread
        await asyncio.sleep(0.01)
    goes_on.set()
    assert (await save).changed == ["lift.sp"]
    await bl.aclose()


def restoration_of(bl: Any, path: Path, value: float) -> Restoration:
    saved = Saved(value, "float", None)
    path.write_text(new_text("lab", {"lift": "group"}, {"lift.sp": saved}))
    return Restoration(chosen_of(read_settings(str(path)), settings_of([bl.lift])))


async def test_a_difference_that_precision_does_not_show_is_put_back(bl: Any, tmp_path: Path) -> None:
    await bl.aconnect()
    restoration = restoration_of(bl, tmp_path / "settings.yaml", 1.04)
    (one,) = await compare_settings([(one.setting, one.entry) for one in restoration.outcomes])
    assert one.state == "same"
    await restoration.check()
    await restoration.run()
    assert [one.state for one in restoration.outcomes] == ["set"]
    assert await bl.lift.sp.get_value() == 1.04
    await bl.aclose()


async def test_a_put_under_way_that_is_cancelled_twice_may_have_been_sent(
    bl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = asyncio.Event()

    async def write(self: Any, value: Any, timeout_s: float | None) -> None:
        sent.set()
        await asyncio.Event().wait()

    await bl.aconnect()
    restoration = restoration_of(bl, tmp_path / "settings.yaml", 2.0)
    monkeypatch.setattr(WireSignalRW, "_write", write)
    task = asyncio.create_task(restoration.run())
    await sent.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(one.state, one.reason) for one in restoration.outcomes] == [
        ("interrupted", "its put was under way, and may have been sent")
    ]
    await bl.aclose()
