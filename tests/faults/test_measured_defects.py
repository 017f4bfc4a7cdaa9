"""Defects that were measured in other device layers, in a plan on a real IOC: they do not exist here.

A refused put that is reported as done; a value that is older than the server's death in an event; a dead server that
costs the whole time-out of every read; one absent PV that makes two thousand others unusable.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus, Msg

from ophyd_decl import load_beamline
from ophyd_decl.errors import AbsentError, DisconnectedError, PutRefusedError
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

FILE = """\
api: ophyd_decl/v1
kind: beamline
name: faults
vars: {prefix: "T:"}
defaults: {protocol: PROTOCOL}
devices:
  axis: {type: signal, pv: "${{ prefix }}ao", dtype: float, access: rw}
  disabled: {type: signal, pv: "${{ prefix }}disabled", dtype: float, access: rw}
  det:
    type: group
    signals:
      ticking: {pv: "${{ prefix }}ticking", dtype: float, format: hinted}
      steady: {pv: "${{ prefix }}longout", dtype: int, format: read}
  nobody: {type: signal, pv: "${{ prefix }}nobody", dtype: float, connect: optional}
"""


@pytest.fixture(params=["ca", "pva"])
def ioc(request: pytest.FixtureRequest, ioc_factory: IocFactory, tmp_path: Path) -> Ioc:
    (tmp_path / "beamline.yaml").write_text(FILE.replace("PROTOCOL", request.param))
    return ioc_factory()


@pytest.fixture
def bl(ioc: Ioc, tmp_path: Path) -> Iterator[Any]:
    beamline = load_beamline(tmp_path, set={"vars.prefix": ioc.prefix})
    beamline.connect(timeout=1.5).or_raise()
    yield beamline
    beamline.close()


def read_until_it_fails(signal: Any) -> None:
    """Read for 5 s; the read under way when the server dies may still have its answer."""
    ends = time.monotonic() + 5.0
    while time.monotonic() < ends:
        signal.get()


def cause_of(error: BaseException) -> BaseException:
    """Return what a failed status of a plan holds."""
    if isinstance(error, FailedStatus):
        inner = error.__cause__ or error.args[0]
        return inner if isinstance(inner, BaseException) else inner.exception()
    return error


def test_a_refused_put_stops_the_plan(bl: Any, RE: RunEngine) -> None:
    reached: list[str] = []

    def plan() -> Iterator[Msg]:
        yield from bps.abs_set(bl.disabled, 5.0, wait=True)
        reached.append("the line after it")
        yield from bps.null()

    with pytest.raises((FailedStatus, PutRefusedError)) as caught:
        RE(plan())
    error = cause_of(caught.value)
    assert isinstance(error, PutRefusedError)
    assert bool(error)
    assert "disabled" in str(error)
    assert reached == []


def test_no_event_is_saved_after_the_server_has_died(bl: Any, ioc: Ioc, RE: RunEngine) -> None:
    events: list[Any] = []
    ended: list[Any] = []
    RE.subscribe(lambda name, doc: events.append(doc["data"]), "event")
    RE.subscribe(lambda name, doc: ended.append(doc["exit_status"]), "stop")

    def plan() -> Iterator[Msg]:
        yield from bps.stage(bl.det)
        yield from bps.open_run()
        yield from bps.trigger_and_read([bl.det])
        ioc.kill()
        died = time.monotonic()
        while time.monotonic() - died < 5:
            saved = len(events)
            yield from bps.trigger_and_read([bl.det])
            assert len(events) == saved + 1
            assert time.monotonic() - died < 1.0, "an event was saved more than 1 s after the server died"

    with pytest.raises(DisconnectedError) as caught:
        RE(plan())
    assert "det.ticking" in str(caught.value)
    assert "det.steady" in str(caught.value)
    assert ended == ["fail"]


def test_a_read_of_a_dead_server_does_not_wait_for_its_time_out(bl: Any, ioc: Ioc) -> None:
    assert bl.det.steady.get() == 3
    ioc.kill()
    started = time.monotonic()
    with pytest.raises(DisconnectedError, match=r"det\.steady"):
        read_until_it_fails(bl.det.steady)
    assert time.monotonic() - started < 1.0


def test_an_absent_device_raises_by_name_and_the_others_work(bl: Any, RE: RunEngine) -> None:
    states = {device.name: device.state for device in bl.report.devices}
    assert states == {"axis": "connected", "disabled": "connected", "det": "connected", "nobody": "absent"}
    RE(bp.count([bl.det], num=2))
    started = time.monotonic()
    with pytest.raises((FailedStatus, AbsentError)) as caught:
        RE(bp.count([bl.nobody]))
    assert time.monotonic() - started < 1.0
    error = cause_of(caught.value)
    assert isinstance(error, AbsentError)
    assert "nobody" in str(error)


GROUPS, IN_A_GROUP = 20, 100
RECORD = 'record(ai, "$(P)vN") { field(INP, "N") field(PINI, "YES") }\n'
MANY = "".join(RECORD.replace('N"', f'{n}"') for n in range(1, GROUPS * IN_A_GROUP))  # there is no `v0`


def many(folder: Path, protocol: str, prefix: str, absent: str) -> Any:
    """Return a beamline with two thousand PVs, of which the first is that of another name."""
    lines = ["api: ophyd_decl/v1", "kind: beamline", "name: many", f"defaults: {{protocol: {protocol}}}", "devices:"]
    for group in range(GROUPS):
        lines += [f"  g{group}:", "    type: group", "    signals:"]
        for number in range(group * IN_A_GROUP, (group + 1) * IN_A_GROUP):
            pv = f"{prefix}v{number}" if number else absent
            lines.append(f'      s{number}: {{pv: "{pv}", dtype: float, format: read}}')
    (folder / "beamline.yaml").write_text("\n".join(lines))
    return load_beamline(folder)


@pytest.mark.parametrize("protocol", ["ca", "pva"])
async def test_one_absent_pv_of_two_thousand_does_not_keep_the_others_waiting(
    protocol: str, ioc_factory: IocFactory, tmp_path: Path
) -> None:
    """Nobody can tell that it is absent, since it is of another server; it comes when all others were read."""
    ioc, late = ioc_factory(MANY), ioc_factory('record(ai, "$(P)late") { field(INP, "7") field(PINI, "YES") }')
    late.kill()
    beamline = many(tmp_path, protocol, ioc.prefix, late.pv("late"))
    connecting = asyncio.ensure_future(beamline.aconnect(timeout=120))
    try:
        await asyncio.sleep(0)  # the connect has begun
        async with asyncio.timeout(60):
            for number in range(1, GROUPS):
                values = await beamline[f"g{number}"].read()
                expected = range(number * IN_A_GROUP, (number + 1) * IN_A_GROUP)
                assert [one["value"] for one in values.values()] == list(expected)
            assert await beamline["g0.s1"].get_value() == 1.0
        assert beamline["g0.s0"].read_channel.state == "new"
        assert not connecting.done(), "the others came when the search for the absent one was given up"
        late.start()
        report = await connecting
        assert report.ok, str(report)
        assert await beamline["g0.s0"].get_value() == 7.0
    finally:
        connecting.cancel()
        await asyncio.wait([connecting])
        await beamline.aclose()


@pytest.mark.parametrize("protocol", ["ca", "pva"])
def test_one_absent_pv_of_two_thousand_costs_neither_the_time_out_nor_the_others(
    protocol: str, ioc_factory: IocFactory, tmp_path: Path, RE: RunEngine
) -> None:
    ioc = ioc_factory(MANY)
    beamline = many(tmp_path, protocol, ioc.prefix, ioc.pv("v0"))
    try:
        report = beamline.connect(timeout=120)
        assert report.elapsed_s < 60, "the absent one was waited for"
        assert [device.name for device in report.devices if device.state != "connected"] == ["g0"]
        assert beamline.g0.s1.get() == 1.0
        saved: list[Any] = []
        RE(bp.count([beamline.g19]), lambda name, doc: saved.append(doc["data"]) if name == "event" else None)
        assert len(saved[0]) == IN_A_GROUP
        with pytest.raises(AbsentError, match=r"g0\.s0"):
            beamline.g0.s0.get()
    finally:
        beamline.close()
