"""Flights of the type `epics.motor`, with a run-up and a run-down, over Channel Access and pvAccess."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bluesky.plan_stubs as bps
import pytest
from bluesky import RunEngine
from bluesky.protocols import Flyable, Preparable

from ophyd_decl import FlyMotorInfo, load_beamline
from ophyd_decl.errors import BusyError, LimitError, MoveFailedError, OphydDeclError, WriteError
from ophyd_decl.logic.motor_fly import ramp_distance
from tests.cancelled import NextStart
from tests.servers.motors import OTHER, RAW, Motors, RawMotor, motors

pytestmark = pytest.mark.usefixtures("closed_channels")
#: 1 mm/s, so with 0.1 s a ramp of 0.05 mm.
FLIGHT = FlyMotorInfo(0.1, 0.4, 0.3)


@pytest.fixture(scope="module")
def server() -> Iterator[Motors]:
    with motors("FLY:") as made:
        yield made


@pytest.fixture(params=["ca", "pva"])
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def raw(protocol: str, server: Motors) -> AsyncIterator[RawMotor]:
    async with RAW[OTHER[protocol]](server.take()) as client:
        yield client


def beamline_of(name: str, protocol: str, folder: Path) -> Any:
    file = folder / "beamline.yaml"
    device = f'{{type: epics.motor, prefix: "{name}"}}'
    file.write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: i99\ndefaults: {{protocol: {protocol}}}\ndevices: {{m: {device}}}\n"
    )
    return load_beamline(file)


@pytest.fixture
async def motor(protocol: str, raw: RawMotor, tmp_path: Path) -> AsyncIterator[Any]:
    beamline = beamline_of(raw.name, protocol, tmp_path)
    (await beamline.aconnect(timeout=10)).or_raise()
    yield beamline.m
    await beamline.aclose()


def near(*values: float) -> Any:
    return pytest.approx(values, abs=0.0011)  # a step of the motor is 0.001


@pytest.mark.parametrize("info", [FLIGHT, FlyMotorInfo(-0.1, -0.4, 0.3), SimpleNamespace(
    start_position=0.1, end_position=0.4, time_for_move=0.3, timeout="CALCULATE_TIMEOUT"
)])  # fmt: skip
async def test_a_flight_runs_up_flies_and_runs_down(motor: Any, raw: RawMotor, info: Any) -> None:
    sign = math.copysign(1, info.end_position)
    await motor.prepare(info)
    assert await raw.numbers("RBV", "VELO") == near(sign * 0.05, 1.0)
    await raw.watch("RBV", "DMOV")
    await motor.kickoff()
    assert await raw.get("DMOV") == 0
    assert sign * (await motor.get_value()) >= 0.1 - 0.0011
    updates: list[Any] = []
    status = motor.complete()
    status.watch(lambda **update: updates.append(update))
    await status
    assert await raw.numbers("RBV", "DMOV") == near(sign * 0.45, 1)
    assert await raw.get("VELO") == 2.0
    assert updates[-1]["current"] == await raw.get("RBV")
    assert len(updates) > 3
    assert motor._moves == []


async def test_it_flies_at_the_velocity_between_its_positions(motor: Any, raw: RawMotor) -> None:
    await motor.prepare(FLIGHT)
    seen: list[tuple[float, float]] = []
    number = motor.user_readback.subscribe(
        lambda reading: seen.append((reading["m"]["timestamp"], reading["m"]["value"]))
    )
    await motor.kickoff()
    await motor.complete()
    motor.clear_sub(number)
    inside = [(at, position) for at, position in seen if 0.1 <= position <= 0.4]
    assert len(inside) >= 5
    (first_s, first), (last_s, last) = inside[0], inside[-1]
    assert (last - first) / (last_s - first_s) == pytest.approx(1.0, rel=0.1)


def test_the_run_up_is_that_of_a_constant_acceleration() -> None:
    assert ramp_distance(2.0, 0.0, 0.5) == 0.5
    assert ramp_distance(2.0, 1.0, 0.5) == 0.75
    assert FlyMotorInfo(1, 3, 4).ends(0.5) == (0.5, 3.5)
    assert FlyMotorInfo(3, 1, 4).ends(0.5) == (3.5, 0.5)
    assert FlyMotorInfo(3, 1, 4).velocity == 0.5


@pytest.mark.parametrize(("info", "error", "message"), [
    (FlyMotorInfo(24.0, 24.99, 0.1), LimitError, "outside the limits"),
    (FlyMotorInfo(-24.99, -24.0, 0.1), LimitError, "outside the limits"),
    (FlyMotorInfo(0, 1, 0.0001), LimitError, r"velocity of 10000 is outside \[0, 1000\]"),
    (FlyMotorInfo(1, 1, 1), MoveFailedError, "no velocity"),
    (FlyMotorInfo(0, 1, 0), MoveFailedError, "no velocity"),
    (3.0, OphydDeclError, "takes a FlyMotorInfo, not 3.0"),
])  # fmt: skip
async def test_a_flight_that_cannot_be_is_refused_before_anything_moves(
    motor: Any, raw: RawMotor, info: Any, error: type[Exception], message: str
) -> None:
    await raw.watch("VAL", "VELO")
    with pytest.raises(error, match=message):
        await motor.prepare(info)
    assert {value for field, value in raw.seen if field == "VAL"} <= {0.0}
    assert await raw.numbers("VAL", "VELO", "DMOV") == [0, 2, 1]


async def test_a_flight_with_backlash_is_refused(motor: Any, raw: RawMotor) -> None:
    await raw.put("BDST", 0.1)
    with pytest.raises(MoveFailedError, match=r"backlash of 0\.1"):
        await motor.prepare(FLIGHT)


async def test_verbs_have_their_order(motor: Any) -> None:
    with pytest.raises(MoveFailedError, match="`kickoff` comes after `prepare`"):
        await motor.kickoff()
    await motor.prepare(FLIGHT)
    with pytest.raises(MoveFailedError, match="`complete` comes after `kickoff`"):
        await motor.complete()


async def test_a_prepare_during_a_flight_is_refused_and_the_flight_goes_on(motor: Any, raw: RawMotor) -> None:
    await motor.prepare(FLIGHT)
    await motor.kickoff()
    await raw.watch("VELO")
    with pytest.raises(BusyError, match="it still flies; `prepare` was not begun"):
        await motor.prepare(FlyMotorInfo(1, 2, 1))
    assert raw.values("VELO") == []
    await motor.complete()
    assert await raw.numbers("RBV", "VELO", "DMOV") == near(0.45, 2, 1)


async def test_a_flight_that_has_ended_uncompleted_may_be_prepared_anew(motor: Any, raw: RawMotor) -> None:
    await raw.watch("DMOV")
    await motor.prepare(FlyMotorInfo(0.1, 20.1, 20))
    await motor.kickoff()
    await raw.put("STOP", 1, wait=False)
    await raw.until(lambda: not motor._logic("flyer").flying)
    await motor.prepare(FLIGHT)
    await motor.kickoff()
    await motor.complete()
    assert await raw.numbers("RBV", "VELO", "DMOV") == near(0.45, 2, 1)


@pytest.mark.parametrize(("field", "value"), [("VAL", 1.0), ("VAL", 0.2), ("OFF", 0.1), ("VELO", 1.5), ("ACCL", 0.2)])
async def test_a_motor_that_is_not_as_it_was_prepared_does_not_fly(
    motor: Any, raw: RawMotor, field: str, value: float
) -> None:
    await motor.prepare(FLIGHT)
    await raw.put(field, value)
    await raw.watch("DMOV", "VAL")
    with pytest.raises(MoveFailedError, match="not as `prepare` left it; nothing was sent"):
        await motor.kickoff()
    assert raw.seen == []
    assert await raw.get("VELO") == 2
    await motor.prepare(FLIGHT)
    await motor.kickoff()
    await motor.complete()


async def test_a_ramp_that_becomes_another_one_in_prepare_is_an_error(motor: Any, raw: RawMotor) -> None:
    await raw.put("VMAX", 2)
    await raw.watch("MOVN")
    status = motor.prepare(FlyMotorInfo(1.1, 1.4, 0.3))
    await raw.until(lambda: raw.values("MOVN")[-1:] == [1])
    await raw.put("ACCL", 0.2)
    with pytest.raises(MoveFailedError, match="did not take what the flight needs") as caught:
        await status
    assert (caught.value.expected, caught.value.found) == ("ACCL 0.1", "ACCL 0.2")
    assert await raw.get("VELO") == 2


async def test_unstage_ends_a_flight_and_puts_the_velocity_back(motor: Any, raw: RawMotor) -> None:
    await motor.stage()
    await motor.prepare(FlyMotorInfo(0.1, 20.1, 20))
    await motor.kickoff()
    await motor.unstage()
    assert await raw.numbers("DMOV", "MOVN", "VELO") == [1, 0, 2]
    assert await raw.get("RBV") < 5
    with pytest.raises(MoveFailedError, match="comes after"):
        await motor.complete()


async def test_unstage_ends_the_way_to_the_start(motor: Any, raw: RawMotor) -> None:
    await raw.put("VMAX", 2)
    await raw.watch("MOVN")
    status = motor.prepare(FlyMotorInfo(20, 21, 1))
    await raw.until(lambda: raw.values("MOVN")[-1:] == [1])
    with pytest.raises(BusyError, match="it still flies; `prepare` was not begun"):
        await motor.prepare(FLIGHT)
    await motor.unstage()
    assert status.done
    assert not status.success
    assert await raw.numbers("DMOV", "MOVN", "VELO") == [1, 0, 2]
    await motor.prepare(FLIGHT)


async def test_a_flight_into_a_switch_fails_and_puts_the_velocity_back(motor: Any, raw: RawMotor) -> None:
    await motor.prepare(FLIGHT)
    await raw.put(":HighSwitch", 0.25)
    await motor.kickoff()
    with pytest.raises(MoveFailedError, match="high limit switch"):
        await motor.complete()
    assert await raw.numbers("RBV", "VELO", "DMOV") == [0.25, 2, 1]


async def take_puts(raw: RawMotor, takes: bool) -> None:
    """Let a record take puts or not; a put that waits would wait for the end of the move."""
    await raw.put("DISP", int(not takes), wait=False)
    assert await raw.get("DISP") == int(not takes)


async def test_a_velocity_that_could_not_be_put_back_is_put_back_at_unstage(motor: Any, raw: RawMotor) -> None:
    await motor.prepare(FLIGHT)
    await motor.kickoff()
    await take_puts(raw, False)
    with pytest.raises(WriteError):
        await motor.complete()
    assert await raw.numbers("VELO", "DMOV") == near(1.0, 1)
    await take_puts(raw, True)
    await motor.unstage()
    assert await raw.get("VELO") == 2


async def test_a_flight_that_could_not_be_stopped_is_stopped_at_the_next_unstage(motor: Any, raw: RawMotor) -> None:
    await motor.prepare(FlyMotorInfo(0.1, 20.1, 20))
    await motor.kickoff()
    await take_puts(raw, False)
    with pytest.raises(WriteError):
        await motor.unstage()
    await take_puts(raw, True)
    await motor.unstage()
    assert await raw.numbers("DMOV", "MOVN", "VELO") == [1, 0, 2]


async def test_a_cancelled_complete_stops_the_motor(motor: Any, raw: RawMotor) -> None:
    await motor.prepare(FlyMotorInfo(0.1, 20.1, 20))
    await motor.kickoff()
    status = motor.complete()
    await asyncio.sleep(0)
    status.task.cancel()
    await asyncio.wait([status.task])
    assert await raw.numbers("DMOV", "MOVN", "VELO") == [1, 0, 2]


@pytest.mark.parametrize("verb", ["prepare", "kickoff", "complete"])
async def test_a_verb_cancelled_at_any_await_leaves_nothing_behind_after_unstage(
    motor: Any, raw: RawMotor, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    await raw.put("ACCL", 0.01)
    binding = motor._context.binding
    following = NextStart(binding, monkeypatch)
    steps = {
        "prepare": lambda: motor.prepare(FlyMotorInfo(0.1, 0.14, 0.02)),
        "kickoff": lambda: motor.kickoff(),
        "complete": lambda: motor.complete(),
    }
    cancelled = 0
    while True:
        for before in list(steps)[: list(steps).index(verb)]:
            await steps[before]()
        following.cancel_at(cancelled + 1)
        status = steps[verb]()
        await asyncio.wait([status.task])
        await motor.unstage()
        assert await raw.numbers("DMOV", "MOVN", "VELO") == [1, 0, 2]
        assert motor._moves == []
        assert binding.idle
        if not status.task.cancelled():
            assert status.success
            break
        cancelled += 1
        await motor.set(0.0)
    assert cancelled >= following.made[-1].waits >= 3


async def test_a_flight_in_mock_mode(protocol: str, tmp_path: Path) -> None:
    beamline = beamline_of("NOWHERE", protocol, tmp_path)
    (await beamline.aconnect(mock=True)).or_raise()
    await beamline.m.prepare(FLIGHT)
    assert await beamline.m.velocity.get_value() == pytest.approx(1.0)
    await beamline.m.kickoff()
    await beamline.m.complete()
    assert await beamline.m.get_value() == FLIGHT.end_position
    assert await beamline.m.velocity.get_value() == 0
    await beamline.aclose()


def test_a_run_engine_flies_it(
    server: Motors, protocol: str, tmp_path: Path, run_engine_factory: Callable[..., RunEngine]
) -> None:
    engine = run_engine_factory(call_returns_result=True)
    beamline = beamline_of(server.take(), protocol, tmp_path)
    beamline.connect(timeout=10).or_raise()
    try:
        motor = beamline.m
        assert isinstance(motor, Preparable)
        assert isinstance(motor, Flyable)

        def plan() -> Any:
            yield from bps.stage(motor)
            yield from bps.open_run()
            yield from bps.prepare(motor, FLIGHT, wait=True)
            yield from bps.kickoff(motor, wait=True)
            yield from bps.complete(motor, wait=True)
            yield from bps.close_run()
            yield from bps.unstage(motor)
            return (yield from bps.rd(motor))

        assert engine(plan()).plan_result == pytest.approx(0.45, abs=0.0011)
    finally:
        beamline.close()
