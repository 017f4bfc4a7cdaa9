"""A flag that goes 1, 0, 1 faster than the loop turns, in the midst of thousands of other updates, is never missed."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.devices.condition import Condition, Observation
from ophyd_decl.formula import Formula
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import until
from tests.faults import floods
from tests.faults.wakes import Wakes
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

READBACKS = 200
PERIOD_S = 0.05
#: As long as nobody should have to wait, however slow the machine is.
GRACE_S = 60.0
FILE = """\
api: ophyd_decl/v1
kind: beamline
name: flood
use: [./types.yaml]
vars: {prefix: "FLOOD:"}
defaults: {protocol: PROTOCOL}
devices:
  axis: {type: flood.axis, prefix: "${{ prefix }}"}
  flag: {type: flood.flag, prefix: "${{ prefix }}"}
  burst: {type: flood.burst, prefix: "${{ prefix }}"}
"""
TYPES = """\
api: ophyd_decl/v1
kind: types
namespace: flood
types:
  axis:
    params: {prefix: {type: str}}
    signals:
      setpoint: {suffix: axis, dtype: float, access: rw}
      readback: {suffix: "axis:readback", dtype: float}
      done: {suffix: "axis:done", dtype: bool}
    logic:
      movable: {use: setpoint, setpoint: setpoint, readback: readback, done: done, grace: GRACE, timeout: 100}
  flag:
    params: {prefix: {type: str}}
    signals: {flag: {suffix: done, dtype: bool}}
    commands: {pulse: {suffix: pulses.PROC}}
    logic:
      triggerable: {use: start_and_wait, start: pulse, done: flag, grace: GRACE, timeout: 100}
  readback:
    params: {prefix: {type: str}}
    signals: {value: {suffix: "", dtype: float, format: read}}
  burst:
    params: {prefix: {type: str}}
    vectors:
      rb: {type: flood.readback, keys: "${{ range(0, COUNT) }}", prefix: "${{ prefix }}rb${{ key }}"}
"""


@pytest.fixture(scope="module")
def flood(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(floods.database(READBACKS, PERIOD_S))


@pytest.fixture(params=["ca", "pva"])
async def bl(request: pytest.FixtureRequest, flood: Ioc, tmp_path: Path) -> AsyncIterator[Any]:
    (tmp_path / "beamline.yaml").write_text(FILE.replace("PROTOCOL", request.param))
    (tmp_path / "types.yaml").write_text(TYPES.replace("COUNT", str(READBACKS)).replace("GRACE", str(GRACE_S)))
    beamline = load_beamline(tmp_path, set={"vars.prefix": flood.prefix})
    (await beamline.aconnect(timeout=20)).or_raise()
    await beamline.burst.stage()
    yield beamline
    floods.end(flood)
    await beamline.burst.unstage()
    await beamline.aclose()


def pulses_of(flood: Ioc) -> int:
    """Return how often the flag has gone 1, 0, 1."""
    return int(flood.command(f"dbgf {flood.pv('pulses')}").split()[-1])


async def test_a_condition_sees_every_pulse(bl: Any, flood: Ioc, monkeypatch: pytest.MonkeyPatch) -> None:
    condition = Condition(Formula("flag"), {"flag": bl.flag.flag}, {})
    before = pulses_of(flood)
    updates, falls = 0, 0

    def count(_: object) -> None:
        nonlocal updates
        updates += 1

    for item in bl.burst.rb.values():
        item.value.subscribe(count)
    async with Observation([bl.flag.flag]) as seen:
        wakes = Wakes(monkeypatch)
        floods.begin(flood)
        started = time.monotonic()
        turns = itertools.count()
        while time.monotonic() - started < 1.5:
            if next(turns) % 3 == 0:
                time.sleep(0.2)  # noqa: ASYNC251  # the loop does not turn, and bursts pile up
            while await seen.next(0.001):
                falls += not condition.holds(seen.snapshot)
        floods.end(flood)
        await asyncio.to_thread(time.sleep, 3 * PERIOD_S)
        sent = pulses_of(flood) - before
        last = bl.burst.rb[0].value
        await until(lambda: last.newest.value == pulses_of(flood), 20.0)
        woken = wakes.count
        while await seen.next(0.5):
            falls += not condition.holds(seen.snapshot)
    assert sent > 5
    assert falls == sent
    assert bl.flag.flag.dropped == 0
    # Of the others only the newest is told, and a burst is one wake.
    assert updates + sum(item.value.dropped for item in bl.burst.rb.values()) > sent * READBACKS / 4
    assert woken < sent * READBACKS / 4


async def test_a_move_whose_done_falls_and_rises_at_once_does_not_wait_for_its_grace(bl: Any, flood: Ioc) -> None:
    floods.begin(flood)
    for target in (1.0, 2.0):
        started = time.monotonic()
        status = bl.axis.set(target)
        while not status.done:
            time.sleep(0.1)  # noqa: ASYNC251  # the loop does not turn: everything is over when it does
            await asyncio.sleep(0)
        await status
        assert time.monotonic() - started < GRACE_S / 2
        assert (await bl.axis.read())["axis"]["value"] == target


async def test_a_trigger_whose_done_falls_and_rises_at_once_does_not_wait_for_its_grace(bl: Any, flood: Ioc) -> None:
    before = pulses_of(flood)
    for _ in range(3):
        started = time.monotonic()
        status = bl.flag.trigger()
        while not status.done:
            time.sleep(0.1)  # noqa: ASYNC251  # as above
            await asyncio.sleep(0)
        await status
        assert time.monotonic() - started < GRACE_S / 2
    assert pulses_of(flood) == before + 3


async def test_what_a_refresh_passes_over_is_told_all_the_same(bl: Any, flood: Ioc) -> None:
    async with Observation([bl.flag.flag]) as seen:
        told: list[Any] = []
        seen.follow(lambda leaf: told.append(seen.snapshot[leaf]))
        before = pulses_of(flood)
        for _ in range(3):
            flood.put("pulses.PROC", 1)
        await until(lambda: [update.value for _, update in seen._updates][-6:] == [False, True] * 3)
        await seen.refresh()  # the answer is younger than all of them
    values = [update.value for update in told if isinstance(update, Reading)]
    assert values.count(False) == 3
    assert pulses_of(flood) == before + 3
